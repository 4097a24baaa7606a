"""What is told of a run while it trains: to a person at a terminal, to a reader of lines, to TensorBoard."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from lsps_core.cli import main
from lsps_core.events import Ended, Event, Noted, Saved, Started, Stepped, Validated
from lsps_core.training.listeners import JsonLines, Listeners, ProgressBar, TensorBoard

STEPPED = Stepped(
    stage="depth",
    stage_step=60,
    step=100,
    terms={"reconstruction/real": 0.25, "reconstruction/synthetic": 0.75, "kl/real": 3.0},
    frames_per_s=48.2,
    eta_s=4000.0,
)
EVENTS: list[Event] = [
    Started(step=40, total_steps=400, device="cpu", parameters=1),
    Validated(stage="depth", step=100, mean_error_mm=37.61, best_error_mm=36.9, domain="real"),
    STEPPED,
    Ended(step=100, reason="stopped"),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class ClosedPipe(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


def tell(*listeners) -> None:
    with Listeners(*listeners) as all_of_them:
        for event in EVENTS:
            all_of_them(event)


def test_the_bar_tells_stage_terms_error_speed_and_time_left():
    terminal = Terminal()
    tell(ProgressBar(terminal))
    last = terminal.getvalue().strip().split("\r")[-1]
    for fact in ("depth 2/3", "25%", "rec 0.5", "37.6 mm (best 36.9)", "48 frames/s", "1:06:40 left"):
        assert fact in last


def test_without_a_terminal_there_is_no_bar_but_notes_come_through():
    stream = io.StringIO()
    bar = ProgressBar(stream)
    tell(bar)
    assert stream.getvalue() == ""
    bar(Noted(message="depth.steps from 1 to 2"))
    assert stream.getvalue() == "note: depth.steps from 1 to 2\n"


def test_every_event_is_a_line_of_json():
    stream = io.StringIO()
    tell(JsonLines(stream))
    assert [json.loads(line)["kind"] for line in stream.getvalue().splitlines()] == [e.kind for e in EVENTS]


def test_a_reader_that_died_does_not_silence_the_others():
    stream = io.StringIO()
    tell(JsonLines(ClosedPipe()), JsonLines(stream))
    assert len(stream.getvalue().splitlines()) == len(EVENTS)


def test_tensorboard_gets_terms_errors_and_sheets_and_forgets_what_a_kill_undid(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (tmp_path / "previews").mkdir()
    Image.new("L", (8, 4)).save(tmp_path / "previews" / "00000100.png")
    with Listeners(TensorBoard(tmp_path)) as board:
        for event in (*EVENTS[:-1], Saved(kind="preview", stage="depth", step=100, path="00000100.png")):
            board(event)
    read = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert {"depth/kl/real", "depth/mean_error_mm", "depth/frames_per_s"} <= set(read.Tags()["scalars"])
    assert read.Scalars("depth/mean_error_mm")[0].value == pytest.approx(37.61)
    assert (read.Images("preview")[0].width, read.Images("preview")[0].height) == (8, 4)
    with Listeners(TensorBoard(tmp_path)) as board:
        board(Started(step=40, total_steps=400, device="cpu", parameters=1))
    assert not EventAccumulator(str(tmp_path / "tensorboard")).Reload().Scalars("depth/mean_error_mm")


@pytest.mark.parametrize(("flag", "is_told"), [(["--tensorboard"], True), ([], False), (["--no-tensorboard"], False)])
def test_a_missing_tensorboard_is_told_to_who_asked_for_it(tmp_path: Path, capsys, monkeypatch, flag, is_told):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert main(["train", str(tmp_path / "run"), *flag]) == 2  # without stores: that is told in any case
    error = capsys.readouterr().err
    assert ("pip install tensorboard" in error) == is_told
    assert "--synthetic" in error
