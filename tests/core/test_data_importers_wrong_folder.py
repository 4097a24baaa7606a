"""A folder that is not the set's: each importer says what it lacks, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsps_core.cli import main
from lsps_core.data.importers.registry import DATASETS

NEEDED = {"nyu": ["--split", "train", "--domain", "real"], "ho3d": ["--split", "evaluation"]}
NEEDED |= {name: ["--split", "train"] for name in ("icvl", "hands17", "hands19")}
LACKING = {
    "nyu": "dataset/train/joint_data.mat",
    "icvl": "Training/labels.txt",
    "msra": "P0",
    "hands17": "training/Training_Annotation.txt",
    "bighand": "full_annotation",
    "hands19": "Task 1/training_joint_annotation.txt",
    "fpha": "Hand_pose_annotation_v1_1",
    "dexycb": "calibration/intrinsics",
    "ho3d": "evaluation.txt",
}


def complaint(name: str, source: Path, capsys: pytest.CaptureFixture[str]) -> str:
    out = source.parent / "o.h5"
    assert main(["import", name, str(source), str(out), *NEEDED.get(name, [])]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]  # perhaps after a progress bar
    assert line.startswith("lsps import: ")
    assert str(source) in line
    assert "; " in line  # and what to do
    assert not out.exists()
    return line


@pytest.mark.parametrize("name", DATASETS)
def test_a_wrong_folder_is_told_what_it_lacks(tmp_path, capsys, name):
    other = tmp_path / "photos"
    other.mkdir()
    (other / "a.jpg").write_bytes(b"x")
    assert LACKING[name] in complaint(name, other, capsys)
    assert "does not exist" in complaint(name, tmp_path / "mistyped", capsys)
    (tmp_path / "set.zip").write_bytes(b"PK")
    assert "is not a folder" in complaint(name, tmp_path / "set.zip", capsys)


@pytest.mark.parametrize(
    ("name", "folders"),
    [
        ("msra", ["P0"]),
        ("bighand", ["full_annotation/Subject_1"]),
        ("dexycb", ["calibration/intrinsics", "20200709-subject-01"]),
    ],
)
def test_a_set_without_frames_says_so(tmp_path, capsys, name, folders):
    for folder in folders:
        (tmp_path / "set" / folder).mkdir(parents=True)
    assert "has no frames of this choice" in complaint(name, tmp_path / "set", capsys)
