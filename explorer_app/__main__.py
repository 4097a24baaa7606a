"""`lsps-explorer`: parse, then show a window before torch is imported."""

import os
import sys

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - before any import
if __name__ == "__main__" and not sys.flags.safe_path and sys.path:
    # `python -m` puts the working folder first: a json.py or torch.py in it would be run in place of the real one
    _here = sys.path.pop(0)
    if _here in ("", _ROOT):  # for a checkout that is not installed: only this package is found there
        sys.path.append(_ROOT)

from collections.abc import Sequence  # noqa: E402

from explorer_app.command_line import Options, check_for_screenshot, parse  # noqa: E402

DEBIAN_PACKAGES = "libegl1 libgl1 libglib2.0-0 libfontconfig1 libxkbcommon0 libdbus-1-3"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, or 2 after one line on stderr."""
    options = parse(arguments)
    try:
        _prepare(options)
    except ValueError as error:
        return _fail(str(error))
    try:
        from explorer_app.application import run
    except ImportError as error:
        if "PySide6" not in str(error) and ".so" not in str(error):
            raise
        return _fail(f"Qt cannot be loaded ({error}); on Debian or Ubuntu: apt install {DEBIAN_PACKAGES}")
    return run(options)


def _prepare(options: Options) -> None:
    """Choose Qt's platform before Qt is loaded; ValueError, in one line, if no window is possible."""
    if options.screenshot is not None:
        check_for_screenshot(options)
        os.environ["QT_QPA_PLATFORM"] = os.environ.get("QT_QPA_PLATFORM") or "offscreen"
        os.environ["LSPS_NO_OPENGL"] = "1"  # the same image on every platform
        return
    has_display = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if sys.platform.startswith("linux") and not has_display:
        raise ValueError("there is no display; lsps-explorer --screenshot OUT.png draws the window without one")


def _fail(line: str) -> int:
    sys.stderr.write(f"lsps-explorer: {line}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
