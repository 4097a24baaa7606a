"""The pictures of one frame: the raw image with the cube found, the input, its reconstruction and its translation."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from explorer_app.model.comparison import annotated_pose
from explorer_app.model.scene import Figure, figure
from explorer_app.session import Session
from explorer_app.views.depth_picture import DepthPicture
from explorer_app.views.picture_row import PictureRow

_ANNOTATED = (245, 245, 245)


class FramePictures(QWidget):
    """A view of `Session.view` and `encoding`; the predicted skeleton follows the sliders."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.raw = DepthPicture("Raw image, cube found")
        self.input = DepthPicture("Input", "This frame cannot be read")
        self.reconstruction = DepthPicture("Reconstruction")
        self.translation = DepthPicture("Translation")
        self._row = PictureRow((self.input, self.reconstruction, self.translation), beside=(self.raw,))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._row)
        session.frame_changed.connect(self._show_frame)
        session.encoding_changed.connect(self._show_encoding)
        session.latent_changed.connect(self._show_skeletons)
        session.model_changed.connect(self._show_encoding)
        self._show_frame()

    @Slot()
    def _show_frame(self) -> None:
        view = self._session.view
        self.raw.setVisible(view is not None and view.raw is not None)
        if view is None:
            self.input.clear()
            self._row.legend.set_cube(None)
        else:
            frame = view.frame
            self._row.legend.set_cube(frame.half_mm, float(frame.center_mm[2]))
            self.input.show_depth(view.input_mm, -frame.half_mm, frame.half_mm)
            if view.raw is not None:
                self.raw.title = f"Raw image, {view.raw.near_mm:.0f} to {view.raw.far_mm:.0f} mm; the cube found"
                self.raw.setToolTip(view.raw.note)
                self.raw.show_depth(view.raw.depth_mm, view.raw.near_mm, view.raw.far_mm)
                self.raw.set_overlay(box_px=view.raw.box_px)
        self._row.arrange()
        self._show_encoding()

    @Slot()
    def _show_encoding(self) -> None:
        session = self._session
        encoding, view = session.encoding, session.view
        hint = "Press Encode (E) to see what the model makes of this frame"
        for picture in (self.reconstruction, self.translation):
            picture.placeholder = (
                "No model yet" if session.model is None else "Encoding …" if session.is_encoding_wanted else hint
            )
            picture.clear()
        if encoding is not None and view is not None:
            half_mm = view.frame.half_mm
            other = "synthetic" if encoding.domain == "real" else "real"
            self.translation.title = f"Translation to {other}"
            self.reconstruction.show_depth(encoding.reconstruction, -half_mm, half_mm)
            self.translation.show_depth(encoding.translation, -half_mm, half_mm)
        self._show_skeletons()

    @Slot()
    def _show_skeletons(self) -> None:
        if self._session.view is None:
            return
        figures = self._figures()
        names = ("Input", "Input, predicted", "Input, annotated in white")
        self.input.title = names[len(figures)]
        self.input.set_overlay(figures)

    def _figures(self) -> list[Figure]:
        """The annotation under the shown pose, in px of the crop, once the frame is encoded."""
        session, view = self._session, self._session.view
        if session.encoding is None or session.model is None:
            return []
        figures = [figure(session.model.skeleton, view.pixels_of(session.pose))]
        annotated = annotated_pose(view.frame)
        if annotated is not None and view.data.skeleton is not None:
            figures.insert(0, figure(view.data.skeleton, view.pixels_of(annotated), _ANNOTATED))
        return figures
