"""The network's input for an image, and the settings that define it: camera, unit, flip and cube."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QPushButton, QScrollArea, QWidget

from explorer_app.explore.inspector.cube_picture import CubePicture
from explorer_app.explore.inspector.parts import CubeFields, InspectorFacts
from explorer_app.model.crop import Crop, Uvd, cube_box_px, cube_faces_px
from explorer_app.model.opening import ImageSettings
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.image_fields import ImageFields
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.pictures.depth_picture import DepthPicture

if TYPE_CHECKING:
    from explorer_app.model.data import Data, FrameView
    from explorer_app.model.image_data import ImageData

_DEPTH_STEP_MM, _EDGE_STEP_MM = 5.0, 10.0
_TWO_COLUMNS_PX, _STACKED_PX, _COLUMN_PX = 1250, 640, 300
_HOW = "Drag or double-click; wheel: depth, Ctrl+wheel: size"
_NOT_KEPT = "A store keeps only the crops, not the raw images"
_NOTHING = "Open or drop depth images to see how they are cropped"


class Inspector(QWidget):
    """A view of `Session.view`. Requested crops are made in a thread, one at a time, and then encoded."""

    def __init__(self, session: Session, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._background = session, background
        self._is_seen = True
        self._wish: tuple[Data, int, Crop] | None = None  # requested and not yet cropped
        self._cropping = background.add_worker("crop", self._on_cropped, self._on_failure)
        self._cropping.settled.connect(self._cut_next)
        background.encoding.settled.connect(self._cut_next)  # a drag waits for its image
        self.raw = CubePicture("Raw image")
        self.input = DepthPicture("Network input")
        self.cube, self.reading = CubeFields(), ImageFields()
        self.facts = InspectorFacts()
        self._build_buttons()
        self._build()
        self._connect()
        self._show()

    def _build_buttons(self) -> None:
        self.find_hand = QPushButton("Find hand again")
        self.find_hand.setToolTip("Look for the hand with this camera and unit")
        self.find_hand.clicked.connect(self._find_again)
        self.reset = QPushButton("Reset")
        self.reset.setToolTip("Restore the camera, the unit and the cube that this image was opened with")
        self.reset.clicked.connect(self._reset)
        self.use_for_all = QPushButton("Use for all")
        self.use_for_all.setToolTip("Read all opened images with this camera, unit, flip and cube size")
        self.use_for_all.clicked.connect(self._use_for_all)

    def _build(self) -> None:
        buttons = row_layout()
        for button in (self.find_hand, self.reset, self.use_for_all):
            buttons.addWidget(button)
        fields = column_layout()
        fields.addWidget(self.cube)
        fields.addLayout(buttons)
        fields.addWidget(self.reading)
        fields.addStretch()
        content = QWidget()
        self._columns = QBoxLayout(QBoxLayout.Direction.TopToBottom, content)
        self._columns.setContentsMargins(0, 0, theme.GAP, 0)
        self._columns.setSpacing(theme.GAP)
        self._columns.addWidget(self.facts, 1)
        self._columns.addLayout(fields, 1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(content)
        pictures = row_layout()
        pictures.addWidget(self.raw, 4)
        pictures.addWidget(self.input, 3)
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._sides.setContentsMargins(0, 0, 0, 0)
        self._sides.setSpacing(theme.GAP)
        self._sides.addLayout(pictures, 1)
        self._sides.addWidget(self._scroll)

    def _connect(self) -> None:
        self.raw.dragged.connect(self._drag)
        self.raw.placed.connect(self._place)
        self.raw.deepened.connect(self._deepen)
        self.raw.resized.connect(self._resize)
        self.cube.moved.connect(self._move_to)
        self.cube.resized.connect(self._set_edge)
        self.reading.changed.connect(self._read_otherwise)
        self._session.data_changed.connect(self._show)
        self._session.frame_changed.connect(self._show)

    @property
    def crop(self) -> Crop | None:
        """How the current image is cropped, or will be; None if there is no raw image."""
        view = self._session.view
        if view is None or view.raw is None:
            return None
        if self._wish is not None and self._wish[:2] == (view.data, view.index):
            return self._wish[2]
        return view.raw.crop

    def change(self, crop: Crop) -> None:
        """Read and crop the current image with these settings."""
        view = self._session.view
        if view is not None and view.raw is not None and crop != self.crop:
            self._wish = (view.data, view.index, crop)
            self._show_crop()
            self._cut_next()

    @Slot()
    def _cut_next(self) -> None:
        view, crop = self._session.view, self.crop
        if view is None or view.raw is None or crop is None or crop is view.raw.crop:
            return
        if not self._cropping.is_busy and not self._background.encoding.is_busy:
            self._cropping.ask((view, crop), partial(_images(view).recrop, view, crop))

    @Slot(object, object)
    def _on_cropped(self, stamp: tuple[FrameView, Crop], cropped_view: FrameView) -> None:
        view, crop = stamp
        if self._wish == (view.data, view.index, crop):
            self._wish = None
        if view is self._session.view:  # a camera is ahead of it: its next frames are read like this
            self._session.replace_view(cropped_view)

    @Slot(object, str)
    def _on_failure(self, stamp: tuple[FrameView, Crop], line: str) -> None:
        if stamp[0] is self._session.view:
            self._wish = None
            self._session.message.emit(line)
            self._show_crop()

    def _center(self) -> Uvd | None:
        return self.crop.center_uvd if self.crop is not None else None

    @Slot(float, float)
    def _drag(self, columns: float, rows: float) -> None:
        if (center := self._center()) is not None:
            self._move_to((center[0] + columns, center[1] + rows, center[2]))

    @Slot(float, float, float)
    def _place(self, column: float, row: float, depth_mm: float) -> None:
        self._move_to((column, row, depth_mm))

    @Slot(float)
    def _deepen(self, notches: float) -> None:
        if (center := self._center()) is not None:
            self._move_to((*center[:2], center[2] + notches * _DEPTH_STEP_MM))

    @Slot(float)
    def _resize(self, notches: float) -> None:
        if self.crop is not None:
            self._set_edge(self.crop.settings.cube_mm + notches * _EDGE_STEP_MM)

    @Slot(object)
    def _move_to(self, center_uvd: Uvd) -> None:
        if self.crop is not None:
            self.change(self.crop.with_center(center_uvd))

    @Slot(float)
    def _set_edge(self, cube_mm: float) -> None:
        if self.crop is not None:
            self.change(self.crop.with_cube_mm(cube_mm))

    @Slot()
    def _read_otherwise(self) -> None:
        view, crop = self._session.view, self.crop
        if view is not None and view.raw is not None and crop is not None:
            width_px = view.raw.depth_mm.shape[1]
            self.change(crop.with_settings(self.reading.settings(crop.settings), width_px))

    @Slot()
    def _find_again(self) -> None:
        if self.crop is not None:
            self.change(Crop(settings=self.crop.settings))

    @Slot()
    def _reset(self) -> None:
        view = self._session.view
        if view is not None and view.raw is not None:
            self.change(Crop(settings=_images(view).settings))

    @Slot()
    def _use_for_all(self) -> None:
        view, crop = self._session.view, self.crop
        if view is not None and crop is not None:
            _images(view).use_for_all(crop.settings)
            self._session.message.emit(f"All {len(view.data)} images are now read like this one")

    @Slot(bool)
    def set_seen(self, is_seen: bool) -> None:
        """Whether it is the raised tab: for Qt the tabs behind it are visible too."""
        self._is_seen = is_seen
        self._show()

    @Slot()
    def _show(self) -> None:
        if not self._is_seen:
            return
        view = self._session.view
        is_raw = view is not None and view.raw is not None
        self._show_raw(view)
        self.reading.set_editable(is_raw)
        self.cube.set_editable(is_raw)
        for button in (self.find_hand, self.reset):
            button.setEnabled(is_raw)
        self.use_for_all.setEnabled(view is not None and is_raw and len(view.data) > 1)
        self._scroll.setEnabled(view is not None)
        if view is None:
            self.input.placeholder = "No frame yet"
            self.input.clear()
            self.input.set_caption("")
        else:
            height, width = view.frame.depth_mm.shape
            self.input.set_caption(f"{width} × {height} px, {2 * view.frame.half_mm:g} mm wide and deep")
            self.input.show_depth(view.input_mm, -view.frame.half_mm, view.frame.half_mm)
        self._show_crop()
        self.facts.show_view(view)

    def _show_raw(self, view: FrameView | None) -> None:
        raw = view.raw if view is not None else None
        self.raw.is_movable = raw is not None
        if raw is not None:
            self.raw.show_depth(raw.depth_mm, raw.near_mm, raw.far_mm)
            self.raw.setToolTip(raw.note)
            self.raw.set_caption(_HOW)
            flip = ", flipped" if raw.crop.settings.is_mirrored else ""
            self.raw.title = f"Raw image{flip}: {raw.note.partition(',')[0]}"
        else:
            self.raw.placeholder = _NOTHING if view is None else _NOT_KEPT
            self.raw.title = "Raw image"
            self.raw.aspect = 4 / 3
            self.raw.set_caption("")
            self.raw.clear()

    def _show_crop(self) -> None:
        """The requested cube, before it is cropped."""
        view, crop = self._session.view, self.crop
        if view is None:
            self.raw.set_cube(None, None)
            return
        if view.raw is None or crop is None:
            frame = view.frame
            self.raw.set_cube(None, None)
            self.cube.show_cube(tuple(view.camera.project(frame.center_mm)), frame.center_mm, 2 * frame.half_mm)
            used = view.data.camera_of(view.index)
            self.reading.show_settings(ImageSettings(camera=used.source, is_mirrored=used.is_mirrored))
            return
        self.reading.show_settings(crop.settings)
        if crop.center_uvd is not None:
            width_px = view.raw.depth_mm.shape[1]
            center_mm = crop.camera(width_px).unproject(np.array(crop.center_uvd))
            self.cube.show_cube(crop.center_uvd, center_mm, crop.settings.cube_mm)
            self.raw.set_cube(cube_faces_px(crop, width_px), cube_box_px(crop, width_px))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_tall = self.width() < _STACKED_PX
        is_wide = not is_tall and self.width() > _TWO_COLUMNS_PX
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._sides.setDirection(down if is_tall else across)
        self._columns.setDirection(across if is_wide else down)
        self._sides.setStretch(0, 1)
        self._sides.setStretch(1, 1 if is_tall else 0)
        self._scroll.setFixedWidth(self.width() if is_tall else _COLUMN_PX * (2 if is_wide else 1))


def _images(view: FrameView) -> ImageData:
    """The data of a view with a raw image: only images on disk have one."""
    return cast("ImageData", view.data)
