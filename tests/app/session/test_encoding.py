from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from pytestqt.qtbot import QtBot

from explorer_app.model.data import FrameView, OpenedData
from explorer_app.model.hand.model import Encoding, HandModel
from explorer_app.model.open_data import open_store
from explorer_app.session.background import Background
from explorer_app.session.encoding import FrameEncoding, State
from explorer_app.session.session import Session

IDLE, WAITING, RUNNING, RECUTTING, DONE, FAILED = State
EVENTS: dict[str, Callable[[FrameEncoding, Encoding], object]] = {
    "request": lambda machine, _: machine.request(),
    "step": lambda machine, _: machine.step(is_on_screen=False),
    "step back": lambda machine, _: machine.step(is_on_screen=True),
    "show": lambda machine, _: machine.show_frame(is_whole=True),
    "show a part": lambda machine, _: machine.show_frame(is_whole=False),
    "lose": lambda machine, _: machine.lose_frame(),
    "recrop": lambda machine, _: machine.recrop(),
    "restart": lambda machine, _: machine.restart(),
    "start": lambda machine, _: machine.start(is_ready=True),
    "start too early": lambda machine, _: machine.start(is_ready=False),
    "finish": lambda machine, encoding: machine.finish(encoding),
    "fail": lambda machine, _: machine.fail(),
}


@pytest.fixture(scope="module")
def opened(store_path: Path) -> Iterator[OpenedData]:
    opened = open_store(store_path)
    yield opened
    opened.data.close()


@pytest.fixture(scope="module")
def views(opened: OpenedData) -> list[FrameView]:
    return [opened.data.view(index) for index in range(3)]


@pytest.fixture(scope="module")
def encoding(model: HandModel, opened: OpenedData) -> Encoding:
    return model.encode(opened.first.frame, "real")


def _after(encoding: Encoding, *events: str) -> FrameEncoding:
    machine = FrameEncoding()
    for event in events:
        EVENTS[event](machine, encoding)
    return machine


@pytest.mark.parametrize(
    ("events", "state", "has_result"),
    [
        ("", IDLE, False),
        ("request", WAITING, False),
        ("request, start too early", WAITING, False),
        ("request, start", RUNNING, False),
        ("request, start, finish", DONE, True),
        ("request, start, fail", FAILED, False),
        # frames
        ("step", WAITING, False),
        ("step, show, start", RUNNING, False),
        ("show, start", IDLE, False),
        ("request, start, finish, show, start", IDLE, False),
        ("request, start, show, start", RUNNING, False),
        ("step, show a part, start", IDLE, False),
        ("request, start, finish, lose", IDLE, False),
        ("request, start, finish, step", WAITING, True),
        ("request, start, finish, step, show", WAITING, False),
        ("request, start, fail, show", IDLE, False),
        # answers that are not awaited any more
        ("finish", IDLE, False),
        ("request, start, step, finish", WAITING, False),
        ("request, start, step, fail", WAITING, False),
        ("request, start, lose, finish", IDLE, False),
        # cut otherwise
        ("request, start, finish, recrop", RECUTTING, True),
        ("request, start, finish, recrop, start", RECUTTING, True),
        ("request, start, finish, recrop, finish", DONE, True),
        ("request, start, finish, recrop, fail", FAILED, False),
        # again
        ("request, start, finish, request, start", RUNNING, True),
        ("request, start, finish, restart, start", RUNNING, False),
        ("request, start, fail, restart, start", RUNNING, False),
        ("restart, start", IDLE, False),
    ],
)
def test_transitions(encoding: Encoding, events: str, state: State, has_result: bool) -> None:
    machine = _after(encoding, *filter(None, events.split(", ")))
    assert (machine.state, machine.result is not None) == (state, has_result)
    assert machine.is_under_way == (state in (WAITING, RUNNING, RECUTTING))


def test_a_frame_without_an_encoding_cannot_be_cropped_again(encoding: Encoding) -> None:
    with pytest.raises(ValueError, match="cannot be cropped again"):
        _after(encoding, "request", "recrop")


@pytest.mark.parametrize("is_on_step", [True, False])
def test_coming_back_before_the_next_frame_was_read(encoding: Encoding, is_on_step: bool) -> None:
    machine = _after(encoding, "request", "start", "finish")
    machine.is_on_step = is_on_step
    machine.step(is_on_screen=False)
    assert machine.state is (WAITING if is_on_step else IDLE)
    machine.step(is_on_screen=True)
    assert machine.state is (WAITING if is_on_step else DONE)


@pytest.mark.usefixtures("qapp")
def test_an_answer_for_the_frame_before_does_not_end_the_request(
    model: HandModel, opened: OpenedData, views: list[FrameView], encoding: Encoding
) -> None:
    session = Session()
    session.set_model(model)
    session.set_data(opened)
    assert session.encoding_input == (model, opened.first, opened.data.domain)
    session.set_index(1)
    assert session.encoding_input is None  # the worker's answer is of a frame that was left
    session.set_encoding(encoding)
    assert session.is_encoding_under_way
    assert session.encoding is None
    session.set_view(views[1])
    session.set_encoding(encoding)
    assert session.encoding is encoding
    assert session.latent == encoding.code


def test_a_failed_encoding_is_reported_and_can_be_requested_again(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, model: HandModel, store_path: Path
) -> None:
    session = Session()
    background = Background(session)
    opened = open_store(store_path)

    def fail(*_: object) -> Encoding:
        raise ValueError("not a hand")

    try:
        session.set_model(model)
        monkeypatch.setattr(HandModel, "encode", fail)
        with qtbot.waitSignal(session.message, timeout=WAIT_MS) as message:
            session.set_data(opened)
        assert message.args == ["not a hand"]
        assert not session.is_encoding_under_way
        monkeypatch.undo()
        session.want_encoding()
        assert session.is_encoding_under_way
        qtbot.waitUntil(lambda: session.encoding is not None, timeout=WAIT_MS)
    finally:
        background.close()
