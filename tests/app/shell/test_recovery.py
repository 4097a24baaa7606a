"""A window keeps what it shows, and offers back what another one showed before it ended unexpectedly."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from explorer_app.model.latent import LatentCode, SliderView
from explorer_app.model.opening import CAMERA_PRESETS
from explorer_app.model.saved_session import SavedSession
from explorer_app.model.walk import WalkPlan
from explorer_app.preferences import Preferences
from explorer_app.session.snapshot import snapshot
from explorer_app.shell.main_window import MainWindow
from explorer_app.shell.recovery.files import RecoveryFiles, take_newest
from explorer_app.shell.recovery.recovery import Recovery

CODE = LatentCode().with_value(3, 0.1 + 0.2).with_value(7, -1e-17)
Start = Callable[[], tuple[MainWindow, Recovery]]


@pytest.fixture
def start(qtbot: QtBot, tmp_path: Path) -> Iterator[Start]:
    """A window as `lsps-explorer` starts it, with its files below `tmp_path`."""
    started: list[tuple[MainWindow, Recovery]] = []

    def start() -> tuple[MainWindow, Recovery]:
        window = MainWindow("cpu", Preferences(folder=tmp_path))
        qtbot.addWidget(window)
        recovery = Recovery(window, RecoveryFiles(tmp_path))
        started.append((window, recovery))
        window.show()
        qtbot.waitExposed(window)
        return window, recovery

    yield start
    for window, recovery in started:
        window.close()
        recovery.end()


def _settle(qtbot: QtBot, window: MainWindow) -> None:
    is_done = lambda: not (window.background.is_busy or window.opener.is_restoring)  # noqa: E731
    qtbot.waitUntil(is_done, timeout=WAIT_MS)


def _leave(folder: Path, state: SavedSession) -> Path:
    """What a killed window leaves."""
    files = RecoveryFiles(folder)
    files.keep(state)
    files.release()
    return files.state_path


def _kept(folder: Path) -> SavedSession | None:
    """What the only running window has written."""
    paths = sorted((folder / "recovery").glob("[0-9]*.lsps.json"), key=lambda path: path.stat().st_mtime)
    return SavedSession.load(paths[-1]) if paths else None


def _comparable(state: SavedSession) -> dict[str, object]:
    return state.to_json(Path("/"))


def _wait_for_offer(qtbot: QtBot, window: MainWindow) -> str:
    qtbot.waitUntil(lambda: bool(window.recovery_bar.text), timeout=WAIT_MS)
    return window.recovery_bar.text


def test_a_window_keeps_what_changes_and_a_clean_end_removes_it(
    start: Start, qtbot: QtBot, tmp_path: Path, model_path: Path, store_path: Path
) -> None:
    window, recovery = start()
    window.open_paths([model_path, store_path])
    _settle(qtbot, window)
    window.session.set_index(3)
    _settle(qtbot, window)
    window.session.set_latent(CODE, "mine")
    qtbot.waitUntil(lambda: _kept(tmp_path) is not None and _kept(tmp_path).latent == CODE, timeout=WAIT_MS)
    kept = _kept(tmp_path)
    assert (kept.index, kept.model_path, kept.data_paths) == (3, model_path, (store_path,))
    assert kept.history[-1].name == "mine"
    window.close()
    recovery.end()
    assert list((tmp_path / "recovery").iterdir()) == []


def test_what_does_not_change_is_not_written_again(
    start: Start, qtbot: QtBot, tmp_path: Path, model_path: Path
) -> None:
    window, _recovery = start()
    window.open_paths([model_path])
    _settle(qtbot, window)
    qtbot.waitUntil(lambda: _kept(tmp_path) is not None, timeout=WAIT_MS)
    (path,) = (tmp_path / "recovery").glob("*.lsps.json")
    before = path.stat()
    qtbot.wait(2500)
    assert (path.stat().st_ino, path.stat().st_mtime) == (before.st_ino, before.st_mtime)


def test_an_offer_is_restored_exactly(
    start: Start, qtbot: QtBot, tmp_path: Path, model_path: Path, store_path: Path
) -> None:
    window, recovery = start()
    window.open_paths([model_path, store_path])
    _settle(qtbot, window)
    session = window.session
    session.set_index(2)
    _settle(qtbot, window)
    session.set_domain_choice("synthetic")
    _settle(qtbot, window)
    session.set_latent(CODE, "mine")
    session.history.pin(next(iter(session.history)).number)
    session.set_walk(WalkPlan((CODE, LatentCode()), "spline", "depth", "ping-pong", 2.5))
    sliders = SliderView(is_by_effect=True, locked=frozenset({1, 19}))
    window.latent.set_slider_view(sliders)
    window.workspaces.go("Inspect")
    _settle(qtbot, window)
    qtbot.waitUntil(lambda: (kept := _kept(tmp_path)) is not None and kept.sliders == sliders, timeout=WAIT_MS)
    before, shown = _kept(tmp_path), snapshot(session)
    window.close()
    recovery.end()
    left = _leave(tmp_path, before)

    again, _ = start()
    assert "ended unexpectedly" in _wait_for_offer(qtbot, again)
    assert "lsps-explorer.log" in again.recovery_bar.text
    qtbot.mouseClick(again.recovery_bar.restore, Qt.MouseButton.LeftButton)
    assert again.recovery_bar.text == ""
    _settle(qtbot, again)
    assert _comparable(snapshot(again.session)) == _comparable(shown)
    assert again.session.latent == CODE
    assert again.workspaces.current == "Inspect"
    assert again.latent.slider_view == sliders
    assert again.latent.rows[19].lock.isChecked()
    qtbot.waitUntil(lambda: not left.exists(), timeout=WAIT_MS)
    assert _comparable(_kept(tmp_path)) == _comparable(before)
    assert again.messages.text == ""


def test_cubes_placed_by_hand_come_back(
    start: Start, qtbot: QtBot, tmp_path: Path, model_path: Path, image_path: Path
) -> None:
    window, recovery = start()
    window.open_paths([model_path, image_path], CAMERA_PRESETS["sr305"])
    _settle(qtbot, window)
    view = window.session.view
    crop = view.raw.crop.with_center((300.5, 200.25, 500.0)).with_cube_mm(200)
    window.session.replace_view(view.data.recrop(view, replace(crop, settings=replace(crop.settings, unit_mm=1.0))))
    _settle(qtbot, window)
    before, center_mm = snapshot(window.session), window.session.view.frame.center_mm.tolist()
    assert before.crops
    window.close()
    recovery.end()
    _leave(tmp_path, before)
    again, _ = start()
    _wait_for_offer(qtbot, again)
    again.recovery_bar.restore.click()
    _settle(qtbot, again)
    assert again.session.view.frame.center_mm.tolist() == center_mm
    assert _comparable(snapshot(again.session)) == _comparable(before)


def test_discarding_offers_the_next_and_leaves_nothing(start: Start, qtbot: QtBot, tmp_path: Path) -> None:
    left = [_leave(tmp_path, SavedSession(latent=CODE.with_value(0, value))) for value in (1.0, 2.0)]
    window, recovery = start()
    assert "1 more" in _wait_for_offer(qtbot, window)
    first = recovery.offered
    window.recovery_bar.discard.click()
    assert window.recovery_bar.text == ""
    assert "more" not in _wait_for_offer(qtbot, window)
    assert recovery.offered != first
    window.recovery_bar.discard.click()
    qtbot.waitUntil(lambda: not any(path.exists() for path in left), timeout=WAIT_MS)
    assert recovery.offered is None
    assert window.session.latent == LatentCode()


def test_an_offer_stays_until_it_is_answered(
    start: Start, qtbot: QtBot, tmp_path: Path, model_path: Path, store_path: Path
) -> None:
    left = _leave(tmp_path, SavedSession(latent=CODE))
    window, recovery = start()
    _wait_for_offer(qtbot, window)
    window.open_paths([model_path, store_path])
    window.session.message.emit("something else; do that")
    _settle(qtbot, window)
    assert window.recovery_bar.text
    other, _ = start()  # a second window does not offer it as well
    qtbot.wait(1000)
    assert other.recovery_bar.text == ""
    window.close()
    recovery.end()
    assert left.exists()
    third, _ = start()
    _wait_for_offer(qtbot, third)


def test_a_window_that_nobody_touched_does_not_bury_what_it_offers(
    start: Start, qtbot: QtBot, tmp_path: Path, model_path: Path
) -> None:
    left = _leave(tmp_path, SavedSession(latent=CODE))
    window, _recovery = start()
    _wait_for_offer(qtbot, window)
    window.open_paths([model_path])
    _settle(qtbot, window)
    qtbot.wait(2500)
    assert list((tmp_path / "recovery").glob("*.lsps.json")) == [left]
    window.session.set_latent(CODE.with_value(1, 2.0))
    qtbot.waitUntil(lambda: len(list((tmp_path / "recovery").glob("*.lsps.json"))) == 2, timeout=WAIT_MS)


def test_a_window_that_still_starts_does_not_bury_what_it_offers(
    start: Start, qtbot: QtBot, tmp_path: Path, model_path: Path
) -> None:
    left = _leave(tmp_path, SavedSession(latent=CODE))
    window, _recovery = start()
    _wait_for_offer(qtbot, window)
    gate = threading.Event()
    try:
        window.background.add_worker("slow", lambda _stamp, _answer: None).ask("", gate.wait)
        window.open_paths([model_path])
        qtbot.waitUntil(lambda: window.session.model is not None, timeout=WAIT_MS)
        qtbot.wait(2500)
        assert window.background.is_busy
        assert list((tmp_path / "recovery").glob("*.lsps.json")) == [left]
    finally:
        gate.set()


def test_show_log_tells_of_the_crash(start: Start, qtbot: QtBot, tmp_path: Path) -> None:
    path = _leave(tmp_path, SavedSession(latent=CODE))
    crash = path.with_name(path.name.removesuffix(".lsps.json") + ".crash")
    crash.write_text("Fatal Python error: Segmentation fault\n\nThread 0x1:\n  File x.py in deep\n")
    window, _recovery = start()
    assert "Segmentation fault" in _wait_for_offer(qtbot, window)
    window.recovery_bar.log.click()
    assert "File x.py in deep" in window.help.log_window.text.toPlainText()
    assert window.recovery_bar.text, "still to be answered"
    window.help.log_window.close()


def test_a_crash_before_anything_was_shown_is_one_line(start: Start, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "recovery").mkdir()
    crash = tmp_path / "recovery" / "20250101-000000-aa.crash"
    RecoveryFiles(tmp_path, "20250101-000000-aa")
    crash.write_text("Fatal Python error: Aborted\n")
    window, _recovery = start()
    qtbot.waitUntil(lambda: "Aborted" in window.messages.text, timeout=WAIT_MS)
    assert "lsps-explorer.log" in window.messages.text
    assert window.recovery_bar.text == ""
    assert not crash.exists()


def test_a_damaged_state_is_one_line_and_the_window_starts(
    start: Start, qtbot: QtBot, tmp_path: Path, model_path: Path
) -> None:
    _leave(tmp_path, SavedSession()).write_text("{")
    window, _recovery = start()
    qtbot.waitUntil(lambda: "damaged" in window.messages.text, timeout=WAIT_MS)
    window.open_paths([model_path])
    _settle(qtbot, window)
    assert window.session.model is not None


def test_a_folder_that_cannot_be_written_is_said_once(
    start: Start, qtbot: QtBot, tmp_path: Path, model_path: Path
) -> None:
    (tmp_path / "recovery").write_text("in the way")
    window, _recovery = start()
    said: list[str] = []
    window.session.message.connect(said.append)
    window.open_paths([model_path])
    qtbot.waitUntil(lambda: bool(said), timeout=WAIT_MS)
    window.session.set_latent(CODE)
    qtbot.wait(4500)
    (line,) = said
    assert "cannot be saved" in line
    (tmp_path / "recovery").unlink()
    qtbot.waitUntil(lambda: (tmp_path / "recovery").is_dir() and _kept(tmp_path) is not None, timeout=WAIT_MS)


def test_missing_files_are_said_and_the_rest_comes_back(
    start: Start, qtbot: QtBot, tmp_path: Path, model_path: Path
) -> None:
    gone = tmp_path / "gone.h5"
    left = _leave(tmp_path, SavedSession(model_path=model_path, data_paths=(gone,), latent=CODE, is_at_code=True))
    window, _recovery = start()
    _wait_for_offer(qtbot, window)
    window.recovery_bar.restore.click()
    _settle(qtbot, window)
    assert window.session.latent == CODE
    assert "gone.h5 is missing" in window.messages.text
    qtbot.wait(2500)
    assert left.exists(), "it is offered again, as the file may be there by then"


def test_what_had_no_data_yet_is_restored_beside_other_data(
    start: Start, qtbot: QtBot, tmp_path: Path, model_path: Path, store_path: Path
) -> None:
    left = _leave(tmp_path, SavedSession(model_path=model_path, latent=CODE))
    window, _recovery = start()
    _wait_for_offer(qtbot, window)
    window.open_paths([store_path])
    _settle(qtbot, window)
    window.recovery_bar.restore.click()
    _settle(qtbot, window)
    assert window.session.latent == CODE
    qtbot.waitUntil(lambda: not left.exists(), timeout=WAIT_MS)


def test_an_end_by_the_system_keeps_the_newest_state(
    start: Start, qtbot: QtBot, tmp_path: Path, model_path: Path
) -> None:
    window, recovery = start()
    window.open_paths([model_path])
    _settle(qtbot, window)
    window.session.set_latent(CODE)
    recovery.end_by_system("SIGTERM")
    window.close_at_once()
    found = take_newest(tmp_path).newest
    assert found.state.latent == CODE
    found.files.release()
    again, _ = start()
    text = _wait_for_offer(qtbot, again)
    assert "ended by the system" in text
    assert "SIGTERM" in text
    assert "unexpectedly" not in text
    again.recovery_bar.discard.click()
    qtbot.waitUntil(lambda: not list((tmp_path / "recovery").glob("*.lsps.json")), timeout=WAIT_MS)


def test_tags_are_on_disk_at_once(
    start: Start, qtbot: QtBot, model_path: Path, store_path: Path, evaluations_path: Path
) -> None:
    """They are no part of what is kept for a crash, as they need not be."""
    shutil.copytree(evaluations_path, model_path.parent / "evaluations", dirs_exist_ok=True)
    window, _recovery = start()
    window.open_paths([model_path, store_path])
    _settle(qtbot, window)
    window.workspaces.go("Inspect")
    window.evaluate()
    qtbot.waitUntil(lambda: window.evaluation.is_complete, timeout=WAIT_MS)
    window.failures.set_tag([1], "wrong label")
    qtbot.waitUntil(lambda: not window.failures.is_busy, timeout=WAIT_MS)
    path = window.evaluation.found.path.parent / "tags.json"
    assert "wrong label" in json.dumps(json.loads(path.read_text(encoding="utf-8")))
    window.failures.set_tag([1], "")
    qtbot.waitUntil(lambda: not window.failures.is_busy, timeout=WAIT_MS)
