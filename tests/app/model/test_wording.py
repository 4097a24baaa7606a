"""Durations, counts, speeds and sizes as the window writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer_app.model.wording import duration, flat, grouped, memory, model_name, speed, typicality


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "under 1 s"),
        (45, "45 s"),
        (720, "12 min"),
        (3599, "1 h 00 min"),
        (11100, "3 h 05 min"),
        (187200, "2 d 4 h"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_large_counts_are_grouped():
    assert grouped(999) == "999"
    assert grouped(1234567) == "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567"


def test_records_are_rows_and_lists_have_a_line_each():
    record = {"steps": {"pose": 2}, "rate": 0.5, "commands": ["lsps train", "lsps fit"]}
    assert flat(record) == [("steps.pose", "2"), ("rate", "0.5"), ("commands", "lsps train\nlsps fit")]


def test_speeds_and_sizes():
    assert [speed(rate) for rate in (0.26, 9.9, 25.4)] == ["0.3 frames/s", "9.9 frames/s", "25 frames/s"]
    assert [memory(count) for count in (None, 3_000_000, 2_500_000_000)] == ["–", "3 MB", "2.5 GB"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "outside the training poses, 0 %"),
        (0.02, "unusual, 2 %"),
        (0.1, "typical, 10 %"),
        (1.0, "typical, 100 %"),
    ],
)
def test_how_usual_a_hand_is_has_a_word(share, text):
    assert typicality(share) == text


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("runs/first/checkpoints/00000800.safetensors", "first, step 800"),
        ("runs/first/model.safetensors", "model"),
        ("compact.safetensors", "compact"),
        ("00012000.safetensors", "step 12\N{NARROW NO-BREAK SPACE}000"),
    ],
)
def test_models_are_named_by_their_run_and_step(path, name):
    assert model_name(Path(path)) == name
