"""Training runs: each a process of its own that outlives the window, followed through the files of its folder."""

from __future__ import annotations

import dataclasses
import errno
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from explorer_app.preferences import Preferences
from explorer_app.train.model.run_folder import LOG_HEADER, RunFolders, RunView
from explorer_app.train.model.run_process import SHARES, ProcessRecord, thread_count
from explorer_app.workers.command import lsps_command, shared_environment
from explorer_app.workers.latest import LatestWins
from lsps_core.files import kind_of
from lsps_core.runs.layout import RunLayout

POLL_MS = 500
_CLOSE_S = 2.0
"""Runs are only read: one whose disk does not respond need not be waited for."""
HOLD_MS = 1500
"""How long runs stay paused after the last move of a slider, if they share the machine this way."""


class TrainingRuns(QObject):
    """All runs known to the window: started or added here, and those in the folder for runs.

    Their state is always read from their folders, in a thread, also after a request.
    """

    changed = Signal()
    """`views` have changed"""
    started = Signal(object)
    """path of a run whose process was just started"""
    message = Signal(str)
    """one line that the user must see"""

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._folders = RunFolders()
        self._children: list[subprocess.Popen[bytes]] = []
        self._is_shown = False
        self._is_closed = False
        self.views: dict[Path, RunView] = {}
        self._worker = LatestWins("runs", self)
        self._worker.answered.connect(self._on_views)
        self._worker.failed.connect(self._on_failure)
        self._held: list[ProcessRecord] = []
        self._release = QTimer(self, singleShot=True, interval=HOLD_MS)
        self._release.timeout.connect(self._release_held)
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self.look)
        if self.known or self.runs_path is not None:
            self._timer.start()

    @property
    def known(self) -> list[Path]:
        """Runs that were started or added here, the newest first."""
        return self._preferences.paths("train/runs")

    @property
    def runs_path(self) -> Path | None:
        """Every run in this folder is listed."""
        folder = str(self._preferences.get("train/folder", "") or "")
        return Path(folder) if folder else None

    @runs_path.setter
    def runs_path(self, path: Path) -> None:
        self._preferences.set("train/folder", str(path))
        self.look()
        self._timer.start()

    @property
    def share(self) -> str:
        """How a new run shares the machine; one of SHARES."""
        share = str(self._preferences.get("train/share", "leave"))
        return share if share in SHARES else "leave"

    @share.setter
    def share(self, share: str) -> None:
        self._preferences.set("train/share", share)

    @property
    def ours(self) -> list[RunView]:
        """Runs whose process was started here, by this or an earlier window, and still lives."""
        return [view for view in self.views.values() if view.is_alive and view.has_process]

    def add(self, path: Path) -> None:
        """Add a run to the list."""
        path = path.absolute()
        self._preferences.set_paths("train/runs", list(dict.fromkeys([path, *self.known])))
        self._timer.start()
        self.look()

    def forget(self, path: Path) -> None:
        """Remove it from the list, unless it is in the folder for runs. Its files are kept."""
        self._preferences.set_paths("train/runs", [p for p in self.known if p != path])
        self.look()

    def set_shown(self, is_shown: bool) -> None:
        """Set whether a view shows them; if not, only running ones are followed."""
        self._is_shown = is_shown
        if is_shown and not self._is_closed and (self.known or self.runs_path is not None):
            self.look()
            self._timer.start()

    @Slot()
    def look(self) -> None:
        """Read new events."""
        self._children = [child for child in self._children if child.poll() is None]  # or dead ones remain as zombies
        if not self._is_closed:
            self._worker.ask(None, partial(self._folders.look, self.known, self.runs_path))

    def start(self, path: Path, settings: Sequence[str] = ()) -> bool:
        """Train the run in this folder from its newest checkpoint; False, with a message, if it cannot start.

        settings: changes, as in "depth.batch_size=2".
        """
        path = path.absolute()
        view = self.views.get(path)
        if view is not None and view.is_alive:
            self.message.emit(f"{path.name} is already being trained")
            return False
        arguments = ["train", str(path), "--resume", "--quiet", *(["--change"] if settings else [])]
        arguments += [part for setting in settings for part in ("--set", setting)]
        try:
            self._launch(path, arguments)
        except OSError as error:
            self.message.emit(f"{path} cannot be trained: {error.strerror or error}; use a writable folder with space")
            return False
        self.add(path)
        self.started.emit(path)
        return True

    def _launch(self, path: Path, arguments: list[str]) -> None:
        layout = RunLayout(path)
        for file in (layout.log, layout.error):
            if kind_of(file) not in ("", "file"):  # opening a pipe would block the window
                raise OSError(errno.EINVAL, f"its {file.name} is not a file")
        layout.stop.unlink(missing_ok=True)
        with layout.log.open("a") as log:  # also reserves space for a last line on a full disk
            log.write(f"{LOG_HEADER}{time.strftime('%Y-%m-%d %H:%M:%S')} lsps {shlex.join(arguments)}\n")
        threads = thread_count(self.share)
        environment = shared_environment(threads) if threads is not None else dict(os.environ)
        with layout.log.open("a") as log, layout.error.open("w") as error:
            process = subprocess.Popen(
                lsps_command(arguments),
                stdin=subprocess.DEVNULL,
                stdout=error,
                stderr=log,
                env=environment,
                start_new_session=True,  # closing the terminal must not end it
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        self._children.append(process)
        record = ProcessRecord.of(process.pid)
        if threads is not None:
            record.give_way()
        try:
            record.write(path)
        except OSError:  # it could not be found again
            record.kill()
            raise

    def pause(self, path: Path) -> None:
        self._tell(path, ProcessRecord.pause)

    def unpause(self, path: Path) -> None:
        self._tell(path, ProcessRecord.unpause)

    def stop(self, path: Path) -> None:
        """Request it to save and stop; a paused one continues for that."""
        stop = RunLayout(path).stop
        try:
            stop.touch()
        except OSError as error:
            self.message.emit(f"{stop} cannot be written: {error.strerror}; Cancel ends the run without it")
        self._tell(path, ProcessRecord.unpause)

    def cancel(self, path: Path) -> None:
        """End it at once; saved files are kept."""
        self._tell(path, partial(_cancel, path))

    @Slot()
    def make_room(self) -> None:
        """Pause runs for a moment, if they share the machine, mainly a GPU, in this way."""
        if self.share != "hold" or self._is_closed:
            return
        if not self._held:
            paths = [view.path for view in self.ours if view.state == "training"]  # not those paused by the user
            records = [record for path in paths if (record := ProcessRecord.read(path)) and record.is_alive]
            for record in records:
                with suppress(OSError):
                    record.pause()
                    self._held.append(record)
        self._release.start()

    @Slot()
    def _release_held(self) -> None:
        for record in self._held:
            with suppress(OSError):
                record.unpause()
        self._held.clear()

    def close(self) -> None:
        """Stop following; processes keep running."""
        self._is_closed = True
        self._timer.stop()
        self._release.stop()
        self._release_held()
        self._worker.close(_CLOSE_S)
        for child in self._children:
            if child.poll() is None:
                child.returncode = 0  # or Python would warn: the process keeps running on purpose

    def _tell(self, path: Path, what: Callable[[ProcessRecord], None]) -> None:
        record = ProcessRecord.read(path)
        try:
            if record is not None and record.is_alive:
                what(record)
        except ProcessLookupError:
            pass  # it ended meanwhile
        except OSError as error:
            self.message.emit(f"the process of {path.name} cannot be controlled: {error.strerror}")
        self.look()

    @Slot(object, object)
    def _on_views(self, _stamp: object, views: list[RunView]) -> None:
        before, self.views = self.views, {view.path: view for view in views}
        if before.keys() != self.views.keys() or not all(view.is_like(before[view.path]) for view in views):
            self.changed.emit()
        if not (self._is_shown or self._worker.is_busy or any(view.is_alive for view in views)):
            self._timer.stop()

    @Slot(object, str)
    def _on_failure(self, _stamp: object, line: str) -> None:
        self._timer.stop()  # or it would be repeated twice a second
        self.message.emit(f"training runs cannot be followed: {line}")


def _cancel(run_path: Path, record: ProcessRecord) -> None:
    with suppress(OSError):  # a full disk must not keep it running; without the note it shows as ended by itself
        dataclasses.replace(record, is_cancelled=True).write(run_path)
    record.kill()
