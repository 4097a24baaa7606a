"""Fits the frame on screen, and walks the latent to the fitted code."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

from explorer_app.model.latent import LatentCode
from explorer_app.session.background import Background
from explorer_app.session.session import Session

if TYPE_CHECKING:
    from explorer_app.model.data import FrameView
    from explorer_app.model.hand.fit import FrameFit
    from explorer_app.model.hand.model import HandModel
    from lsps_core.config.model import Domain
    from lsps_core.fitting import Fitted

_TICK_MS = 33
WALK_MS = 500
"""From P's code to the fitted one: long enough to see which fingers move."""
_PLAYED_FRAMES = 10
"""While frames are played, fits skip some: a hand a third of a second later is still a start."""
_NEEDS = "a fit needs a model and a frame; open them with File ▸ Open"

_Input = tuple["HandModel", "FrameView", "Domain"]


class _State(Enum):
    IDLE = auto()
    WAITING = auto()
    """For the frame's encoding."""
    RUNNING = auto()
    """In the worker."""
    WALKING = auto()


class _Last(NamedTuple):
    input: _Input
    fit: FrameFit


class FrameFitting(QObject):
    """One fit: what it found for the frame on screen, and the walk there, which is one undo step."""

    changed = Signal()
    """`result` or `is_under_way`."""

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.is_on_step = False
        """Whether each frame that is stepped to is fitted, without a walk, from the frame before's fit."""
        self._state = _State.IDLE
        self._is_walk_wanted = False
        self._is_mine = False
        self._input: _Input | None = None
        """Of the fit that is under way, or of `result`."""
        self._result: FrameFit | None = None
        self._last: _Last | None = None
        self._path: tuple[LatentCode, ...] = ()
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._step)
        self._worker = background.add_worker("fit", self._on_fit, self._on_failure)
        session.frame_changed.connect(self._on_frame)
        session.encoding_changed.connect(self._on_input)
        session.model_changed.connect(self._on_input)
        session.latent_changed.connect(self._give_way)

    @property
    def result(self) -> FrameFit | None:
        """The fit of the frame on screen by the open model, if there is one."""
        return self._result

    @property
    def is_under_way(self) -> bool:
        return self._state is not _State.IDLE

    @Slot()
    def toggle(self) -> None:
        """Fit the frame, or stop the fit."""
        if self.is_under_way:
            self.stop()
        elif self._session.encoding_input is None:
            self._session.message.emit(_NEEDS)
        else:
            self._want(is_walk=True)

    @Slot()
    def stop(self) -> None:
        """Drop a fit that is computed; end a walk where it is, as an undo step."""
        was_walking = self._state is _State.WALKING
        self._end()
        if was_walking:
            self._go(partial(self._session.set_latent, self._session.latent, "fit"))

    @Slot(bool)
    def set_on_step(self, is_on: bool) -> None:
        self.is_on_step = is_on
        if is_on and self.result is None and not self.is_under_way:
            self._fit_on_step()

    def close_down(self) -> None:
        self._timer.stop()

    def _want(self, is_walk: bool) -> None:
        session = self._session
        self._input, self._is_walk_wanted = session.encoding_input, is_walk
        self._set_state(_State.WAITING)
        if session.encoding is None and not session.is_encoding_under_way:
            session.want_encoding()
        self._start()

    def _fit_on_step(self) -> None:
        view = self._session.view
        if self._session.encoding_input is not None and view is not None and not view.complaint:
            self._want(is_walk=False)

    @Slot()
    def _on_frame(self) -> None:
        self._on_input()
        if self.is_on_step:
            self._fit_on_step()

    @Slot()
    def _on_input(self) -> None:
        """The frame, its encoding or the model changed."""
        if self._input is not None and self._input != self._session.encoding_input:
            self._input = self._result = None
            self._end()
        if self._last is not None and self._last.input[0] is not self._session.model:
            self._last = None
        self._start()

    def _start(self) -> None:
        """Ask for the fit once the frame is encoded."""
        session = self._session
        if self._state is not _State.WAITING or session.is_encoding_under_way:
            return
        if self._input is None or session.encoding is None:  # it could not be encoded
            self._end()
            return
        model, view, _ = self._input
        self._set_state(_State.RUNNING)
        self._worker.ask(self._input, partial(model.fit, view.frame, session.encoding, self._before(self._input)))

    def _before(self, given: _Input) -> Fitted | None:
        """The fit of the frame before or after this one, to start from while stepping."""
        if self._last is None or not self.is_on_step:
            return None
        (model, view, domain), fit = self._last
        is_same = (model, view.data, domain) == (given[0], given[1].data, given[2])
        is_near = abs(view.index - given[1].index) <= (_PLAYED_FRAMES if self._session.is_playing else 1)
        return fit.fitted if is_same and is_near else None

    @Slot(object, object)
    def _on_fit(self, given: _Input, fit: FrameFit) -> None:
        if given[0] is self._session.model:
            self._last = _Last(given, fit)  # also of a frame that was left before its fit was there
        if self._state is not _State.RUNNING or given != self._input:
            return
        self._result = fit
        if self._is_walk_wanted:
            self._path = (self._session.latent, *(fit.path[1:] or fit.path))
            self._clock.start()
            self._timer.start()
            self._set_state(_State.WALKING)
        else:
            self._arrive(fit.code)

    @Slot(object, str)
    def _on_failure(self, given: _Input, line: str) -> None:
        if given == self._input:
            self._end()
        self._session.message.emit(line)

    @Slot()
    def _step(self) -> None:
        if self._session.is_editing:  # a slider or a joint is held: the rest of the walk would be part of that edit
            self._end()
            return
        share = self._clock.elapsed() / WALK_MS
        if share >= 1:
            self._arrive(self._path[-1])
        else:
            self._go(partial(self._session.preview_latent, code_along(self._path, share)))

    def _arrive(self, code: LatentCode) -> None:
        self._end()
        self._go(partial(self._session.set_latent, code, "fit"))

    def _go(self, move: Callable[[], None]) -> None:
        self._is_mine = True
        move()
        self._is_mine = False

    def _end(self) -> None:
        self._timer.stop()
        self._set_state(_State.IDLE)

    def _set_state(self, state: _State) -> None:
        self._state = state
        self.changed.emit()

    @Slot()
    def _give_way(self) -> None:
        """The latent was changed elsewhere, other than by the encoding that the fit starts from."""
        is_start = self._state is _State.RUNNING and self._session.is_at_code
        if self._state in (_State.RUNNING, _State.WALKING) and not self._is_mine and not is_start:
            self._end()


def code_along(path: tuple[LatentCode, ...], share: float) -> LatentCode:
    """The code at a share from 0 to 1 of the length of a path of codes, linear between them.

    Not of its steps: the first few of a fit go most of the way.
    """
    points = np.array([code.values for code in path])
    way = np.concatenate([[0.0], np.linalg.norm(np.diff(points, axis=0), axis=1).cumsum()])
    at = share * way[-1]
    return LatentCode(tuple(float(np.interp(at, way, values)) for values in points.T))
