"""How a data set is scored: its joints, its camera, and the person or sequence of a frame."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from lsps_core.camera import Camera, Cameras, FloatArray
from lsps_core.skeleton import Skeleton

FileAxes = Literal["u v d", "x y z"]
DIVISIONS = ("subject", "sequence", "action", "object", "view", "thing", "hand", "camera", "person")
"""What a store may divide its frames by, in the order in which they are shown."""
_Y_DOWN = (1.0, -1.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Errors are computed for the joints `indices` of `skeleton`, which `camera` saw.

    parts: name and frame count of the parts of the test set, in the order of its published label file; empty if
    there is no such file. frame_name: matches a test frame's name; its groups are the part ("part", if there are
    several) and the frame's number in it ("number", counted from `first_number`).
    file_axes: the numbers of a joint in label and prediction files: "u v d" in px, px and mm of `camera`, or "x y z" in
    mm of its frame with y down. separator: between them. names_frames: whether the lines of prediction files begin
    with the frames' names; frame_number: finds the number in a name, if they begin with that in place of the name.
    folder: may stand before the names in published files.
    json_joints: the joints of `skeleton` in the order of its JSON files, see `published_json`; empty without.
    """

    name: str
    skeleton: Skeleton
    indices: tuple[int, ...]
    camera: Camera
    parts: tuple[tuple[str, int], ...] = ()
    frame_name: re.Pattern[str] | None = None
    first_number: int = 0
    file_axes: FileAxes = "u v d"
    separator: str = " "
    names_frames: bool = False
    frame_number: re.Pattern[str] | None = None
    folder: str = ""
    json_joints: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """Its name for `--protocol`: "nyu14" for NYU-14."""
        return self.name.lower().replace("-", "")

    @property
    def joints(self) -> tuple[str, ...]:
        """The names of the joints that are scored, in the order of label and prediction files."""
        return tuple(self.skeleton.joints[index] for index in self.indices)

    @property
    def root(self) -> int | None:
        """The place of the skeleton's root among the joints that are scored; None if it is not."""
        root = self.skeleton.parents.index(-1)
        return self.indices.index(root) if root in self.indices else None

    def uvd_of(self, numbers: FloatArray) -> FloatArray:
        """The numbers [..., 3] of a label or prediction file -> uvd [..., 3] of `camera`."""
        return numbers if self.file_axes == "u v d" else self.camera.project(numbers * _Y_DOWN)

    def numbers_of(self, uvd: FloatArray, camera: Camera | Cameras) -> FloatArray:
        """uvd [..., 3] of `camera` -> the numbers of a prediction file."""
        return uvd if self.file_axes == "u v d" else camera.unproject(uvd) * _Y_DOWN

    def name_in_files(self, frame_name: str) -> str:
        """How a line of a prediction file names a frame."""
        found = self.frame_number.search(frame_name) if self.frame_number else None
        return found[1] if found else frame_name.removeprefix(self.folder)

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
