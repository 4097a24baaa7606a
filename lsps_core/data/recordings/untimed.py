"""Folders of images and stores as sources of depth. Frames without times are taken to be 1/30 s apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lsps_core.camera import Camera
from lsps_core.data.crop import cube_window
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.recordings.source import RATE, DepthFrame, Recorded
from lsps_core.data.store import FrameStore


class ImageFiles(Recorded):
    """Depth images in files of their own; arguments as in `read_depth`."""

    def __init__(
        self, paths: Sequence[Path], camera: Camera, *, unit_mm: float = 1.0, nyu_packed: bool = False
    ) -> None:
        self.paths, self.camera, self.unit_mm = tuple(paths), camera, unit_mm
        self._is_packed = nyu_packed
        self.times_s = np.arange(len(self.paths)) / RATE

    def __len__(self) -> int:
        return len(self.paths)

    def frame(self, index: int) -> DepthFrame:
        path = self.paths[index]
        return DepthFrame(
            counts=read_depth(path, nyu_packed=self._is_packed),
            unit_mm=self.unit_mm,
            camera=self.camera,
            time_s=float(self.times_s[index]),
            name=path.name,
        )


class StoreCrops(Recorded):
    """The crops of a store as images, each with the camera of its window.

    Cropped again in their own cube, at their own size, they are the same to the bit.
    """

    unit_mm = 1.0

    def __init__(self, store: FrameStore) -> None:
        self._store = store
        self.camera = self._window_camera(0)
        self.times_s = np.arange(len(store)) / RATE if store.times_s is None else store.times_s

    def __len__(self) -> int:
        return len(self._store)

    def frame(self, index: int) -> DepthFrame:
        frame = self._store.frame(index)
        return DepthFrame(
            counts=frame.depth_mm,
            unit_mm=self.unit_mm,
            camera=self._window_camera(index),
            time_s=float(self.times_s[index]),
            name=frame.name,
        )

    def _window_camera(self, index: int) -> Camera:
        whole = self._store.camera_of(index).camera
        u0, v0, u1, v1 = cube_window(whole, self._store.center_mm[index], float(self._store.half_mm[index]))
        zoom_x, zoom_y = self._store.image_size / (u1 - u0), self._store.image_size / (v1 - v0)
        return Camera(
            fx=whole.fx * zoom_x,
            fy=whole.fy * zoom_y,
            cx=(whole.cx - u0) * zoom_x - 0.5,
            cy=(whole.cy - v0) * zoom_y - 0.5,
        )
