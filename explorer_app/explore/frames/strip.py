"""The opened data, one frame at a time: the raw image, the input of the networks and their output."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedLayout,
    QWidget,
)

from explorer_app.explore.frames.fit_controls import FitControls
from explorer_app.explore.frames.label_controls import LabelControls
from explorer_app.explore.frames.pictures import FramePictures
from explorer_app.explore.frames.transport import Transport
from explorer_app.session.fitting import FrameFitting
from explorer_app.session.labelling import Labelling
from explorer_app.session.live_recording import LiveRecording
from explorer_app.session.playback import Playback
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.empty_state import EmptyState
from explorer_app.widgets.labels import ElidedLabel
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.small import Tag

_TITLE_PX = 230
"""A longer name is elided in its middle; the tooltip shows it in full."""

_ERROR_TIP = "Mean joint error of the shown pose against this frame’s annotation"
_LABEL_TIP = "Mean joint distance of the shown pose from this frame’s label"
_FIT_TIP = (
    "P’s pose and the fitted one. Off: mean joint error against this frame’s annotation. Residual: how far the hand is "
    "from the measured depth; a large one after the fit means that it is probably wrong. The fitted pose also has the "
    "size and the shift that were found; the skeleton of the sliders has not."
)


class _DropZone(QWidget):
    """A dashed frame. Not by a style sheet: what is inside one keeps its colours when the theme changes."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.hairline(self.palette()), 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 6, 6)


class FrameStrip(QWidget):
    """A view of `Session.data`, `view` and `encoding`, and of the frame's fit."""

    open_asked = Signal()

    def __init__(
        self,
        session: Session,
        fitting: FrameFitting,
        labelling: Labelling,
        playback: Playback,
        recording: LiveRecording,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._fitting, self._labelling = session, fitting, labelling
        self.fit, self.label = FitControls(fitting), LabelControls(labelling)
        controls, actions = self._build_controls(), self._build_actions()
        self.pictures = FramePictures(session, fitting, actions)
        self.transport = Transport(session, playback, recording)
        content = QWidget()
        layout = column_layout(content)
        layout.addLayout(controls)
        layout.addWidget(self.pictures, 1)
        layout.addWidget(self.transport)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._build_empty_page())
        self._pages.addWidget(content)
        session.data_changed.connect(self._show_data)
        session.frame_changed.connect(self._show_frame)
        for signal in (session.encoding_changed, session.latent_changed, session.model_changed):
            signal.connect(self._show_result)
        for signal in (fitting.changed, labelling.changed):
            signal.connect(self._show_result)
        self._show_data()

    def _build_empty_page(self) -> QWidget:
        page = _DropZone()
        sentence = "Open a store or depth images (Ctrl+O), or drop them on the window, to see what the model reads."
        empty = EmptyState("No frames", sentence, "Open …")
        empty.clicked.connect(self.open_asked)
        column_layout(page).addWidget(empty)
        return page

    def _build_controls(self) -> QHBoxLayout:
        self.title = ElidedLabel(_TITLE_PX, Qt.TextElideMode.ElideMiddle)
        self.simulated = Tag("simulated data")
        self.simulated.setToolTip("These frames were rendered by a simulator, not recorded by a camera")
        self.result = QLabel()
        controls = row_layout()
        for widget in (self.title, self.simulated, self.label):
            controls.addWidget(widget)
        controls.addStretch()
        controls.addWidget(self.result)
        return controls

    def _build_actions(self) -> QWidget:
        """What is done with the frame, in the line below its pictures: both at once are too wide for a small screen."""
        self.encode = QPushButton("Encode")
        self.encode.setToolTip("Set the sliders to this frame’s code (E)")
        self.encode.clicked.connect(self._session.want_encoding)
        self.encode_on_step = QCheckBox("on every step")
        self.encode_on_step.setToolTip("Set the sliders to the code of every frame you step to")
        self.encode_on_step.setChecked(self._session.is_encoding_on_step)
        self.encode_on_step.toggled.connect(self._session.set_encoding_on_step)
        actions = QWidget()
        layout = row_layout(actions)
        for widget in (self.encode, self.encode_on_step, self.fit):
            layout.addWidget(widget)
        layout.addStretch(1)
        return actions

    @Slot()
    def step_back(self) -> None:
        self.transport.step_back()

    @Slot()
    def step_on(self) -> None:
        self.transport.step_on()

    @Slot()
    def _show_data(self) -> None:
        data = self._session.data
        self._pages.setCurrentIndex(0 if data is None else 1)
        if data is None:
            return
        self.encode_on_step.setChecked(self._session.is_encoding_on_step)
        self.simulated.setVisible(data.is_simulated)

    @Slot()
    def _show_frame(self) -> None:
        data, view = self._session.data, self._session.view
        if data is not None:
            name = f", {view.frame.name}" if view is not None and not view.frame.name.startswith(data.title) else ""
            title = f"{data.title}{name}"
            self.title.setText(title)
            self.title.setToolTip(f"{title}, read as {data.domain} depth")
        self._show_result()

    @Slot()
    def _show_result(self) -> None:
        session = self._session
        self.encode.setEnabled(session.model is not None and session.view is not None and not session.is_at_code)
        text, tip = self._result_text()
        self.result.setText(text)
        self.result.setToolTip(tip)

    def _result_text(self) -> tuple[str, str]:
        """Of the shown pose, and its tooltip."""
        session, fit, error_mm = self._session, self._fitting.result, self._session.error_mm
        if fit is not None and session.latent == fit.code:
            return f"<b>{fit.line}</b>", _FIT_TIP
        if self._labelling.error_mm is not None:
            return f"<b>{self._labelling.error_mm:.1f} mm</b> off its label", _LABEL_TIP
        if error_mm is not None:
            where = ", simulated" if session.data is not None and session.data.is_simulated else ""
            return f"<b>{error_mm:.1f} mm</b> off{where}", _ERROR_TIP
        is_elsewhere = session.encoding is not None and not session.is_at_code
        return ("sliders differ from its code" if is_elsewhere else ""), ""
