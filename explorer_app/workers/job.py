"""A command of `lsps` in a process of its own: its JSON lines become events, and its end a `Fate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal, Slot

from explorer_app.workers.command import job_threads, lsps_command, shared_environment
from lsps_core.errors import LspsError
from lsps_core.events import Failed, JobEnded, parse

_TAIL_CHARACTERS = 8000
_PATIENCE_MS = 10_000
"""Time for a process to save and end before it is killed."""


@dataclass(frozen=True)
class Fate:
    """How a process ended. error: of one that failed. tail: the last lines of its stderr."""

    how: Literal["finished", "stopped", "failed"]
    error: LspsError | None = None
    tail: str = ""


class Job(QObject):
    """`lsps COMMAND …` as a child process: no ports, no sockets. It ends with the window.

    stderr is kept as `tail`: the last lines, progress bars left out.
    """

    event_read = Signal(object)
    """an `lsps_core.events.Event` of its stdout"""
    ended = Signal(object)
    """its `Fate`"""

    def __init__(self, arguments: Sequence[str], parent: QObject | None = None, *, threads: int | None = None) -> None:
        """threads: of torch; None for `job_threads`."""
        super().__init__(parent)
        self.arguments = tuple(arguments)
        self.tail = ""
        self._rest = b""
        self._is_asked_to_stop = False
        self._failure: Failed | None = None
        self._reason = ""
        self._process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in shared_environment(threads or job_threads()).items():
            environment.insert(name, value)
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_tail)
        self._process.finished.connect(self._finish)
        self._process.errorOccurred.connect(self._fail)
        self._killer = QTimer(self)
        self._killer.setSingleShot(True)
        self._killer.setInterval(_PATIENCE_MS)
        self._killer.timeout.connect(self._process.kill)

    @property
    def is_running(self) -> bool:
        return self._process.state() != QProcess.ProcessState.NotRunning

    def start(self) -> None:
        program, *arguments = lsps_command(self.arguments)
        self._process.start(program, arguments)

    @Slot()
    def stop(self) -> None:
        """Request it to save and end; it is killed if it does not."""
        if self.is_running:
            self._is_asked_to_stop = True
            self._process.terminate()
            self._killer.start()

    def close(self, timeout_ms: int = 2000) -> None:
        """End it now; no signal follows."""
        self.blockSignals(True)
        self._process.terminate()
        if not self._process.waitForFinished(timeout_ms):
            self._process.kill()
            self._process.waitForFinished()
        self._killer.stop()

    @Slot()
    def _read(self) -> None:
        *lines, self._rest = (self._rest + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            event = parse(line)
            if event is None:  # output of a library
                continue
            if isinstance(event, Failed):
                self._failure = event
            elif isinstance(event, JobEnded):
                self._reason = event.reason
            self.event_read.emit(event)

    @Slot()
    def _read_tail(self) -> None:
        text = self.tail + bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        lines = [line.rpartition("\r")[2] for line in text.replace("\r\n", "\n").split("\n")]
        self.tail = "\n".join(lines)[-_TAIL_CHARACTERS:]

    @Slot(int, QProcess.ExitStatus)
    def _finish(self, status: int, how: QProcess.ExitStatus) -> None:
        self._killer.stop()
        self._read()
        self._read_tail()
        self.ended.emit(self._fate(status, how == QProcess.ExitStatus.CrashExit))

    def _fate(self, status: int, has_crashed: bool) -> Fate:
        is_done = status == 0 and not has_crashed
        if self._reason == "stopped" or (self._is_asked_to_stop and not is_done):
            return Fate("stopped", tail=self.tail)
        if is_done:
            return Fate("finished", tail=self.tail)
        if self._failure is not None:
            return Fate("failed", self._failure.error, self.tail)
        lines = [line for line in self.tail.splitlines() if line.strip()]
        what = "the process was killed" if has_crashed else f"the process ended with status {status}"
        return Fate("failed", LspsError("; ".join([what, *lines[-1:]])), self.tail)

    @Slot(QProcess.ProcessError)
    def _fail(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            what = f"{self._process.program()} cannot be started: {self._process.errorString()}"
            self.ended.emit(Fate("failed", LspsError(what)))
