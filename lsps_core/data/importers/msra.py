"""MSRA15 hand gesture dataset (Sun et al. 2015): 9 people, 17 gestures, 21 joints.

P0/1/000000_depth.bin, ...: 6 int32 (width, height, left, top, right, bottom of what is kept), then float32 depth in mm
of that rectangle, row by row. P0/1/joint.txt: the number of frames, then x y z of every joint, z towards the viewer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lsps_core.camera import MSRA
from lsps_core.data.importing.dataset import Dataset
from lsps_core.data.importing.labels import (
    check_depths,
    labelled_shot,
    parse_points,
    read_lines,
    require_folder,
    settings,
)
from lsps_core.data.importing.options import Option, names
from lsps_core.data.importing.pictures import Window
from lsps_core.data.importing.plan import ImportPlan, Shot
from lsps_core.data.importing.shots import Shots
from lsps_core.data.protocol import Protocol
from lsps_core.errors import LspsError
from lsps_core.files import require_file
from lsps_core.skeleton import MSRA21

SUBJECTS = tuple(f"P{number}" for number in range(9))
CUBE_MM = dict(zip(SUBJECTS, (240.0, 240.0, 240.0, 220.0, 220.0, 220.0, 210.0, 200.0, 190.0), strict=True))
CENTER_JOINT = MSRA21.joints.index("middle_mcp")
_HEADER_BYTES = 24
_MAX_SIDE_PX = 4096


def plan_msra(
    source: Path, *, subjects: Sequence[str] = (), cube_mm: float | None = None, limit: int | None = None
) -> ImportPlan:
    """The plan of an MSRA15 import: of the given or all existing subjects, centred on the middle finger's MCP.

    cube_mm: by default that of the subject's hand, 240 (P0) to 190 (P8). ValueError if no subject is found.
    """
    source = Path(source)
    people = find_msra(source, subjects=subjects)
    found = itertools.islice(_frames(source, people, cube_mm), limit)
    shots = Shots()
    refused: list[str] = []
    for frame in found:
        if isinstance(frame, Shot):
            shots.append(frame)
        else:
            refused.append(frame)
    return ImportPlan(
        shots=shots,
        read=read_msra_depth,
        camera=MSRA,
        skeleton=MSRA21,
        settings=settings("msra", source, None, CENTER_JOINT, subjects=people, cube_mm=cube_mm),
        refused=tuple(refused),
    )


def find_msra(source: Path, *, subjects: Sequence[str], **_: object) -> list[str]:
    """The requested and existing subjects, in order; LspsError if one is missing, or they have no labels."""
    require_folder(source)
    unknown = sorted(set(subjects) - set(SUBJECTS))
    if unknown:
        raise LspsError(f"MSRA15 has no subject {unknown[0]!r}", f"give some of {','.join(SUBJECTS)}")
    people = [name for name in SUBJECTS if (name in subjects or not subjects) and (source / name).is_dir()]
    missing = sorted(set(subjects) - set(people))
    if not people or missing:
        wanted = missing[0] if missing else "P0 to P8"
        raise LspsError(f"{source} has no folder {wanted}", "give the folder that holds MSRA15's P0, P1, ...")
    if not any(next((source / name).glob("*/joint.txt"), None) for name in people):
        raise LspsError(f"{source / people[0]} has no joint.txt in its folders", "unpack the set again")
    return people


def _frames(source: Path, people: Sequence[str], cube_mm: float | None) -> Iterator[Shot | str]:
    """Shots, and a line instead of each frame whose labels cannot be used."""
    for person in people:
        for gesture in sorted(path for path in (source / person).iterdir() if path.is_dir()):
            yield from _gesture(gesture, person, cube_mm or CUBE_MM[person])


def _gesture(folder: Path, person: str, cube_mm: float) -> Iterator[Shot | str]:
    labels = folder / "joint.txt"
    try:
        count, *lines = read_lines(labels)
        while lines and not lines[-1]:
            lines.pop()
        if int(count) < len(lines):
            raise ValueError(f"it declares {count} frames, but labels {len(lines)}")
    except ValueError as error:
        yield f"{labels}: {error}"
        return
    for index, line in enumerate(lines):
        try:
            joints = parse_points(line.split(), MSRA21.joint_count)
            joints[:, 2] = np.abs(joints[:, 2])  # the set's z points towards the viewer
            check_depths(joints)
        except ValueError as error:
            yield f"{labels}, line {index + 2}: {error}"
            continue
        picture = folder / f"{index:06d}_depth.bin"
        name = f"{person}/{folder.name}_{picture.name}"  # the group is the person
        yield labelled_shot(picture, name, cube_mm, joints[CENTER_JOINT], joints)


def read_msra_depth(path: Path, _window: Window | None = None) -> npt.NDArray[np.float32]:
    """A .bin file -> depth in mm, float32 [height, width], 0 = no reading; ValueError for anything else."""
    try:
        require_file(path, most_bytes=_HEADER_BYTES + 4 * _MAX_SIDE_PX**2)
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); copy it again") from error
    if len(content) < _HEADER_BYTES:
        raise ValueError(f"{path} is truncated: {len(content)} bytes; copy it again")
    width, height, left, top, right, bottom = (int(value) for value in np.frombuffer(content[:_HEADER_BYTES], "<i4"))
    if not (0 <= left < right <= width <= _MAX_SIDE_PX and 0 <= top < bottom <= height <= _MAX_SIDE_PX):
        box = f"columns {left} to {right}, rows {top} to {bottom} of {width} x {height} pixels"
        raise ValueError(f"{path} is damaged: its header has {box}; copy it again")
    expected = _HEADER_BYTES + 4 * (right - left) * (bottom - top)
    if len(content) != expected:
        raise ValueError(f"{path} has {len(content)} bytes, its header declares {expected}; copy it again")
    values = np.frombuffer(content[_HEADER_BYTES:], "<f4").reshape(bottom - top, right - left)
    depth = np.zeros((height, width), np.float32)
    depth[top:bottom, left:right] = np.where(np.isfinite(values) & (values > 0), values, 0)
    return depth


MSRA_21 = Protocol(name="MSRA-21", skeleton=MSRA21, indices=tuple(range(21)), camera=MSRA)
"""Sun et al. 2015: nine persons; published files leave one person out at a time and hold all frames in order."""

MSRA_HANDS = Dataset(
    title="MSRA15",
    help="21 joints, nine people",
    origin="jimmysuen.github.io; see there for its terms",
    plan=plan_msra,
    find=find_msra,
    own_options=(
        Option(
            name="subjects",
            kind="text",
            parse=names,
            default=(),
            metavar="P0,P1",
            label="S&ubjects",
            empty="all, or P0, P1, …",
            help="only these (default: all)",
        ),
    ),
    protocol=MSRA_21,
)
