"""The files and folders of each data set without their content, and what importing says where one is missing."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

SUBJECT, SEQUENCE, SERIAL = "20200709-subject-01", "20200709_141754", "836212060125"
VIEW = "1 75_loc_shift_made_by_qi_20180112_v2.txt"


class Folder(NamedTuple):
    """A data set's folder. values: of required options. files: each is needed, with what is said without it."""

    values: dict[str, str]
    files: dict[str, str]

    def make(self, place: Path, *, without: str = "") -> Path:
        """All files but `without`, and no folder that only this one would be in."""
        place.mkdir(parents=True)
        for file in self.files:
            if file != without:
                (place / file).parent.mkdir(parents=True, exist_ok=True)
                (place / file).touch()
        return place


FOLDERS = {
    "nyu": Folder(
        {"split": "train", "domain": "real"},
        {
            "dataset/train/joint_data.mat": "has none of dataset/train/joint_data.mat, train/joint_data.mat",
            "dataset/train/depth_1_0000001.png": "dataset/train has no depth_1_0000001.png",
        },
    ),
    "icvl": Folder(
        {"split": "test"},
        {
            "Testing/test_seq_1.txt": "has none of Testing/test_seq_1.txt, test_seq_1.txt",
            "Testing/test_seq_2.txt": "has none of Testing/test_seq_2.txt, test_seq_2.txt",
            "Testing/Depth/test_seq_1/image_0000.png": "Testing has no folder Depth",
        },
    ),
    "msra": Folder({}, {"P0/1/joint.txt": "has no folder P0 to P8"}),
    "hands17": Folder(
        {"split": "train"},
        {
            "training/Training_Annotation.txt": "has none of training/Training_Annotation.txt, Training_Annotation.txt",
            "training/images/image_D00000001.png": "training has no folder images",
        },
    ),
    "bighand": Folder(
        {},
        {
            f"full_annotation/Subject_1/{VIEW}": "has no folder full_annotation",
            "Subject_1/1 75/image_D00010000.png": "has no folder Subject_1",
        },
    ),
    "hands19": Folder(
        {"split": "test"},
        {
            "Task 1/test_bbs.txt": "has none of Task 1/test_bbs.txt, test_bbs.txt",
            "Task 1/test_images/image_D00000001.png": "Task 1 has no folder test_images",
        },
    ),
    "fpha": Folder(
        {},
        {
            "Hand_pose_annotation_v1_1/Subject_1/put_salt/1/skeleton.txt": "has no folder Hand_pose_annotation_v1_1",
            "Video_files/Subject_1/put_salt/1/depth/depth_0000.png": "has no folder Video_files",
        },
    ),
    "dexycb": Folder(
        {},
        {
            f"calibration/intrinsics/{SERIAL}_640x480.yml": "has no folder calibration/intrinsics",
            f"{SUBJECT}/{SEQUENCE}/meta.yml": f"has no folder such as {SUBJECT}",
        },
    ),
    "ho3d": Folder(
        {"split": "evaluation"},
        {
            "evaluation.txt": "has none of evaluation.txt, HO3D_v3/evaluation.txt, HO3D_v2/evaluation.txt",
            "evaluation/AP10/meta/0000.pkl": "has no folder evaluation",
        },
    ),
    "frames": Folder({}, {"image.png": "has no depth images or recordings (.png .npy .tif .tiff .db3"}),
}
"""By the name in `lsps import`."""

HOLLOW = {
    "msra": (["P0/1"], "P0 has no joint.txt in its folders"),
    "bighand": (
        ["full_annotation/Subject_1", "Subject_1"],
        "Subject_1 has no annotation such as “1 75_loc_shift….txt”",
    ),
    "fpha": (["Hand_pose_annotation_v1_1", "Video_files"], "has no Subject_*/ACTION/REPETITION/skeleton.txt"),
    "dexycb": (["calibration/intrinsics", SUBJECT], f"{SUBJECT} has no folder such as {SEQUENCE}"),
}
"""Folders of a set in which a file is missing, and what is said."""
