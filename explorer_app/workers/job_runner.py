"""Runs one job at a time."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot

from explorer_app.workers.job import Fate, Job


class JobRunner(QObject):
    """Owns a job and those that are still ending: starts, stops and replaces it, and closes it with the window."""

    event_read = Signal(object)
    """an `lsps_core.events.Event` of the job"""
    ended = Signal(object)
    """the job's `Fate`; `job` is None by then. Not of a job that was dropped."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.job: Job | None = None
        self.is_stopping = False
        self._leaving: list[Job] = []

    @property
    def is_running(self) -> bool:
        return self.job is not None

    @property
    def is_settled(self) -> bool:
        """Whether no process is left, not even a dropped one."""
        return self.job is None and not self._leaving

    def start(self, arguments: Sequence[str], *, threads: int | None = None) -> None:
        """Run `lsps ARGUMENTS`, replacing a running job. threads: see `Job`."""
        self.drop()
        self.job = Job(arguments, self, threads=threads)
        self.job.event_read.connect(self.event_read)
        self.job.ended.connect(self._end)
        self.job.start()

    @Slot()
    def stop(self) -> None:
        """Request the job to save and end; `ended` follows."""
        if self.job is not None:
            self.is_stopping = True
            self.job.stop()

    @Slot()
    def drop(self) -> None:
        """Request the job to end, and ignore its signals."""
        job, self.job, self.is_stopping = self.job, None, False
        if job is not None:
            job.event_read.disconnect(self.event_read)
            job.ended.disconnect(self._end)
            job.ended.connect(self._forget_ended)
            self._leaving.append(job)
            job.stop()

    def close_down(self) -> None:
        """End all processes now; no signal follows."""
        for job in (*self._leaving, *([self.job] if self.job is not None else [])):
            job.close()
        self.job, self.is_stopping, self._leaving = None, False, []

    @Slot(object)
    def _end(self, fate: Fate) -> None:
        job, self.job, self.is_stopping = self.job, None, False
        if job is not None:
            job.deleteLater()
        self.ended.emit(fate)

    @Slot()
    def _forget_ended(self) -> None:
        for job in [job for job in self._leaving if not job.is_running]:
            self._leaving.remove(job)
            job.deleteLater()
