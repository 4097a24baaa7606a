"""What is copied reproduces what is shown."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS
from PySide6.QtGui import QAction, QGuiApplication
from pytestqt.qtbot import QtBot

from explorer_app.command_line import parse
from explorer_app.model.copy_as import as_command, as_json, as_python, latent_from_text
from explorer_app.model.latent import LatentCode
from explorer_app.model.opening import ImageSettings
from explorer_app.model.pose_error import to_joints_mm
from explorer_app.model.saved_session import SavedSession
from explorer_app.session.snapshot import snapshot
from explorer_app.shell.main_window import MainWindow
from lsps_core.camera import Camera

ROOT = Path(__file__).parents[3]
CODE = LatentCode(tuple(0.1 * axis - 1 + 1e-9 for axis in range(20)))


def _settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def _run(script: str, folder: Path) -> tuple[np.ndarray, np.ndarray, str]:
    """Joints, the real picture and stdout of a script, run as a user would."""
    out = folder / "out.npz"
    path = folder / "script.py"
    path.write_text(f"{script}\nnp.savez({str(out)!r}, joints=joints_mm, real=real)\n", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, str(path)], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    with np.load(out) as made:
        return made["joints"], made["real"], ended.stdout


def _copied(window: MainWindow, action: str) -> str:
    QGuiApplication.clipboard().clear()
    next(found for found in window.findChildren(QAction) if found.text() == action).trigger()
    return QGuiApplication.clipboard().text()


def test_the_script_at_any_latent_computes_what_is_shown(
    qtbot: QtBot, window: MainWindow, model_path: Path, tmp_path: Path
) -> None:
    window.open_paths([model_path])
    _settle(qtbot, window)
    window.session.set_latent(CODE)
    _settle(qtbot, window)
    joints, real, stdout = _run(_copied(window, "Copy as &Python"), tmp_path)
    shown = window.session
    np.testing.assert_allclose(joints, shown.pose * shown.model.half_mm, atol=1e-3)
    picture = np.nan_to_num(shown.pictures.real / shown.model.half_mm, nan=1.0)
    np.testing.assert_allclose(np.where(real >= 0.999, 1.0, real), np.where(picture >= 0.999, 1.0, picture), atol=1e-3)
    assert stdout.startswith("[[")


def test_the_script_at_a_frame_takes_the_way_of_the_frame(
    qtbot: QtBot, window: MainWindow, model_path: Path, store_path: Path, tmp_path: Path
) -> None:
    window.open_paths([model_path, store_path])
    _settle(qtbot, window)
    window.session.set_index(3)
    _settle(qtbot, window)
    script = _copied(window, "Copy as &Python")
    assert "store.frame(3)" in script
    joints, _, _ = _run(script, tmp_path)
    np.testing.assert_allclose(joints, to_joints_mm(window.session.pose, window.session.view.frame), atol=1e-2)


@pytest.mark.parametrize("is_moved", [True, False])
def test_the_command_shows_the_same_again(
    is_moved: bool, qtbot: QtBot, window: MainWindow, model_path: Path, store_path: Path
) -> None:
    window.open_paths([model_path, store_path])
    _settle(qtbot, window)
    window.session.set_index(2)
    _settle(qtbot, window)
    if is_moved:
        window.session.set_latent(CODE)
        _settle(qtbot, window)
    command = _copied(window, "Copy as &command")
    before = snapshot(window.session)
    words = shlex.split(command)
    assert words[0] == "lsps-explorer"
    options = parse(words[1:])
    again = MainWindow(options.device)
    qtbot.addWidget(again)
    again.opener.open_at_start(options.paths, options.images, options.index, options.latent)
    _settle(qtbot, again)
    after = snapshot(again.session)
    assert (after.model_path, after.data_paths) == (before.model_path, before.data_paths)
    assert (after.index, after.latent, after.is_at_code) == (before.index, before.latent, before.is_at_code)
    np.testing.assert_array_equal(again.session.pose, window.session.pose)
    again.close()


def test_the_command_of_images_says_how_to_read_them(tmp_path: Path) -> None:
    camera = Camera(fx=475.5, fy=475, cx=320, cy=240.25)
    settings = ImageSettings(
        camera=camera, unit_mm=0.125, cube_mm=200, domain="synthetic", nyu_packed=True, is_mirrored=True
    )
    model_path, images = tmp_path / "m y.safetensors", (tmp_path / "a'b.png",)
    shown = SavedSession(model_path=model_path, data_paths=images, images=settings, index=1, latent=CODE)
    options = parse(shlex.split(as_command(shown))[1:])
    assert options.images == settings
    assert options.paths == (shown.model_path, *shown.data_paths)
    assert (options.index, options.latent) == (1, CODE)


def test_odd_file_names_stay_names() -> None:
    shown = SavedSession(model_path=Path('/tmp/a\'"""\n{x}\\N.safetensors'), latent=CODE)
    compile(as_python(shown), "script", "exec")
    assert shlex.split(as_command(shown))[1] == str(shown.model_path)


def test_latents_are_copied_and_pasted(qtbot: QtBot, window: MainWindow, model_path: Path) -> None:
    window.open_paths([model_path])
    _settle(qtbot, window)
    window.session.set_latent(CODE)
    window.session.message.emit("an older error")
    assert latent_from_text(_copied(window, "Copy &latent as JSON")) == CODE
    assert window.statusBar().currentMessage() == "copied as JSON"
    assert window.messages.text == ""
    for text in ("nonsense", "[1, 2]", "[" * 9000, '{"latent": null}', "nan " * 20, "[1e999]", "9" * 20_000):
        QGuiApplication.clipboard().setText(text)
        window.clipboard.paste_latent()
        assert window.session.latent == CODE
        assert "clipboard" in window.messages.text
    QGuiApplication.clipboard().setText(" ".join(str(axis / 10) for axis in range(20)))
    window.clipboard.paste_latent()
    assert window.session.latent.values[7] == 0.7
    window.session.undo_stack.undo()
    assert window.session.latent == CODE
    assert latent_from_text(as_json(CODE)) == CODE


def test_without_a_model_there_is_nothing_to_copy(window: MainWindow) -> None:
    assert _copied(window, "Copy as &Python") == ""
    assert "no model" in window.messages.text


@pytest.mark.parametrize("arguments", [["--frame", "0"], ["--frame", "x"], ["--latent", "1,2"], ["--latent", "a"]])
def test_impossible_places_end_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(arguments)
    assert "error" in capsys.readouterr().err
