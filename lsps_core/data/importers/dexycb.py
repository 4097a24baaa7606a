"""DexYCB (Chao et al. 2021): ten people grasp objects before eight cameras, left and right hands, 21 joints.

`20200709-subject-01/20200709_141754/836212060125/` has aligned_depth_to_color_000000.png and labels_000000.npz of one
camera; `meta.yml` beside it says which hand and object; `calibration/intrinsics` has the cameras. The joints are in m
of the colour camera's frame, to which depth is aligned, with y down, and all -1 where no hand is in sight. Left hands
are mirrored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lsps_core.camera import SIMULATED, Camera
from lsps_core.data.crop import DEFAULT_CUBE_MM
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.importers.dexycb_coco import coco_shots
from lsps_core.data.importing.dataset import Dataset
from lsps_core.data.importing.labels import check_depths, require_folder
from lsps_core.data.importing.options import Option
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan, Shot
from lsps_core.data.importing.shots import Shots
from lsps_core.data.protocol import Protocol
from lsps_core.errors import LspsError
from lsps_core.files import ARRAY_ERRORS, require_file
from lsps_core.skeleton import HAND21

SERIALS = (
    *("836212060125", "839512060362", "840412060917", "841412060263"),
    *("932122060857", "932122060861", "932122061900", "932122062010"),
)
WIDTH_PX, HEIGHT_PX = 640, 480
SEQUENCES = 100
"""Of each person; the splits go by the place of a sequence among them."""
_OBJECTS = (
    *("", "master_chef_can", "cracker_box", "sugar_box", "tomato_soup_can", "mustard_bottle", "tuna_fish_can"),
    *("pudding_box", "gelatin_box", "potted_meat_can", "banana", "pitcher_base", "bleach_cleanser", "bowl", "mug"),
    *("power_drill", "wood_block", "scissors", "large_marker", "large_clamp", "extra_large_clamp", "foam_brick"),
)
_MOST_BYTES, _MOST_YAML_BYTES = 5_000_000, 100_000
_MOST_BRACKETS = 100  # the set's own files have none; the time for nested ones grows with their square
_MOST_JOINT_BYTES = 10_000
_MOST_FRAMES = 100_000
_TO_OURS = np.array([1000.0, -1000.0, 1000.0])
_PERSON = re.compile(r"\d{8}-.+")

SPLITS: dict[str, tuple[frozenset[int], frozenset[int], frozenset[int]]] = {}
"""Places of people, sequences and cameras by the name of a split, as the set's toolkit has them."""
_ALL, _EVERY, _CAMERAS = frozenset(range(10)), frozenset(range(SEQUENCES)), frozenset(range(8))
_FIFTH = frozenset(range(4, SEQUENCES, 5))
SPLITS |= {
    "s0-train": (_ALL, _EVERY - _FIFTH, _CAMERAS),
    "s0-val": (frozenset({0, 1}), _FIFTH, _CAMERAS),
    "s0-test": (_ALL - {0, 1}, _FIFTH, _CAMERAS),
    "s1-train": (_ALL - {6, 7, 8}, _EVERY, _CAMERAS),
    "s1-val": (frozenset({6}), _EVERY, _CAMERAS),
    "s1-test": (frozenset({7, 8}), _EVERY, _CAMERAS),
    "s2-train": (_ALL, _EVERY, _CAMERAS - {6, 7}),
    "s2-val": (_ALL, _EVERY, frozenset({6})),
    "s2-test": (_ALL, _EVERY, frozenset({7})),
    "s3-train": (_ALL, frozenset(i for i in _EVERY if i // 5 not in (3, 7, 11, 15, 19)), _CAMERAS),
    "s3-val": (_ALL, frozenset(i for i in _EVERY if i // 5 in (3, 19)), _CAMERAS),
    "s3-test": (_ALL, frozenset(i for i in _EVERY if i // 5 in (7, 11, 15)), _CAMERAS),
    "all": (_ALL, _EVERY, _CAMERAS),
}

DEXYCB_21 = Protocol(
    name="DexYCB-21",
    skeleton=replace(HAND21, name="dexycb"),
    indices=tuple(range(HAND21.joint_count)),
    camera=SIMULATED,  # any: files have mm
    file_axes="x y z",
    separator=",",
    names_frames=True,
    frame_number=re.compile(r"#(\d+)$"),
)
"""Result files as the toolkit reads them: the place of the frame in the split, then x y z of 21 joints."""


class _Sequence(NamedTuple):
    frame_count: int
    is_left: bool
    groups: tuple[str, str, str]  # person, sequence, object


def plan_dexycb(
    source: Path,
    *,
    split: str = "all",
    annotation: Path | None = None,
    cube_mm: float | None = None,
    limit: int | None = None,
) -> ImportPlan:
    """The plan of an import, centred on the mean of the joints; ValueError if a folder or a description is missing.

    annotation: a COCO file, in place of the split, the labels of each frame and the calibration.
    """
    source = Path(source)
    edge, refused = cube_mm or DEFAULT_CUBE_MM, list[str]()
    people = find_dexycb(source, annotation=annotation)
    if annotation is None:
        found = _shots(source, people, split, edge)
    else:
        found = coco_shots(source, annotation, WIDTH_PX, edge, refused)
    return ImportPlan(
        shots=Shots(islice(found, limit)),
        read=read_depth,
        label=label if annotation is None else None,
        camera=DEXYCB_21.camera,
        skeleton=DEXYCB_21.skeleton,
        divisions=("subject", "sequence", "object", "view", "hand"),
        settings={"importer": "dexycb", "source": str(source.resolve()), "split": split, "cube_mm": edge}
        | ({"annotation": str(annotation)} if annotation else {}),
        refused=tuple(refused),
        note="" if split == "all" or annotation is not None else _shortage(people),
    )


def _shortage(people: dict[int, Path]) -> str:
    for person in people.values():
        count = len(_folders(person))
        if count != SEQUENCES:
            why = "splits go by the place of a sequence among them, so they may differ from the published ones"
            return f"{person.name} has {count} of {SEQUENCES} sequences; {why}"
    return ""


def find_dexycb(source: Path, *, annotation: Path | None, **_: object) -> dict[int, Path]:
    """The folders of the people by their place among the ten; LspsError if there are none, or they cannot be used."""
    require_folder(source)
    if annotation is None and not (source / "calibration" / "intrinsics").is_dir():
        raise LspsError(f"{source} has no folder calibration/intrinsics", "unpack the calibration beside the people")
    folders = sorted(path for path in source.iterdir() if _PERSON.fullmatch(path.name) and path.is_dir())
    if not folders:
        raise LspsError(f"{source} has no folder such as 20200709-subject-01", "give the folder that holds the people")
    if not any(_folders(path) for path in folders):
        raise LspsError(f"{folders[0]} has no folder such as 20200709_141754", "unpack the sequences again")
    people = {}
    for place, path in enumerate(folders):
        number = re.search(r"subject-(\d{1,3})$", path.name)
        people[int(number[1]) - 1 if number else place] = path
    return people


def _folders(person: Path) -> list[Path]:
    return sorted(path for path in person.iterdir() if path.is_dir())


def _shots(source: Path, people: dict[int, Path], split: str, cube_mm: float) -> Iterator[Shot]:
    chosen_people, chosen_sequences, chosen_cameras = SPLITS[split]
    serials = [SERIALS[place] for place in sorted(chosen_cameras)]
    cameras: dict[str, Camera] = {}
    number = 0  # of a frame in the split, as the toolkit counts
    for person in sorted(chosen_people & people.keys()):
        for place, folder in enumerate(_folders(people[person])):
            if place not in chosen_sequences:
                continue
            sequence = _sequence(folder)
            for serial in serials:
                if (folder / serial).is_dir():
                    if serial not in cameras:
                        cameras[serial] = _camera(source, serial)
                    yield from _view_shots(sequence, folder / serial, cameras[serial], number, cube_mm)
                number += sequence.frame_count


def _view_shots(sequence: _Sequence, view: Path, camera: Camera, number: int, cube_mm: float) -> Iterator[Shot]:
    used = FrameCamera.flipped(camera, WIDTH_PX) if sequence.is_left else FrameCamera(camera=camera)
    groups = (*sequence.groups, view.name, "left" if sequence.is_left else "right")
    for frame in range(sequence.frame_count):
        yield Shot(
            path=view / f"aligned_depth_to_color_{frame:06d}.png",
            name=f"{groups[1]}/{view.name}/{frame:06d}#{number + frame}",
            half_mm=cube_mm / 2,
            camera=used,
            groups=groups,
        )


def _sequence(folder: Path) -> _Sequence:
    path = folder / "meta.yml"
    about = _read_yaml(path)
    try:
        frame_count = int(about["num_frames"])
        side = str(about["mano_sides"][0])
        thing = _OBJECTS[int(about["ycb_ids"][int(about.get("ycb_grasp_ind", 0))])]
        if side not in ("left", "right") or not 0 <= frame_count <= _MOST_FRAMES:
            raise ValueError(f"{frame_count} frames of a {side[:20]} hand")
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, AttributeError) as error:
        raise ValueError(f"{path} does not describe a sequence ({error}); copy it again") from error
    groups = (folder.parent.name, f"{folder.parent.name}/{folder.name}", thing)
    return _Sequence(frame_count, side == "left", groups)


def _camera(source: Path, serial: str) -> Camera:
    path = source / "calibration" / "intrinsics" / f"{serial}_{WIDTH_PX}x{HEIGHT_PX}.yml"
    about = _read_yaml(path)
    try:
        color = about["color"]  # depth is aligned to it
        return Camera(fx=float(color["fx"]), fy=float(color["fy"]), cx=float(color["ppx"]), cy=float(color["ppy"]))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{path} does not describe a camera ({error}); copy it again") from error


def _read_yaml(path: Path) -> Any:
    import yaml  # type: ignore[import-untyped]  # only this set has such files

    try:
        require_file(path, most_bytes=_MOST_YAML_BYTES)
        content = path.read_bytes()
        if content.count(b"[") + content.count(b"{") > _MOST_BRACKETS:
            raise ValueError("it is nested too deeply")
        return yaml.safe_load(content)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); unpack the set again") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not a YAML file; copy it again") from error


def label(shot: Shot) -> Shot | None:
    """The shot with its joints, None without a hand; ValueError, in one line, if the labels cannot be used."""
    path = shot.path.with_name(shot.path.name.replace("aligned_depth_to_color_", "labels_")).with_suffix(".npz")
    joints = read_joints(path)
    if joints is None:
        return None
    joints = joints * _TO_OURS
    if shot.camera is not None and shot.camera.is_mirrored:
        joints = joints * (-1, 1, 1)
    try:
        check_depths(joints)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return replace(shot, joints_mm=joints.astype(np.float32), center_mm=joints.mean(axis=0))


def read_joints(path: Path) -> npt.NDArray[np.float64] | None:
    """joint_3d [21, 3] m of a file of labels, None without a hand. Only that array is read, and never unpickled."""
    try:
        require_file(path, most_bytes=_MOST_BYTES)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if not isinstance(arrays, np.lib.npyio.NpzFile) or "joint_3d" not in arrays.files:
                raise ValueError("it has no array joint_3d")
            if arrays.zip.getinfo("joint_3d.npy").file_size > _MOST_JOINT_BYTES:  # type: ignore[union-attr]
                raise ValueError("joint_3d is not of one hand")
            joints = arrays["joint_3d"]
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist; unpack the set again") from None
    except ARRAY_ERRORS as error:
        why = " ".join(str(error).split())[:120]
        raise ValueError(f"{path} has no labels that can be read ({why}); copy it again") from error
    if not isinstance(joints, np.ndarray):  # the part has no header of an array
        raise ValueError(f"{path}: joint_3d is not an array; copy it again")
    if joints.size != 3 * HAND21.joint_count or joints.dtype.kind != "f":
        raise ValueError(f"{path}: joint_3d is {joints.dtype} {list(joints.shape)}, not of one hand; copy it again")
    joints = joints.reshape(HAND21.joint_count, 3).astype(np.float64)
    return None if (joints == -1).all() else joints


DEXYCB = Dataset(
    title="DexYCB",
    help="582 000 frames of eight cameras, hands with objects, 21 joints; left hands are mirrored",
    origin="dex-ycb.github.io; CC BY-NC 4.0",
    plan=plan_dexycb,
    find=find_dexycb,
    own_options=(
        Option(
            name="split",
            kind="choice",
            choices=(
                ("all", "all frames"),
                *((name, name) for name in SPLITS if name != "all"),
            ),
            default="all",
            label="S&plit",
            help="s0: seen people, cameras and objects; s1, s2, s3: unseen people, cameras, objects",
        ),
        Option(
            name="annotation",
            kind="file",
            metavar="FILE.json",
            label="COCO &annotation",
            help="DEX_YCB_s0_train_data.json as HandOccNet and others use it, in place of the split and the labels",
        ),
    ),
    protocol=DEXYCB_21,
)
