"""The state of encoding the frame on screen."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # they import torch, and the first paint must not wait for it
    from explorer_app.model.hand.model import Encoding
    from explorer_app.model.routes import Routes


class State(Enum):
    """State of the encoding of one frame by one model, as one domain."""

    IDLE = auto()
    """Not requested."""
    WAITING = auto()
    """Requested; the model or the frame is not there yet."""
    RUNNING = auto()
    """In the worker."""
    RECUTTING = auto()
    """In the worker because the frame was cropped again. The encoding of the earlier crop stays on screen."""
    DONE = auto()
    FAILED = auto()
    """This model cannot encode this frame as this domain. Another model or domain is tried."""


class FrameEncoding:
    """The state machine between the session and the worker that encodes. The session owns it and reports every event.

    After an event that leaves it WAITING, `start` returns whether the worker should start.
    """

    def __init__(self) -> None:
        self._state = State.IDLE
        self._result: Encoding | None = None
        self.is_on_step = True
        """Whether a frame that is stepped to is encoded."""

    @property
    def state(self) -> State:
        return self._state

    @property
    def result(self) -> Encoding | None:
        """The encoding on screen: of the frame if DONE, else an older one until there is an answer."""
        return self._result

    @property
    def is_under_way(self) -> bool:
        return self._state in (State.WAITING, State.RUNNING, State.RECUTTING)

    def request(self) -> None:
        """The user wants the frame encoded, even if it is encoded already."""
        self._state = State.WAITING

    def step(self, is_on_screen: bool) -> None:
        """Another frame was requested. is_on_screen: the user came back before the frame on screen was replaced."""
        is_done = is_on_screen and self._result is not None
        self._state = State.WAITING if self.is_on_step else State.DONE if is_done else State.IDLE

    def show_frame(self, is_whole: bool) -> None:
        """Another frame is on screen. is_whole: False if the cube hardly contains a hand; then it is not encoded."""
        self._result = None
        self._state = State.WAITING if self.is_under_way and is_whole else State.IDLE

    def lose_frame(self) -> None:
        """No frame is on screen any more."""
        self._result, self._state = None, State.IDLE

    def recrop(self) -> None:
        """The frame was cropped again; ValueError if no encoding can stay on screen."""
        if self._result is None:
            raise ValueError("a frame without an encoding cannot be cropped again; show it as another frame")
        self._state = State.RECUTTING

    def restart(self) -> None:
        """The model or the domain changed: an encoded frame, or one that could not be, is encoded again."""
        self._result = None
        if self._state is not State.IDLE:
            self._state = State.WAITING

    def start(self, is_ready: bool) -> bool:
        """Whether the worker should start. is_ready: the model and the requested frame are loaded."""
        is_start = is_ready and self._state is State.WAITING
        if is_start:
            self._state = State.RUNNING
        return is_start

    def finish(self, result: Encoding) -> bool:
        """Accept the worker's answer; False if no answer is awaited any more."""
        is_awaited = self._state in (State.RUNNING, State.RECUTTING)
        if is_awaited:
            self._result, self._state = result, State.DONE
        return is_awaited

    def fail(self) -> bool:
        """The worker could not encode the frame; False if no answer is awaited any more."""
        is_awaited = self._state in (State.RUNNING, State.RECUTTING)
        if is_awaited:
            self._result, self._state = None, State.FAILED
        return is_awaited

    def add_routes(self, routes: Routes) -> bool:
        """Complete the encoding; False if there is none any more."""
        if self._result is None:
            return False
        self._result = replace(self._result, routes=routes)
        return True
