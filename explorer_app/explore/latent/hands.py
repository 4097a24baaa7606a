"""Goes to hands that must be found first, in a thread: the most typical one, and gestures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from explorer_app.model.latent import LatentAxes, LatentCode
from explorer_app.session.background import Background
from explorer_app.session.session import Session

if TYPE_CHECKING:
    from explorer_app.model.hand.model import HandModel


class _Wanted(NamedTuple):
    """A request, and what is shown when it is made. gesture: its name; empty for a reset."""

    gesture: str
    model: HandModel
    latent: LatentCode


class HandMoves(QObject):
    """Resets the latent, and sets it to gestures; an answer is dropped if the latent has changed meanwhile.

    axes: the axes of the sliders now; a reset keeps the locked ones. A gesture keeps none, like a preset.
    """

    def __init__(
        self, session: Session, background: Background, axes: Callable[[], LatentAxes], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._axes = session, axes
        self._after_reset: tuple[LatentAxes, LatentCode] | None = None
        self._worker = background.add_worker("hand", self._on_found)
        session.model_changed.connect(self._forget)

    @property
    def is_reset(self) -> bool:
        """A reset has no effect: a hand turned by a little may have a typical one that is turned further, and so on."""
        return (self._axes(), self._session.latent) == self._after_reset

    @Slot()
    def reset(self) -> None:
        """Go to the most typical hand of this orientation, without a fitted prior to the mean; locked axes stay."""
        model = self._session.model
        if self.is_reset:
            return
        if model is not None and model.prior.is_fitted:
            self._find("", model, partial(model.prior.typical_near, self._session.latent))
        else:
            self._reset_to(LatentCode())

    def go_to_gesture(self, name: str, *, is_turned: bool) -> None:
        """is_turned: in the orientation of the shown hand, else with its palm to the camera."""
        model = self._session.model
        if model is not None:
            near = self._session.latent if is_turned else None
            self._find(name, model, partial(model.prior.gesture, name, near))

    def _find(self, gesture: str, model: HandModel, find: Callable[[], LatentCode]) -> None:
        self._worker.ask(_Wanted(gesture, model, self._session.latent), find)

    @Slot(object, object)
    def _on_found(self, wanted: _Wanted, code: LatentCode) -> None:
        if (wanted.model, wanted.latent) != (self._session.model, self._session.latent):
            return
        if wanted.gesture:
            self._session.set_latent(code, wanted.gesture)
        else:
            self._reset_to(code)

    def _reset_to(self, center: LatentCode) -> None:
        code = self._axes().merged(self._session.latent, center)
        self._after_reset = (self._axes(), code)
        self._session.set_latent(code, "reset all")

    @Slot()
    def _forget(self) -> None:
        self._after_reset = None


class GestureMenu(QMenu):
    """The gestures that the open model has; for a button and for the menu bar."""

    def __init__(self, session: Session, moves: HandMoves, parent: QWidget) -> None:
        super().__init__("&Gestures", parent)
        self._session, self._moves = session, moves
        self.setToolTipsVisible(True)
        self.keep = QAction("&Keep the orientation", moves)  # `clear` deletes the menu's own actions
        self.keep.setCheckable(True)
        self.keep.setChecked(True)
        self.keep.setToolTip("The gesture is turned like the shown hand; without this its palm is to the camera")
        self.triggered.connect(self._go)
        session.model_changed.connect(self._fill)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        model = self._session.model
        names = model.prior.gesture_names if model is not None else ()
        self.clear()
        for name in names:
            self.addAction(name)
        self.addSeparator()
        self.addAction(self.keep)
        self.setEnabled(bool(names))

    @Slot(QAction)
    def _go(self, action: QAction) -> None:
        if action is not self.keep:
            self._moves.go_to_gesture(action.text(), is_turned=self.keep.isChecked())
