"""Starts Qt, shows the window, and only then starts slow work."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths, Qt
from PySide6.QtWidgets import QApplication

from explorer_app.command_line import Options
from explorer_app.damaged_files import set_aside_unless_settings
from explorer_app.log import log_to_file
from explorer_app.preferences import Preferences
from explorer_app.shell.appearance import ensure_font, set_theme
from explorer_app.shell.end_signals import Endings
from explorer_app.shell.garbage_collector import Collector
from explorer_app.shell.main_window import MainWindow
from explorer_app.shell.qt_messages import QtMessages
from explorer_app.shell.recovery.files import RecoveryFiles
from explorer_app.shell.recovery.recovery import Recovery
from explorer_app.shell.screenshot import Screenshot

_NAME = "lsps-explorer"
SWITCH_S = 0.0001
"""How long the window waits for its turn while a thread runs Python code: Python's own 5 ms are a third of a frame."""


def run(options: Options) -> int:
    """Show the window until it is closed; the exit status."""
    sys.setswitchinterval(SWITCH_S)
    messages = QtMessages()
    # pyqtgraph keeps its shaders for ever, so all OpenGL contexts must share them
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication(["lsps-explorer"])
    messages.release()
    # Ctrl+C in the terminal ends it at once, even if it hangs; the next start offers to restore it
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    app.setApplicationName("LSPS Explorer")
    app.setStyle("Fusion")  # the same style on every desktop, light or dark
    # or closing a floating panel while the window is hidden ends the program
    app.setQuitOnLastWindowClosed(False)
    ensure_font()
    is_picture = options.screenshot is not None
    preferences = Preferences() if is_picture else user_preferences()
    files = _traced_files(preferences.folder) if preferences.folder is not None else None
    set_theme(preferences.theme)
    collector, endings = Collector(app), Endings(app)
    window = MainWindow(options.device, preferences)
    recovery = Recovery(window, files) if files is not None else None
    window.background.settled.connect(collector.spare_what_is_there, Qt.ConnectionType.SingleShotConnection)
    screenshot = Screenshot(window, options.screenshot) if options.screenshot is not None else None
    window.painted.connect(lambda: begin(window, options))
    window.closed.connect(lambda: app.exit(0))  # quit would ask the window, which is closed already
    window.show()
    if not is_picture:
        window.tour_offer.offer_once()
    status = app.exec()
    _end(window, recovery, endings.reason)
    if screenshot is not None and screenshot.failure:
        sys.stderr.write(f"lsps-explorer: {screenshot.failure}\n")
        status = 2
    if not window.has_ended:
        os._exit(status)  # a thread is blocked in the system (a dead network disk): do not wait for it
    return status


def user_preferences() -> Preferences:
    """The user's preferences; the log is in the same folder."""
    folder = _data_folder()
    left_aside = log_to_file(folder)
    if sys.platform.startswith("linux"):  # on other systems settings are not files
        configs = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
        left_aside += _settings_left_aside(Path(configs) / _NAME / f"{_NAME}.conf")
    return Preferences(QSettings(_NAME, _NAME), folder, left_aside)


def _data_folder() -> Path:
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation))


def _settings_left_aside(path: Path) -> list[str]:
    try:
        moved = set_aside_unless_settings(path)
    except OSError as error:
        return [f"the settings, {path} ({error.strerror})"]
    return [f"the settings (now {moved})"] if moved is not None else []


def _traced_files(folder: Path) -> RecoveryFiles:
    """The recovery files of this window; from now on a crash writes its stacks there."""
    files = RecoveryFiles(folder)
    with contextlib.suppress(OSError, NotImplementedError):  # the first write tries again, and reports the problem
        files.trace_crashes()
    return files


def _end(window: MainWindow, recovery: Recovery | None, reason: str) -> None:
    """Close the window, if it is not closed yet. reason: why the system ends it; empty for the user."""
    if reason and recovery is not None:
        recovery.end_by_system(reason)
    window.close_at_once()
    if not reason and recovery is not None:
        recovery.end()


def begin(window: MainWindow, options: Options) -> None:
    """Open the arguments of the command line, or bundled files without any."""
    if window.opengl is not None:
        window.opengl.start()
    window.opener.open_at_start(options.paths, options.images, options.index, options.latent)
    if options.live_camera:
        window.opener.open_camera(options.live_camera)
