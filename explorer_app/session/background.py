"""Work in threads: opening, reading, encoding and decoding, and delivering the answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from explorer_app.model.latent import LatentCode
from explorer_app.model.opening import ImageSettings
from explorer_app.session.session import Session
from explorer_app.workers.in_order import InOrder
from explorer_app.workers.latest import CLOSE_S, LatestWins

if TYPE_CHECKING:
    from explorer_app.model.crop import Crop
    from explorer_app.model.data import FrameView, OpenedData
    from explorer_app.model.hand.model import Encoding, HandModel, Pictures
    from explorer_app.model.routes import Routes
    from lsps_core.config.model import Domain

_STILL_MS = 120
"""After a latent has not moved for this long it is decoded exactly, which would delay the next move."""
_RESTS_MS = 60
"""After a frame has been on screen for this long its routes are drawn: longer than a held arrow key takes to repeat."""


class Background(QObject):
    """Runs the session's requests in threads, and delivers answers that are still current."""

    settled = Signal()
    """Everything requested is shown or has failed."""
    activity_changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._is_closing = False
        self.workers: list[LatestWins] = []
        self.looking = InOrder("look", self)
        """For the window's checks of paths; other file access runs in its own threads."""
        self.looking.failed.connect(self._on_failure)
        self.looking.settled.connect(self._on_settled)
        self.loading = self.add_worker("model", self._on_model)
        self.opening = self.add_worker("data", self._on_data)
        self.reading = self.add_worker("frame", self._on_frame, self._on_unreadable_frame)
        self.encoding = self.add_worker("encode", self._on_encoding, self._on_failed_encoding)
        self.routing = self.add_worker("routes", self._on_routes)
        self.decoding = self.add_worker("decode", self._on_pictures)
        self._still = QTimer(self, singleShot=True, interval=_STILL_MS)
        self._still.timeout.connect(self._refine)
        self._rests = QTimer(self, singleShot=True, interval=_RESTS_MS)
        self._rests.timeout.connect(self._ask_for_routes)
        session.model_changed.connect(self._decode)
        session.latent_changed.connect(self._decode)
        session.index_changed.connect(self._read_frame)
        session.encoding_wanted.connect(self._encode)
        session.playing_changed.connect(self.draw_routes_soon)

    @property
    def is_busy(self) -> bool:
        is_soon_busy = self._still.isActive() or self._rests.isActive()
        return is_soon_busy or self.looking.is_busy or any(worker.is_busy for worker in self.workers)

    @property
    def activity(self) -> str:
        """The current slow work, for the status bar; empty while idle."""
        if self.loading.is_busy:
            return "Loading the model …"
        return "Opening …" if self.opening.is_busy or self.looking.is_busy else ""

    def open_model(self, path: Path, device: str) -> None:
        self._ask(self.loading, path, partial(_load_model, path, device))

    def open_store(self, path: Path, index: int = 0) -> None:
        self._ask(self.opening, path, partial(_open_store, path, index))

    def open_images(
        self, paths: tuple[Path, ...], settings: ImageSettings, index: int = 0, crops: Mapping[int, Crop] | None = None
    ) -> None:
        self._ask(self.opening, paths, partial(_open_images, paths, settings, index, crops))

    def open_recording(self, path: Path, index: int = 0, settings: ImageSettings | None = None) -> None:
        """settings: None for the camera and unit that the recording names."""
        self._ask(self.opening, path, partial(_open_recording, path, index, settings))

    def open_camera(self, name: str) -> None:
        """name: a key of `lsps_core.data.recordings.camera_names.CAMERAS`."""
        self._ask(self.opening, name, partial(_open_camera, name))

    def close(self) -> bool:
        """End the threads; False if one is still working, so that the process must not wait for it."""
        self._is_closing = True
        self._still.stop()
        self._rests.stop()
        workers: list[LatestWins | InOrder] = [*self.workers, self.looking]
        for worker in workers:
            worker.end()  # all of them first: waiting one by one would add up
        until = time.monotonic() + CLOSE_S
        has_ended = True
        for worker in workers:
            has_ended = worker.close(max(0.0, until - time.monotonic())) and has_ended
        if has_ended and self._session.data is not None:  # a thread blocked in HDF5 would block this one as well
            self._session.data.close()
        return has_ended

    def add_worker(
        self, name: str, show: Callable[[Any, Any], None], complain: Callable[[Any, str], None] | None = None
    ) -> LatestWins:
        """Another thread for one kind of work: it ends with the window, and counts for `busy`.

        show: is called with (stamp, answer), complain with (stamp, one line); by default the message bar.
        """
        worker = LatestWins(name, self)
        self.workers.append(worker)
        worker.answered.connect(show)
        worker.failed.connect(complain or self._on_failure)
        worker.settled.connect(self._on_settled)
        return worker

    def _ask(self, worker: LatestWins, stamp: Any, work: Callable[[], Any]) -> None:
        worker.ask(stamp, work)
        self.activity_changed.emit()

    @Slot(object, object)
    def _on_model(self, _path: Path, model: HandModel) -> None:
        if not self.loading.is_busy:  # else a newer one is pending
            self._session.set_model(model)

    @Slot(object, object)
    def _on_data(self, _stamp: object, opened: OpenedData) -> None:
        if self.opening.is_busy:
            opened.data.close()
        else:
            self._session.set_data(opened)

    @Slot()
    def _read_frame(self) -> None:
        session, data, index = self._session, self._session.data, self._session.index
        if data is None or (session.view is not None and session.view.index == index):
            return
        if not session.is_playing:
            self.reading.ask((data, index), partial(data.view, index))

    @Slot(object, object)
    def _on_frame(self, stamp: tuple[object, int], view: FrameView) -> None:
        if stamp == (self._session.data, self._session.index):
            self._session.set_view(view)

    @Slot(object, str)
    def _on_unreadable_frame(self, stamp: tuple[object, int], line: str) -> None:
        if stamp == (self._session.data, self._session.index):
            self._session.clear_view(line)

    @Slot()
    def draw_routes_soon(self) -> None:
        """Of the frame on screen, if it rests there."""
        self._rests.start()

    @Slot()
    def _ask_for_routes(self) -> None:
        """Of the frame on screen: not while frames are played, which they would slow down many times."""
        session, wanted = self._session, self._session.encoding_input
        if session.is_playing or wanted is None or session.encoding is None or session.encoding.routes is not None:
            self._on_settled()
            return
        model, view, _ = wanted
        self.routing.ask(wanted, partial(model.routes, view.frame, session.encoding))

    @Slot()
    def _encode(self) -> None:
        wanted = self._session.encoding_input
        if wanted is not None:
            model, view, domain = wanted
            self.encoding.ask(wanted, partial(model.encode, view.frame, domain))

    @Slot(object, object)
    def _on_encoding(self, stamp: tuple[HandModel, FrameView, Domain], encoding: Encoding) -> None:
        if stamp == self._session.encoding_input:
            self._session.set_encoding(encoding)
            self.draw_routes_soon()

    @Slot(object, str)
    def _on_failed_encoding(self, stamp: tuple[HandModel, FrameView, Domain], line: str) -> None:
        if stamp == self._session.encoding_input:
            self._session.fail_encoding()
        self._session.message.emit(line)

    @Slot(object, object)
    def _on_routes(self, stamp: tuple[HandModel, FrameView, Domain], routes: Routes) -> None:
        if stamp == self._session.encoding_input:
            self._session.set_routes(routes)

    @Slot()
    def _decode(self) -> None:
        self._still.stop()
        model, latent, shown = self._session.model, self._session.latent, self._session.pictures
        if shown is not None and shown.is_blend and shown.latent == latent:
            return  # the latent was estimated from these images: they are not decoded from it, and stay
        if model is not None:
            is_coarse = model.has_coarse and shown is not None  # the first images may be slow
            self.decoding.ask((model, latent), partial(model.decode, latent, is_coarse))

    @Slot()
    def _refine(self) -> None:
        """Replace coarse images by exact ones."""
        model, latent = self._session.model, self._session.latent
        if model is not None:
            self.decoding.ask((model, latent), partial(model.decode, latent))

    @Slot(object, object)
    def _on_pictures(self, stamp: tuple[HandModel, LatentCode], pictures: Pictures) -> None:
        model, latent = stamp
        is_current = latent == self._session.latent or self._session.is_editing or self._session.is_playing
        if model is self._session.model and is_current:
            self._session.set_pictures(pictures)
            if pictures.is_coarse and latent == self._session.latent:
                self._still.start()

    @Slot(object, str)
    def _on_failure(self, _stamp: object, line: str) -> None:
        self._session.message.emit(line)

    @Slot()
    def _on_settled(self) -> None:
        self.activity_changed.emit()
        if not self.is_busy:
            self.settled.emit()


# torch, HDF5 and SciPy are imported here, in a thread, after the window's first paint


def _load_model(path: Path, device: str) -> HandModel:
    from explorer_app.model.hand.model import HandModel

    return HandModel.load(path, device)


def _open_store(path: Path, index: int) -> OpenedData:
    from explorer_app.model.open_data import open_store

    return open_store(path, index)


def _open_images(
    paths: tuple[Path, ...], settings: ImageSettings, index: int, crops: Mapping[int, Crop] | None
) -> OpenedData:
    from explorer_app.model.open_data import open_images

    return open_images(paths, settings, index, crops)


def _open_recording(path: Path, index: int, settings: ImageSettings | None) -> OpenedData:
    from explorer_app.model.open_data import open_recording

    return open_recording(path, index, settings)


def _open_camera(name: str) -> OpenedData:
    from explorer_app.model.open_data import open_camera

    return open_camera(name)
