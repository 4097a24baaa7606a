"""Fit: the latent walks to the hand that lies on the frame's depth, as one edit, unless it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS, pixels
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from explorer_app.model.data import StoreData
from explorer_app.model.hand.fit import FrameFit
from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import LatentCode
from explorer_app.session.fitting import FrameFitting, code_along
from explorer_app.shell.main_window import MainWindow
from explorer_app.widgets.pictures.picture_row import DepthLegend
from lsps_core.data.store import FrameStore
from lsps_core.fitting import Weights, fit

Open = Callable[..., None]
Settle = Callable[[], None]
MODEL = Path(__file__).parents[3] / "resources" / "models" / "compact.safetensors"
SENSOR = Path(__file__).parents[3] / "resources" / "samples" / "sensor.h5"


@pytest.fixture
def fitting(qtbot: QtBot, window: MainWindow, open_and_wait: Open, model_path: Path, store_path: Path) -> FrameFitting:
    """In an active window with an encoded frame."""
    open_and_wait(model_path, store_path)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    return window.explore.fitting


@pytest.fixture
def settle(qtbot: QtBot, window: MainWindow) -> Settle:
    def wait() -> None:
        fitting, background = window.explore.fitting, window.background
        qtbot.waitUntil(lambda: not fitting.is_under_way and not background.is_busy, timeout=WAIT_MS)

    return wait


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Fits do not finish before this is set."""
    gate, fit = threading.Event(), HandModel.fit

    def wait(self: HandModel, *inputs: object) -> FrameFit:
        gate.wait(WAIT_MS / 1000)
        return fit(self, *inputs)

    monkeypatch.setattr(HandModel, "fit", wait)
    yield gate
    gate.set()


@pytest.fixture
def _slow_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sliders are on their way for as long as it takes to stop them, however busy the machine."""
    monkeypatch.setattr("explorer_app.session.fitting.WALK_MS", WAIT_MS)


@pytest.fixture(scope="module")
def bundled() -> HandModel:
    return HandModel.load(MODEL, "cpu")


def test_where_no_hand_lies_better_the_mean_of_rotated_copies_is_shown(
    bundled: HandModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = Weights(surface=0.0, silhouette=0.0, front=0.0)
    monkeypatch.setattr("explorer_app.model.hand.fit.fit", partial(fit, weights=nothing))
    data = StoreData(FrameStore(SENSOR), "sensor")
    frame = data.view(1).frame
    data.close()
    encoding = bundled.encode(frame, "real")
    found = bundled.fit(frame, encoding)
    assert not found.is_fitted
    assert "mean of rotated copies" in found.line
    assert found.path[0] == encoding.code
    assert len(found.path) == 2
    np.testing.assert_allclose(found.after.pose, bundled.decode_pose(found.code), atol=1e-4)


def test_the_hand_lies_on_the_depth_and_is_nearer_to_the_annotation(bundled: HandModel) -> None:
    data = StoreData(FrameStore(SENSOR), "sensor")
    frame = data.view(1).frame
    encoding = bundled.encode(frame, "real")
    fit = bundled.fit(frame, encoding)
    data.close()
    assert fit.is_fitted
    assert fit.before.error_mm is not None
    assert fit.after.error_mm is not None
    assert fit.after.error_mm < fit.before.error_mm / 2
    assert fit.after.residual_mm < fit.before.residual_mm
    assert fit.path[0] == encoding.code
    np.testing.assert_array_equal(fit.before.pose, bundled.decode_pose(encoding.code))
    centred = [pose - pose.mean(axis=0) for pose in (fit.after.pose, bundled.decode_pose(fit.code))]
    np.testing.assert_allclose(centred[0], fit.size * centred[1], atol=1e-3)
    before, after = (np.abs(hand.distances.mm) for hand in (fit.before, fit.after))
    assert np.nanmedian(after) < np.nanmedian(before) / 2
    assert fit.after.distances.is_in_one_only.any()  # the forearm
    assert not fit.after.distances.is_in_one_only[frame.depth_mm == 0].any()
    assert fit.line == (f"{fit.before.error_mm:.1f} → {fit.after.error_mm:.1f} mm off")


def test_a_key_walks_the_sliders_to_the_fit_as_one_edit(
    qtbot: QtBot, window: MainWindow, fitting: FrameFitting, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer_app.session.fitting.WALK_MS", 2000)
    session, seen = window.session, []
    start, count = session.latent, session.undo_stack.count()
    session.latent_changed.connect(lambda: seen.append(session.latent))
    qtbot.keyClick(window, Qt.Key.Key_F)
    settle()
    assert fitting.result is not None
    assert session.latent == fitting.result.code != start
    assert len(seen) > 2, "no steps on the way"
    assert session.undo_stack.count() == count + 1
    assert session.undo_stack.undoText() == "fit"
    assert fitting.result.line in window.strip.result.text()
    session.undo_stack.undo()
    assert session.latent == start
    assert fitting.result.line not in window.strip.result.text()
    session.undo_stack.redo()
    assert session.latent == fitting.result.code


@pytest.mark.parametrize("key", [Qt.Key.Key_F, Qt.Key.Key_Escape])
def test_a_fit_in_the_thread_is_dropped_by_a_key(
    qtbot: QtBot, window: MainWindow, fitting: FrameFitting, settle: Settle, held: threading.Event, key: Qt.Key
) -> None:
    session, start, count = window.session, window.session.latent, window.session.undo_stack.count()
    window.strip.fit.button.click()
    assert fitting.is_under_way
    assert window.strip.fit.button.text() == "Stop"
    qtbot.keyClick(window, key)
    assert not fitting.is_under_way
    assert window.strip.fit.button.text() == "Fit"
    held.set()
    settle()
    assert (session.latent, session.undo_stack.count(), fitting.result) == (start, count, None)


@pytest.mark.usefixtures("_slow_walk")
def test_escape_ends_the_walk_where_it_is(
    qtbot: QtBot, window: MainWindow, fitting: FrameFitting, settle: Settle
) -> None:
    session, start, count = window.session, window.session.latent, window.session.undo_stack.count()
    fitting.toggle()
    qtbot.waitUntil(lambda: session.latent != start, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    stopped = session.latent
    settle()
    assert session.latent == stopped != fitting.result.code
    assert session.undo_stack.count() == count + 1
    session.undo_stack.undo()
    assert session.latent == start


@pytest.mark.usefixtures("_slow_walk")
def test_an_edit_by_the_user_ends_the_walk(
    qtbot: QtBot, window: MainWindow, fitting: FrameFitting, settle: Settle
) -> None:
    session, start, count = window.session, window.session.latent, window.session.undo_stack.count()
    fitting.toggle()
    qtbot.waitUntil(lambda: session.latent != start, timeout=WAIT_MS)
    mine = LatentCode().with_value(3, 1.0)
    session.set_latent(mine, "mine")
    settle()
    assert session.latent == mine
    assert session.undo_stack.count() == count + 1
    session.undo_stack.undo()
    assert session.latent == start


@pytest.mark.usefixtures("_slow_walk")
def test_a_held_slider_ends_the_walk(qtbot: QtBot, window: MainWindow, fitting: FrameFitting, settle: Settle) -> None:
    session, start = window.session, window.session.latent
    fitting.toggle()
    qtbot.waitUntil(lambda: session.latent != start, timeout=WAIT_MS)
    session.begin_edit("z1")
    at_hold = session.latent
    settle()
    assert session.latent == at_hold
    session.end_edit()
    assert session.undo_stack.undoText() == "z1"


def test_an_edit_before_the_answer_drops_the_fit(
    window: MainWindow, fitting: FrameFitting, settle: Settle, held: threading.Event
) -> None:
    fitting.toggle()
    mine = LatentCode().with_value(3, 1.0)
    window.session.set_latent(mine, "mine")
    held.set()
    settle()
    assert window.session.latent == mine
    assert fitting.result is None


def test_an_answer_for_another_frame_is_dropped(
    window: MainWindow, fitting: FrameFitting, settle: Settle, held: threading.Event
) -> None:
    fitting.toggle()
    window.strip.step_on()
    held.set()
    settle()
    session = window.session
    assert session.view.index == 1
    assert session.is_at_code
    assert fitting.result is None


def test_the_fit_goes_with_its_frame_and_its_model(
    window: MainWindow, fitting: FrameFitting, settle: Settle, open_and_wait: Open, other_model_path: Path
) -> None:
    fitting.toggle()
    settle()
    assert fitting.result is not None
    window.strip.step_on()
    settle()
    assert fitting.result is None
    fitting.toggle()
    settle()
    assert fitting.result is not None
    open_and_wait(other_model_path)
    assert fitting.result is None


def test_a_frame_that_is_not_encoded_is_encoded_first(
    window: MainWindow, fitting: FrameFitting, settle: Settle
) -> None:
    session = window.session
    session.set_encoding_on_step(False)
    window.strip.step_on()
    settle()
    assert session.encoding is None
    fitting.toggle()
    settle()
    assert session.encoding is not None
    assert session.latent == fitting.result.code
    np.testing.assert_array_equal(fitting.result.before.pose, session.model.decode_pose(session.encoding.code))


def test_every_frame_is_fitted_from_the_one_before(
    window: MainWindow, fitting: FrameFitting, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts, fit = [], HandModel.fit

    def noted(self: HandModel, frame: object, encoding: object, last: object) -> FrameFit:
        starts.append(last)
        return fit(self, frame, encoding, last)

    monkeypatch.setattr(HandModel, "fit", noted)
    window.strip.fit.on_step.click()
    settle()
    first = fitting.result
    window.strip.step_on()
    settle()
    second = fitting.result
    assert window.session.latent == second.code
    window.session.set_index(4)
    settle()
    assert starts == [None, first.fitted, None]
    window.strip.fit.on_step.click()
    window.strip.step_back()
    settle()
    assert len(starts) == 3
    assert fitting.result is None


def test_before_and_after_are_shown_in_place_of_the_routes(
    qtbot: QtBot, window: MainWindow, fitting: FrameFitting, settle: Settle
) -> None:
    strip, session = window.strip.pictures, window.session
    assert strip.before.isHidden()
    assert strip.controls.fit_box.isHidden()
    fitting.toggle()
    settle()
    fit = fitting.result
    for picture, hand in ((strip.before, fit.before), (strip.after, fit.after)):
        assert picture.isVisible()
        assert hand.error_text in picture.title
        assert hand.residual_text in picture.caption
        assert hand.error_text in picture.accessibleDescription()
        np.testing.assert_allclose(picture.figures[-1].points, session.view.pixels_of(hand.pose))
        assert len(picture.figures) == 2  # with the annotation
    assert fit.size_text in strip.after.caption
    assert all(picture.isHidden() for picture in strip.by_route.values())
    qtbot.keyClick(window, Qt.Key.Key_B)
    assert strip.before.isHidden()
    assert not strip.controls.fit_box.isChecked()
    assert all(picture.isVisible() for picture in strip.by_route.values())
    strip.controls.fit_box.click()
    assert strip.after.isVisible()
    window.strip.step_on()
    settle()
    assert strip.after.isHidden()
    assert strip.cycle.isVisible()


def test_the_input_is_coloured_by_its_distance_from_the_fitted_hand(
    qtbot: QtBot, window: MainWindow, fitting: FrameFitting, settle: Settle
) -> None:
    fitting.toggle()
    settle()
    strip, legend = window.strip.pictures, window.strip.findChild(DepthLegend)
    depth, depth_legend = pixels(strip.after), pixels(legend)
    qtbot.keyClick(window, Qt.Key.Key_D)
    assert (pixels(strip.after) != depth).any()
    assert (pixels(legend) != depth_legend).any()
    for picture, hand in ((strip.before, fitting.result.before), (strip.after, fitting.result.after)):
        assert not picture.figures
        center = QPointF(picture.rect().center())
        np.testing.assert_equal(picture.value_at(center), hand.distances.mm[picture.index_at(center)])
    corner = QPointF(strip.after.rect().left() + 1, strip.after.title_height + 1)
    assert strip.after.text_at(corner) == "no reading"
    distance_legend = pixels(legend)
    qtbot.keyClick(window, Qt.Key.Key_B)
    assert (pixels(legend) != distance_legend).any(), "the routes' differences have the same legend"


def test_the_fitted_pose_is_in_the_3d_view(window: MainWindow, fitting: FrameFitting, settle: Settle) -> None:
    assert len(window.skeleton.figures()) == 2
    fitting.toggle()
    settle()
    assert fitting.result.is_fitted
    np.testing.assert_array_equal(window.skeleton.figures()[-1].points, fitting.result.after.pose)
    assert len(window.skeleton.figures()) == 3
    window.strip.step_on()
    settle()
    assert len(window.skeleton.figures()) == 2


def test_without_a_frame_the_key_says_what_is_missing(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.session.message) as said:
        window.explore.fitting.toggle()
    assert "model and a frame" in said.args[0]


def test_a_walk_has_one_speed_along_its_path() -> None:
    path = tuple(LatentCode().with_value(0, value) for value in (0.0, 3.0, 3.0, 4.0))
    assert [code_along(path, share).values[0] for share in (-1, 0, 0.25, 0.75, 1, 2)] == [0, 0, 1, 3, 4, 4]
    corner = (LatentCode(), LatentCode().with_value(0, 3), LatentCode().with_value(0, 3).with_value(1, 1))
    assert code_along(corner, 0.75).values[:2] == pytest.approx((3, 0))
    assert code_along(path[1:3], 0.5) == path[1]
