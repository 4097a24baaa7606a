"""Events as lines: what is written is read again, and nothing that anybody wrote raises."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsps_core import events
from lsps_core.errors import COMMAND_LINE, LspsError, Words, as_lsps_error
from lsps_core.events import Event, Unknown, parse

EVENTS = [
    events.Started(step=3, total_steps=9, device="cpu", parameters=2**40),
    events.Stepped(stage="pose", stage_step=1, step=1, terms={"a": 0.5, "b/c": 1.0}, frames_per_s=9.0, eta_s=1.0),
    events.Validated(stage="pose", step=1, mean_error_mm=9.5, best_error_mm=9.0, domain="real"),
    events.Saved(kind="checkpoint", stage="depth", step=2, path="00000002.safetensors"),
    events.Saved(kind="preview", stage="depth", step=2, path="00000002.png"),
    events.Noted(message="changed"),
    events.Ended(step=2, reason="finished"),
    events.Ended(step=2, reason="failed", **events.error_fields(LspsError("a", "b", field="c", settings={"d": "1"}))),
    events.Failed(**events.error_fields(LspsError("a", field="c"))),
    events.JobStarted(path="o.h5", total=3),
    events.JobStarted(path="o.npz", total=3, device="cpu"),
    events.Progress(done=1, total=3, frames_per_s=0.0),
    events.PartStarted(name="data.h5", index=1, count=3),
    events.PartStarted(name="fold1", index=2, count=3, run="out/runs/fold1"),
    events.BlockWritten(path="0.npz", start=0, stop=3),
    events.Skipped(lines=("a.png: empty", "b.png: none")),
    events.JobEnded(reason="stopped", path="o.h5"),
    events.JobEnded(reason="finished", path="o.h5", frames=3, skipped=2, resumed=0),
    events.StageEstimated(stage="pose", steps=3, seconds_per_step=0.5, peak_bytes=None, seconds=1.5),
    events.RunEstimated(device="cuda", seconds=9.0, peak_bytes=2**35, free_bytes=2**36),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_what_is_written_is_read_again(event: Event) -> None:
    assert parse(event.line()) == event


def test_every_event_is_among_those_read_again() -> None:
    written = {type(event) for event in EVENTS}
    kinds = {cls for cls in vars(events).values() if isinstance(cls, type) and issubclass(cls, Event)}
    assert {cls for cls in kinds if not cls.__name__.startswith("_")} - written == {Event, events.RunEvent, Unknown}


@given(st.text() | st.binary())
def test_no_line_raises(line: str | bytes) -> None:
    found = parse(line)
    assert found is None or isinstance(found, Event)


@given(st.sampled_from(EVENTS), st.data())
def test_a_damaged_event_is_unknown_or_has_fields_of_its_types(event: Event, data: st.DataObject) -> None:
    value: dict[str, Any] = json.loads(event.line())
    for key in data.draw(st.lists(st.sampled_from(sorted(value)), max_size=3)):
        value[key] = data.draw(json_values)
    found = parse(json.dumps(value))
    if not isinstance(value["kind"], str):
        assert found is None
    elif found is not None and not isinstance(found, Unknown):
        assert parse(found.line()) is not None
        for field in dataclasses.fields(found):
            item = getattr(found, field.name)
            assert not isinstance(item, float) or math.isnan(item) or math.isfinite(item)
            assert not isinstance(item, int) or 0 <= item < 2**63


@given(st.sampled_from(EVENTS), st.integers(min_value=0, max_value=400))
def test_half_a_line_is_no_event(event: Event, length: int) -> None:
    line = event.line()
    assert parse(line[: min(length, len(line) - 1)]) is None


@pytest.mark.parametrize(
    "line",
    ['{"kind": "later", "step": 7}', '{"kind": "step", "step": 7}', '{"kind": "validation", "step": 7, "time": "x"}'],
)
def test_lines_of_another_version_keep_their_step(line: str) -> None:
    assert parse(line) == Unknown(kind=json.loads(line)["kind"], step=7)


def test_numbers_that_are_not_finite_are_nan() -> None:
    event = events.Stepped(
        stage="pose", stage_step=1, step=1, terms={"a": math.nan, "b": math.inf}, frames_per_s=9.0, eta_s=-math.inf
    )
    assert '"a": null' in event.line()
    found = parse(event.line())
    assert isinstance(found, events.Stepped)
    assert all(math.isnan(value) for value in (*found.terms.values(), found.eta_s))
    assert isinstance(parse('{"kind": "progress", "done": 1, "total": 2, "frames_per_s": NaN}'), Unknown)


def test_an_older_end_has_a_message_only() -> None:
    found = parse('{"kind": "end", "time": 1.0, "step": 3, "reason": "failed", "message": "kl is nan"}')
    assert isinstance(found, events.Ended)
    assert str(found.error) == "kl is nan"


def test_an_error_is_worded_where_it_is_shown() -> None:
    error = LspsError("s.h5 is real", "exchange {synthetic_path} and {this}", field="synthetic_path")
    assert str(error) == error.line(COMMAND_LINE) == "s.h5 is real; exchange --synthetic and {this}"
    words = Words(names={"synthetic_path": "A", "this": "B"}, settings=lambda _: "")
    assert error.line(words) == "s.h5 is real; exchange A and B"
    fitting = LspsError("no memory", "a step fits with {settings}", settings={"depth.batch_size": "2"})
    assert str(fitting) == "no memory; a step fits with --resume --change --set depth.batch_size=2"


def test_any_error_has_a_line() -> None:
    assert str(as_lsps_error(FileNotFoundError(2, "No such file", "a.h5"))) == "a.h5: No such file"
    assert str(as_lsps_error(KeyError("x"))) == "KeyError: 'x'"
    assert str(as_lsps_error(RuntimeError())) == "RuntimeError: no reason given"
