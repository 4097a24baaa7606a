from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from app_helpers import WAIT_MS, pixels
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QTextDocumentFragment
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer_app.explore.frames.pictures import FramePictures
from explorer_app.model.opening import ImageSettings
from explorer_app.model.pose_error import annotated_pose
from explorer_app.model.routes import ROUTE_NAMES
from explorer_app.model.scene import Figure
from explorer_app.shell.main_window import MainWindow
from explorer_app.widgets.pictures.picture_row import DepthLegend
from explorer_app.widgets.small import CheckBox
from lsps_core.camera import SR305

Open = Callable[..., None]


def _settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def _predicted(strip: FramePictures) -> Figure:
    return strip.input.figures[-1]


def _point(strip: FramePictures, name: str, is_here: bool) -> None:
    kind = QEnterEvent(QPointF(), QPointF(), QPointF()) if is_here else QEvent(QEvent.Type.Leave)
    QApplication.sendEvent(strip.by_route[name], kind)


def test_all_routes_stand_beside_the_input(
    window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    strip, routes = window.strip.pictures, window.session.encoding.routes
    assert tuple(strip.by_route) == ROUTE_NAMES
    for name, picture in strip.by_route.items():
        assert not picture.is_empty
        assert picture.caption.startswith(routes.routes[name].difference.line)
        assert picture.geometry().top() == strip.input.geometry().top()
    assert f"{routes.disagreement_mm:.1f} mm" in strip.controls.agreement.text()
    assert strip.input.caption == "annotated in white"
    assert window.session.encoding.reconstruction is routes.routes["reconstruction"].picture_mm


def test_routes_are_drawn_of_the_frame_where_stepping_ends(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    session, before = window.session, window.background.routing.computed_count

    def step_on() -> None:
        if session.encoding is not None:
            session.set_index(session.index + 1)

    session.encoding_changed.connect(step_on)
    step_on()
    _settle(qtbot, window)
    assert session.index == len(session.data) - 1
    assert session.encoding.routes is not None
    assert window.background.routing.computed_count == before + 1


def test_the_code_comes_before_the_routes(
    window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path)
    seen: list[tuple[bool, bool]] = []
    session = window.session
    session.encoding_changed.connect(
        lambda: seen.append((session.encoding is not None, bool(session.encoding and session.encoding.routes)))
    )
    open_and_wait(store_path)
    assert seen[-1] == (True, False)
    assert session.encoding.routes is not None


def test_differences_are_switched_by_key_and_by_box(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    strip = window.strip.pictures
    box, legend = strip.controls.findChild(CheckBox), strip.findChild(DepthLegend)
    depth = pixels(strip.cycle)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_D)
    assert box.isChecked()
    assert (pixels(strip.cycle) != depth).any()
    assert legend.difference_limit_mm is not None
    route = window.session.encoding.routes.routes["cycle"]
    center = QPointF(strip.cycle.rect().center())
    value = strip.cycle.value_at(center)
    np.testing.assert_equal(value, route.difference.mm[strip.cycle.index_at(center)])
    assert strip.cycle.text_at(center)
    box.click()
    assert not strip.controls.differences.isChecked()
    assert (pixels(strip.cycle) == depth).all()
    assert legend.difference_limit_mm is None


def test_pointing_at_a_picture_shows_its_pose_over_the_input(
    window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    strip, session = window.strip.pictures, window.session
    routes, of_sliders = session.encoding.routes, _predicted(strip).points
    _point(strip, "cycle", True)
    np.testing.assert_allclose(_predicted(strip).points, session.view.pixels_of(routes.poses["cycle"]))
    assert "from the cycle" in strip.input.caption
    _point(strip, "cycle", False)
    np.testing.assert_array_equal(_predicted(strip).points, of_sliders)


def test_the_list_of_poses_shows_them_as_well(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    strip, session = window.strip.pictures, window.session
    menu = strip.controls.poses
    assert len(menu.actions()) == 1 + len(ROUTE_NAMES)
    assert "mm off" in menu.actions()[0].text()
    menu.popup(window.pos())
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    pose = session.encoding.routes.poses["reconstruction"]
    np.testing.assert_allclose(_predicted(strip).points, session.view.pixels_of(pose))
    qtbot.keyClick(menu, Qt.Key.Key_Escape)
    np.testing.assert_allclose(_predicted(strip).points, session.view.pixels_of(session.pose))


def test_a_frame_can_be_taken_as_the_other_domain(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    session, combo = window.session, window.strip.pictures.controls.domain
    first = session.encoding
    assert combo.currentText() == "real (from file)"
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    _settle(qtbot, window)
    assert session.domain_choice == session.encoding.domain == "synthetic"
    assert session.encoding is not first  # the tiny model is the same in both domains
    assert session.is_at_code
    assert window.strip.pictures.translation.title.startswith("Translation to real")
    window.strip.step_on()
    _settle(qtbot, window)
    assert session.encoding.domain == "synthetic"  # remembered while the data is open
    session.set_domain_choice(None)
    assert combo.currentIndex() == 0
    _settle(qtbot, window)
    assert session.encoding.domain == "real"
    session.set_domain_choice("synthetic")
    open_and_wait(store_path)
    assert (session.domain_choice, session.encoding.domain, combo.currentIndex()) == (None, "real", 0)


def test_before_an_encode_the_pictures_say_what_is_missing(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path
) -> None:
    strip = window.strip.pictures
    open_and_wait(store_path)
    assert strip.cycle.is_empty
    assert strip.cycle.placeholder == "No model yet"
    assert not strip.controls.agreement.isEnabled()
    strip.controls.differences.trigger()  # nothing to show, nothing breaks
    open_and_wait(model_path)
    assert not strip.cycle.is_empty
    window.strip.encode_on_step.setChecked(False)
    window.strip.step_on()
    qtbot.waitUntil(lambda: window.session.view.index == 1, timeout=WAIT_MS)
    assert strip.cycle.is_empty
    assert strip.cycle.caption == ""
    assert "Encode (E)" in strip.cycle.placeholder


def test_the_skeleton_can_be_laid_over_the_decoded_pictures(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path
) -> None:
    open_and_wait(model_path)
    panel = window.pictures
    assert not panel.real.figures
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_S)
    assert len(panel.real.figures) == len(panel.synthetic.figures) == 1
    before = panel.real.figures[0].points
    window.session.set_latent(window.session.latent.with_value(0, 2.0))
    assert not np.array_equal(panel.real.figures[0].points, before)
    _settle(qtbot, window)
    panel.findChild(CheckBox).click()
    assert not panel.real.figures


def test_inspect_shows_the_frame_with_both_skeletons_and_its_worst_joints(
    qtbot: QtBot, window: MainWindow, open_and_wait: Callable[..., None], model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    failing, session = window.explore.failing, window.session
    assert not failing.isVisible()
    window.workspaces.go("Inspect")
    qtbot.waitUntil(lambda: len(failing.input.figures) == 2, timeout=WAIT_MS)
    assert not failing.decoded.is_empty
    truth = annotated_pose(session.view.frame)
    errors_mm = np.linalg.norm(session.pose - truth, axis=1) * 125
    worst = session.model.skeleton.joints[int(errors_mm.argmax())].replace("_", " ")
    text = QTextDocumentFragment.fromHtml(failing.facts.text()).toPlainText()
    assert text.startswith(session.view.frame.name)
    assert f"{errors_mm.mean():.1f} mm off" in text
    assert f"{errors_mm.max():.0f} mm" in text
    assert worst in text
    window.workspaces.go("Explore")
    qtbot.waitUntil(window.pictures.isVisible, timeout=WAIT_MS)


def test_a_long_name_is_elided_in_inspect(
    qtbot: QtBot, window: MainWindow, open_and_wait: Callable[..., None], image_path: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"first {'long ' * 20}last{image_path.suffix}"
    shutil.copy(image_path, path)
    open_and_wait(path, settings=ImageSettings(camera=SR305))
    window.workspaces.go("Inspect")
    facts = window.explore.failing.facts
    qtbot.waitUntil(lambda: bool(facts.text()), timeout=WAIT_MS)
    text = QTextDocumentFragment.fromHtml(facts.text()).toPlainText()
    assert text.startswith("first")
    assert "…" in text
    assert text.endswith(f"last{path.suffix}")
    assert facts.toolTip() == path.name


def test_titles_and_captions_are_explained(window: MainWindow) -> None:
    strip = window.strip.pictures
    pictures = [strip.input, *strip.by_route.values(), window.pictures.real, window.pictures.synthetic]
    tips = [picture.toolTip() for picture in pictures]
    assert all(tips)
    assert len(set(tips)) == len(tips)


def test_there_is_one_legend_of_depth(
    qtbot: QtBot, window: MainWindow, open_and_wait: Callable[..., None], model_path: Path, store_path: Path
) -> None:
    window.resize(1280, 680)  # where the height limits the pictures
    open_and_wait(model_path, store_path)
    row, strip = window.pictures.row, window.strip.pictures
    assert row.legend.isHidden()
    small = window.pictures.real.height()
    strip.controls.differences.setChecked(True)  # the other legend is of differences now
    assert not row.legend.isHidden()
    assert window.pictures.real.height() < small
    strip.controls.differences.setChecked(False)
    assert row.legend.isHidden()
    window.docks["Gallery"].raise_()
    qtbot.waitUntil(lambda: not row.legend.isHidden(), timeout=WAIT_MS)


def test_the_frame_dock_fits_a_small_screen(
    window: MainWindow, open_and_wait: Callable[..., None], model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    beside_the_table = 720  # of 1280 px in the Inspect workspace
    assert window.strip.minimumSizeHint().width() <= beside_the_table
    assert window.strip.title.sizeHint().width() <= 230
