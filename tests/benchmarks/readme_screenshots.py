"""The screenshots of the READMEs, drawn anew from the bundled model and frames; `fit` and `inspector` show a real one.

Run: xvfb-run -a -s "-screen 0 1280x800x24" python tests/benchmarks/readme_screenshots.py [NAME ...] [--out FOLDER]
     [--frame RAW.png]

NAME: start, drag, fit, inspector, inspect; all of them if left out. --frame: a depth image of an Intel SR305 with a
hand; without it, and without one beside the project, the two that need it are left out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from app_window import wait_ms, wait_until
from PySide6.QtCore import QEvent, QPointF, QSettings, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget

from explorer_app.model.opening import CAMERA_PRESETS
from explorer_app.preferences import Preferences
from explorer_app.resources import resource
from explorer_app.shell.appearance import ensure_font, set_theme
from explorer_app.shell.main_window import MainWindow
from lsps_core.skeleton import HAND21

ROOT = Path(__file__).resolve().parents[2]
REAL_FRAME = ROOT.parent / "shared/data/sr305/20210326-231615_0.png"
SIZE = 1280, 800
SETTLE_MS = 3000
PULL_SHARES = (0.2, 0.4, 0.6, 0.8, *[1.0] * 12)
INDEX, THUMB = (HAND21.joints.index(f"{finger}_tip") for finger in ("index", "thumb"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENES))
    parser.add_argument("--out", type=Path, default=ROOT / "resources/screenshots", metavar="FOLDER")
    parser.add_argument("--frame", type=Path, default=REAL_FRAME, metavar="RAW.png")
    arguments = parser.parse_args()
    for name in arguments.names or SCENES:
        if name in ("fit", "inspector") and not arguments.frame.is_file():
            print(f"{name} is left out: {arguments.frame} is not there", file=sys.stderr)
        elif len(arguments.names) == 1:
            draw(name, arguments.frame, arguments.out)
        else:  # each in a process of its own, as a window with OpenGL has it
            options = ["--out", str(arguments.out), "--frame", str(arguments.frame)]
            subprocess.run([sys.executable, __file__, name, *options], check=True)


def draw(name: str, frame: Path, out: Path) -> None:
    os.environ.pop("LSPS_NO_OPENGL", None)  # set by `app_window`: the window is to have what users have
    app = QApplication([])
    app.setStyle("Fusion")
    ensure_font()
    set_theme("light")
    with tempfile.TemporaryDirectory() as folder:
        window = opened(Path(folder))
        SCENES[name](window, frame)
        settle(window)
        window.screen().grabWindow(0).copy(window.x(), window.y(), *SIZE).save(str(out / f"{name}.png"))
        window.close()
        wait_until(lambda: window.has_ended)
    print(out / f"{name}.png")


def opened(folder: Path) -> MainWindow:
    settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    window = MainWindow("cpu", Preferences(settings, folder / "kept"))
    window.show()
    wait_ms(SETTLE_MS)
    window.tour_offer.bar.hide()
    if window.opengl is not None:
        window.opengl.start()
    window.open_paths([resource("models", "compact.safetensors")])
    window.resize(*SIZE)
    return window


def settle(window: MainWindow) -> None:
    for _ in range(2):
        wait_until(lambda: window.session.pictures is not None and not window.background.is_busy)
        wait_ms(SETTLE_MS)


def start(window: MainWindow, _: Path) -> None:
    window.open_paths([resource("samples", "sensor.h5")])
    settle(window)
    window.session.set_index(2)


def drag(window: MainWindow, _: Path) -> None:
    """The tip of the index finger is pulled to the thumb's, and held there."""
    window.open_paths([resource("samples", "synthetic.h5")])
    settle(window)
    window.session.set_index(68)
    settle(window)
    panel = window.explore.skeleton
    dots, _, _ = panel.control.orbit.project(panel.control.points, panel.view.width(), panel.view.height())
    begin, end = (QPointF(*dots[joint]).toPoint() for joint in (INDEX, THUMB))
    QTest.mousePress(panel.view, Qt.MouseButton.LeftButton, pos=begin)
    for share in PULL_SHARES:
        there, none = QPointF(begin + (end - begin) * share), Qt.MouseButton.NoButton
        keys = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(QEvent.Type.MouseMove, there, panel.view.mapToGlobal(there), none, none, keys)
        QApplication.sendEvent(panel.view, event)
        wait_ms(50)


def fit(window: MainWindow, frame: Path) -> None:
    """A real frame after a fit, its depth coloured by the distance from the hand."""
    window.open_paths([frame], CAMERA_PRESETS["sr305"])
    settle(window)
    window.explore.fitting.toggle()
    controls = window.explore.strip.pictures.controls
    controls.differences.setChecked(True)
    wait_until(lambda: window.explore.fitting.result is not None)
    controls.before_and_after.setChecked(True)


def inspector(window: MainWindow, frame: Path) -> None:
    window.open_paths([frame], CAMERA_PRESETS["sr305"])
    settle(window)
    dock = window.explore.inspector
    while not isinstance(dock, QDockWidget):
        dock = dock.parentWidget()
    dock.raise_()


def inspect(window: MainWindow, frame: Path) -> None:
    start(window, frame)
    window.workspaces.go("Inspect")
    settle(window)
    window.evaluation.start()
    wait_until(lambda: window.evaluation.is_complete)


SCENES: dict[str, Callable[[MainWindow, Path], None]] = {
    "start": start,
    "drag": drag,
    "fit": fit,
    "inspector": inspector,
    "inspect": inspect,
}

if __name__ == "__main__":
    main()
