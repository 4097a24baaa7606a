"""The labels of the opened data: what was labelled how, by whom and when."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QMenu,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from explorer_app.session.free_joints import BEYOND_MM
from explorer_app.session.label_files import KINDS, Kind
from explorer_app.session.labelling import Labelling
from explorer_app.widgets import theme
from explorer_app.widgets.file_dialog import ask_for_paths
from explorer_app.widgets.layouts import column_layout
from explorer_app.widgets.small import WrappedLabel

if TYPE_CHECKING:  # it imports HDF5
    from lsps_core.finetuning.labels import Label

_COLUMNS = ("Frame", "How", "Beyond reach", "By", "When")
HOW = {"read": "confirmed", "fitted": "fitted", "pulled": "pulled", "changed": "by sliders", "imported": "imported"}
"""How a label was made, as the window says it."""
_NONE = "No label yet: correct a pose and press L"


def misses_mm(label: Label) -> list[float]:
    """By how much the latent of a label misses each joint that is beyond its reach."""
    joints, places = label.skeleton.joints, label.frame.joints_mm
    if places is None:
        return []
    gaps = [math.dist(places[joints.index(joint)], reached) for joint, reached in label.reached_mm.items()]
    return [gap for gap in gaps if gap > BEYOND_MM]


def reach_line(label: Label) -> str:
    """Of the joints of a label that are beyond the latent's reach; empty without one."""
    found = misses_mm(label)
    joints = f"{len(found)} joint{'s' * (len(found) != 1)}"
    return f"the latent misses {joints} of it by up to {max(found):.0f} mm; " if found else ""


class LabelsDialog(QDialog):
    """A view of `Labelling`; it stays open beside the window, where labels are edited. Each removal can be undone."""

    def __init__(self, labelling: Labelling, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labelling = labelling
        self._shown: dict[str, tuple[Label, QTreeWidgetItem]] = {}
        self.setWindowTitle("Labels")
        self.resize(560, 360)
        self.where = WrappedLabel()
        self.list = QTreeWidget()
        self.list.setHeaderLabels(_COLUMNS)
        self.list.setRootIsDecorated(False)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setAccessibleName("Labels")
        self.list.itemDoubleClicked.connect(self._edit)
        self.list.itemSelectionChanged.connect(self._show_buttons)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.edit_button, self.remove_button = QPushButton("&Edit"), QPushButton("&Remove")
        self.edit_button.setToolTip(
            "Go to the frame and show its label (double-click); pull joints, L keeps the result"
        )
        self.remove_button.setToolTip("Remove the selected labels; Undo brings them back")
        self.edit_button.clicked.connect(self._edit)
        self.remove_button.clicked.connect(self._remove)
        self.import_button, self.export_button = QPushButton("&Import …"), QPushButton("E&xport")
        self.import_button.setToolTip("Label the frames that a file of COCO keypoints, a patch or another store names")
        self.import_button.clicked.connect(self._ask_what_to_import)
        self.export_button.setToolTip("All labels as COCO keypoints, as a patch of the annotations or as a store")
        menu = QMenu(self)
        self.export_actions = {kind: menu.addAction(f"{KINDS[kind][0]} …") for kind in KINDS}
        for kind, action in self.export_actions.items():
            action.triggered.connect(partial(self._ask_where_to_export, kind))
        self.export_button.setMenu(menu)
        for button in (self.edit_button, self.remove_button, self.import_button, self.export_button):
            button.setAutoDefault(False)
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = column_layout(self, margin=theme.MARGIN)
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
        path, labels, selected = self._labelling.path, self._labelling.labels, self._selected
        self.where.setText(_NONE if path is None else f"Kept in {path}")
        if self._shown.keys() - labels.keys():
            self.list.clear()
            self._shown.clear()
        known = {name: label for name, (label, _) in self._shown.items()}
        new = {name: label for name, label in labels.items() if known.get(name) is not label}
        for name, label in new.items():
            self._show_label(name, label).setSelected(name in selected)
        for column in range(len(_COLUMNS) if new else 0):
            self.list.resizeColumnToContents(column)
        self._show_buttons()

    def _show_label(self, name: str, label: Label) -> QTreeWidgetItem:
        """Its row, which is new or has another label."""
        _, item = self._shown.get(name, (None, None))
        if item is None:
            item = QTreeWidgetItem()
            self.list.addTopLevelItem(item)
        self._shown[name] = label, item
        reach = f"{max(found):.0f} mm" if (found := misses_mm(label)) else ""
        texts = (name, HOW[label.how], reach, label.author, label.time.replace("T", " "))
        for column, text in enumerate(texts):
            item.setText(column, text)
        return item

    @Slot()
    def _show_buttons(self) -> None:
        self.edit_button.setEnabled(len(self._selected) == 1)
        self.remove_button.setEnabled(bool(self._selected))
        self.export_button.setEnabled(bool(self._labelling.labels))
        self.export_actions["patch"].setEnabled(self._labelling.files.can_patch)

    @Slot()
    def _edit(self) -> None:
        if self._selected:
            self._labelling.editing.edit(self._selected[0])

    @Slot()
    def _remove(self) -> None:
        self._labelling.remove_labels(self._selected)

    @Slot()
    def _ask_what_to_import(self) -> None:
        ask_for_paths(
            self,
            "Import labels",
            self._folder,
            "file",
            self._import,
            filters=["COCO keypoints, patches, stores of labels (*.json *.h5)"],
        )

    def _import(self, names: list[str]) -> None:
        self._labelling.files.read(Path(names[0]))

    def _ask_where_to_export(self, kind: Kind) -> None:
        title, suffix = KINDS[kind]
        ask_for_paths(
            self,
            f"Export labels: {title}",
            self._folder,
            "save",
            lambda names: self._labelling.files.write(Path(names[0]), kind),
            filters=[f"{title} (*{suffix})"],
            name=f"labels{suffix}",
            suffix=suffix,
        )

    @property
    def _folder(self) -> str:
        path = self._labelling.path
        return str(path.parent) if path is not None else ""
