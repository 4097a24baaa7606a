"""HANDS2017 (Yuan et al. 2018) and HANDS2019, task 1 (Armagan et al. 2020): depth of BigHand2.2M, 21 joints.

Training frames have joints. Test frames have bounding boxes, in which the hand is searched; joints only where a file of
them was released. The format of the lines is described in `importing/hands21.py`. A box is x y and its size in
HANDS2017, two of its corners in HANDS2019. Result files of HANDS2017 may name frames as "frame/images/image_D...".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from lsps_core.camera import HANDS_SR300
from lsps_core.data.crop import DEFAULT_CUBE_MM
from lsps_core.data.importing.dataset import Dataset
from lsps_core.data.importing.hands21 import (
    JOINT_COUNT,
    WITH_OUTSIDE,
    Pictures,
    labelled_shots,
    parted,
    protocol,
    read_boxes,
    read_labels,
)
from lsps_core.data.importing.labels import find_folder, require_inside
from lsps_core.data.importing.options import split_option
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan, Shot
from lsps_core.data.protocol import Protocol

_NO_JOINTS = np.full((JOINT_COUNT, 3), np.nan, np.float32)


@dataclass(frozen=True, kw_only=True)
class _Challenge:
    """Where the files of a challenge are. places: of a split's folder in the unpacked one.

    train, train_images: annotation and pictures of the training frames. boxes, test_images: of the test frames.
    are_corners: whether boxes are left, top, right and bottom. test: their annotation, if it was released, in the
    folder of the boxes or the unpacked one.
    """

    name: str
    protocol: Protocol
    train_places: tuple[str, ...]
    train: str
    train_images: str
    test_places: tuple[str, ...]
    boxes: str
    are_corners: bool = False
    test_images: str
    test: str

    def plan(
        self,
        source: Path,
        *,
        split: Literal["train", "test"],
        with_outside: bool = False,
        cube_mm: float | None = None,
        limit: int | None = None,
    ) -> ImportPlan:
        """The plan of an import; ValueError if the files of the split are missing."""
        source = Path(source)
        folder = self.find(source, split=split)
        if split == "train":
            path, pictures = folder / self.train, Pictures(folder / self.train_images)
            found = labelled_shots(
                read_labels(path), path, cube_mm=cube_mm, with_outside=with_outside, pictures=pictures
            )
        else:
            found = self._test(source, folder, cube_mm or DEFAULT_CUBE_MM)
        shots, refused = parted(found, limit)
        return ImportPlan(
            shots=shots,
            read=read_depth,
            camera=HANDS_SR300,
            skeleton=self.protocol.skeleton,
            settings={
                "importer": self.name,
                "source": str(source.resolve()),
                "split": split,
                "cube_mm": cube_mm or DEFAULT_CUBE_MM,
                "with_outside": with_outside,
            },
            refused=refused,
        )

    def find(self, source: Path, *, split: Literal["train", "test"], **_: object) -> Path:
        """The folder of a split, with its text file and its pictures; LspsError if one is missing."""
        if split == "train":
            folder = find_folder(source, self.train_places, self.train)
            require_inside(folder, self.train_images, "the training pictures")
        else:
            folder = find_folder(source, self.test_places, self.boxes)
            require_inside(folder, self.test_images, "the test pictures")
        return folder

    def _test(self, source: Path, folder: Path, cube_mm: float) -> Iterator[Shot | str]:
        joints: dict[str, npt.NDArray[np.float32]] = {}
        for place in (folder / self.test, source / self.test):
            if not joints and place.is_file():
                labels = ((label.name, label.joints_mm) for label in read_labels(place))
                joints = {name: found for name, found in labels if found is not None}
        pictures = Pictures(folder / self.test_images)
        for line, name, box in read_boxes(folder / self.boxes, are_corners=self.are_corners):
            try:
                if isinstance(box, str):
                    raise ValueError(box)
                picture, frame = pictures.of(name)
            except ValueError as error:
                yield f"{folder / self.boxes}, line {line}: {error}"
                continue
            found = joints.get(name, _NO_JOINTS)
            yield Shot(path=picture, name=frame, half_mm=cube_mm / 2, joints_mm=found, box_px=box)


_HANDS17 = _Challenge(
    name="hands17",
    protocol=replace(protocol("HANDS17"), folder="frame/images/"),
    train_places=("training", "."),
    train="Training_Annotation.txt",
    train_images="images",
    test_places=("frame", "."),
    boxes="BoundingBox.txt",
    test_images="images",
    test="Test_Annotation.txt",
)
_HANDS19 = _Challenge(
    name="hands19",
    protocol=protocol("HANDS19"),
    train_places=("Task 1", "."),
    train="training_joint_annotation.txt",
    train_images="training_images",
    test_places=("Task 1", "."),
    boxes="test_bbs.txt",
    are_corners=True,
    test_images="test_images",
    test="test_joint_annotation.txt",
)
_SPLIT = split_option("train", "test")

HANDS17 = Dataset(
    title="HANDS 2017",
    help="957 032 training frames, 21 joints; test frames by bounding box",
    origin="icvl.ee.ic.ac.uk/hands17/challenge; academic use only, no redistribution",
    plan=_HANDS17.plan,
    find=_HANDS17.find,
    own_options=(_SPLIT, WITH_OUTSIDE),
    protocol=_HANDS17.protocol,
)
HANDS19 = Dataset(
    title="HANDS 2019, task 1",
    help="175 951 training frames, 21 joints; test frames by bounding box",
    origin="sites.google.com/view/hands2019/challenge; academic use only, no redistribution",
    plan=_HANDS19.plan,
    find=_HANDS19.find,
    own_options=(_SPLIT, WITH_OUTSIDE),
    protocol=_HANDS19.protocol,
)
