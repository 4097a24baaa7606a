"""Makes a direction in the latent from two groups of frames."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QWidget

from explorer_app.inspect.failures import Failures
from explorer_app.inspect.model.frame_groups import FloatArray, IntArray, direction_between, frame_groups, proposed
from explorer_app.model.latent import Direction
from explorer_app.model.wording import grouped
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.fields import choice, named, show_choice
from explorer_app.widgets.layouts import column_layout, form_layout
from explorer_app.widgets.small import WrappedLabel

if TYPE_CHECKING:
    from explorer_app.model.hand.model import HandModel

_ABOUT = "A slider that moves the latent from the mean code of one group of frames towards that of another."
_NO_GROUPS = "There is one group of evaluated frames only: select frames, filter them or tag them first."


class DirectionMaker(QObject):
    """Asks for two groups of the frames in `Failures`, and computes their direction in a thread."""

    made = Signal(str, Direction)
    """its name, of the session's model"""

    def __init__(self, session: Session, background: Background, failures: Failures, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._failures, self._parent = session, failures, parent
        self._worker = background.add_worker("direction", self._on_made)
        self.action = QAction("Make a &slider from groups …", self)
        self.action.setStatusTip(
            "A direction in the latent from one group of frames to another, as a slider in Explore"
        )
        self.action.triggered.connect(self.ask)
        failures.table_changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        self.action.setEnabled(self._failures.table is not None)

    @Slot()
    def ask(self) -> None:
        table, model = self._failures.table, self._session.model
        if table is not None and model is not None:
            make = partial(self._make, model, table.results.pose_latent)  # the window may have others by then
            dialog = DirectionDialog(frame_groups(table), make, self._parent)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def _make(self, model: HandModel, pose_latent: FloatArray, name: str, start: IntArray, end: IntArray) -> None:
        work = partial(direction_between, pose_latent, start, end, model.scale, model.name)
        self._worker.ask((name, model), work)

    @Slot(object, object)
    def _on_made(self, stamp: tuple[str, HandModel], direction: Direction) -> None:
        name, model = stamp
        if model is self._session.model:
            self.made.emit(name, direction)


class DirectionDialog(QDialog):
    """Choose two groups and a name. make: is called with the name and the frames of both."""

    def __init__(
        self, groups: dict[str, IntArray], make: Callable[[str, IntArray, IntArray], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._groups, self._make = groups, make
        self.setWindowTitle("Slider from groups")
        titles = {title: f"{title} ({grouped(len(frames))})" for title, frames in groups.items()}
        self.start = choice(titles, "From", "The frames that the slider leads away from")
        self.end = choice(titles, "To", "The frames that the slider leads to")
        self.name = named(QLineEdit(), "Name of the slider", "A slider of the same name is replaced")
        self.note = WrappedLabel()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        form = form_layout()
        for title, field in (("&From", self.start), ("&To", self.end), ("&Name", self.name)):
            form.addRow(title, field)
        layout = column_layout(self, margin=theme.MARGIN)
        layout.addWidget(WrappedLabel(_ABOUT))
        layout.addLayout(form)
        layout.addWidget(self.note)
        layout.addWidget(self.buttons)
        self.resize(420, self.sizeHint().height())
        for title, field in zip(proposed(groups) or (), (self.start, self.end), strict=False):
            show_choice(field, title)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self.start.currentIndexChanged.connect(self._show)
        self.end.currentIndexChanged.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        has_two = len(self._groups) > 1
        self.name.setPlaceholderText(self._proposed_name if has_two else "")
        self.note.setText("" if has_two else _NO_GROUPS)
        is_ready = has_two and self.start.currentData() != self.end.currentData()
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(is_ready)

    @property
    def _proposed_name(self) -> str:
        return f"{self.start.currentData()} → {self.end.currentData()}"

    @Slot()
    def _accept(self) -> None:
        name = self.name.text().strip() or self._proposed_name
        self._make(name, self._groups[self.start.currentData()], self._groups[self.end.currentData()])
        self.accept()
