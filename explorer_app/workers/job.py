"""A command of `lsps` in a process of its own: its JSON lines become events, and a crash is an ordinary end."""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, QTimer, Signal, Slot

from explorer_app.workers.command import lsps_command

_TAIL_CHARACTERS = 8000
_PATIENCE_MS = 10_000
"""Time for a process to save and end before it is killed."""


class Job(QObject):
    """`lsps COMMAND …` as a child process: no ports, no sockets. It ends with the window.

    stderr is kept as `tail`: the last lines, progress bars left out.
    """

    event_read = Signal(dict)
    """one JSON line of its stdout"""
    ended = Signal(int, str)
    """exit status (-1 for a process that was killed or never ran), and why in one line; empty on success"""

    def __init__(self, arguments: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.arguments = tuple(arguments)
        self.tail = ""
        self._rest = b""
        self._process = QProcess(self)
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

    @property
    def last_line(self) -> str:
        """The last line of its stderr."""
        lines = [line for line in self.tail.splitlines() if line.strip()]
        return lines[-1] if lines else ""

    @Slot()
    def _read(self) -> None:
        *lines, self._rest = (self._rest + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):  # output of a library
                continue
            if isinstance(event, dict):
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
        if how == QProcess.ExitStatus.CrashExit:
            self.ended.emit(-1, f"the process was killed; {self.last_line}".rstrip("; "))
        else:
            self.ended.emit(status, "" if status == 0 else self.last_line or f"it ended with status {status}")

    @Slot(QProcess.ProcessError)
    def _fail(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.ended.emit(-1, f"{self._process.program()} cannot be started: {self._process.errorString()}")
