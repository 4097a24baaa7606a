"""The annotation of HANDS2017, BigHand2.2M, HANDS2019 and FPHA: one camera, and a line of 21 joints for each frame.

A line is the frame's name or number, then x y z of every joint in mm of the depth camera's frame, with y down: wrist,
the MCPs from thumb to little finger, then PIP, DIP and tip of each finger. Blanks or tabs separate them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lsps_core.camera import HANDS_SR300
from lsps_core.data.crop import DEFAULT_CUBE_MM
from lsps_core.data.importing.labels import check_depths, label_lines, parse_points
from lsps_core.data.importing.options import Option
from lsps_core.data.importing.plan import Shot
from lsps_core.data.protocol import Protocol
from lsps_core.skeleton import HAND21

SIZE_PX = (640, 480)
JOINT_COUNT = HAND21.joint_count
_PLACES = (0, 1, 6, 7, 8, 2, 9, 10, 11, 3, 12, 13, 14, 4, 15, 16, 17, 5, 18, 19, 20)
"""Of the joints of HAND21 in a line."""
_Y_UP = np.array([1.0, -1.0, 1.0])

WITH_OUTSIDE = Option(
    name="with_outside",
    kind="switch",
    default=False,
    label="Cut hands",
    empty="also frames with a joint outside the image",
    help="also the frames with a joint outside the image",
)


class Label(NamedTuple):
    """A line of an annotation: its number, the frame's name, and joints_mm [21, 3] of HAND21, or what is wrong."""

    line: int
    name: str
    joints_mm: npt.NDArray[np.float64] | None
    problem: str = ""


def protocol(name: str) -> Protocol:
    """All 21 joints; prediction files have the lines of the annotation."""
    return Protocol(
        name=f"{name}-21",
        skeleton=replace(HAND21, name=name.lower()),
        indices=tuple(_PLACES.index(place) for place in range(JOINT_COUNT)),
        camera=HANDS_SR300,
        file_axes="x y z",
        names_frames=True,
    )


def read_labels(path: Path) -> Iterator[Label]:
    """The lines of an annotation file, in order; ValueError if it cannot be read."""
    for number, (name, *words) in label_lines(path):
        try:
            joints = parse_points(words, JOINT_COUNT)[list(_PLACES)] * _Y_UP
            check_depths(joints)
            yield Label(number, name, joints)
        except ValueError as error:
            yield Label(number, name, None, str(error))


def labelled_shots(
    labels: Iterator[Label], path: Path, *, cube_mm: float | None, with_outside: bool, pictures: Pictures
) -> Iterator[Shot | str]:
    """A shot for each label, centred on the mean of its joints; for a label that cannot be used, a line says why."""
    for label in labels:
        try:
            if label.joints_mm is None:
                raise ValueError(label.problem)
            if not with_outside and not _is_inside(label.joints_mm):
                raise ValueError("a joint is outside the image")
            picture, name = pictures.of(label.name)
        except ValueError as error:
            yield f"{path}, line {label.line}: {error}"
            continue
        yield Shot(
            path=picture,
            name=name,
            half_mm=(cube_mm or DEFAULT_CUBE_MM) / 2,
            center_mm=label.joints_mm.mean(axis=0),
            joints_mm=label.joints_mm.astype(np.float32),
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
        if Path(file).name != file:
            raise ValueError(f"{name[:40]!r} is not the name of a picture")
        return self.folder / file, self.prefix + file


def parted(found: Iterator[Shot | str], limit: int | None) -> tuple[tuple[Shot, ...], tuple[str, ...]]:
    """At most `limit` shots, and the lines of what cannot be used among them."""
    shots: list[Shot] = []
    refused: list[str] = []
    for each in found:
        if isinstance(each, str):
            refused.append(each)
            continue
        shots.append(each)
        if len(shots) == limit:
            break
    return tuple(shots), tuple(refused)


def read_boxes(path: Path) -> Iterator[tuple[int, str, tuple[int, int, int, int] | str]]:
    """The lines "name x y w h" of a file of bounding boxes: number, name, and the box in px, or what is wrong."""
    for number, (name, *words) in label_lines(path):
        try:
            yield number, name, _box(words)
        except ValueError as error:
            yield number, name, str(error)


def _box(words: Sequence[str]) -> tuple[int, int, int, int]:
    if len(words) != 4:
        raise ValueError(f"{len(words)} numbers, not the 4 of a bounding box")
    values = np.array([float(word) for word in words])
    if not (np.abs(values) < 10_000).all() or values[2:].min() < 1:  # False for NaN as well
        raise ValueError(f"{' '.join(words)} is not a bounding box")
    u, v, width, height = values.round().astype(int).tolist()
    return u, v, width, height


def _is_inside(joints_mm: npt.NDArray[np.float64]) -> bool:
    uv = HANDS_SR300.project(joints_mm)[:, :2]
    return bool(((uv >= 0) & (uv <= np.array(SIZE_PX) - 1)).all())
