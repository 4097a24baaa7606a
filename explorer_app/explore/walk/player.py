"""Plays the planned walk: moves the session along it, no faster than its images are decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

from explorer_app.explore.model.walk_frames import WalkFrames
from explorer_app.model.walk import Playhead, WalkPlan
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.session.undo import Merge

if TYPE_CHECKING:
    from explorer_app.model.hand.model import HandModel, Pictures

_TICK_MS = 33

_Stamp = tuple["HandModel | None", WalkPlan]


class WalkPlayer(QObject):
    """The position in the walk. Playback is a preview; a stop or a jump is an undo step."""

    position_changed = Signal()
    is_playing_changed = Signal()

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._pictures = background.decoding
        self.head = Playhead()
        self._frames: WalkFrames | None = None
        self._is_held = False
        self._is_mine = False
        self._is_wanted = False
        """The last requested position is not shown yet, and the latent has not changed since."""
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._step)
        self._preparing = background.add_worker("walk", self._on_frames)
        self._blending = background.add_worker("blend", self._on_pictures)
        self._stamp = self._current_stamp()
        session.walk_changed.connect(self._prepare)
        session.model_changed.connect(self._prepare)
        session.latent_changed.connect(self._give_way)

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    @property
    def can_play(self) -> bool:
        return self._session.model is not None and self._session.walk.length > 0

    @Slot()
    def toggle(self) -> None:
        """Play, from the start where it has ended, or pause."""
        if self.is_playing:
            self.pause()
        elif self.can_play:
            plan = self._session.walk
            if plan.ending == "once" and self.head.position >= plan.length:
                self.head = Playhead()
            self._clock.start()
            self._timer.start()
            self.is_playing_changed.emit()

    def pause(self) -> None:
        """Stop, and make the shown position the latent."""
        self.stop()
        self._settle()

    def stop(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
            self.is_playing_changed.emit()

    def hold(self) -> None:
        """The scrubber is pressed: all moves until `release` are one edit."""
        self.stop()
        self._is_held = True
        if self._session.walk.space == "pose":
            self._session.begin_edit("walk")

    def release(self) -> None:
        self._is_held = False
        self._session.end_edit()
        self._settle()

    def seek(self, position: float) -> None:
        """Go to a position of the walk, in segments."""
        self.stop()
        if self.can_play:
            self.head = Playhead(min(max(position, 0.0), float(self._session.walk.length)))
            self._show()
            self._settle()

    def _current_stamp(self) -> _Stamp:
        return self._session.model, replace(self._session.walk, seconds=1.0)  # the speed changes no frame

    @Slot()
    def _prepare(self) -> None:
        stamp = self._current_stamp()
        if stamp == self._stamp:
            return
        self._stamp, self._frames = stamp, None
        model, plan = stamp
        self.head = replace(self.head, position=min(self.head.position, float(plan.length)))
        if model is not None and self.can_play:
            self._preparing.ask(stamp, partial(WalkFrames, model, plan))
        else:
            self.stop()
        self.position_changed.emit()

    @Slot(object, object)
    def _on_frames(self, stamp: _Stamp, frames: WalkFrames) -> None:
        if stamp == self._stamp:
            self._frames = frames
            if self._is_wanted:
                self._show()
                self._settle()

    @Slot()
    def _step(self) -> None:
        if self._frames is None or self._pictures.is_busy or self._blending.is_busy:
            return  # the next step covers the distance
        by = self._clock.restart() / 1000 / self._session.walk.seconds
        self.head, has_ended = self.head.moved(by, self._session.walk)
        self._show()
        if has_ended:
            self.pause()

    def _show(self) -> None:
        self._is_wanted = True
        position = self.head.position
        if self._frames is not None and self._frames.plan.space == "pose":
            self._is_wanted = False
            self._go(partial(self._session.preview_latent, self._frames.code_at(position)))
        elif self._frames is not None:
            self._blending.ask(self._frames, partial(self._frames.pictures_at, [position]))
        self.position_changed.emit()

    @Slot(object, object)
    def _on_pictures(self, frames: WalkFrames, pictures: list[Pictures]) -> None:
        if frames is not self._frames or not self._is_wanted:
            return
        self._is_wanted = self._blending.is_busy
        self._session.set_pictures(pictures[0])  # first, so that the latent is not decoded over them
        self._go(partial(self._session.preview_latent, pictures[0].latent))
        self._settle()

    def _go(self, move: Callable[[], None]) -> None:
        self._is_mine = True
        move()
        self._is_mine = False

    def _settle(self) -> None:
        """Commit the shown latent, when it is complete and nothing moves it any more."""
        if not (self._is_held or self.is_playing or self._is_wanted):
            self._go(partial(self._session.set_latent, self._session.latent, "walk", Merge.WALK))

    @Slot()
    def _give_way(self) -> None:
        """The latent was changed elsewhere: release it."""
        if not self._is_mine:
            self._is_wanted = False
            self.stop()
