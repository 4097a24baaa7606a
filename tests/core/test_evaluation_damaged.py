"""Damaged label and prediction files: each is read sensibly or refused in one line, and nothing else happens."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lsps_core.cli import main
from lsps_core.evaluation import published

FRAMES, JOINTS = 24, 16
SEEDS = range(9)


def made_uvd():
    random = np.random.default_rng(11)
    return np.round(random.normal([150, 120, 400], [30, 30, 40], (FRAMES, JOINTS, 3)), 3)


def cut(data, random):
    return data[: random.integers(0, len(data))]


def flip_bits(data, random):
    damaged = np.frombuffer(data, np.uint8).copy()
    damaged[random.integers(0, len(damaged), 3)] ^= np.uint8(1 << random.integers(0, 8))
    return damaged.tobytes()


def overwrite(data, random):
    start, length = random.integers(0, len(data)), random.integers(1, 200)
    return data[:start] + random.integers(0, 256, length, dtype=np.uint8).tobytes() + data[start + length :]


def zero_a_sector(data, random):
    start = random.integers(0, len(data))
    return data[:start] + bytes(512) + data[start + 512 :]


def replace_number(data, random):
    strange = ["nan", "inf", "-inf", "1e999", "-1e300", "1_0", "0x1F", "", "?", "null", "-", "1.2.3", "１２", "9" * 400]
    words = data.decode().split(" ")
    words[random.integers(0, len(words) - 1)] = strange[random.integers(0, len(strange))]
    return " ".join(words).encode()


def drop_number(data, random):
    words = data.decode().split(" ")
    del words[random.integers(0, len(words))]
    return " ".join(words).encode()


def drop_columns(data, random):
    kept = random.integers(0, 3 * JOINTS)
    return "\n".join(" ".join(line.split()[:kept]) for line in data.decode().splitlines()).encode()


def add_columns(data, random):
    count = random.integers(1, 7)
    rows = [[*line.split(), *map(str, random.normal(100, 50, count))] for line in data.decode().splitlines()]
    return "\n".join(" ".join(row) for row in rows).encode()


def drop_lines(data, random):
    lines = data.decode().splitlines()
    kept = sorted(random.permutation(len(lines))[: random.integers(0, len(lines))])
    return "\n".join(lines[index] for index in kept).encode()


def repeat_lines(data, random):
    lines = data.decode().splitlines()
    return "\n".join(lines + lines[: random.integers(1, len(lines))]).encode()


def join_lines(data, random):
    lines = data.decode().splitlines()
    at = random.integers(1, len(lines))
    return "\n".join([*lines[: at - 1], lines[at - 1] + lines[at], *lines[at + 1 :]]).encode()


def strange_line_ends(data, random):
    return data.replace(b"\n", [b"\r\n", b"\r", b"\n\n", b" \r\n\r\n", b"\n\r"][random.integers(0, 5)])


DAMAGES = (
    cut,
    flip_bits,
    overwrite,
    zero_a_sector,
    replace_number,
    drop_number,
    drop_columns,
    add_columns,
    drop_lines,
    repeat_lines,
    join_lines,
    strange_line_ends,
)


@pytest.fixture
def files(tmp_path):
    """A label and a prediction file that is 5 mm off."""
    labels, predictions = tmp_path / "labels.txt", tmp_path / "predictions.txt"
    published.write(labels, made_uvd())
    published.write(predictions, made_uvd() + np.array([0, 0, 5]))
    return labels, predictions


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda function: function.__name__)
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
