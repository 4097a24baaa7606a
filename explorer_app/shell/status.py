"""The status bar: model, device, decode time, frame."""

from __future__ import annotations

from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent, QDesktopServices
from PySide6.QtWidgets import QLabel, QSizePolicy, QStatusBar, QToolButton, QWidget

from explorer_app.model import wording
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.coloured_bar import ColouredBar
from explorer_app.widgets.labels import SteadyLabel
from explorer_app.widgets.layouts import row_layout
from explorer_app.widgets.small import Tag, WrappedLabel


class MessageBar(ColouredBar):
    """Hidden without a message. Never modal. A message has the cause before the remedy."""

    log_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(theme.warning, parent)
        self._line = ""
        self.label = WrappedLabel()
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        layout = row_layout(self)
        layout.setContentsMargins(theme.MARGIN, theme.UNIT, theme.GAP, theme.UNIT)
        layout.addWidget(self.label, 1)
        self.log = _button("Log", "Show all messages since the start")
        self.log.clicked.connect(self.log_asked)
        self.close_button = _button("✕", "Close this message")
        self.close_button.setAccessibleName("Close this message")
        self.close_button.clicked.connect(self.hide)
        layout.addWidget(self.log)
        layout.addWidget(self.close_button)
        self.hide()

    @property
    def text(self) -> str:
        """The shown text; empty while hidden."""
        return "" if self.isHidden() else self._line

    @Slot(str)
    def show_message(self, line: str) -> None:
        self._line = line
        cause, semicolon, remedy = line.rpartition("; ")
        self.label.setText(f"<b>{escape(cause)}</b>{semicolon}{escape(remedy)}" if cause else escape(line))
        self.label.setAccessibleName(line)
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self.label, QAccessible.Event.Alert))  # for screen readers

    @Slot(str)
    def hide_message(self, line: str) -> None:
        """Hide it if it is shown."""
        if self.text == line:
            self.hide()


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # by default a tool button has no keyboard focus
    return button


class StatusLine(QStatusBar):
    """Model, device and decode time, and the current activity."""

    def __init__(self, session: Session, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._background = session, background
        self.activity = QLabel()
        self.model, self.device = QLabel(), QLabel()
        self.typicality, self.decode, self.frame = SteadyLabel(), SteadyLabel(), SteadyLabel()
        self.typicality.setToolTip("How usual the shown hand is: the share of training poses that are less typical")
        self.simulated = Tag("trained on simulated data only")
        self.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        self.folder = _button("Show in folder", "Open the folder of the file that was saved last")
        self.folder.clicked.connect(self._open_folder)
        self.folder.setMaximumHeight(self.fontMetrics().height() + 4)
        self.folder.hide()
        self._saved = Path()
        self.addWidget(self.activity, 1)
        self.addPermanentWidget(self.folder)
        for label in (self.typicality, self.simulated, self.model, self.device, self.decode, self.frame):
            self.addPermanentWidget(label)
        self.setSizeGripEnabled(False)
        for signal in (session.model_changed, session.pictures_changed, session.index_changed, session.data_changed):
            signal.connect(self._show)
        session.saved.connect(self._offer_folder)
        session.asked.connect(self.folder.hide)
        background.activity_changed.connect(self._show_activity)
        self._show()

    @Slot()
    def _show(self) -> None:
        model, pictures, data = self._session.model, self._session.pictures, self._session.data
        self.simulated.setVisible(model is not None and model.is_trained_on_simulated_only)
        share = pictures.typicality if pictures is not None else None
        self.typicality.setText(wording.typicality(share) if share is not None else "")
        self.model.setText(f"model {model.name}" if model is not None else "no model")
        self.device.setText(f"on {model.device}" if model is not None else "")
        self.decode.setText(f"decoded in {pictures.decode_ms:.0f} ms" if pictures is not None else "")
        self.frame.setText(f"frame {self._session.index + 1} of {len(data)}" if data is not None else "")

    @Slot(object)
    def _offer_folder(self, path: Path) -> None:
        self._saved = path
        self.folder.setToolTip(f"Open the folder of {path}")
        self.folder.show()

    @Slot()
    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._saved.absolute().parent)))

    @Slot()
    def _show_activity(self) -> None:
        self.activity.setText(self._background.activity)
