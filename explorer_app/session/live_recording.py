"""Records the frames of an open camera to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from explorer_app.session.session import Session
from explorer_app.workers.task import Progress, Task

if TYPE_CHECKING:
    from explorer_app.model.playing.frame_recorder import FrameRecorder


class LiveRecording(QObject):
    """One recording at a time; it ends with its camera."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._recorder: FrameRecorder | None = None
        self._task: Task | None = None
        session.data_changed.connect(self._on_data)

    @property
    def is_running(self) -> bool:
        return self._recorder is not None

    @property
    def can_record(self) -> bool:
        return self._session.data is not None and self._session.data.is_live

    def start(self, path: Path) -> None:
        """Record from now on, as long as the camera is not frozen."""
        from explorer_app.model.playing.frame_recorder import FrameRecorder

        data = self._session.data
        if data is not None and data.is_live and not self.is_running and self._task is None:
            self._recorder = FrameRecorder(path)
            data.recorder = self._recorder
            self.changed.emit()

    @Slot()
    def stop(self) -> None:
        """Write what is still waiting, in a thread; a line says what was recorded."""
        recorder, self._recorder = self._recorder, None
        data = self._session.data
        if data is not None and data.is_live:
            data.recorder = None
        if recorder is not None:
            self._task = Task("recording", _Finish(recorder), self)
            self._task.finished.connect(self._on_finished)
            self._task.failed.connect(self._session.message)
            self._task.ended.connect(self._on_ended)
        self.changed.emit()

    def close_down(self) -> None:
        """End it, and wait: the window closes, and the file must get its name."""
        self.stop()
        if self._task is not None:
            self._task.close()

    @Slot()
    def _on_data(self) -> None:
        if self.is_running:
            self.stop()
        self.changed.emit()

    @Slot(object)
    def _on_finished(self, answer: tuple[Path, str]) -> None:
        path, line = answer
        self._session.done.emit(line)
        self._session.saved.emit(path)

    @Slot()
    def _on_ended(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.deleteLater()


class _Finish:
    """The work of the task: (path, one line)."""

    def __init__(self, recorder: FrameRecorder) -> None:
        self._recorder = recorder

    def __call__(self, _progress: Progress) -> tuple[Path, str]:
        return self._recorder.path, self._recorder.finish()
