"""The readings of depth images in range as one graph, its connected parts, and figures of each of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from lsps_core.camera import Camera, FloatArray

_GRID_PX = 320  # longer side of the searched grid; a finer one is only slower
_JUMP_MM = 20.0  # two neighbours farther apart than this do not touch

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer]
Number = TypeVar("Number", bound=np.number)


@dataclass(frozen=True, kw_only=True)
class Readings:
    """M pixels with a reading in range on the searched grids of B images, image by image and row by row.

    graph: surface distance in mm between neighbours of an image, in both directions; images are not joined.
    """

    frame: IntArray  # [M]
    rows: IntArray  # [M]
    columns: IntArray  # [M]
    points_mm: FloatArray  # [M, 3]
    px_mm: FloatArray  # [M] breadth of a grid pixel
    area_cm2: FloatArray  # [M] of the surface facing the camera
    border_mm: FloatArray  # [M] px_mm at the image's border, 0 inside
    graph: sparse.csr_matrix  # [M, M]
    stride: int  # image pixels from one pixel of the grid to the next

    def __len__(self) -> int:
        return len(self.frame)

    def distance_mm(self, nodes: IntArray) -> FloatArray:
        """[M] along the surface from the nearest of the nodes, inf where there is no way."""
        distance: FloatArray = csgraph.dijkstra(self.graph, indices=nodes, min_only=True)
        return distance


@dataclass(frozen=True, kw_only=True)
class Parts:
    """K sets of readings: members [Q], part by part, and which part each of them belongs to, [Q]. None is empty."""

    members: IntArray
    part: IntArray
    count: int

    @cached_property
    def starts(self) -> IntArray:
        """[K] the place of each part's first member."""
        return np.searchsorted(self.part, np.arange(self.count))

    def sum(self, values: FloatArray | BoolArray) -> FloatArray:
        """[Q] -> [K]."""
        return np.bincount(self.part, weights=values, minlength=self.count).astype(np.float64, copy=False)

    def smallest(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """[Q] -> [K]."""
        smallest: npt.NDArray[Number] = np.minimum.reduceat(values, self.starts)
        return smallest

    def argmin(self, values: FloatArray) -> IntArray:
        """[Q] -> [K] places among the members, the first ones of equal values."""
        places = np.flatnonzero(values == self.smallest(values)[self.part])
        return places[np.searchsorted(self.part[places], np.arange(self.count))]

    def quantile(self, values: FloatArray, share: float) -> FloatArray:
        """[Q] -> [K], interpolated as `np.quantile` does."""
        ordered = values[np.lexsort((values, self.part))]
        sizes = np.bincount(self.part, minlength=self.count)
        place = share * (sizes - 1)
        low = place.astype(np.int64)
        first = ordered[self.starts + low]
        second = ordered[self.starts + np.minimum(low + 1, sizes - 1)]
        quantile: FloatArray = first + (place - low) * (second - first)
        return quantile


def read(depth_mm: npt.NDArray[np.generic], camera: Camera, near_mm: float, far_mm: float) -> Readings:
    """depth_mm [B, H, W], 0 = no reading."""
    stride = max(1, round(max(depth_mm.shape[1:]) / _GRID_PX))
    depth = depth_mm[:, ::stride, ::stride].astype(np.float64)
    kept = np.flatnonzero((depth >= near_mm) & (depth <= far_mm))
    frame, rows, columns = np.unravel_index(kept, depth.shape)
    values = depth.ravel().take(kept)
    points = camera.unproject(np.stack([columns * stride, rows * stride, values], axis=-1))
    px_mm = values * stride / camera.fx
    _, height, width = depth.shape
    is_border = (rows == 0) | (columns == 0) | (rows == height - 1) | (columns == width - 1)
    return Readings(
        frame=frame,
        rows=rows,
        columns=columns,
        points_mm=points,
        px_mm=px_mm,
        area_cm2=px_mm * values * stride / camera.fy / 100,
        border_mm=np.where(is_border, px_mm, 0.0),
        graph=_graph(depth.shape, frame, rows, columns, points),
        stride=stride,
    )


def _graph(
    shape: tuple[int, ...], frame: IntArray, rows: IntArray, columns: IntArray, points_mm: FloatArray
) -> sparse.csr_matrix:
    count, height, width = shape
    nodes = np.full((count + 1, height + 1, width + 2), -1, dtype=np.int32)  # with a rim around each image
    place = np.ravel_multi_index((frame, rows + 1, columns + 1), nodes.shape)
    nodes.ravel()[place] = np.arange(len(place))
    around = [down * (width + 2) + right for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)]
    other = nodes.ravel().take(place[:, None] + np.array(around))
    depth = points_mm[:, 2].copy()
    is_joined = (other >= 0) & (np.abs(depth[:, None] - depth.take(other)) <= _JUMP_MM)
    stop, per_reading = other[is_joined], is_joined.sum(axis=1)
    length2 = np.zeros(len(stop))
    for along in points_mm.T.copy():
        length2 += np.square(np.repeat(along, per_reading) - along.take(stop))
    starts = np.concatenate([[0], np.cumsum(per_reading)]).astype(np.int32)
    return sparse.csr_matrix((np.sqrt(length2), stop, starts), shape=(len(place), len(place)))


def connected_parts(readings: Readings) -> tuple[int, IntArray]:
    """(how many connected parts there are, the number of each reading's [M])."""
    count, labels = csgraph.connected_components(readings.graph, connection="weak")
    return count, labels


def parts_of(labels: IntArray, chosen: IntArray) -> Parts:
    """The readings of the parts `chosen` [K] among labels [M], which are one of an image each, in the images' order."""
    number = np.full(int(labels.max()) + 1, -1)
    number[chosen] = np.arange(len(chosen))
    return numbered_parts(number[labels])


def numbered_parts(part: IntArray) -> Parts:
    """part [M]: of each reading, in ascending order but for those in none, -1."""
    members = np.flatnonzero(part >= 0)
    return Parts(members=members, part=part[members], count=int(part.max()) + 1)
