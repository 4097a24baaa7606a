"""Sequences of raw depth images with times: recordings, folders of images, stores and cameras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera
from lsps_core.data.importing.pictures import Depth, Window, to_mm
from lsps_core.errors import LspsError

RATE = 30.0
"""Frames per second of images without times."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthFrame:
    """One raw depth image.

    counts: [H, W] as stored, 0 = no reading; unit_mm: mm in one count. camera: of this image. time_s: seconds since
    the first frame of its source. name: for people.
    """

    counts: npt.NDArray[Any]
    unit_mm: float
    camera: Camera
    time_s: float
    name: str

    @property
    def depth_mm(self) -> Depth:
        """[H, W], 0 = no reading: uint16 if a count is 1 mm, otherwise float32."""
        return to_mm(self.counts, self.unit_mm)


class DepthSource(Protocol):
    """Anything that delivers depth images in the order of time, such as a camera."""

    @property
    def camera(self) -> Camera:
        """Of the first image; each frame has its own."""
        ...

    @property
    def unit_mm(self) -> float: ...

    def frames(self) -> Iterator[DepthFrame]:
        """All images, or those to come; ValueError, in one line, for one that cannot be read."""
        ...


class RecordedSource(DepthSource, Protocol):
    """A source of known length that reads any frame at any time, from any thread."""

    @property
    def times_s(self) -> npt.NDArray[np.float64]:
        """[N], seconds since the first frame, not decreasing."""
        ...

    def __len__(self) -> int: ...

    def frame(self, index: int) -> DepthFrame:
        """Frame `index`, counted from 0; IndexError outside the range, ValueError if it cannot be read."""
        ...


class Recorded:
    """Base of sources with a length: their frames one after the other."""

    def __len__(self) -> int:
        raise NotImplementedError

    def frame(self, index: int) -> DepthFrame:
        raise NotImplementedError

    def frames(self) -> Iterator[DepthFrame]:
        return (self.frame(index) for index in range(len(self)))

    def depth_mm(self, index: int, _window: Window | None = None) -> Depth:
        """As importers read an image; the whole one, whatever part they need."""
        return self.frame(index).depth_mm


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording(Recorded):
    """A file of depth images; it keeps none open, so that frames can be read in any thread or process.

    size_px: width and height. times_s [N]: since the first frame.
    """

    path: Path
    camera: Camera
    unit_mm: float
    size_px: tuple[int, int]
    times_s: npt.NDArray[np.float64]

    @classmethod
    def open(cls, path: Path) -> Recording:
        """LspsError, in one line, if it is not a recording of depth, or is damaged."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.times_s)

    def name(self, index: int) -> str:
        return f"{self.path.name} {index + 1}"

    def counts(self, index: int) -> npt.NDArray[np.uint16]:
        """The image [H, W] as it was recorded; LspsError, in one line, if it cannot be read."""
        name = f"{self.path}, frame {index + 1},"
        counts = self._read(index, name)
        if counts.shape != self.size_px[::-1]:
            raise LspsError(f"{name} has the shape {list(counts.shape)}, not that of its camera", "record it again")
        return counts

    def frame(self, index: int) -> DepthFrame:
        return DepthFrame(
            counts=self.counts(index),
            unit_mm=self.unit_mm,
            camera=self.camera,
            time_s=float(self.times_s[index]),
            name=self.name(index),
        )

    def _read(self, index: int, name: str) -> npt.NDArray[np.uint16]:
        """The image [H, W]; LspsError, in one line that begins with `name`, if there is none."""
        raise NotImplementedError
