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
from lsps_core.data.importing.labels import require_folder
from lsps_core.data.importing.options import Option
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan, Shot
from lsps_core.errors import LspsError

SPLITS = {
    "all": "all six people",
    "train": "across subjects, training: 1, 3, 4",
    "test": "across subjects, test: 2, 5, 6",
    "object-train": "across objects, training",
    "object-test": "across objects, test",
}
_TEST_SUBJECTS = ("Subject_2", "Subject_5", "Subject_6")
TEST_OBJECTS = {
    "peanut butter": ("open_peanut_butter", "close_peanut_butter"),
    "fork": ("prick",),
    "milk": ("open_milk", "close_milk", "pour_milk"),
    "tea": ("put_tea_bag",),
    "liquid soap": ("open_liquid_soap", "close_liquid_soap", "pour_liquid_soap"),
    "spray": ("use_flash",),
    "paper": ("tear_paper", "squeeze_paper", "read_letter"),
    "calculator": ("use_calculator",),
    "phone": ("charge_cell_phone",),
    "coin": ("give_coin", "receive_coin"),
    "card": ("give_card",),
    "wine bottle": ("pour_wine",),
}
"""The objects that the protocol "cross object" tests, from the set's own page, with their actions by folder."""
_TEST_ACTIONS = frozenset(action for actions in TEST_OBJECTS.values() for action in actions)
WRONG = ("Subject_2/close_milk/4", "Subject_2/put_tea_bag/2", "Subject_4/flip_sponge/2")
"""Sequences whose annotation does not belong to the pictures."""
_ANNOTATIONS = ("Hand_pose_annotation_v1_1", "Hand_pose_annotation_v1")
_PICTURES = "Video_files"
Split = Literal["all", "train", "test", "object-train", "object-test"]
FPHA_21 = protocol("FPHA")


def plan_fpha(
    source: Path,
    *,
    split: Split = "all",
    with_outside: bool = False,
    cube_mm: float | None = None,
    limit: int | None = None,
) -> ImportPlan:
    """The plan of an import of some of the people or actions; ValueError if a folder of the set is missing."""
    source = Path(source)
    chosen = find_fpha(source, split=split)

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


def find_fpha(source: Path, *, split: Split, **_: object) -> list[Path]:
    """The annotation files of a split; LspsError if there are none, or the pictures are missing."""
    require_folder(source)
    annotation = next((source / name for name in _ANNOTATIONS if (source / name).is_dir()), None)
    if annotation is None or not (source / _PICTURES).is_dir():
        lacking = _PICTURES if annotation is not None else _ANNOTATIONS[0]
        raise LspsError(f"{source} has no folder {lacking}", "give the folder that the set was unpacked into")
    files = sorted(annotation.glob("Subject_*/*/*/skeleton.txt"))
    chosen = [path for path in files if _is_in(split, path)]
    if not chosen:
        lacking = "Subject_*/ACTION/REPETITION/skeleton.txt"
        raise LspsError(f"{annotation} has no {lacking} of the split {split}", "unpack the rest, or choose another")
    return chosen


def _is_in(split: Split, path: Path) -> bool:
    person, action, _ = _parts(path)
    is_tested = action in _TEST_ACTIONS if split.startswith("object") else person in _TEST_SUBJECTS
    return split == "all" or is_tested == split.endswith("test")


def _parts(path: Path) -> tuple[str, str, str]:
    """Person, action and repetition of an annotation file."""
    repetition = path.parent
    return repetition.parent.parent.name, repetition.parent.name, repetition.name


FPHA = Dataset(
    title="First-Person Hand Action",
    help="105 000 frames of 45 actions with objects, 21 joints",
    origin="github.com/guiggh/hand_pose_action; academic use only, no redistribution",
    plan=plan_fpha,
    find=find_fpha,
    own_options=(
        Option(
            name="split",
            kind="choice",
            choices=tuple(SPLITS.items()),
            default="all",
            label="S&plit",
            help="train and test: of the protocol across subjects; object-train and object-test: across objects",
        ),
        WITH_OUTSIDE,
    ),
    protocol=FPHA_21,
)
