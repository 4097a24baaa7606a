"""Plays the opened frames at their own rate, as fast as they can be read and encoded: the newest one wins."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, Slot

from explorer_app.model.playing.play_range import PlayRange
from explorer_app.session.background import Background
from explorer_app.session.fitting import FrameFitting
from explorer_app.session.played_frames import PlayedFrames
from explorer_app.session.session import Session

if TYPE_CHECKING:
    from explorer_app.model.data import FrameView

_TICK_MS = 5
"""How late a frame may be asked for."""
UNTIMED_RATE = 30.0
"""Frames per second of data without times."""
_MEASURED = 30
"""Frames whose rate is measured."""


class Playback(QObject):
    """The position in the opened frames; all that is played until a stop is one undo step of the latent."""

    changed = Signal()
    """`is_playing` or `range`."""
    frame_shown = Signal()
    """While playing: the next frame is on screen, or cannot be."""

    def __init__(
        self, session: Session, background: Background, fitting: FrameFitting, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._fitting = session, fitting
        self.range: PlayRange | None = None
        """None without data."""
        self._time_s = 0.0
        self._asked: int | None = None
        self._shown: deque[float] = deque(maxlen=_MEASURED)
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=_TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._step)
        self.frames = PlayedFrames(session, background, self)
        self.frames.was_read.connect(self._read_ahead)
        fitting.changed.connect(self._keep_frame)
        session.data_changed.connect(self._take_data)
        session.index_changed.connect(self._jump)
        session.frame_changed.connect(self._count)
        session.latent_changed.connect(self._give_way)

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    @property
    def can_play(self) -> bool:
        return self.is_live or (self.range is not None and self.range.last > self.range.first)

    @property
    def is_live(self) -> bool:
        """The frames are those of a camera: they are played or frozen."""
        data = self._session.data
        return data is not None and data.is_live

    @property
    def rate(self) -> float:
        """Frames per second that were shown of late; 0 if it is not known yet."""
        if len(self._shown) < 2 or not self.is_playing:
            return 0.0
        return (len(self._shown) - 1) / max(self._shown[-1] - self._shown[0], 1e-6)

    @property
    def is_without_hand(self) -> bool:
        """No hand was found in the frame on screen."""
        view = self._session.view
        return self.is_live if view is None else bool(view.complaint)

    @Slot()
    def toggle(self) -> None:
        """Play, from the start of the range if its end is reached or the frame is outside of it, or pause."""
        if self.is_playing:
            self.pause()
        elif self.range is not None and self.can_play:
            session, range_ = self._session, self.range
            self._session.asked.emit()
            is_over = not range_.contains(session.index) or session.index == range_.last
            index = range_.first if is_over else session.index
            self._time_s = float(range_.times_s[index])
            self._shown.clear()
            self._clock.start()
            self._timer.start()
            self._freeze(False)
            session.set_playing(True)
            self._go(index)
            self.changed.emit()

    @Slot()
    def pause(self) -> None:
        if self.is_playing:
            self._timer.stop()
            self._freeze(True)
            self._session.set_playing(False)
            self.changed.emit()

    def _freeze(self, is_frozen: bool) -> None:
        if self._session.data is not None and self._session.data.is_live:
            self._session.data.is_frozen = is_frozen

    def set_speed(self, speed: float) -> None:
        self._set(speed=speed)

    @Slot(bool)
    def set_loop(self, is_loop: bool) -> None:
        self._set(is_loop=is_loop)

    @Slot()
    def begin_here(self) -> None:
        """Play from the frame on screen; again on the same frame: from the first one."""
        if self.range is not None:
            index = self._session.index
            first = 0 if index == self.range.first else index
            self._set(first=first, last=max(self.range.last, first))

    @Slot()
    def end_here(self) -> None:
        """Play to the frame on screen; again on the same frame: to the last one."""
        if self.range is not None:
            index = self._session.index
            last = len(self.range.times_s) - 1 if index == self.range.last else index
            self._set(first=min(self.range.first, last), last=last)

    def set_range(self, first: int, last: int) -> None:
        self._set(first=first, last=last)

    def close_down(self) -> None:
        self._timer.stop()

    def _set(self, **changes: float) -> None:
        if self.range is not None:
            self.range = replace(self.range, **changes)  # type: ignore[arg-type]  # its own fields
            self.changed.emit()

    @Slot()
    def _take_data(self) -> None:
        """Play other data from its start, at the same speed."""
        self.pause()
        data, before = self._session.data, self.range
        self.range = None
        if data is not None and len(data):
            times_s = data.times_s if data.times_s is not None else np.arange(len(data)) / UNTIMED_RATE
            whole = PlayRange.of_all(times_s)
            self.range = whole if before is None else replace(whole, speed=before.speed, is_loop=before.is_loop)
        self.changed.emit()
        if self.is_live:
            QTimer.singleShot(0, self.toggle)  # once its first frame is shown

    @Slot()
    def _step(self) -> None:
        if self.range is None or self.frames.is_reading or self._fitting.is_under_way:
            return  # the next step covers the distance
        if self.is_live:
            self.frames.read()
            return
        self._time_s, has_ended = self.range.moved(self._time_s, self._clock.restart() / 1000)
        index = self.range.frame_at(self._time_s)
        if index != self._session.index:
            self._go(index)
        elif has_ended:
            self.pause()

    @Slot(object)
    def _read_ahead(self, view: FrameView) -> None:
        """The camera's next frame is read while this one is painted, unless it has to wait for a fit."""
        if self.is_playing and self.is_live and not self._fitting.is_on_step and not self._fitting.is_under_way:
            self.frames.read(view)

    @Slot()
    def _keep_frame(self) -> None:
        """A fit has begun: its frame stays."""
        if self.is_playing and self.is_live and self._fitting.is_under_way:
            self.frames.drop()

    def _go(self, index: int) -> None:
        self._asked = index
        self._session.set_index(index)

    @Slot()
    def _jump(self) -> None:
        """The user went to another frame: play on from there."""
        if self.range is not None and self._session.index != self._asked:
            self._time_s = float(self.range.times_s[self._session.index])
            if self.is_playing and not self.range.contains(self._session.index):
                self.pause()

    @Slot()
    def _count(self) -> None:
        if self.is_playing:
            self._shown.append(time.monotonic())
            self.frame_shown.emit()
        if self._session.data is not None and self._session.data.has_failed:
            self.pause()

    @Slot()
    def _give_way(self) -> None:
        """The latent was changed by other means than the frames and their fits: pause."""
        session, fit = self._session, self._fitting.result
        if self.is_playing and not session.is_at_code and not (fit is not None and session.latent == fit.code):
            self.pause()
