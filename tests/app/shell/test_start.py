"""The command itself, in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from app_helpers import make_store_without_depth
from PIL import Image
from programs import EXPLORER, Programs

from explorer_app.command_line import parse

ROOT = Path(__file__).parents[3]


Explorer = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def explorer(programs: Programs) -> Explorer:
    """Runs `lsps-explorer` where there is no display."""
    kept = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    kept.pop("QT_QPA_PLATFORM", None)

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return programs.run(EXPLORER, *arguments, env=kept | environment)

    return run


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can be without a display")
def test_without_a_display_one_line_names_the_way_out(explorer: Explorer) -> None:
    ended = explorer()
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "--screenshot" in ended.stderr


def test_a_screenshot_shows_the_window(explorer: Explorer, tmp_path: Path, model_path: Path, store_path: Path) -> None:
    """Also where no font is installed."""
    shot = tmp_path / "shot.png"
    nothing = tmp_path / "fonts.conf"
    nothing.write_text('<?xml version="1.0"?><fontconfig></fontconfig>')
    ended = explorer(model_path, store_path, "--screenshot", shot, FONTCONFIG_FILE=str(nothing))
    assert (ended.returncode, ended.stderr) == (0, "")
    shown = np.asarray(Image.open(shot).convert("RGB"))
    assert shown.shape[0] >= 800
    assert shown.shape[1] >= 1280
    colourful = shown.astype(int).max(axis=2) - shown.min(axis=2) > 60
    assert colourful[:400, 320:900].mean() > 0.1, "two decoded pictures"
    assert shown[60:740, :60].std() > 10, "the sliders' names are readable"


def test_a_screenshot_of_an_image_needs_its_camera(
    explorer: Explorer, tmp_path: Path, model_path: Path, image_path: Path
) -> None:
    shot = tmp_path / "shot.png"
    ended = explorer(model_path, image_path, "--screenshot", shot)
    assert ended.returncode == 2
    assert "--camera" in ended.stderr
    ended = explorer(model_path, image_path, "--camera", "475,475,320,240", "--screenshot", shot)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert shot.is_file()


@pytest.mark.parametrize("name", ["missing.safetensors", "no_depth.h5"])
def test_a_screenshot_of_what_cannot_be_opened_is_one_line(
    name: str, explorer: Explorer, tmp_path: Path, model_path: Path, store_path: Path
) -> None:
    path = tmp_path / name
    if name == "no_depth.h5":
        make_store_without_depth(path, store_path)
    models = [] if name.endswith("safetensors") else [model_path]
    ended = explorer(*models, path, "--screenshot", tmp_path / "shot.png")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert name in ended.stderr
    assert not (tmp_path / "shot.png").exists()


def test_a_window_needs_neither_torch_nor_pyqtgraph_to_paint() -> None:
    code = (
        "import os, sys; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "import explorer_app.application\n"
        "from PySide6.QtWidgets import QApplication\n"
        "app = QApplication([]); window = explorer_app.application.MainWindow(); window.show()\n"
        "window.grab(); window.close()\n"
        "print([name for name in ('torch', 'pyqtgraph', 'scipy', 'h5py', 'OpenGL') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_image_settings_on_the_command_line() -> None:
    options = parse(["a.png", "--camera", "sr305", "--cube-mm", "200"])
    assert (options.images.unit_mm, options.images.cube_mm) == (0.125, 200)
    assert parse(["--camera", "1,1,1,1", "--unit-mm", "0.5", "--nyu-packed"]).images.nyu_packed
    assert parse([]).images is None


@pytest.mark.parametrize(
    "arguments", [["--camera", "1,2"], ["--unit-mm", "0.5"], ["--camera", "sr305", "--cube-mm", "-1"]]
)
def test_impossible_arguments_end_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(arguments)
    assert "error" in capsys.readouterr().err
