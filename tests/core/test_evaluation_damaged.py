"""Damaged label and prediction files: each is read sensibly or refused in one line, and nothing else happens."""

from __future__ import annotations

import json

import numpy as np
import pytest
from mutations import TABLE_MUTATIONS

from lsps_core.cli import main
from lsps_core.evaluation import published

FRAMES, JOINTS = 24, 16
SEEDS = range(9)


def made_uvd():
    random = np.random.default_rng(11)
    return np.round(random.normal([150, 120, 400], [30, 30, 40], (FRAMES, JOINTS, 3)), 3)


@pytest.fixture
def files(tmp_path):
    """A label and a prediction file that is 5 mm off."""
    labels, predictions = tmp_path / "labels.txt", tmp_path / "predictions.txt"
    published.write(labels, made_uvd())
    published.write(predictions, made_uvd() + np.array([0, 0, 5]))
    return labels, predictions


@pytest.mark.parametrize("damage", TABLE_MUTATIONS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("victim", [0, 1], ids=["labels", "predictions"])
def test_a_damaged_file_is_read_sensibly_or_refused_in_one_line(files, capsys, damage, victim):
    original = files[victim].read_bytes()
    for seed in SEEDS:
        files[victim].write_bytes(damage(original, np.random.default_rng(seed)))
        status = main(["score", "icvl", *map(str, files), "--json"])
        captured = capsys.readouterr()
        if status == 0:
            result = json.loads(captured.out)
            assert 1 <= result["frames"] <= FRAMES
            assert all(np.isfinite(result[key]) for key in ("mean_error_mm", "max_error_mm", "within_40mm_percent"))
            # what still reads is the file with at most a few digits other than they were
            assert result["median_error_mm"] == pytest.approx(5, abs=1)
        else:
            assert (status, captured.out) == (2, "")
            (line,) = captured.err.strip().split("\n")
            assert line.startswith("lsps score: ")
            assert len(line.replace(str(files[0].parent), "")) < 300
            assert any(str(file) in line for file in files)
        assert sorted(files[0].parent.iterdir()) == sorted(files)


def test_an_undamaged_file_with_other_line_ends_scores_the_same(files, capsys):
    for _ in range(2):
        assert main(["score", "icvl", *map(str, files), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["frames"] == FRAMES
        files[1].write_bytes(files[1].read_bytes().replace(b"\n", b"\r\n"))
