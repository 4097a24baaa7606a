"""Record what a camera delivers to a file that opens like any recording."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QPushButton, QWidget

from explorer_app.session.live_recording import LiveRecording
from explorer_app.widgets.file_dialog import ask_for_paths
from explorer_app.widgets.layouts import row_layout
from lsps_core.data.recordings.opening import RECORDING_SUFFIXES

_SUFFIX = RECORDING_SUFFIXES[0]
_START_TIP = "Record the camera to a recording (.db3), or the crops of the hand to a store (.h5)"
_STOP_TIP = "End the recording, and give the file its name"


class RecordControls(QWidget):
    """A view of `LiveRecording`; hidden unless a camera is open."""

    def __init__(self, recording: LiveRecording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recording = recording
        self.button = QPushButton()
        self.button.clicked.connect(self._toggle)
        row_layout(self).addWidget(self.button)
        recording.changed.connect(self._show)
        self._show()

    @Slot()
    def _toggle(self) -> None:
        if self._recording.is_running:
            self._recording.stop()
        else:
            ask_for_paths(
                self.window(),
                "Record to",
                str(Path.home()),
                "save",
                self._start,
                filters=[f"Recording of whole images (*{_SUFFIX})", "Store of hand crops (*.h5)"],
                name=f"recording{_SUFFIX}",
                suffix=_SUFFIX,
            )

    @Slot(list)
    def _start(self, names: list[str]) -> None:
        self._recording.start(Path(names[0]))

    @Slot()
    def _show(self) -> None:
        is_running = self._recording.is_running
        self.setVisible(self._recording.can_record)
        self.button.setText("Stop recording" if is_running else "Record …")
        self.button.setToolTip(_STOP_TIP if is_running else _START_TIP)
