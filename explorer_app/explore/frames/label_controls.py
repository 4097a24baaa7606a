"""Label the frame on screen, and see that it is labelled."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from explorer_app.explore.frames.labels_dialog import HOW, LabelsDialog
from explorer_app.session.labelling import Labelling
from explorer_app.widgets.small import Tag


class LabelControls(Tag):
    """A view of `Labelling`: the tag of a labelled frame; the actions are for a menu."""

    def __init__(self, labelling: Labelling, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._labelling = labelling
        self.keep, self.remove = QAction("&Keep as label", self), QAction("Remo&ve label", self)
        self.keep.setShortcut(QKeySequence("L"))
        self.keep.setToolTip("Keep the shown pose as this frame’s label, in a store beside the data")
        self.keep.triggered.connect(labelling.keep)
        self.remove.triggered.connect(labelling.remove)
        self.list = QAction("&Labels …", self)
        self.list.triggered.connect(self._show_list)
        labelling.changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        label = self._labelling.current
        self.setVisible(label is not None)
        self.remove.setEnabled(label is not None)
        if label is not None:
            self.setText("labelled")
            by = f"{HOW[label.how].capitalize()} by {label.author or 'an unknown user'}"
            self.setToolTip(f"{by}, {label.time.replace('T', ' ')}; L replaces the label")

    @Slot()
    def _show_list(self) -> None:
        dialog = LabelsDialog(self._labelling, self.window())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
