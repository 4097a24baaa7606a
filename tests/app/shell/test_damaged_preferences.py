"""Whatever stands where the app keeps its own things, the window starts, says so in a line, and nothing is lost."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import QByteArray, QSettings, QStandardPaths
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from explorer_app.application import user_preferences
from explorer_app.damaged_files import DamagedError, set_aside, set_aside_unless_settings
from explorer_app.explore.latent.presets_dialog import PresetsDialog
from explorer_app.explore.model.presets import Presets
from explorer_app.log import LOG_NAME, LOGGER
from explorer_app.preferences import KEYS, Preferences
from explorer_app.shell.main_window import MainWindow
from explorer_app.workspace_names import EXPLORE, INSPECT, TRAIN

DEEP, HUGE = "[" * 100_000, "1" + "0" * 400
FORM = {"seed": 10**30, "labels": "x", "steps": [1e400, None, -1], "run_path": 3, "start": "nowhere", "preset": []}
CAMERA = {"fx": 10**400, "fy": "x", "cx": float("nan"), "cy": None}
TEXTS = [DEEP, HUGE, f"[{HUGE}]", "{", "3", "null", "[null]", '["\\u0000"]', "NaN", '{"a": 1}', "a\0b", '["\\ud800"]']
TEXTS += [json.dumps(FORM), json.dumps({"camera": CAMERA}), '[["a"]]', f'["{"x" * 5000}"]', json.dumps(["a"] * 5000)]
VALUES: list[Any] = [*TEXTS, 3, 10**15, -1.5, float("inf"), True, ["a", "b"], {"a": [1]}, "x" * 2_000_000]
VALUES += [QByteArray(b""), QByteArray(b"\xff\xfe\x00rubbish"), QByteArray(b"\x01\xd9\xd0\xcb" + b"\xff" * 90)]
VALUES += [QByteArray(b"\x00\x00\x00\xff\x00\x00\x00\x00\xfd" + b"\x7f" * 200)]
FILES = [text.encode("utf-8", "surrogatepass") for text in TEXTS] + [b"", b"\xff\xfe\x00", b"[]", os.urandom(3000)]
_CODES = '{"format": "lsps-presets", "version": %s, "models": %s}'
_PRESETS = ['{"m": {"p": [' + "0, " * 19 + last + "]}}" for last in (HUGE, "1e999", "NaN", '"x"', "true")]
_PRESETS += ["[]", "3", '{"m": 3}', '{"m": {"p": 3}}', '{"m": {"p": [1]}}', f'{{"m": {DEEP}}}']
PRESETS = [(_CODES % (1, models)).encode() for models in _PRESETS] + [(_CODES % ('"x"', "{}")).encode()]


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def use(qtbot: QtBot, window: MainWindow, model_path: Path) -> None:
    """Go everywhere where remembered things are shown."""
    qtbot.addWidget(window)
    window.show()
    window.opener.open_at_start([model_path])
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    for name in (INSPECT, TRAIN, EXPLORE):
        window.workspaces.go(name)
        qtbot.wait(20)
    for menu in window.findChildren(QMenu):
        menu.aboutToShow.emit()
    window.training_dialogs.new_run()
    window.training_dialogs.simulate()
    window.training_dialogs.import_data()
    window.train.runs.look()
    presets = PresetsDialog(window.presets, window.session, window)
    presets.name.setText("mine")
    presets.save.click()
    presets.show()
    presets.close()
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def is_damaged(settings: QSettings, key: str) -> bool:
    value = settings.value(key)
    if value is None:
        return False
    try:
        KEYS[key].check(value)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize("seed", range(3))
def test_rubbish_everywhere(seed: int, qtbot: QtBot, settings: QSettings, folder: Path, model_path: Path) -> None:
    draw = random.Random(seed)
    for key in KEYS:
        settings.setValue(key, draw.choice(VALUES))
    settings.sync()
    damaged = {key: settings.value(key) for key in KEYS if is_damaged(settings, key)}
    assert len(damaged) > len(KEYS) / 2
    content = draw.choice([*PRESETS, *FILES])
    (folder / "presets.json").write_bytes(content)
    (folder / "evaluations").mkdir()
    (folder / "evaluations" / "tags.json").write_bytes(draw.choice(FILES))

    window = MainWindow("cpu", Preferences(settings, folder))
    assert window.messages.text.startswith("damaged and set aside: ")
    assert "\n" not in window.messages.text
    assert "presets.json.damaged" in window.messages.text
    use(qtbot, window, model_path)
    window.close()

    assert content in [path.read_bytes() for path in folder.glob("presets.json*")]
    kept = [settings.value(key) for key in settings.allKeys() if key.startswith("damaged/")]
    for key, value in damaged.items():
        assert any(type(value) is type(other) and value == other for other in kept), key


@pytest.mark.parametrize("key", KEYS)
def test_each_kind_of_rubbish_under_each_key(key: str, settings: QSettings) -> None:
    for value in VALUES:
        for preferences in (Preferences(settings), Preferences()):
            preferences.set(key, value)
            preferences.check()
            found = preferences.get(key)
            assert found is None or KEYS[key].check(found) == found
            assert preferences.image_settings is not None
            assert isinstance(preferences.recent, list)
            assert isinstance(preferences.theme, str)
            if preferences.left_aside:
                assert KEYS[key].name in preferences.left_aside[0]


@pytest.mark.parametrize("content", [*PRESETS, *FILES], ids=range(len([*PRESETS, *FILES])))
def test_damaged_presets_are_known_as_such(content: bytes, folder: Path) -> None:
    (folder / "presets.json").write_bytes(content)
    with pytest.raises(DamagedError):
        Presets(folder / "presets.json")


@pytest.mark.parametrize("content", [PRESETS[0], DEEP.encode()], ids=["400 digits", "deep"])
def test_damaged_presets_are_moved_aside(content: bytes, folder: Path, qtbot: QtBot) -> None:
    (folder / "presets.json").write_bytes(content)
    (folder / "presets.json.damaged").write_bytes(b"an earlier one")
    window = MainWindow("cpu", Preferences(None, folder))
    qtbot.addWidget(window)
    assert (folder / "presets.json.damaged-1").read_bytes() == content
    assert (folder / "presets.json.damaged").read_bytes() == b"an earlier one"
    assert "presets.json.damaged-1" in window.messages.text
    window.presets.save("m", "p", window.session.latent)
    assert (folder / "presets.json").exists()
    window.close()


def test_presets_of_a_later_version_stay_where_they_are(folder: Path, qtbot: QtBot) -> None:
    text = _CODES % (2, "{}")
    (folder / "presets.json").write_text(text)
    window = MainWindow("cpu", Preferences(None, folder))
    qtbot.addWidget(window)
    assert "update LSPS Explorer" in window.messages.text
    window.presets.save("m", "p", window.session.latent)
    assert (folder / "presets.json").read_text() == text
    window.close()


@pytest.fixture
def _own_log() -> Iterator[None]:
    before = list(LOGGER.handlers)
    yield
    for handler in [handler for handler in LOGGER.handlers if handler not in before]:
        LOGGER.removeHandler(handler)
        handler.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="where settings are a file, and pipes exist")
@pytest.mark.usefixtures("_own_log")
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "rubbish", "nul"])
def test_anything_in_the_place_of_a_file(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    make = {
        "pipe": os.mkfifo,
        "folder": Path.mkdir,
        "device": lambda path: path.symlink_to("/dev/zero"),
        "rubbish": lambda path: path.write_bytes(os.urandom(5000)),
        "nul": lambda path: path.write_bytes(b"[files]\nrecent=\0\n"),
    }[kind]
    config = tmp_path / "config" / "lsps-explorer"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation))
    for each in (config, folder):
        each.mkdir(parents=True)
    for path in (config / "lsps-explorer.conf", folder / LOG_NAME, folder / "presets.json"):
        make(path)
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path / "config"))
    window = MainWindow("cpu", user_preferences())
    qtbot.addWidget(window)
    assert "lsps-explorer.conf.damaged" in window.messages.text
    assert "presets.json.damaged" in window.messages.text
    assert (config / "lsps-explorer.conf.damaged").is_symlink() or (config / "lsps-explorer.conf.damaged").exists()
    window.close()


def test_good_settings_stay(settings: QSettings, tmp_path: Path) -> None:
    preferences = Preferences(settings)
    preferences.add_recent(tmp_path / "ä, b.h5")
    preferences.set("train/baselines", "DeepPrior++ 12.3, = ; [x]")
    settings.sync()
    assert set_aside_unless_settings(Path(settings.fileName())) is None
    again = Preferences(QSettings(settings.fileName(), QSettings.Format.IniFormat))
    again.check()
    assert again.left_aside == []
    assert again.recent == [tmp_path / "ä, b.h5"]


def test_damaged_names_are_counted(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / "a").write_text(str(number))
        set_aside(tmp_path / "a")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a.damaged": "0",
        "a.damaged-1": "1",
        "a.damaged-2": "2",
    }


def open_one(qtbot: QtBot, window: MainWindow, path: Path, content: bytes) -> str:
    """The line that is said of a session with this content."""
    path.write_bytes(content)
    window.messages.hide()
    window.open_paths([path])
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    return window.messages.text


def test_a_damaged_session_is_a_line_and_changes_nothing(tmp_path: Path, qtbot: QtBot, window: MainWindow) -> None:
    path = tmp_path / "a.lsps.json"
    for content in (*FILES, *PRESETS):
        line = open_one(qtbot, window, path, content)
        assert "a.lsps.json" in line, content[:40]
        assert "\n" not in line
        assert window.session.latent.is_mean
        assert window.preferences.recent == []
        assert path.read_bytes() == content


def test_a_session_with_one_hostile_value(tmp_path: Path, qtbot: QtBot, window: MainWindow) -> None:
    tree = {"format": "lsps-session", "version": 1, "model": None, "data": [], "images": None, "frame": 0}
    tree |= {"latent": [0] * 20, "at_code_of_frame": False, "encode_on_step": True, "visits": []}
    values = (HUGE, DEEP, "1e999", "NaN", f"[{HUGE}]", '{"camera": {"fx": 1e999}}', '["\\u0000"]')
    for key in ("frame", "latent", "images", "visits", "model", "data", "version", "encode_on_step"):
        for value in values:
            parts = [
                f"{json.dumps(name)}: {value if name == key else json.dumps(usual)}" for name, usual in tree.items()
            ]
            line = open_one(qtbot, window, tmp_path / "a.lsps.json", ("{" + ", ".join(parts) + "}").encode())
            assert line, (key, value[:40])
            assert window.session.latent.is_mean
