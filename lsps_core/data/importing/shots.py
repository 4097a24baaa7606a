"""The shots of an import as columns: 0.4 KB each with 21 joints, where objects take a kilobyte and more."""

from __future__ import annotations

import os
from array import array
from collections.abc import Hashable, Iterable, Sequence
from math import isnan, nan
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from lsps_core.data.importing.plan import Shot

Array = npt.NDArray[Any]


class Shots(Sequence[Shot]):
    """Grows at its end; a shot becomes an object when it is asked for. Centres and joints are float32.

    Shots with a centre, joints or a box have as many numbers there as the first one; ValueError otherwise.
    """

    def __init__(self, shots: Iterable[Shot] = ()) -> None:
        self._folders, self._cameras, self._groups, self._reads = _Values(), _Values(), _Values(), _Values()
        self._files, self._names = _Texts(), _Texts()
        self._half_mm, self._times_s = array("d"), array("d")
        self._centers, self._joints, self._boxes = _Rows("f"), _Rows("f"), _Rows("i")
        for shot in shots:
            self.append(shot)

    def append(self, shot: Shot) -> None:
        folder, file = os.path.split(shot.path)
        self._centers.append(shot.center_mm)
        self._joints.append(shot.joints_mm)
        self._boxes.append(None if shot.box_px is None else np.array(shot.box_px))
        self._folders.append(folder)
        self._files.append(file)
        self._names.append(shot.name)
        self._cameras.append(shot.camera)
        self._groups.append(shot.groups)
        self._reads.append(shot.read)
        self._half_mm.append(shot.half_mm)
        self._times_s.append(nan if shot.time_s is None else shot.time_s)

    def __len__(self) -> int:
        return len(self._half_mm)

    @overload
    def __getitem__(self, index: int) -> Shot: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Shot, ...]: ...
    def __getitem__(self, index: int | slice) -> Shot | tuple[Shot, ...]:
        if isinstance(index, slice):
            return tuple(map(self._shot, range(*index.indices(len(self)))))
        return self._shot(range(len(self))[index])

    def _shot(self, index: int) -> Shot:
        box = self._boxes[index]
        return Shot(
            path=Path(self._folders[index], self._files[index]),
            name=self._names[index],
            half_mm=self._half_mm[index],
            center_mm=self._centers[index],
            joints_mm=self._joints[index],
            box_px=None if box is None else tuple(box.tolist()),
            camera=self._cameras[index],
            groups=self._groups[index],
            time_s=None if isnan(self._times_s[index]) else self._times_s[index],
            read=self._reads[index],
        )


class _Texts:
    """Texts, which may have a file name's bytes that are not text."""

    def __init__(self) -> None:
        self._content, self._ends = bytearray(), array("Q", [0])

    def append(self, text: str) -> None:
        self._content += text.encode("utf-8", "surrogateescape")
        self._ends.append(len(self._content))

    def __getitem__(self, index: int) -> str:
        return self._content[self._ends[index] : self._ends[index + 1]].decode("utf-8", "surrogateescape")


class _Values:
    """Values of which many are the same; each is kept once."""

    def __init__(self) -> None:
        self._places: dict[Hashable, int] = {}
        self._known: list[Any] = []
        self._index = array("I")

    def append(self, value: Hashable) -> None:
        place = self._places.setdefault(value, len(self._known))
        if place == len(self._known):
            self._known.append(value)
        self._index.append(place)

    def __getitem__(self, index: int) -> Any:
        return self._known[self._index[index]]


class _Rows:
    """Arrays of one shape, or None."""

    def __init__(self, kind: str) -> None:
        self._numbers, self._starts = array(kind), array("q")
        self._shape: tuple[int, ...] | None = None

    def append(self, row: Array | None) -> None:
        if row is None:
            self._starts.append(-1)
            return
        if row.shape != (self._shape or row.shape):
            raise ValueError(f"a shot has numbers of the shape {list(row.shape)}, others of {list(self._shape or ())}")
        self._shape = row.shape
        self._starts.append(len(self._numbers))
        self._numbers.frombytes(row.astype(self._numbers.typecode).tobytes())

    def __getitem__(self, index: int) -> Array | None:
        start = self._starts[index]
        if start < 0 or self._shape is None:
            return None
        numbers = self._numbers[start : start + int(np.prod(self._shape))]
        return np.frombuffer(numbers, self._numbers.typecode).reshape(self._shape)
