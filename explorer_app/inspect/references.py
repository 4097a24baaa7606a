"""The reference frames for failures: opened and encoded in a thread, in small batches, when a view needs them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from explorer_app.resources import resource
from explorer_app.session.background import Background
from explorer_app.session.session import Session

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from explorer_app.inspect.model.reference import Reference
    from explorer_app.model.hand.model import HandModel

SAMPLES = ("sensor.h5", "synthetic.h5")


class References(QObject):
    """`opened` are those of the session's model; `changed`: all their codes are ready; `progressed`: some are."""

    changed = Signal()
    progressed = Signal()

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.paths = bundled()
        self.opened: tuple[Reference, ...] = ()
        self.trouble = ""
        self._is_wanted = False
        self._stamp: object = None
        self._worker = background.add_worker("reference", self._on_answer, self._on_failed)
        session.model_changed.connect(self._begin)

    @property
    def codes(self) -> dict[str, npt.NDArray[np.floating]]:
        """By name, the completely encoded ones."""
        return {each.name: each.codes for each in self.opened if each.is_complete}

    @property
    def is_complete(self) -> bool:
        return bool(self.opened) and all(each.is_complete for each in self.opened)

    @property
    def progress(self) -> str:
        """Progress as text; empty while idle."""
        if self.trouble:
            return self.trouble
        count = sum(len(each.codes) for each in self.opened)
        done = sum(each.encoded_count for each in self.opened)
        return f"Encoding reference frames, {done} of {count} …" if self.opened and done < count else ""

    def want(self) -> None:
        """A view needs the references."""
        if not self._is_wanted:
            self._is_wanted = True
            self._begin()

    def choose(self, paths: Sequence[Path]) -> None:
        """Compare failures with these stores."""
        if tuple(paths) != self.paths:
            self.paths = tuple(paths)
            self._begin()

    @Slot()
    def _begin(self) -> None:
        self.opened, self.trouble, self._stamp = (), "", object()
        model = self._session.model
        if self._is_wanted and model is not None:
            self._worker.ask(self._stamp, partial(_open, self.paths, model))
        self.changed.emit()

    @Slot(object, object)
    def _on_answer(self, stamp: object, opened: tuple[Reference, ...]) -> None:
        model = self._session.model
        if stamp is not self._stamp or model is None:
            return
        self.opened = opened
        self.progressed.emit()
        if self.is_complete:
            self.changed.emit()
        else:
            self._worker.ask(stamp, partial(_encode, opened, model))

    @Slot(object, str)
    def _on_failed(self, stamp: object, line: str) -> None:
        if stamp is self._stamp:
            self.trouble = line
            self.progressed.emit()


def bundled() -> tuple[Path, ...]:
    """The bundled samples that exist."""
    found = []
    for name in SAMPLES:
        try:
            found.append(resource("samples", name))
        except FileNotFoundError:
            continue
    return tuple(found)


def _open(paths: tuple[Path, ...], model: HandModel) -> tuple[Reference, ...]:
    from explorer_app.inspect.model import reference

    return tuple(reference.open_reference(path, model) for path in paths)


def _encode(opened: tuple[Reference, ...], model: HandModel) -> tuple[Reference, ...]:
    from explorer_app.inspect.model import reference

    reference.encode_more(next(each for each in opened if not each.is_complete), model)
    return opened
