"""The latent as depth: real and synthetic, side by side."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from explorer_app.model.pose_error import picture_pixels
from explorer_app.model.scene import figure
from explorer_app.session.session import Session
from explorer_app.widgets.layouts import column_layout
from explorer_app.widgets.pictures.depth_picture import DepthPicture
from explorer_app.widgets.pictures.picture_row import PictureRow
from explorer_app.widgets.small import CheckBox


class PicturesPanel(QWidget):
    """A view of `Session.pictures`, optionally with the skeleton of `pose` over them."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.real = DepthPicture("Real depth, decoded")
        self.synthetic = DepthPicture("Synthetic depth, decoded")
        self.real.setToolTip("The hand of the sliders, as a depth camera would see it")
        self.synthetic.setToolTip("The hand of the sliders, as it would be rendered: clean, without a sensor's noise")
        self.skeleton = QAction("&Skeleton in the images", self)
        self.skeleton.setIconText("Skeleton")
        self.skeleton.setCheckable(True)
        self.skeleton.setShortcut(QKeySequence("S"))
        self.skeleton.setToolTip("Draw the pose of the sliders over both images (S)")
        self.skeleton.toggled.connect(self._show_skeleton)
        self.row = PictureRow((self.real, self.synthetic), controls=CheckBox(self.skeleton))
        layout = column_layout(self)
        layout.addWidget(self.row)
        session.pictures_changed.connect(self._show)
        session.model_changed.connect(self._show)
        session.latent_changed.connect(self._show_skeleton)
        self._show()

    def width_for(self, height: int) -> int:
        """The width that the pictures need at this height."""
        return self.row.width_for(height)

    @Slot()
    def _show(self) -> None:
        model, pictures = self._session.model, self._session.pictures
        self.row.legend.set_cube(model.half_mm if model is not None else None)
        for picture in (self.real, self.synthetic):
            picture.placeholder = "Decoding …" if model is not None else "No model yet; File ▸ Open loads one"
        if model is None or pictures is None:
            self.real.clear()
            self.synthetic.clear()
            return
        for picture, image in ((self.real, pictures.real), (self.synthetic, pictures.synthetic)):
            picture.show_depth(image, -model.half_mm, model.half_mm)
        self._show_skeleton()

    @Slot()
    def _show_skeleton(self) -> None:
        model, pose, pictures = self._session.model, self._session.pose, self._session.pictures
        figures = []
        if self.skeleton.isChecked() and model is not None and pose is not None and pictures is not None:
            points = picture_pixels(pose, model.half_mm, pictures.real.shape[-1])
            figures = [figure(model.skeleton, points)]
        self.real.set_overlay(figures)
        self.synthetic.set_overlay(figures)
