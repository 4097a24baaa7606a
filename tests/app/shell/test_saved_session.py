"""Sessions and presets as files: what is written comes back, and what is wrong is one line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from explorer_app.explore.model.presets import Presets
from explorer_app.model.crop import Crop
from explorer_app.model.history import HistoryEntry
from explorer_app.model.latent import LatentCode, SliderView
from explorer_app.model.opening import ImageSettings
from explorer_app.model.saved_session import SavedSession
from explorer_app.model.walk import WalkPlan
from explorer_app.session.snapshot import snapshot
from explorer_app.shell.main_window import MainWindow
from lsps_core.camera import Camera

CODE = LatentCode().with_value(3, 0.1 + 0.2).with_value(7, -1e-17)
SETTINGS = ImageSettings(camera=Camera(fx=475, fy=475, cx=320, cy=240), unit_mm=0.125)


def _full(folder: Path) -> SavedSession:
    return SavedSession(
        model_path=folder / "models" / "m.safetensors",
        data_paths=(folder / "a.png", Path("/elsewhere/b.png")),
        images=SETTINGS,
        index=1,
        latent=CODE,
        history=(HistoryEntry(0, CODE, "first", is_pinned=True), HistoryEntry(1, LatentCode(), "zweiter σ")),
        is_encoding_on_step=False,
        device="cuda:1",
        domain="synthetic",
        crops=((0, Crop(settings=SETTINGS, center_uvd=(0.1, 20.0, 500.0))), (1, Crop(settings=SETTINGS))),
        walk=WalkPlan((CODE, LatentCode()), "spline", "depth", "ping-pong", 0.1),
        workspace="Inspect",
        sliders=SliderView(is_principal=True, locked=frozenset({0, 19}), locked_principal=frozenset({2})),
    )


def test_a_saved_session_comes_back_exactly(tmp_path: Path) -> None:
    saved = _full(tmp_path)
    saved.save(tmp_path / "mine.lsps.json")
    assert SavedSession.load(tmp_path / "mine.lsps.json") == saved
    assert [path.name for path in tmp_path.iterdir()] == ["mine.lsps.json"]


def test_a_walk_through_hands_comes_back(tmp_path: Path) -> None:
    saved = SavedSession(walk=WalkPlan((CODE, LatentCode()), "hands"))
    saved.save(tmp_path / "mine.lsps.json")
    assert SavedSession.load(tmp_path / "mine.lsps.json") == saved


def test_a_session_of_version_1_is_still_read(tmp_path: Path) -> None:
    saved = _full(tmp_path)
    new = ("domain", "cuts", "walk", "device", "workspace", "sliders")
    old = {name: value for name, value in saved.to_json(tmp_path).items() if name not in new}
    path = tmp_path / "mine.lsps.json"
    path.write_text(json.dumps({**old, "version": 1}))
    plain = SavedSession()
    fields = ["crops" if name == "cuts" else name for name in new]
    assert SavedSession.load(path) == replace(saved, **{name: getattr(plain, name) for name in fields})
    path.write_text(json.dumps({**old, "version": 2}))
    with pytest.raises(ValueError, match="missing"):
        SavedSession.load(path)


def test_paths_below_the_file_move_with_it(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    _full(tmp_path / "here").save(tmp_path / "here" / "mine.lsps.json")
    moved = (tmp_path / "here").rename(tmp_path / "there")
    loaded = SavedSession.load(moved / "mine.lsps.json")
    assert loaded.model_path == moved / "models" / "m.safetensors"
    assert loaded.data_paths[1] == Path("/elsewhere/b.png")
    assert loaded.missing == [loaded.model_path, *loaded.data_paths]


def test_a_session_is_readable(tmp_path: Path) -> None:
    _full(tmp_path).save(tmp_path / "mine.lsps.json")
    text = (tmp_path / "mine.lsps.json").read_text(encoding="utf-8")
    assert '"frame": 1' in text
    assert "zweiter σ" in text
    assert len(text.splitlines()) < 130


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "something"}, "not a lsps-session"),
        ({"version": 99}, "update LSPS Explorer"),
        ({"latent": [1, 2]}, "20 finite numbers"),
        ({"latent": ["__import__('os')"] * 20}, "list of numbers"),
        ({"latent": 5}, "not a list"),
        ({"frame": -1}, "frame number"),
        ({"frame": True}, "frame number"),
        ({"model": 3}, "not a text"),
        ({"data": "a.h5"}, "not a list"),
        ({"images": {"camera": {}}}, "camera"),
        ({"visits": [3]}, "object"),
        ({"visits": [{"name": "x"}]}, "missing"),
        ({"encode_on_step": "yes"}, "true or false"),
        ({"domain": "other"}, "domain"),
        ({"cuts": [3]}, "object"),
        ({"cuts": [{"frame": 0, "center_uvd": [1, 2], "images": SETTINGS.to_json()}]}, "3 numbers"),
        ({"walk": 3}, "object"),
        ({"walk": {"path": "x", "space": "pose", "ending": "loop", "keyframes": [], "seconds": 1}}, "choose one"),
        ({"walk": {"path": "linear", "space": "pose", "ending": "loop", "keyframes": [], "seconds": 0}}, "positive"),
        ({"sliders": {"locked": [20], "locked_principal": [], "principal": True, "by_effect": True}}, "0 to 19"),
        ({"sliders": 3}, "sliders"),
    ],
)
def test_a_wrong_session_is_one_line(change: dict[str, object], says: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.lsps.json"
    path.write_text(json.dumps({**_full(tmp_path).to_json(tmp_path), **change}))
    with pytest.raises(ValueError, match=says) as caught:
        SavedSession.load(path)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 5000, b'{"latent": NaN}'])
def test_what_is_no_session_is_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.lsps.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"mine\.lsps\.json"):
        SavedSession.load(path)


def _settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def _drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, buttons, keys))


@pytest.mark.parametrize("is_moved", [True, False])
def test_a_dropped_session_shows_what_was_shown(
    is_moved: bool, qtbot: QtBot, window: MainWindow, model_path: Path, store_path: Path, tmp_path: Path
) -> None:
    window.open_paths([model_path, store_path])
    _settle(qtbot, window)
    window.session.set_index(2)
    _settle(qtbot, window)
    if is_moved:
        window.session.set_latent(window.session.latent.with_value(0, 1.2345678), "mine")
        _settle(qtbot, window)
    window.session.history.pin(next(iter(window.session.history)).number)
    path = tmp_path / "mine.lsps.json"
    window.opener.save_session(str(path))
    before, names = snapshot(window.session), [entry.name for entry in window.session.history]
    window.session.set_index(4)
    _settle(qtbot, window)
    _drop(window, path)
    _settle(qtbot, window)
    after = snapshot(window.session)
    assert (after.model_path, after.data_paths, after.index) == (before.model_path, before.data_paths, before.index)
    assert after.latent == before.latent
    assert after.is_at_code != is_moved
    assert window.session.encoding is not None
    assert [entry.name for entry in window.session.history][: len(names)] == names
    assert window.messages.text == ""
    assert window.preferences.recent[0] in (path, store_path, model_path)
    assert path in window.preferences.recent


def test_what_is_missing_is_said_and_the_rest_opens(
    qtbot: QtBot, window: MainWindow, model_path: Path, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.h5"
    SavedSession(model_path=model_path, data_paths=(gone,), latent=CODE, is_at_code=True).save(tmp_path / "a.lsps.json")
    window.open_paths([tmp_path / "a.lsps.json"])
    _settle(qtbot, window)
    assert window.session.model.name == "tiny"
    assert window.session.latent == CODE
    assert "gone.h5 is missing" in window.messages.text


def test_a_frame_taken_as_another_domain_keeps_its_latent(
    qtbot: QtBot, window: MainWindow, model_path: Path, store_path: Path, tmp_path: Path
) -> None:
    window.open_paths([model_path, store_path])
    _settle(qtbot, window)
    window.session.set_domain_choice("synthetic")
    _settle(qtbot, window)
    latent = window.session.latent
    window.opener.save_session(str(tmp_path / "a.lsps.json"))
    assert window.statusBar().currentMessage() == "a.lsps.json saved"
    window.open_paths([tmp_path / "a.lsps.json"])
    _settle(qtbot, window)
    assert window.session.latent == latent


def test_a_session_saved_while_a_frame_is_being_read_keeps_its_latent(
    qtbot: QtBot, window: MainWindow, model_path: Path, store_path: Path, tmp_path: Path
) -> None:
    window.open_paths([model_path, store_path])
    _settle(qtbot, window)
    latent = window.session.latent
    window.session.set_index(2)
    window.opener.save_session(str(tmp_path / "a.lsps.json"))
    _settle(qtbot, window)
    assert window.session.latent != latent
    window.open_paths([tmp_path / "a.lsps.json"])
    _settle(qtbot, window)
    assert (window.session.index, window.session.latent) == (2, latent)


def test_a_session_that_cannot_be_written_is_said(window: MainWindow, tmp_path: Path) -> None:
    window.opener.save_session(str(tmp_path / "missing" / "a.lsps.json"))
    assert "cannot be written" in window.messages.text


def test_presets_are_kept_by_model_and_name(tmp_path: Path) -> None:
    path = tmp_path / "data" / "presets.json"
    presets = Presets(path)
    presets.save("tiny", " fist ", CODE)
    presets.save("tiny", "open", LatentCode())
    presets.save("other", "fist", LatentCode())
    presets.rename("tiny", "fist", "thumb up")
    presets.remove("other", "fist")
    again = Presets(path)
    assert again.of("tiny") == {"thumb up": CODE, "open": LatentCode()}
    assert list(again.of("tiny")) == ["thumb up", "open"]
    assert again.of("other") == {}
    assert "thumb up" in path.read_text(encoding="utf-8")


def test_wrong_presets_are_one_line_and_stay_as_they_are(tmp_path: Path) -> None:
    presets = Presets()
    presets.save("tiny", "a", CODE)
    presets.save("tiny", "b", CODE)
    for change in (lambda: presets.rename("tiny", "a", "b"), lambda: presets.save("tiny", "  ", CODE)):
        with pytest.raises(ValueError, match="name"):
            change()
    assert list(presets.of("tiny")) == ["a", "b"]
    path = tmp_path / "presets.json"
    path.write_text('{"format": "lsps-presets", "version": 1, "models": {"tiny": {"a": [1]}}}')
    with pytest.raises(ValueError, match="damaged"):
        Presets(path)
    folder = tmp_path / "file"
    folder.write_text("in the way")
    blocked = Presets(folder / "presets.json")
    with pytest.raises(ValueError, match="cannot be written"):
        blocked.save("tiny", "a", CODE)
    assert blocked.of("tiny") == {}
