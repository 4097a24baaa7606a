"""First-Person Hand Action (Garcia-Hernando et al. 2018): six people, 45 actions with objects, 21 joints.

`Hand_pose_annotation_v1_1/Subject_1/put_salt/1/skeleton.txt` annotates the pictures
`Video_files/Subject_1/put_salt/1/depth/depth_0000.png` and so on; its lines begin with the number of the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from lsps_core.camera import HANDS_SR300
from lsps_core.data.crop import DEFAULT_CUBE_MM
from lsps_core.data.importing.dataset import Dataset
from lsps_core.data.importing.hands21 import WITH_OUTSIDE, Pictures, labelled_shots, parted, protocol, read_labels
from lsps_core.data.importing.options import Option
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan, Shot

SUBJECTS = {"train": ("1", "3", "4"), "test": ("2", "5", "6")}
"""Of the protocol "cross subject"."""
WRONG = ("Subject_2/close_milk/4", "Subject_2/put_tea_bag/2", "Subject_4/flip_sponge/2")
"""Sequences whose annotation does not belong to the pictures."""
_ANNOTATIONS = ("Hand_pose_annotation_v1_1", "Hand_pose_annotation_v1")
_PICTURES = "Video_files"
FPHA_21 = protocol("FPHA")


def plan_fpha(
    source: Path,
    *,
    split: Literal["train", "test", "all"] = "all",
    with_outside: bool = False,
    cube_mm: float | None = None,
    limit: int | None = None,
) -> ImportPlan:
    """The plan of an import of some of the people; ValueError if a folder of the set is missing."""
    source = Path(source)
    annotation = next((source / name for name in _ANNOTATIONS if (source / name).is_dir()), None)
    if annotation is None or not (source / _PICTURES).is_dir():
        lacking = _PICTURES if annotation is not None else _ANNOTATIONS[0]
        raise ValueError(f"{source} has no folder {lacking}; give the folder that the set was unpacked into")
    files = sorted(annotation.glob("Subject_*/*/*/skeleton.txt"))
    chosen = [path for path in files if split == "all" or _parts(path)[0].removeprefix("Subject_") in SUBJECTS[split]]
    if not chosen:
        raise ValueError(f"{annotation} has no Subject_*/ACTION/REPETITION/skeleton.txt of the split {split}")

    def shots() -> Iterator[Shot | str]:
        for path in chosen:
            person, action, repetition = _parts(path)
            sequence = f"{person}/{action}/{repetition}"
            if sequence in WRONG:
                yield f"{path}: the annotation does not belong to these pictures"
                continue
            folder = source / _PICTURES / sequence / "depth"
            pictures = Pictures(folder, "depth_{:0>4}.png", f"{sequence}/", (person, sequence, action))
            yield from labelled_shots(
                read_labels(path), path, cube_mm=cube_mm, with_outside=with_outside, pictures=pictures
            )

    found, refused = parted(shots(), limit)
    return ImportPlan(
        shots=found,
        read=read_depth,
        camera=HANDS_SR300,
        skeleton=FPHA_21.skeleton,
        divisions=("subject", "sequence", "action"),
        settings={
            "importer": "fpha",
            "source": str(source.resolve()),
            "split": split,
            "cube_mm": cube_mm or DEFAULT_CUBE_MM,
            "with_outside": with_outside,
        },
        refused=refused,
    )


def _parts(path: Path) -> tuple[str, str, str]:
    """Person, action and repetition of an annotation file."""
    repetition = path.parent
    return repetition.parent.parent.name, repetition.parent.name, repetition.name


FPHA = Dataset(
    title="First-Person Hand Action",
    help="105 000 frames of 45 actions with objects, 21 joints",
    origin="github.com/guiggh/hand_pose_action; academic use only, no redistribution",
    plan=plan_fpha,
    own_options=(
        Option(
            name="split",
            kind="choice",
            choices=(
                ("all", "all six people"),
                ("train", "train: subjects 1, 3, 4"),
                ("test", "test: subjects 2, 5, 6"),
            ),
            default="all",
            label="S&plit",
            help="which people, as the protocol across subjects divides them",
        ),
        WITH_OUTSIDE,
    ),
    protocol=FPHA_21,
)
