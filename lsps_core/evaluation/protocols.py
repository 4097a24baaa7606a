"""How a data set is scored: its joints, its camera, and the person or sequence of a frame."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

from lsps_core.camera import ICVL, MSRA, NYU, SIMULATED, Camera
from lsps_core.skeleton import HAND21, ICVL16, MSRA21, NYU36, Skeleton


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Errors are computed for the joints `indices` of `skeleton`; label and prediction files are in px of `camera`.

    parts: name and frame count of the parts of the test set, in the order of its published label file; empty if
    there is no such file. frame_name: matches a test frame's name; its groups are the part ("part", if there are
    several) and the frame's number in it ("number", counted from `first_number`).
    """

    name: str
    skeleton: Skeleton
    indices: tuple[int, ...]
    camera: Camera
    parts: tuple[tuple[str, int], ...] = ()
    frame_name: re.Pattern[str] | None = None
    first_number: int = 0

    @property
    def joints(self) -> tuple[str, ...]:
        """The names of the joints that are scored, in the order of label and prediction files."""
        return tuple(self.skeleton.joints[index] for index in self.indices)

    @property
    def frame_count(self) -> int:
        """Lines of the published label file; 0 if there is none."""
        return sum(count for _, count in self.parts)

    def line_of(self, frame_name: str) -> int | None:
        """The line (from 0) of the published label file that a frame's name refers to; None for other names."""
        found = self.frame_name.search(frame_name.replace("\\", "/")) if self.frame_name else None
        if found is None:
            return None
        part = found.groupdict().get("part")
        before, count = 0, self.frame_count
        if part is not None:
            names = [name for name, _ in self.parts]
            before = sum(count for _, count in self.parts[: names.index(part)])
            count = dict(self.parts)[part]
        number = int(found["number"]) - self.first_number
        return before + number if 0 <= number < count else None

    def group_of_line(self, line: int) -> str:
        """The part of the test set that line `line` (from 0) of the published label file belongs to."""
        ends = accumulate(count for _, count in self.parts)
        return next(name for (name, _), end in zip(self.parts, ends, strict=True) if line < end)

    def group_of(self, frame_name: str) -> str:
        """Subject or sequence of a frame: the text before the first slash of its name, "subject3" of
        "subject3/000012"; else the part given by its number; else "".
        """
        group, slash, _ = frame_name.replace("\\", "/").partition("/")
        line = self.line_of(frame_name)
        if line is None or group in dict(self.parts):
            return group if slash else ""
        return self.group_of_line(line)


NYU_14 = Protocol(
    name="NYU-14",
    skeleton=NYU36,
    indices=(0, 3, 6, 9, 12, 15, 18, 21, 24, 25, 27, 30, 31, 32),
    camera=NYU,
    parts=(("subject1", 2440), ("subject2", 5812)),
    frame_name=re.compile(r"(?:^|/)(?:synth)?depth_1_(?P<number>\d{7})(?!\d)"),
    first_number=1,
)
"""Tompson et al. 2014, as scored since Oberweger et al. 2015; the second test person is not in the training set."""

ICVL_16 = Protocol(
    name="ICVL-16",
    skeleton=ICVL16,
    indices=tuple(range(16)),
    camera=ICVL,
    parts=(("test_seq_1", 702), ("test_seq_2", 894)),
    frame_name=re.compile(r"(?:^|/)(?P<part>test_seq_[12])/image_(?P<number>\d{4})(?!\d)"),
)
"""Tang et al. 2014: both test sequences."""

MSRA_21 = Protocol(name="MSRA-21", skeleton=MSRA21, indices=tuple(range(21)), camera=MSRA)
"""Sun et al. 2015: nine persons; published files leave one person out at a time and hold all frames in order."""

PROTOCOLS = {"nyu14": NYU_14, "icvl16": ICVL_16, "msra21": MSRA_21}
ALL_JOINTS = "all"


def all_joints(skeleton: Skeleton, camera: Camera) -> Protocol:
    """Every joint of a skeleton, in its order."""
    count = skeleton.joint_count
    return Protocol(
        name=f"all {count} joints of {skeleton.name}", skeleton=skeleton, indices=tuple(range(count)), camera=camera
    )


DATASETS = {"nyu": NYU_14, "icvl": ICVL_16, "msra": MSRA_21, "simulated": all_joints(HAND21, SIMULATED)}
"""By the name of the data set, as in `lsps score`."""


def choose(skeleton: Skeleton, camera: Camera, name: str | None = None) -> Protocol:
    """The protocol of a store's skeleton and camera; `name` ("nyu14", "NYU-14", "all", ...) selects another one.

    ValueError for an unknown name, and for a protocol of another skeleton.
    """
    asked = name.lower().replace("-", "") if name is not None else None
    if asked is None:
        fitting = (known for known in PROTOCOLS.values() if known.skeleton.joints == skeleton.joints)
        return next(fitting, all_joints(skeleton, camera))
    if asked == ALL_JOINTS:
        return all_joints(skeleton, camera)
    if asked not in PROTOCOLS:
        raise ValueError(f"there is no protocol {name!r}; give one of {', '.join(PROTOCOLS)}, {ALL_JOINTS}")
    protocol = PROTOCOLS[asked]
    if protocol.skeleton.joints != skeleton.joints:
        raise ValueError(
            f"{protocol.name} scores joints of {protocol.skeleton.name}, these are the {skeleton.joint_count} of "
            f"{skeleton.name}; leave --protocol out, or give --protocol {ALL_JOINTS}"
        )
    return protocol
