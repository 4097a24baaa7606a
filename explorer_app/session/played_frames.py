"""Reads frames that are played in a thread: each with its code at once, its hand followed from the frame before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from explorer_app.session.background import Background
from explorer_app.session.session import Session

if TYPE_CHECKING:
    from explorer_app.model.data import Data, FrameView
    from explorer_app.model.hand.model import Encoding, HandModel
    from lsps_core.config.model import Domain


class PlayedFrames(QObject):
    """Runs while `Session.is_playing`; `Playback` says when."""

    was_read = Signal(object)
    """A frame is read, and shown next: its view."""

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._background = session, background
        self._stamp: _Stamp | None = None
        self._reading = background.add_worker("play", self._on_frame, self._on_no_frame)
        session.index_changed.connect(self._on_index)

    @property
    def is_reading(self) -> bool:
        return self._reading.is_busy

    def read(self, before: FrameView | None = None) -> None:
        """Read and encode the frame at the session's index; of a camera, its newest one.

        before: the view that its hand is followed from; by default the one on screen.
        """
        session = self._session
        if session.data is not None:
            model = session.model if session.is_encoding_on_step else None
            self._stamp = stamp = (session.data, session.index, model, session.domain)
            self._reading.ask(stamp, partial(_read, *stamp, before or session.view))

    def drop(self) -> None:
        """Do not show the frame that is being read: the one on screen stays."""
        self._stamp = None

    @Slot()
    def _on_index(self) -> None:
        session = self._session
        if session.is_playing and (session.view is None or session.view.index != session.index):
            self.read()

    def _is_wanted(self, stamp: _Stamp) -> bool:
        return stamp is self._stamp and stamp[:2] == (self._session.data, self._session.index)

    @Slot(object, object)
    def _on_frame(self, stamp: _Stamp, answer: tuple[FrameView, Encoding | None]) -> None:
        if not self._is_wanted(stamp):
            return
        session, (view, encoding) = self._session, answer
        self.was_read.emit(view)
        if encoding is not None and stamp[2:] == (session.model, session.domain):
            session.set_played(view, encoding)
            if not session.is_playing:
                self._background.draw_routes_soon()
        else:
            session.set_view(view)

    @Slot(object, str)
    def _on_no_frame(self, stamp: _Stamp, line: str) -> None:
        if self._is_wanted(stamp):
            is_covered = stamp[0].is_live and not stamp[0].has_failed
            self._session.clear_view("" if is_covered else line)


_Stamp = tuple["Data", int, "HandModel | None", "Domain | None"]


def _read(
    data: Data, index: int, model: HandModel | None, domain: Domain | None, before: FrameView | None
) -> tuple[FrameView, Encoding | None]:
    """A frame and its code; no code without a model or a hand."""
    view = data.view(index, before)
    if model is None or domain is None or view.complaint:
        return view, None
    return view, model.encode(view.frame, domain)
