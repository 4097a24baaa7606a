"""HO-3D, versions 2 and 3 (Hampali et al. 2020): hands with objects before several cameras, 21 joints.

`train/ABF10/depth/0000.png` and `train/ABF10/meta/0000.pkl`, listed as "ABF10/0000" in train.txt, and the same for
evaluation. A meta file is a pickled dict, which is read without executing it: camMat, and handJoints3D in m of OpenGL's
axes (z towards the viewer), None in frames that are not annotated. In the evaluation split handJoints3D is the wrist
alone, beside handBoundingBox; evaluation_xyz.json, released later, has all its joints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from lsps_core.camera import SIMULATED, Camera
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.importing.coco import MANO_TO_HAND21, read_coco
from lsps_core.data.importing.dataset import Dataset
from lsps_core.data.importing.labels import check_depths, find_folder, label_lines, require_inside
from lsps_core.data.importing.options import Option
from lsps_core.data.importing.pictures import read_ho3d_depth
from lsps_core.data.importing.plain_pickle import read_plain_pickle
from lsps_core.data.importing.plan import ImportPlan, Shot
from lsps_core.data.importing.shots import Shots
from lsps_core.data.protocol import Protocol
from lsps_core.files import read_json
from lsps_core.skeleton import HAND21

CUBE_MM = 280.0
_TO_OURS = np.array([1000.0, 1000.0, -1000.0])
_TRUTH = "evaluation_xyz.json"
_MOST_TRUTH_BYTES = 100_000_000
_MOST_APART_MM = 5.0  # of the wrists in the two files of a frame
_TRIED = 200  # frames of a sequence that are searched for its camera
_PICTURE = re.compile(r"(?:^|/)([A-Za-z0-9]+)/rgb/(\d+)\.(?:png|jpe?g)$")
_NO_JOINTS = np.full((HAND21.joint_count, 3), np.nan)

HO3D_21 = Protocol(
    name="HO3D-21",
    skeleton=replace(HAND21, name="ho3d"),
    indices=tuple(range(HAND21.joint_count)),
    camera=SIMULATED,  # any: files have mm
    file_axes="x y z",
    separator="\t",
    names_frames=True,
    json_joints=tuple(MANO_TO_HAND21.index(joint) for joint in range(HAND21.joint_count)),
)

Points = npt.NDArray[np.float64]


def plan_ho3d(
    source: Path,
    *,
    split: Literal["train", "evaluation"],
    annotation: Path | None = None,
    cube_mm: float | None = None,
    limit: int | None = None,
) -> ImportPlan:
    """The plan of an import, centred on the mean of the joints, or of the bounding box at the wrist's depth.

    annotation: a COCO file of the split, in place of the meta files. ValueError if the list of the split is missing.
    """
    folder = find_ho3d(Path(source), split=split)
    edge, refused = cube_mm or CUBE_MM, list[str]()
    truth = _truth(folder) if split == "evaluation" and annotation is None else None
    if annotation is None:
        shots, note = _shots(folder, split, edge, truth, refused), f"there is no {_TRUTH}, so the frames have no joints"
    else:
        shots, note = _coco_shots(folder / split, annotation, edge, refused), ""
    return ImportPlan(
        shots=Shots(islice(shots, limit)),
        read=read_ho3d_depth,
        label=label if annotation is None else None,
        camera=HO3D_21.camera,
        skeleton=HO3D_21.skeleton,
        divisions=("sequence", "object"),
        settings={
            "importer": "ho3d",
            "source": str(folder.resolve()),
            "split": split,
            "annotation": str(annotation) if annotation else "",
            "cube_mm": edge,
        },
        refused=tuple(refused),
        note="" if split == "train" or truth else note,
    )


def find_ho3d(source: Path, *, split: str, **_: object) -> Path:
    """The folder with the list of a split and its sequences; LspsError if one is missing."""
    folder = find_folder(source, (".", "HO3D_v3", "HO3D_v2"), f"{split}.txt")
    require_inside(folder, split, "the sequences")
    return folder


def _truth(folder: Path) -> list[Any]:
    """The joints of the evaluation frames, in the order of their list; empty if the file is not there."""
    path = folder / _TRUTH
    if not path.exists():
        return []
    try:
        truth = read_json(path, _MOST_TRUTH_BYTES)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); check who may access it") from error
    if not isinstance(truth, list):
        raise ValueError(f"{path} is not a list of joints; copy it again")
    return truth


def _shots(folder: Path, split: str, cube_mm: float, truth: list[Any] | None, refused: list[str]) -> Iterator[Shot]:
    lists = folder / f"{split}.txt"
    sequences: dict[str, tuple[FrameCamera, str]] = {}
    for place, (line, (name, *_)) in enumerate(label_lines(lists)):
        sequence, _, frame = name.partition("/")
        try:
            if not (sequence.isalnum() and frame.isdecimal()):
                raise ValueError(f"{name[:40]!r} is not SEQUENCE/NUMBER")
            if sequence not in sequences:
                sequences[sequence] = _sequence(folder / split / sequence / "meta")
            joints = _their_joints(truth[place]) if truth else None
        except (ValueError, IndexError) as error:
            refused.append(f"{lists}, line {line}: {error}")
            continue
        camera, thing = sequences[sequence]
        yield Shot(
            path=folder / split / sequence / "depth" / f"{frame}.png",
            name=f"{sequence}/{frame}",
            half_mm=cube_mm / 2,
            camera=camera,
            joints_mm=joints,
            groups=(sequence, thing),
        )


def _coco_shots(folder: Path, annotation: Path, cube_mm: float, refused: list[str]) -> Iterator[Shot]:
    for hand in read_coco(annotation):
        if isinstance(hand, str):
            refused.append(hand)
            continue
        found = _PICTURE.search(hand.file_name)
        if found is None:
            refused.append(f"{annotation}: {hand.file_name[:60]!r} is not SEQUENCE/rgb/NUMBER.png")
            continue
        sequence, frame = found.groups()
        yield Shot(
            path=folder / sequence / "depth" / f"{frame}.png",
            name=f"{sequence}/{frame}",
            half_mm=cube_mm / 2,
            camera=FrameCamera(camera=hand.camera),
            joints_mm=_NO_JOINTS if hand.joints_mm is None else hand.joints_mm,
            center_mm=hand.center_mm,
            groups=(sequence, ""),
        )


def _sequence(meta: Path) -> tuple[FrameCamera, str]:
    """The camera and the object of a sequence, from the first frame that has them."""
    for path in islice(sorted(meta.glob("*.pkl")), _TRIED):
        try:
            about = _read_meta(path)
            matrix = np.asarray(about["camMat"], np.float64)
            camera = Camera(fx=matrix[0, 0], fy=matrix[1, 1], cx=matrix[0, 2], cy=matrix[1, 2])
        except (
            ValueError,
            KeyError,
            TypeError,
            IndexError,
            OverflowError,
        ):  # the frame itself is refused when it is read
            continue
        return FrameCamera(camera=camera), str(about.get("objName"))[:40]
    raise ValueError(f"{meta} has no frame with a camera (camMat)")


def _read_meta(path: Path) -> dict[str, Any]:
    about = read_plain_pickle(path)
    if not isinstance(about, dict):
        raise ValueError(f"{path} is not a dict of annotations; copy it again")
    return about


def _their_joints(values: Any) -> Points:
    """[21, 3] m of theirs -> mm of HAND21."""
    try:
        joints = np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("joints that are not numbers") from error
    if joints.shape != (HAND21.joint_count, 3):
        raise ValueError(f"joints of the shape {list(joints.shape)}, not of 21 points")
    ours: Points = joints[list(MANO_TO_HAND21)] * _TO_OURS
    check_depths(ours)
    return ours


def label(shot: Shot) -> Shot | None:
    """The shot with its joints and centre, None where it is not annotated; ValueError if its file cannot be used."""
    path = shot.path.parent.parent / "meta" / f"{shot.path.stem}.pkl"
    about = _read_meta(path)
    found = about.get("handJoints3D")
    if found is None:
        return None
    try:
        if np.size(found) == 3:
            return _by_box(shot, np.asarray(found, np.float64).reshape(3) * _TO_OURS, about)
        joints = _their_joints(found)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{path}: {error}") from error
    return replace(shot, joints_mm=joints, center_mm=joints.mean(axis=0))


def _by_box(shot: Shot, wrist: Points, about: dict[str, Any]) -> Shot:
    check_depths(wrist)
    if shot.joints_mm is not None and np.linalg.norm(shot.joints_mm[0] - wrist) > _MOST_APART_MM:
        raise ValueError(f"its wrist is not that of {_TRUTH}")
    box = np.asarray(about.get("handBoundingBox"), np.float64)
    if box.shape != (4,) or shot.camera is None:
        raise ValueError("it has no bounding box of the hand")
    middle = (box[:2] + box[2:]) / 2
    center = shot.camera.camera.unproject(np.array([*middle, wrist[2]]))
    check_depths(center)
    return replace(shot, joints_mm=_NO_JOINTS if shot.joints_mm is None else shot.joints_mm, center_mm=center)


HO3D = Dataset(
    title="HO-3D",
    help="versions 2 and 3: hands with objects, 21 joints",
    origin="github.com/shreyashampali/ho3d; academic use only, no redistribution",
    plan=plan_ho3d,
    find=find_ho3d,
    own_options=(
        Option(
            name="split",
            kind="choice",
            choices=(("train", "train"), ("evaluation", "evaluation")),
            is_required=True,
            label="S&plit",
            help="which part of the set; joints of the evaluation need its evaluation_xyz.json",
        ),
        Option(
            name="annotation",
            kind="file",
            metavar="FILE.json",
            label="COCO &annotation",
            help="HO3D_train_data.json as HandOccNet and others use it, in place of the meta files",
        ),
    ),
    protocol=HO3D_21,
)
