"""ICVL hand posture dataset (Tang et al. 2014): 16 joints, two test sequences, a left hand that is mirrored here.

`Training/labels.txt`, `Testing/test_seq_1.txt` and `Testing/test_seq_2.txt` hold a path under `Depth/` and u v d of
every joint on each line. Folders such as 22-5 or -45 hold copies of the training images rotated by so many degrees.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, NamedTuple

from lsps_core.camera import ICVL
from lsps_core.data.importing.dataset import Dataset
from lsps_core.data.importing.labels import (
    check_depths,
    find_folder,
    labelled_shot,
    parse_points,
    read_lines,
    refined_centers,
    require_inside,
    settings,
)
from lsps_core.data.importing.options import CENTERS, Option, split_option
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan
from lsps_core.data.importing.shots import Shots
from lsps_core.data.protocol import Protocol
from lsps_core.skeleton import ICVL16

CUBE_MM = 250.0
WIDTH_PX = 320
CENTER_JOINT = 0
_ROTATED = re.compile(r"-?\d{1,3}(-5)?/")
_MIRROR = (-1.0, 1.0, 1.0)
_LABELS = {"train": ("Training", ("labels.txt",)), "test": ("Testing", ("test_seq_1.txt", "test_seq_2.txt"))}


def plan_icvl(
    source: Path,
    *,
    split: Literal["train", "test"],
    with_rotated: bool = False,
    cube_mm: float | None = None,
    centers_uvd: Path | None = None,
    centers_mm: Path | None = None,
    limit: int | None = None,
) -> ImportPlan:
    """The plan of an ICVL import: the cube is centred on the palm, or on refined centres.

    with_rotated: also the rotated copies of the training images. By default they are left out: training rotates frames
    itself, and copies of held-out frames would be trained on. ValueError if the labels cannot be used.
    """
    folder, labelled = _labelled(Path(source), split)
    upright = [entry for entry in labelled if with_rotated or not _ROTATED.match(entry.name)]
    edge, centers = cube_mm or CUBE_MM, refined_centers(centers_uvd, centers_mm)
    middles = centers.read(ICVL, len(upright)) if centers else None
    shots, refused = Shots(), list[str]()
    for index, entry in enumerate(upright[:limit]):
        try:
            uvd = parse_points(entry.numbers, ICVL16.joint_count)
            check_depths(uvd)
            points = ICVL.unproject(uvd) * _MIRROR
            middle = points[CENTER_JOINT] if middles is None else middles[index]
            if middles is not None and middle is not None:
                middle = middle * _MIRROR
            shots.append(labelled_shot(folder / "Depth" / entry.name, entry.name, edge, middle, points))
        except ValueError as error:
            refused.append(f"{entry.line}: {error}")
    left_out = len(labelled) - len(upright)
    asked = {"split": split, "rotated_left_out": left_out, "cube_mm": edge}
    return ImportPlan(
        shots=shots,
        read=read_depth,
        camera=ICVL.mirrored(WIDTH_PX),
        skeleton=ICVL16,
        mirrored_width_px=WIDTH_PX,
        settings=settings("icvl", source, centers, CENTER_JOINT, **asked),
        refused=tuple(refused),
        note=f"{left_out} rotated copies are left out, unless they are asked for" if left_out else "",
    )


def find_icvl(source: Path, *, split: Literal["train", "test"], **_: object) -> Path:
    """The folder of a split, with its labels and pictures; LspsError if they are missing."""
    place, files = _LABELS[split]
    folders = [find_folder(source, (place, "."), file) for file in files]
    require_inside(folders[0], "Depth", "the pictures")
    return folders[0]


class _Entry(NamedTuple):
    """A line of labels: its position, the image's path under Depth/ with forward slashes, the numbers."""

    line: str
    name: str
    numbers: list[str]


def _labelled(source: Path, split: Literal["train", "test"]) -> tuple[Path, list[_Entry]]:
    """The folder of a split, and what its label files list."""
    folder = find_icvl(source, split=split)
    entries = []
    for file in _LABELS[split][1]:
        for number, line in enumerate(read_lines(folder / file), start=1):
            if line:
                path, *numbers = line.split()
                name = path.replace("\\", "/").strip("/")
                entries.append(_Entry(f"{folder / file}, line {number}", name, numbers))
    return folder, entries


ICVL_16 = Protocol(
    name="ICVL-16",
    skeleton=ICVL16,
    indices=tuple(range(16)),
    camera=ICVL,
    parts=(("test_seq_1", 702), ("test_seq_2", 894)),
    frame_name=re.compile(r"(?:^|/)(?P<part>test_seq_[12])/image_(?P<number>\d{4})(?!\d)"),
)
"""Tang et al. 2014: both test sequences."""

ICVL_HANDS = Dataset(
    title="ICVL",
    help="16 joints, mirrored to a right hand",
    origin="labicvl.github.io/hand.html; see there for its terms",
    plan=plan_icvl,
    find=find_icvl,
    own_options=(
        split_option("train", "test"),
        Option(
            name="with_rotated",
            kind="switch",
            default=False,
            label="Turned",
            empty="also the rotated copies",
            help="also the rotated copies (folders 22-5, 45, ...)",
        ),
        *CENTERS,
    ),
    protocol=ICVL_16,
)
