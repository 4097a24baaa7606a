"""Save, rename and delete presets of the open model."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)

from explorer_app.explore.model.presets import Presets
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.small import WrappedLabel

_NAME = Qt.ItemDataRole.UserRole


class _List(QListWidget):
    remove_asked = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.remove_asked.emit()
        else:
            super().keyPressEvent(event)


class PresetsDialog(QDialog):
    """A view of the presets of `Session.model`: save the shown latent, go to a preset, rename, delete."""

    def __init__(self, presets: Presets, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets, self._session = presets, session
        if session.model is None:
            raise ValueError("presets belong to a model; open one first")
        self._model_name = session.model.name
        self.setWindowTitle(f"Presets of {self._model_name}")
        self.resize(380, 360)
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name for the shown latent")
        self.name.setAccessibleName("Name of the new preset")
        self.name.setToolTip("An existing name is overwritten with the shown latent")
        self.save = QPushButton("Save")
        self.save.setToolTip("Save the shown latent under this name")
        self.list = _List()
        self.list.setAccessibleName("Presets")
        self.list.setToolTip("Double-click or press F2 to rename")
        self.go, self.remove = QPushButton("Go to"), QPushButton("Delete")
        self.go.setToolTip("Set the sliders to this preset")
        self.remove.setToolTip("Delete the selected preset (Del)")
        for button in (self.save, self.go, self.remove):
            button.setAutoDefault(False)
        self.complaint = WrappedLabel()
        self._build()
        self.save.clicked.connect(self._save)
        self.name.returnPressed.connect(self._save)
        self.name.textChanged.connect(self._show_buttons)
        self.go.clicked.connect(self._go)
        self.remove.clicked.connect(self._remove)
        self.list.itemChanged.connect(self._rename)
        self.list.currentItemChanged.connect(self._show_buttons)
        self.list.remove_asked.connect(self._remove)
        self._show()

    def _build(self) -> None:
        new, below = row_layout(), row_layout()
        new.addWidget(self.name, 1)
        new.addWidget(self.save)
        below.addWidget(self.go)
        below.addWidget(self.remove)
        below.addStretch()
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        close.rejected.connect(self.reject)
        below.addWidget(close)
        layout = column_layout(self, margin=theme.MARGIN)
        layout.addLayout(new)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.complaint)
        layout.addLayout(below)

    def _show(self, current: str = "") -> None:
        with QSignalBlocker(self.list):
            self.list.clear()
            for name in self._presets.of(self._model_name):
                item = QListWidgetItem(name, self.list)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                item.setData(_NAME, name)
                if name == current:
                    self.list.setCurrentItem(item)
        self._show_buttons()

    @Slot()
    def _show_buttons(self) -> None:
        self.save.setEnabled(bool(self.name.text().strip()))
        for button in (self.go, self.remove):
            button.setEnabled(self.list.currentItem() is not None)

    @Slot()
    def _save(self) -> None:
        name = self.name.text().strip()
        if self._has_done(lambda: self._presets.save(self._model_name, name, self._session.latent)):
            self.name.clear()
        self._show(name)

    @Slot()
    def _go(self) -> None:
        name = self.list.currentItem().data(_NAME)
        self._session.set_latent(self._presets.of(self._model_name)[name], name)

    @Slot()
    def _remove(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._has_done(lambda: self._presets.remove(self._model_name, item.data(_NAME)))
            self._show()

    @Slot(QListWidgetItem)
    def _rename(self, item: QListWidgetItem) -> None:
        old, new = item.data(_NAME), item.text()
        is_done = self._has_done(lambda: self._presets.rename(self._model_name, old, new))
        self._show(new.strip() if is_done else old)

    def _has_done(self, change: Callable[[], None]) -> bool:
        try:
            change()
        except ValueError as error:
            self.complaint.setText(str(error))
            return False
        self.complaint.clear()
        return True
