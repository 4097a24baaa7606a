"""Base of the Simulate and Import dialogs: fields, a job's bar, Start, and Close."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLayout,
    QMessageBox,
    QWidget,
)

from explorer_app.preferences import Preferences
from explorer_app.train.job_bar import JobBar
from explorer_app.train.model.store_forms import absolute
from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout, grid_layout
from explorer_app.widgets.noted_field import NotedField
from explorer_app.workers.in_order import InOrder
from lsps_core.files import kind_of


class _Looked(NamedTuple):
    problems: dict[str, str]
    is_out_there: bool


def _look(form: Any) -> _Looked:
    """Called in a thread: disks may block."""
    return _Looked(form.problems, bool(form.out.strip()) and kind_of(Path(absolute(form.out))) != "")


class JobDialog(QDialog):
    """Not modal. If closed during a job it is hidden, and shown again when the job has ended.

    A subclass has `fields` by name, for the problems of its `form()`; the start button has the text `verb`.
    """

    replaces = True
    """Whether it writes over an existing output, after asking."""

    open_asked = Signal(object)
    """path of the store that was written"""
    retired = Signal()
    """closed, with nothing running"""

    def __init__(self, title: str, verb: str, when_stopped: str, preferences: Preferences, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.preferences = preferences
        self.fields: dict[str, NotedField] = {}
        self.question: QMessageBox | None = None
        self._looking = InOrder("fields", self)
        self._looked: _Looked | None = None
        """what was found at the paths of the fields; None until then"""
        self._is_retired = False
        self.box = QWidget()
        self._grid = grid_layout(self.box)  # a form layout gives wrapped notes and hidden rows the wrong heights
        self._grid.setColumnStretch(1, 1)
        self._titles: dict[QWidget, QLabel] = {}
        self.bar = JobBar(when_stopped)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.start = self.buttons.addButton(verb, QDialogButtonBox.ButtonRole.AcceptRole)
        self.start.setDefault(True)
        self.buttons.accepted.connect(self._begin)
        self.buttons.rejected.connect(self.reject)
        self.bar.started.connect(self.show_problems)
        self.bar.started.connect(self.fit)
        self.bar.ended.connect(self._come_back)
        self.bar.open_asked.connect(self.open_asked)
        self._column = column_layout(self, margin=theme.MARGIN)
        self._column.addWidget(self.box)
        self._column.addStretch(1)
        self._column.addWidget(self.bar)
        self._column.addWidget(self.buttons)
        self._column.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # `fit` sets it
        self.bar.details_button.toggled.connect(self.fit)
        self.setMinimumWidth(560)

    def form(self) -> Any:
        """The form of the fields: `missing` and `problems` by field, `arguments(overwrite)`, `out`."""
        raise NotImplementedError

    def add_field(self, name: str, label: str, editor: QWidget) -> NotedField:
        """A row with a note for its problem."""
        field = self.fields[name] = NotedField(editor)
        self.add_row(label, field, editor)
        return field

    def add_row(self, label: str, field: QWidget, buddy: QWidget | None = None) -> None:
        title = self._titles[field] = QLabel(label)
        title.setBuddy(buddy or field)
        title.setMinimumHeight(self.start.sizeHint().height())  # level with the first line of its field
        row = self._grid.rowCount()
        self._grid.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(field, row, 1)

    def set_row_visible(self, field: QWidget, is_visible: bool) -> None:
        field.setVisible(is_visible)
        self._titles[field].setVisible(is_visible)

    @Slot()
    def show_problems(self) -> None:
        """Check the paths of the fields in a thread, and show problems."""
        form = self.form()
        self.box.setEnabled(not self.bar.is_running)
        self.start.setEnabled(False)
        self._looked = None
        self._looking.ask(
            "a path in this form", partial(_look, form), partial(self._take_look, form), self.bar.problem.show_problem
        )

    def _take_look(self, form: Any, looked: _Looked) -> None:
        if form == self.form():
            self._looked = looked
            for name, field in self.fields.items():
                problem = looked.problems.get(self.problem_name(name), "")
                field.show_note(problem, form.missing.get(self.problem_name(name), "") or self.fact(name))
            self.start.setEnabled(not (looked.problems or form.missing or self.bar.is_running))

    def problem_name(self, name: str) -> str:
        """The label of a field in the form."""
        return name

    def fact(self, name: str) -> str:
        """An additional note below a field."""
        if name == "out" and self._is_out_there and Path(absolute(self.form().out)) != self.bar.written_path:
            return "exists already; you will be asked before it is replaced"
        return ""

    @property
    def _is_out_there(self) -> bool:
        return self._looked is not None and self._looked.is_out_there

    @Slot()
    def fit(self) -> None:
        """Set the minimum height: a layout overestimates or ignores wrapped lines."""
        column, width = self._column, max(self.width(), self.minimumWidth())
        column.activate()
        if column.hasHeightForWidth():
            least, usual = column.totalMinimumHeightForWidth(width), column.totalHeightForWidth(width)
        else:  # no wrapped line is visible
            least, usual = column.totalMinimumSize().height(), column.totalSizeHint().height()
        self.setMinimumHeight(least)
        self.resize(width, usual)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tab_to_buttons_last()
        self.fit()

    def _tab_to_buttons_last(self) -> None:
        """They are older than the fields, before which they would come."""
        last: QWidget = self.bar.details_button
        widget = self.nextInFocusChain()
        while widget is not None and widget is not self:
            if self.box.isAncestorOf(widget) and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                last = widget
            widget = widget.nextInFocusChain()
        self.setTabOrder(last, self.start)
        self.setTabOrder(self.start, self.buttons.button(QDialogButtonBox.StandardButton.Close))

    @Slot()
    def _begin(self) -> None:
        """Start, after asking if that would replace a file."""
        if self._is_out_there and self.replaces:
            self._ask_to_replace()
        else:
            self.run(overwrite=False)

    def run(self, *, overwrite: bool) -> None:
        form = self.form()
        if self._looked is not None and not (self._looked.problems or form.missing):
            self.remember()
            self.bar.start(form.arguments(overwrite), Path(absolute(form.out)))

    def remember(self) -> None:
        """Save the values that are kept for the next time."""

    def _ask_to_replace(self) -> None:
        path = Path(absolute(self.form().out))
        self.question = QMessageBox(
            QMessageBox.Icon.Question,
            self.windowTitle(),
            f"{path.name} exists already. Replace it?",
            QMessageBox.StandardButton.NoButton,
            self,
        )
        self.question.setInformativeText("The old store is kept until the new one is complete.")
        replace = self.question.addButton("&Replace", QMessageBox.ButtonRole.AcceptRole)
        self.question.setDefaultButton(self.question.addButton(QMessageBox.StandardButton.Cancel))
        replace.clicked.connect(self._replace)
        self.question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.question.open()

    @Slot()
    def _replace(self) -> None:
        self.run(overwrite=True)

    @Slot()
    def _come_back(self) -> None:
        self.show_problems()
        self.fit()
        if not self._is_retired:
            self.show()

    def reject(self) -> None:
        self.hide()
        if not (self.bar.is_running or self._is_retired):
            self._is_retired = True
            self._looking.end()
            self.retired.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.reject()

    def close_down(self) -> None:
        """End the job with the window."""
        self._is_retired = True
        self._looking.close()
        self.bar.close_down()
