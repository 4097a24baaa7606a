"""A fixed short share of what `hunt.py` does for hours, and the hunt's own arithmetic."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import hunt

ACTIONS = int(os.environ.get("MONKEY_ACTIONS", "200"))


@pytest.mark.timeout(600 + 2 * ACTIONS)
def test_random_actions_leave_a_window_that_works(tmp_path: Path) -> None:
    found = hunt.run(tmp_path / "monkey", 1, ACTIONS)
    output = (found.folder / "output.log").read_text()[-2000:] + (found.folder / "crash.log").read_text()[:4000]
    assert found.end == "ended", output
    assert found.report["actions"] == ACTIONS
    assert not found.report["problems"]
    assert not found.report["left_over"]


def test_a_crash_is_cut_down_to_the_actions_that_matter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(folder: Path, seed: int, actions: int, only: list[int] | None = None) -> hunt.Found:
        assert actions == 0
        is_crash = {3, 17, 18} <= set(only or [])
        return hunt.Found(seed=seed, folder=folder, status=-11 if is_crash else 0, report={"has_ended": True})

    monkeypatch.setattr(hunt, "run", run)
    assert hunt.cut(tmp_path, 1, range(40)) == [3, 17, 18]


@pytest.mark.parametrize(
    ("status", "report", "end"),
    [
        (0, {"has_ended": True}, "ended"),
        (0, {"has_ended": False}, "ENDED UNASKED"),
        (-11, {}, "CRASH -11"),
        (-1000, {}, "HANGS"),
    ],
)
def test_every_end_has_its_name(status: int, report: dict, end: str) -> None:
    assert hunt.Found(seed=1, folder=Path(), status=status, report=report).end == end
