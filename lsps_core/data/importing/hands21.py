"""The annotation of HANDS2017, BigHand2.2M, HANDS2019 and FPHA: one camera, and a line of 21 joints for each frame.

A line is the frame's name or number, then x y z of every joint in mm of the depth camera's frame, with y down: wrist,
the MCPs from thumb to little finger, then PIP, DIP and tip of each finger. Blanks or tabs separate them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lsps_core.camera import HANDS_SR300
from lsps_core.data.crop import DEFAULT_CUBE_MM
from lsps_core.data.importing.labels import label_lines
from lsps_core.data.importing.options import Option
from lsps_core.data.importing.plan import Shot
from lsps_core.data.importing.shots import Shots
from lsps_core.data.protocol import Protocol
from lsps_core.skeleton import HAND21

SIZE_PX = (640, 480)
JOINT_COUNT = HAND21.joint_count
_PLACES = (0, 1, 6, 7, 8, 2, 9, 10, 11, 3, 12, 13, 14, 4, 15, 16, 17, 5, 18, 19, 20)
"""Of the joints of HAND21 in a line."""
_Y_UP = np.array([1.0, -1.0, 1.0])
_LEAST_MM, _MOST_MM = 1e-3, 65_536  # as float32 nearer ones may be 0; depth has 16 bits
_BATCH = 1024  # lines at once: one by one takes five times as long

WITH_OUTSIDE = Option(
    name="with_outside",
    kind="switch",
    default=False,
    label="Cut hands",
    empty="also frames with a joint outside the image",
    help="also the frames with a joint outside the image",
)


class Label(NamedTuple):
    """A line of an annotation: its number, the frame's name, and joints_mm [21, 3] of HAND21, or what is wrong.

    center_mm [3]: the mean of the joints. is_inside: whether all joints are in the image.
    """

    line: int
    name: str
    joints_mm: npt.NDArray[np.float32] | None = None
    center_mm: npt.NDArray[np.float32] | None = None
    is_inside: bool = True
    problem: str = ""


def protocol(name: str) -> Protocol:
    """All 21 joints; prediction files have the lines of the annotation."""
    return Protocol(
        name=f"{name}-21",
        skeleton=replace(HAND21, name=name.lower()),
        indices=tuple(_PLACES.index(place) for place in range(JOINT_COUNT)),
        camera=HANDS_SR300,
        file_axes="x y z",
        separator="\t",
        names_frames=True,
    )


def read_labels(path: Path) -> Iterator[Label]:
    """The lines of an annotation file, in order; ValueError if it cannot be read."""
    lines = label_lines(path)
    while batch := list(islice(lines, _BATCH)):
        parsed = [_numbers(words) for _, words in batch]
        known = [numbers for numbers in parsed if not isinstance(numbers, str)]
        points = np.array(known).reshape(-1, JOINT_COUNT, 3)[:, list(_PLACES)] * _Y_UP
        with np.errstate(all="ignore"):  # of numbers that are refused below
            is_near = np.abs(points) < _MOST_MM  # False for NaN as well
            is_usable: npt.NDArray[np.bool_] = is_near.all(axis=(1, 2)) & (points[..., 2] > _LEAST_MM).all(axis=1)
            uv = HANDS_SR300.project(points)[..., :2]
            centers, joints = points.mean(axis=1).astype(np.float32), points.astype(np.float32)
        is_inside = np.asarray(((uv >= 0) & (uv <= np.array(SIZE_PX) - 1)).all(axis=(1, 2)))
        place = -1
        for (number, (name, *_)), numbers in zip(batch, parsed, strict=True):
            if isinstance(numbers, str):
                yield Label(number, name, problem=numbers)
                continue
            place += 1
            if is_usable[place]:
                yield Label(number, name, joints[place], centers[place], bool(is_inside[place]))
            else:
                yield Label(number, name, problem="a joint that is not in front of the camera")


def _numbers(words: Sequence[str]) -> list[float] | str:
    """The numbers of a line after its name, or what is wrong with them."""
    try:
        numbers = [float(word) for word in words[1:]]
    except ValueError as error:
        return str(error)
    if len(numbers) != 3 * JOINT_COUNT:
        return f"{len(numbers)} numbers, not {3 * JOINT_COUNT} for {JOINT_COUNT} joints"
    return numbers


def labelled_shots(
    labels: Iterator[Label], path: Path, *, cube_mm: float | None, with_outside: bool, pictures: Pictures
) -> Iterator[Shot | str]:
    """A shot for each label, centred on the mean of its joints; for a label that cannot be used, a line says why."""
    for label in labels:
        try:
            if label.joints_mm is None:
                raise ValueError(label.problem)
            if not with_outside and not label.is_inside:
                raise ValueError("a joint is outside the image")
            picture, name = pictures.of(label.name)
        except ValueError as error:
            yield f"{path}, line {label.line}: {error}"
            continue
        yield Shot(
            path=picture,
            name=name,
            half_mm=(cube_mm or DEFAULT_CUBE_MM) / 2,
            center_mm=label.center_mm,
            joints_mm=label.joints_mm,
            groups=pictures.groups,
        )


class Pictures(NamedTuple):
    """Where the pictures of an annotation are, and how their frames are named.

    A line names a file in the folder, or gives only its number, of which pattern makes the file's name. prefix: of the
    frames' names. groups: of all frames.
    """

    folder: Path
    pattern: str = ""
    prefix: str = ""
    groups: tuple[str, ...] = ()

    def of(self, name: str) -> tuple[Path, str]:
        """The file and the frame's name; ValueError if it is not the name of a file in the folder."""
        file = self.pattern.format(name) if name.isdecimal() and self.pattern else name
        if "/" in file or "\\" in file or file == "..":
            raise ValueError(f"{name[:40]!r} is not the name of a picture")
        return self.folder / file, self.prefix + file


def parted(found: Iterator[Shot | str], limit: int | None) -> tuple[Shots, tuple[str, ...]]:
    """At most `limit` shots, and the lines of what cannot be used among them."""
    shots = Shots()
    refused: list[str] = []
    for each in found:
        if isinstance(each, str):
            refused.append(each)
            continue
        shots.append(each)
        if len(shots) == limit:
            break
    return shots, tuple(refused)


def read_boxes(path: Path, *, are_corners: bool = False) -> Iterator[tuple[int, str, tuple[int, int, int, int] | str]]:
    """The lines "name x y w h" of a file of bounding boxes: number, name, and the box in px, or what is wrong.

    are_corners: the lines are "name left top right bottom".
    """
    for number, (name, *words) in label_lines(path):
        try:
            yield number, name, _box(words, are_corners)
        except ValueError as error:
            yield number, name, str(error)


def _box(words: Sequence[str], are_corners: bool) -> tuple[int, int, int, int]:
    if len(words) != 4:
        raise ValueError(f"{len(words)} numbers, not the 4 of a bounding box")
    values = np.array([float(word) for word in words])
    if are_corners:
        values[2:] -= values[:2]
    if not (np.abs(values) < 10_000).all() or values[2:].min() < 1:  # False for NaN as well
        raise ValueError(f"{' '.join(words)} is not a bounding box")
    u, v, width, height = values.round().astype(int).tolist()
    return u, v, width, height
