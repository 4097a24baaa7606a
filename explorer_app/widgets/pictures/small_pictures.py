"""Small pictures made in small batches in a thread: thumbnails of latents, thumbnails and tiles of frames."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage, QPalette, QPixmap

from explorer_app.widgets.pictures.colour_choice import colour_choice
from explorer_app.widgets.pictures.depth_image import DepthLook, PixmapCache
from explorer_app.workers.latest import LatestWins

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

AddWorker = Callable[[str, Callable[[Any, Any], None], Callable[[Any, str], None]], LatestWins]
"""name, what to call with (stamp, answer), what to call with (stamp, one line)"""


class SmallPictures(QObject, Generic[Key, Value]):
    """A bounded cache, by key, of the data that pictures are drawn from.

    A subclass defines how a thread makes some (`work`) and how one is drawn (`draw`).
    """

    changed = Signal()
    """Pictures were added or removed, or the colours have changed."""
    failed = Signal(str)
    """One line: some of them cannot be created."""

    def __init__(self, add_worker: AddWorker, name: str, *, batch: int, limit: int, parent: QObject | None) -> None:
        """batch: how many a thread makes at once: the first must not wait for the last. limit: how many are kept."""
        super().__init__(parent)
        self._batch, self._limit = batch, limit
        self._values: dict[Key, Value | None] = {}
        self._wanted: dict[str, list[Key]] = {}
        self._stamp = object()
        self._pixmaps: PixmapCache[Key] = PixmapCache(limit)
        self._worker = add_worker(name, self._on_made, self._on_failed)
        colour_choice.changed.connect(self.changed)

    def work(self, keys: list[Key]) -> Callable[[], Sequence[Value | None]] | None:
        """A function that makes these in a thread; None while they cannot be made."""
        raise NotImplementedError

    def draw(self, value: Value, look: DepthLook) -> QImage:
        """The image of one; called in the GUI thread."""
        raise NotImplementedError

    @property
    def has_wanted(self) -> bool:
        return any(self._wanted.values())

    def want(self, keys: Iterable[Key], owner: str = "") -> None:
        """Request these; replaces the previous request of the same owner."""
        self._wanted[owner] = list(keys)[: self._limit]
        if len(self._values) > self._limit:
            wanted = {key for keys in self._wanted.values() for key in keys}
            self._values = {key: value for key, value in self._values.items() if key in wanted}
        if not self._worker.is_busy:
            self._ask()

    def pixmap(self, key: Key, palette: QPalette) -> QPixmap | None:
        """The picture, if it has been made."""
        value = self._values.get(key)
        return None if value is None else self._pixmaps.pixmap(key, palette, lambda look: self.draw(value, look))

    @Slot()
    def forget(self) -> None:
        """Remove all: the model, the data or the colours have changed."""
        self._values.clear()
        self._pixmaps.clear()
        self._wanted.clear()
        self._stamp = object()
        self.changed.emit()

    def _ask(self) -> None:
        missing = [key for keys in self._wanted.values() for key in keys if key not in self._values]
        keys = list(dict.fromkeys(missing))[: self._batch]
        work = self.work(keys) if keys else None
        if work is not None:
            self._worker.ask((self._stamp, keys), work)

    @Slot(object, object)
    def _on_made(self, stamp: tuple[object, list[Key]], values: Sequence[Value | None]) -> None:
        if stamp[0] is self._stamp:
            self._values.update(zip(stamp[1], values, strict=True))
            self.changed.emit()
        self._ask()

    @Slot(object, str)
    def _on_failed(self, stamp: tuple[object, list[Key]], line: str) -> None:
        if stamp[0] is self._stamp:
            self._values.update(dict.fromkeys(stamp[1]))  # or they would be requested again and again
            self.failed.emit(line)
        self._ask()
