"""Small pictures that a thread makes a few at a time: thumbnails of latents, thumbnails and tiles of frames."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage, QPalette, QPixmap

from explorer_app.widgets.colour_choice import colour_choice
from explorer_app.widgets.depth_image import DepthLook, PixmapCache
from explorer_app.workers.latest import LatestWins

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

AddWorker = Callable[[str, Callable[[Any, Any], None], Callable[[Any, str], None]], LatestWins]
"""name, what to call with (stamp, answer), what to call with (stamp, one line)"""


class SmallPictures(QObject, Generic[Key, Value]):
    """A cache by key of what pictures are drawn from. What is wanted is made first.

    A subclass says how a thread makes some (`work`) and how one is drawn (`draw`).
    """

    changed = Signal()
    """There are more of them, or they were dropped, or their colours are others."""
    failed = Signal(str)
    """One line: some of them cannot be made, and have no picture."""

    def __init__(self, add_worker: AddWorker, name: str, *, batch: int, limit: int, parent: QObject | None) -> None:
        """batch: so many are made in one go, since the first should not wait for the last. limit: of those kept."""
        super().__init__(parent)
        self._batch, self._limit = batch, limit
        self._values: dict[Key, Value | None] = {}
        self._wanted: dict[str, list[Key]] = {}
        self._stamp = object()
        self._pixmaps: PixmapCache[Key] = PixmapCache(limit)
        self._worker = add_worker(name, self._on_made, self._on_failed)
        colour_choice.changed.connect(self.changed)

    def work(self, keys: list[Key]) -> Callable[[], Sequence[Value | None]] | None:
        """What a thread does to make these; None while they cannot be made."""
        raise NotImplementedError

    def draw(self, value: Value, look: DepthLook) -> QImage:
        """In the GUI thread."""
        raise NotImplementedError

    @property
    def has_wanted(self) -> bool:
        return any(self._wanted.values())

    def want(self, keys: Iterable[Key], asker: str = "") -> None:
        """Have these made, in place of what the same asker wanted before."""
        self._wanted[asker] = list(keys)[: self._limit]
        if len(self._values) > self._limit:
            wanted = {key for keys in self._wanted.values() for key in keys}
            self._values = {key: value for key, value in self._values.items() if key in wanted}
        if not self._worker.is_busy:
            self._ask()

    def pixmap(self, key: Key, palette: QPalette) -> QPixmap | None:
        """The picture, if it is there."""
        value = self._values.get(key)
        return None if value is None else self._pixmaps.pixmap(key, palette, lambda look: self.draw(value, look))

    @Slot()
    def forget(self) -> None:
        """Drop all of them: they are pictures of something else now."""
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
            self._values.update(dict.fromkeys(stamp[1]))  # or they would be asked for again, and again
            self.failed.emit(line)
        self._ask()
