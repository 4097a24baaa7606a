"""NYU Hand Pose Dataset (Tompson et al. 2014): real and synthetic depth of camera 1, 36 joints.

`dataset/train` and `dataset/test` hold depth_1_0000001.png, synthdepth_1_0000001.png, ... and joint_data.mat, whose
joint_uvd is camera x frame x 36 x 3 (px, px, mm). Crops follow Oberweger & Lepetit 2017, "DeepPrior++".
"""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from lsps_core.camera import NYU, FloatArray
from lsps_core.data.importing.dataset import Dataset
from lsps_core.data.importing.labels import check_depths, find_folder, labelled_shot, refined_centers, settings
from lsps_core.data.importing.matfile import read_array
from lsps_core.data.importing.options import CENTERS, DOMAIN, Option, split_option
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan
from lsps_core.data.importing.shots import Shots
from lsps_core.data.protocol import Protocol
from lsps_core.errors import LspsError
from lsps_core.skeleton import ICVL16, NYU36

TO_ICVL = (34, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0)
"""NYU's joints that correspond to ICVL's 16, so that NYU's synthetic frames can train an ICVL model."""
FIRST_SUBJECT_TEST_FRAMES = 2440
"""Test frames from this one on show a second person, with a smaller hand."""
KEPT = {"nyu": tuple(range(NYU36.joint_count)), "icvl": TO_ICVL}
CUBE_MM = {"nyu": {1: 300.0, 2: 250.0}, "icvl": {1: 350.0, 2: 350.0}}
"""By joints and subject."""
CENTER_JOINT = {"nyu": 32, "icvl": 34}
"""Of NYU's 36: the middle of the palm for NYU, ICVL's palm for ICVL."""
_LABELS = "joint_data.mat"
_PICTURES = {"real": "depth", "synthetic": "synthdepth"}


def plan_nyu(
    source: Path,
    *,
    split: Literal["train", "test"],
    domain: Literal["real", "synthetic"],
    joints: Literal["nyu", "icvl"] = "nyu",
    cube_mm: float | None = None,
    center_joint: int | None = None,
    centers_uvd: Path | None = None,
    centers_mm: Path | None = None,
    limit: int | None = None,
) -> ImportPlan:
    """The plan of an NYU import; `joints` selects all 36, or the 16 that correspond to ICVL's.

    cube_mm: 300 (test frames of the second subject 250), or 350 for ICVL's joints. The cube's centre is one of the 36
    joints, by default the middle of the palm, or a refined one. ValueError if the labels cannot be used.
    """
    folder = find_nyu(Path(source), split=split, domain=domain)
    center_joint = _checked(CENTER_JOINT[joints] if center_joint is None else center_joint)
    centers = refined_centers(centers_uvd, centers_mm)
    uvd = read_joint_uvd(folder / _LABELS)
    points = NYU.unproject(uvd)
    middles = centers.read(NYU, len(uvd)) if centers else list(points[:, center_joint])
    shots, refused = Shots(), list[str]()
    for index, middle in enumerate(middles[:limit]):
        subject = 2 if split == "test" and index >= FIRST_SUBJECT_TEST_FRAMES else 1
        file = f"{_PICTURES[domain]}_1_{index + 1:07d}.png"
        edge = cube_mm or CUBE_MM[joints][subject]
        try:
            check_depths(uvd[index])
            shots.append(
                labelled_shot(folder / file, f"subject{subject}/{file}", edge, middle, points[index, KEPT[joints], :])
            )
        except ValueError as error:
            refused.append(f"{folder / _LABELS}, frame {index + 1}: {error}")
    return ImportPlan(
        shots=shots,
        read=partial(read_depth, nyu_packed=True),
        camera=NYU,
        skeleton=NYU36 if joints == "nyu" else ICVL16,
        domain=domain,
        is_simulated=domain == "synthetic",
        settings=settings(
            "nyu", source, centers, center_joint, split=split, domain=domain, joints=joints, cube_mm=cube_mm
        ),
        refused=tuple(refused),
    )


def find_nyu(source: Path, *, split: str, domain: str, **_: object) -> Path:
    """The folder of a split, with its labels and pictures of the domain; LspsError if they are missing."""
    folder = find_folder(source, (f"dataset/{split}", split), _LABELS)
    kind = _PICTURES[domain]
    with os.scandir(folder) as entries:
        has_pictures = any(entry.name.startswith(f"{kind}_1_") for entry in entries)
    if not has_pictures:
        raise LspsError(
            f"{folder} has no {kind}_1_0000001.png or later", f"unpack the {domain} pictures beside {_LABELS}"
        )
    return folder


def _checked(joint: int) -> int:
    if not 0 <= joint < NYU36.joint_count:
        raise ValueError(f"NYU has no joint {joint} to centre on; its joints are 0 to {NYU36.joint_count - 1}")
    return joint


def read_joint_uvd(path: Path) -> FloatArray:
    """`joint_data.mat` -> float64 [N, 36, 3]: u v d in px, px, mm of camera 1; ValueError for any other file."""
    found = read_array(path, "joint_uvd")
    if found is None or found.ndim != 4 or found.shape[2:] != (NYU36.joint_count, 3):
        raise ValueError(f"{path} has no array joint_uvd of camera x frame x 36 x 3 numbers; give NYU's own file")
    if 0 in found.shape:
        raise ValueError(f"{path} has no labelled frames; copy it again")
    return np.array(found[0])


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

NYU_HANDS = Dataset(
    title="NYU Hand Pose Dataset",
    help="real or synthetic, 36 joints",
    origin="jonathantompson.github.io/NYU_Hand_Pose_Dataset.htm; see there for its terms",
    plan=plan_nyu,
    find=find_nyu,
    own_options=(
        split_option("train", "test"),
        DOMAIN,
        Option(
            name="joints",
            kind="choice",
            choices=(("nyu", "all 36"), ("icvl", "those of ICVL")),
            default="nyu",
            help="all 36, or those that ICVL has (350 mm)",
        ),
        Option(
            name="center_joint",
            kind="number",
            metavar="J",
            help="of the 36, to centre the cube on (default: 32)",
        ),
        *CENTERS,
    ),
    protocol=NYU_14,
)
