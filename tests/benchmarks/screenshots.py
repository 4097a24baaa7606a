"""The three workspaces on screens of four kinds, light and dark, and all of them on sheets, to look at side by side.

A screen is an Xvfb of that size; the pictures are what it shows, so that what does not fit is seen to be cut off.
--code draws with another checkout, for a comparison of before and after.

Run: python tests/benchmarks/screenshots.py OUT [--model M] [--store S.h5] [--run RUN_DIR] [--code CHECKOUT]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCREENS = {"1280x720": 1.0, "1440x900": 1.0, "1920x1080": 1.0, "1920x1080 at 150": 1.5}
"""The scale of each, by its name, which begins with its size in pixels."""
THEMES = ("light", "dark")
SCENES = ("Explore", "Inspect", "Train")
TITLE_BAR = 40
"""What a desktop's panel or the title bar needs of a screen, in px; there is neither under Xvfb."""
SETTLE_MS = 1500


def draw(folder: Path, model: Path | None, store: Path | None, run: Path | None) -> None:
    """What the screen of this process shows, in each workspace and theme."""
    from app_window import wait_ms, wait_until
    from PySide6.QtCore import QSize
    from PySide6.QtWidgets import QApplication, QWidget

    os.environ.pop("LSPS_NO_OPENGL")  # set by `app_window`: the window is to have what users have
    from explorer_app.resources import resource
    from explorer_app.shell.appearance import ensure_font, set_theme
    from explorer_app.shell.main_window import MainWindow

    app = QApplication([])
    app.setStyle("Fusion")
    ensure_font()
    set_theme(THEMES[0])
    window = MainWindow("cpu")
    window.show()
    wait_ms(SETTLE_MS)
    if window.opengl is not None:
        window.opengl.start()
    window.open_paths([model or resource("models", "compact.safetensors"), store or resource("samples", "sensor.h5")])
    wait_until(lambda: window.session.pictures is not None and not window.background.is_busy)
    window.resize(window.screen().availableSize() - QSize(0, TITLE_BAR))
    for index in (40, 7, 23):
        window.session.set_index(index)
        wait_until(lambda: not window.background.is_busy)
        wait_ms(SETTLE_MS)  # one of the history's places each
    if run is not None:
        window.train.add_path(run)
    for theme in THEMES:
        set_theme(theme)
        for scene in SCENES:
            window.workspaces.go(scene)
            wait_until(lambda: not window.background.is_busy)
            wait_ms(2 * SETTLE_MS)
            wait_until(lambda: all(widget.updatesEnabled() for widget in window.findChildren(QWidget)))
            window.screen().grabWindow(0).save(str(folder / f"{scene} {theme}.png"))
    window.close()


def draw_on(name: str, folder: Path, arguments: list[str], code: Path) -> None:
    """The same in a process on a screen of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    size, scale = name.split()[0], SCREENS[name]
    here = Path(__file__).resolve().parent
    environment = {**os.environ, "QT_SCALE_FACTOR": str(scale), "QT_QPA_PLATFORM": "xcb", "DISPLAY": ":none"}
    environment["PYTHONPATH"] = str(here)
    start = f"import sys; sys.path.insert(0, {str(code)!r}); "
    start += "import explorer_app, lsps_core, screenshots; screenshots.main()"
    server = ["xvfb-run", "-a", "-s", f"-screen 0 {size}x24"]
    command = [*server, sys.executable, "-c", start, str(folder), "--here", *arguments]
    subprocess.run(command, env=environment, cwd=code, check=True, timeout=600)


def make_sheet(folders: list[Path], theme: str, path: Path) -> None:
    """A row a folder, a column a workspace."""
    from PIL import Image

    rows = [[Image.open(folder / f"{scene} {theme}.png") for scene in SCENES] for folder in folders]
    height = max(image.height for row in rows for image in row)
    width = max(image.width for row in rows for image in row)
    sheet = Image.new("RGB", (len(SCENES) * (width + 8), len(rows) * (height + 8)), "red")
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            sheet.paste(image, (x * (width + 8), y * (height + 8)))
    sheet.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--code", type=Path, default=ROOT)
    parser.add_argument("--screen", choices=SCREENS, help="this one only")
    parser.add_argument("--here", action="store_true", help="on the screen there is, without sheets")
    options = parser.parse_args()
    if options.here:
        draw(options.out, options.model, options.store, options.run)
        return
    arguments = [
        text
        for name in ("model", "store", "run")
        if (value := getattr(options, name)) is not None
        for text in (f"--{name}", str(value.resolve()))
    ]
    names = [options.screen] if options.screen else list(SCREENS)
    folders = [options.out.resolve() / name for name in names]
    for name, folder in zip(names, folders, strict=True):
        draw_on(name, folder, arguments, options.code.resolve())
    for theme in THEMES:
        make_sheet(folders, theme, options.out / f"{theme}.png")


if __name__ == "__main__":
    main()
