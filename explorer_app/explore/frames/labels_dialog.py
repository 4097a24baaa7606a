"""The labels of the opened data: what was labelled how, by whom and when."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from explorer_app.session.labelling import Labelling
from explorer_app.widgets.small import WrappedLabel

_COLUMNS = ("Frame", "How", "By", "When")
HOW = {"read": "confirmed", "fitted": "fitted", "changed": "by hand"}
"""How a label was made, as the window says it."""
_NONE = "No label yet: correct a pose and press L"


class LabelsDialog(QDialog):
    """A view of `Labelling`; each removal can be undone."""

    def __init__(self, labelling: Labelling, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labelling = labelling
        self.setWindowTitle("Labels")
        self.resize(560, 360)
        self.where = WrappedLabel()
        self.list = QTreeWidget()
        self.list.setHeaderLabels(_COLUMNS)
        self.list.setRootIsDecorated(False)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setAccessibleName("Labels")
        self.list.itemDoubleClicked.connect(self._show_pose)
        self.list.itemSelectionChanged.connect(self._show_buttons)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.show_button, self.remove_button = QPushButton("&Show pose"), QPushButton("&Remove")
        self.show_button.setToolTip("Set the sliders to the pose of this label (double-click)")
        self.remove_button.setToolTip("Remove the selected labels; Undo brings them back")
        self.show_button.clicked.connect(self._show_pose)
        self.remove_button.clicked.connect(self._remove)
        for button in (self.show_button, self.remove_button):
            button.setAutoDefault(False)
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.where)
        layout.addWidget(self.list, 1)
        layout.addWidget(buttons)
        labelling.changed.connect(self._show)
        self._show()

    @property
    def _selected(self) -> list[str]:
        return [item.text(0) for item in self.list.selectedItems()]

    @Slot()
    def _show(self) -> None:
        path, selected = self._labelling.path, self._selected
        self.where.setText(_NONE if path is None else f"Kept in {path}")
        self.list.clear()
        for name, label in self._labelling.labels.items():
            item = QTreeWidgetItem([name, HOW[label.how], label.author, label.time.replace("T", " ")])
            self.list.addTopLevelItem(item)
            item.setSelected(name in selected)
        for column in range(len(_COLUMNS)):
            self.list.resizeColumnToContents(column)
        self._show_buttons()

    @Slot()
    def _show_buttons(self) -> None:
        self.show_button.setEnabled(len(self._selected) == 1)
        self.remove_button.setEnabled(bool(self._selected))

    @Slot()
    def _show_pose(self) -> None:
        label = self._labelling.labels.get(self._selected[0]) if self._selected else None
        if label is not None:
            self._labelling.show_pose(label)

    @Slot()
    def _remove(self) -> None:
        for name in self._selected:
            self._labelling.remove_label(name)
