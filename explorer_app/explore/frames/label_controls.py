"""Label the frame on screen, and see that it is labelled."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from explorer_app.explore.frames.labels_dialog import HOW, LabelsDialog, reach_line
from explorer_app.session.labelling import Labelling
from explorer_app.widgets.small import Tag


class LabelControls(Tag):
    """A view of `Labelling`: the tag of a labelled frame; the actions are for a menu."""

    def __init__(self, labelling: Labelling, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._labelling = labelling
        self.dialog: LabelsDialog | None = None
        self.keep, self.confirm = QAction("&Keep as label", self), QAction("Con&firm pose", self)
        self.annotation, self.remove = QAction("C&orrect the annotation", self), QAction("Remo&ve label", self)
        self.keep.setShortcut(QKeySequence("L"))
        self.keep.setToolTip("Keep the shown pose as this frame’s label, in a store beside the data")
        self.keep.triggered.connect(labelling.keep)
        self.confirm.setShortcut(QKeySequence("Shift+L"))
        self.confirm.setToolTip("Keep what the model reads as this frame’s label: it is right as it is")
        self.confirm.triggered.connect(labelling.confirm)
        self.annotation.setToolTip("Show this frame’s annotation; pull its wrong joints, then L keeps it as a label")
        self.annotation.triggered.connect(labelling.editing.show_annotation)
        self.remove.triggered.connect(labelling.remove)
        self.list = QAction("&Labels …", self)
        self.list.triggered.connect(self._show_list)
        labelling.changed.connect(self._show)
        self._show()

    @property
    def actions_of_frame(self) -> tuple[QAction, ...]:
        """For a menu, in order."""
        return self.keep, self.confirm, self.annotation, self.remove, self.list

    @Slot()
    def _show(self) -> None:
        label = self._labelling.current
        self.setVisible(label is not None)
        self.remove.setEnabled(label is not None)
        if label is not None:
            self.setText("labelled")
            by = f"{HOW[label.how].capitalize()} by {label.author or 'an unknown user'}"
            self.setToolTip(f"{by}, {label.time.replace('T', ' ')}; {reach_line(label)}L replaces the label")

    @Slot()
    def _show_list(self) -> None:
        if self.dialog is None:
            self.dialog = LabelsDialog(self._labelling, self.window())
            self.dialog.finished.connect(self._forget_list)
        self.dialog.show()
        self.dialog.raise_()

    @Slot()
    def _forget_list(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()
