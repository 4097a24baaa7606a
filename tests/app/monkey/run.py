"""One seed of the monkey in this process: `python tests/app/monkey/run.py FOLDER --seed 3 --actions 10000`.

Writes into FOLDER: `actions.log` (a line before each action), `crash.log` (the stacks after a crash) and `report.json`
(once it has ended). `hunt.py` runs many of these and reads what they leave.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "recordings")]
if not os.environ.get("DISPLAY"):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

import psutil  # noqa: E402
import world  # noqa: E402
from actions import Monkey, Play  # noqa: E402
from PySide6.QtCore import QObject, QSettings, Qt, QTimer, Slot  # noqa: E402
from PySide6.QtGui import QAction, QDesktopServices  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402
from watch import Report, Watch  # noqa: E402

from explorer_app.application import begin  # noqa: E402
from explorer_app.command_line import Options  # noqa: E402
from explorer_app.preferences import Preferences  # noqa: E402
from explorer_app.shell.appearance import ensure_font  # noqa: E402
from explorer_app.shell.garbage_collector import Collector  # noqa: E402
from explorer_app.shell.main_window import MainWindow  # noqa: E402
from explorer_app.shell.recovery.files import RecoveryFiles  # noqa: E402
from explorer_app.shell.recovery.recovery import Recovery  # noqa: E402

_MEMORY_EVERY = 250
_SPARE_EVERY = 25
_SETTLE_MS = 60_000


class Desktop(QObject):
    """Takes what would otherwise start a file manager."""

    @Slot("QUrl")
    def take(self, _url: object) -> None:
        pass


def play(folder: Path, seed: int, numbers: list[int]) -> Report:
    """Build the window, do the actions, close it."""
    report = Report(seed=seed)
    with (folder / "actions.log").open("w", buffering=1) as log, (folder / "pauses.log").open("w") as stacks:
        QApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
        app = QApplication(["lsps-explorer"])
        app.setApplicationName("LSPS Explorer")
        app.setStyle("Fusion")
        app.setQuitOnLastWindowClosed(False)
        ensure_font()
        desktop = Desktop()
        QDesktopServices.setUrlHandler("file", desktop, "take")
        settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        preferences = Preferences(settings, folder / "kept")
        preferences.last_folder = str(folder / "saved")
        collector = Collector(app)
        window = MainWindow("cpu", preferences)
        window.closed.connect(lambda: app.exit(1))
        for action in window.findChildren(QAction):
            if "Quit" in action.text():
                action.setEnabled(False)  # from the menu, by its key or from the palette
        recovery = Recovery(window, RecoveryFiles(preferences.folder))
        window.background.settled.connect(collector.spare_what_is_there, Qt.ConnectionType.SingleShotConnection)
        files = folder / "files"
        window.inspect.references.choose([files / "few.h5"])  # the bundled samples are encoded anew with every model
        window.painted.connect(lambda: begin(window, Options(paths=(files / "one.safetensors", files / "frames.h5"))))
        window.show()
        monkey = Monkey(window, folder, seed, lambda line: print(line, file=log))
        watch = Watch(report, stacks, lambda: monkey.own_s)

        def on_action(number: int) -> None:
            watch.action = number
            report.actions += 1
            if report.actions % _MEMORY_EVERY == 0:
                started = time.thread_time()
                watch.note_memory()
                monkey.own_s += time.thread_time() - started
                watch.forget_pause()
            if report.actions % _SPARE_EVERY == 0:
                monkey.spare_the_machine()
                watch.check_width(window)
            if not window.isVisible() and report.actions % 50 == 0:
                window.show()

        play = Play(monkey, numbers, on_action, lambda: app.exit(0))  # quit would ask the window
        watch.start()
        started = time.monotonic()
        QTimer.singleShot(500, play.begin)
        app.exec()
        report.seconds = round(time.monotonic() - started, 1)
        report.has_ended = play.is_over
        report.kinds = monkey.kinds
        _check_the_end(window, recovery, watch, report)
        watch.stop()
    return report


def _check_the_end(window: MainWindow, recovery: Recovery, watch: Watch, report: Report) -> None:
    """The window still works, closes in time, and leaves nothing behind."""
    for widget in QApplication.topLevelWidgets():
        if widget.isVisible() and widget is not window and widget.isModal():
            widget.close()
    if window.session.is_editing:
        window.session.end_edit()
    session, deadline = window.session, time.monotonic() + _SETTLE_MS / 1000
    while window.background.is_busy and time.monotonic() < deadline:
        QApplication.processEvents()
        time.sleep(0.005)
    if window.background.is_busy:
        watch.problem("it never settles: " + ", ".join(w.name for w in window.background.workers if w.is_busy))
    if session.model is not None and not (session.pose == session.model.decode_pose(session.latent)).all():
        watch.problem("the pose shown is not the pose of the latent")
    children = psutil.Process().children(recursive=True)
    for child in children:
        child.kill()
    psutil.wait_procs(children, timeout=5)
    window.train.runs.views = {}
    window.hide()
    window.close()
    recovery.end()
    QApplication.processEvents()
    report.left_over = [thread.name for thread in threading.enumerate() if thread.name.startswith("lsps-")]
    report.left_over += [f"process {child.pid}" for child in psutil.Process().children() if child.status() != "zombie"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="an empty folder; filled where it has no files yet")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--actions", type=int, default=1000)
    parser.add_argument("--only", type=Path, help="a JSON list of the numbers of the actions to do")
    typed = parser.parse_args()
    folder = typed.folder.absolute()
    if not (folder / "files").exists():
        folder.mkdir(parents=True, exist_ok=True)
        world.build(folder)
    os.chdir(folder / "saved")
    numbers = json.loads(typed.only.read_text()) if typed.only else list(range(typed.actions))
    with (folder / "crash.log").open("w") as crash:
        faulthandler.enable(crash)
        report = play(folder, typed.seed, numbers)
        (folder / "report.json").write_text(json.dumps(report.to_json(), indent=1))
        sys.stdout.flush()
        os._exit(0)  # what Python tears down after this is nobody's afternoon


if __name__ == "__main__":
    sys.exit(main())
