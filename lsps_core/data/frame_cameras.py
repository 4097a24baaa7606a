"""The cameras of frames. Does not use HDF5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera

_MOST_CAMERAS = 1 << 16

IntArray = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, kw_only=True)
class FrameCamera:
    """The camera of a frame.

    camera: of the image that the crop was cut out of. is_mirrored: whether that image was flipped left to right, which
    makes a left hand a right one. width_px: the image's width if it was flipped; None in older stores.
    """

    camera: Camera
    is_mirrored: bool = False
    width_px: int | None = None

    @classmethod
    def flipped(cls, source: Camera, width_px: int) -> FrameCamera:
        """The camera of the flipped images of `source`."""
        return cls(camera=source.mirrored(width_px), is_mirrored=True, width_px=width_px)

    @property
    def source(self) -> Camera:
        """The camera of the images as they were recorded; the flipped one where their width is not known."""
        return self.camera.mirrored(self.width_px) if self.is_mirrored and self.width_px else self.camera

    def to_json(self) -> dict[str, Any]:
        return {**self.camera.to_json(), "mirrored": self.is_mirrored, "width_px": self.width_px}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> FrameCamera:
        """Rebuild what `to_json` wrote; ValueError, KeyError or TypeError for anything else."""
        width_px = value["width_px"]
        return cls(
            camera=Camera.from_json(value),
            is_mirrored=bool(value["mirrored"]),
            width_px=None if width_px is None else int(width_px),
        )


@dataclass(frozen=True, eq=False)
class FrameCameras:
    """The cameras of N frames. table: K different ones; index uint16 [N]: the place of each frame's camera in it."""

    table: tuple[FrameCamera, ...]
    index: npt.NDArray[np.uint16]

    @classmethod
    def of(cls, cameras: Sequence[FrameCamera]) -> FrameCameras:
        """The table of the cameras of N frames; ValueError for more than 65 536 different ones."""
        places = {camera: place for place, camera in enumerate(dict.fromkeys(cameras))}
        if len(places) > _MOST_CAMERAS:
            raise ValueError(f"{len(places)} different cameras are more than {_MOST_CAMERAS}")
        return cls(tuple(places), np.array([places[camera] for camera in cameras], np.uint16))

    def __getitem__(self, frames: IntArray) -> FrameCameras:
        """The cameras of some of the frames, without those that none of them has."""
        used, index = np.unique(self.index[frames], return_inverse=True)
        return FrameCameras(tuple(self.table[place] for place in used), index.reshape(-1).astype(np.uint16))

    def of_frame(self, frame: int) -> FrameCamera:
        return self.table[int(self.index[frame])]

    @property
    def is_mirrored(self) -> npt.NDArray[np.bool_]:
        """[N]"""
        return np.array([camera.is_mirrored for camera in self.table])[self.index]

    def counts(self) -> list[int]:
        """The number of frames of each camera of the table."""
        return [int(count) for count in np.bincount(self.index, minlength=len(self.table))]
