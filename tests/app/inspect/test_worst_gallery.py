"""The gallery of the worst: near duplicates under one tile, orders and groups, and the way to the explorer and back."""

from __future__ import annotations

import numpy as np
import pytest
from app_helpers import WAIT_MS, pixels
from failure_helpers import results, table
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from explorer_app.inspect.model import near_duplicates
from explorer_app.inspect.model.failure_table import FailureTable
from explorer_app.inspect.model.filters import Filters
from explorer_app.inspect.worst.grid import badge_area

COUNT = 5  # as many as the store has, so that tiles have pictures


def with_duplicates() -> FailureTable:
    """Frames 1 and 2 have one code, and so one pose."""
    found = results(COUNT)
    found.pose_latent[:] = np.eye(COUNT, 20, dtype=np.float32) * 400
    found.pose_latent[2] = found.pose_latent[1]
    return FailureTable(found)


@pytest.fixture(scope="module")
def inspecting(request, shared_window, model_path, store_path):
    """The Inspect workspace, the gallery in front."""
    shared_window.inspect.references.choose([store_path])  # fewer than the bundled samples
    shared_window.open_paths([model_path, store_path])
    shared_window.workspaces.go("Inspect")
    shared_window.docks["Worst"].raise_()
    settle(QtBot(request), shared_window)  # an earlier test may have left an evaluation beside the model
    return shared_window


@pytest.fixture
def window(qtbot, inspecting):
    """With made-up results, in the first order, none filtered, grouped or selected."""
    gallery = inspecting.inspect.worst
    inspecting.failures.set_filters(Filters())
    inspecting.failures.set_table(with_duplicates())
    inspecting.session.set_index(0)
    gallery.order.setCurrentIndex(0)
    gallery.group.setCurrentIndex(0)
    settle(qtbot, inspecting)
    return inspecting


@pytest.fixture
def gallery(window):
    return window.inspect.worst


def settle(qtbot, window):
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    qtbot.wait(1)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def shown(gallery):
    return [each.duplicates.frames.tolist() for each in gallery.grid.frames.worst]


def middle_of(gallery, row) -> QPoint:
    rect = gallery.grid.visualRect(gallery.grid.frames.index(row))
    return rect.center()


def row_of(gallery, frame) -> int:
    return next(row for row, each in enumerate(gallery.grid.frames.worst) if each.duplicates.frame == frame)


def click(gallery, at, modifiers=Qt.KeyboardModifier.NoModifier):
    QTest.mouseClick(gallery.grid.viewport(), Qt.MouseButton.LeftButton, modifiers, at)


def test_near_identical_frames_are_one_tile(gallery):
    assert sorted(frame for frames in shown(gallery) for frame in frames) == list(range(COUNT))
    duplicates = next(frames for frames in shown(gallery) if len(frames) > 1)
    assert sorted(duplicates) == [1, 2]
    assert "5 frames in 4 tiles" in gallery.count.text()


def test_the_worst_come_first(gallery):
    scores = [each.score_mm for each in gallery.grid.frames.worst]
    assert scores == sorted(scores, reverse=True)


def test_a_click_shows_and_selects_the_frame(window, gallery):
    click(gallery, middle_of(gallery, row_of(gallery, 3)))
    assert window.failures.selection.tolist() == [3]
    assert window.session.index == 3
    click(gallery, middle_of(gallery, row_of(gallery, 4)), Qt.KeyboardModifier.ShiftModifier)
    assert window.failures.selection.tolist() == [3, 4]


def test_the_badge_selects_all_near_duplicates(window, gallery):
    row = next(row for row, each in enumerate(gallery.grid.frames.worst) if each.duplicates.count == 2)
    option = QStyleOptionViewItem()
    option.rect = gallery.grid.visualRect(gallery.grid.frames.index(row))
    option.fontMetrics = gallery.grid.fontMetrics()
    index = window.session.index
    click(gallery, badge_area(option, gallery.grid.frames.worst[row]).center())
    assert window.failures.selection.tolist() == [1, 2]
    assert window.session.index == index


def test_the_keyboard_does_the_same(window, gallery):
    row = next(row for row, each in enumerate(gallery.grid.frames.worst) if each.duplicates.count == 2)
    gallery.grid.setCurrentIndex(gallery.grid.frames.index(row))
    QTest.keyClick(gallery.grid, Qt.Key.Key_B)
    assert window.failures.selection.tolist() == [1, 2]
    QTest.keyClick(gallery.grid, Qt.Key.Key_Return)
    assert window.failures.selection.tolist() == [gallery.grid.frames.worst[row].duplicates.frame]


def test_arrow_keys_show_and_select_frames(window, gallery):
    click(gallery, middle_of(gallery, 0))
    worst = gallery.grid.frames.worst
    for key, row in ((Qt.Key.Key_Right, 1), (Qt.Key.Key_Right, 2), (Qt.Key.Key_Left, 1)):
        QTest.keyClick(gallery.grid, key)
        assert window.failures.selection.tolist() == [worst[row].duplicates.frame]
        assert window.session.index == worst[row].duplicates.frame
    QTest.keyClick(gallery.grid, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert window.failures.selection.tolist() == sorted(worst[row].duplicates.frame for row in (0, 1))


def test_what_is_selected_elsewhere_is_framed(window, gallery):
    before = pixels(gallery.grid)
    window.failures.select([0])
    assert (pixels(gallery.grid) != before).any()


def test_tiles_in_view_get_their_pictures(qtbot, gallery):
    worst_of_all = gallery.grid.frames.worst[0].duplicates.frame
    qtbot.waitUntil(lambda: gallery.tiles.pixmap(worst_of_all, gallery.palette()) is not None, timeout=WAIT_MS)
    assert gallery.tiles.pixmap(worst_of_all, gallery.palette()).width() > 0


def test_orders_and_groups(qtbot, window, gallery):
    gallery.order.setCurrentText("Disagreement")
    settle(qtbot, window)
    scores = window.failures.table.numbers("disagreement_mm")
    assert gallery.grid.frames.worst[0].score_mm == pytest.approx(float(scores.max()))
    gallery.group.setCurrentText("subject1")
    settle(qtbot, window)
    assert {each.group for each in gallery.grid.frames.worst} == {"subject1"}
    gallery.group.setCurrentText(near_duplicates.BY_GROUP)
    settle(qtbot, window)
    groups = [each.group for each in gallery.grid.frames.worst]
    assert groups == sorted(groups)


def test_the_worst_of_each_group_of_a_division(qtbot, window, gallery):
    window.failures.set_table(table(COUNT, is_divided=True))
    settle(qtbot, window)
    gallery.group.setCurrentText("By camera")
    settle(qtbot, window)
    found = [(each.group, each.duplicates.frame % 2) for each in gallery.grid.frames.worst]
    assert set(found) == {("kinect", 0), ("tof", 1)}
    assert found == sorted(found)


def test_only_rows_of_the_table_are_shown(qtbot, window, gallery):
    window.failures.set_filters(Filters(groups=frozenset(["subject0"])))
    settle(qtbot, window)
    assert {each.group for each in gallery.grid.frames.worst} == {"subject0"}


def test_without_annotation_another_order_is_advised(qtbot, window, gallery):
    window.failures.set_table(table(COUNT, is_annotated=False))
    settle(qtbot, window)
    assert gallery.pages.currentWidget() is gallery.empty
    assert "disagreement" in gallery.empty.text()


def test_one_click_asks_where_to_save_a_sheet_of_the_worst(qtbot, window, gallery):
    worst = [frames[0] for frames in shown(gallery)]
    with qtbot.waitSignal(gallery.sheet_asked) as asked:
        QTest.mouseClick(gallery.sheet, Qt.MouseButton.LeftButton)
    assert asked.args == [worst]  # in this order, which is not the table's
    assert worst != sorted(worst)
    dialog = window.failures_panel.findChild(QFileDialog)
    assert "Export" in dialog.windowTitle()
    dialog.close()
    assert sorted(window.failures.selection.tolist()) == sorted(worst)
    window.failures.select([3])
    QTest.mouseClick(gallery.sheet, Qt.MouseButton.LeftButton)
    assert window.failures.selection.tolist() == [3]  # a selection of the user's own is exported as it is
    window.failures_panel.findChild(QFileDialog).close()
