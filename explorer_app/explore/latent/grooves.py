"""Colours each slider's groove by where along it the hands are, from the shown latent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Slot

from explorer_app.explore.latent.panel import LatentPanel
from explorer_app.explore.latent.row_parts import LatentSlider
from explorer_app.model.latent import RANGE_SIGMA, DirectionAxis, LatentBasis, LatentCode
from explorer_app.session.background import Background
from explorer_app.session.session import Session

if TYPE_CHECKING:
    from explorer_app.model.hand.model import HandModel

_PLACES = np.linspace(-RANGE_SIGMA, RANGE_SIGMA, 41)
_STILL_MS = 120
"""Their typicality takes longer than a decode, so it waits until the latent has not moved for this long, nor plays."""


class GrooveColours(QObject):
    """Computes in a thread of its own; a model without a fitted prior has plain grooves."""

    def __init__(self, session: Session, background: Background, panel: LatentPanel) -> None:
        super().__init__(panel)
        self._session, self._panel = session, panel
        self._worker = background.add_worker("grooves", self._on_shares)
        self._still = QTimer(self, singleShot=True, interval=_STILL_MS)
        self._still.timeout.connect(self._ask)
        session.latent_changed.connect(self._wait)
        session.playing_changed.connect(self._on_playing)
        panel.axes_changed.connect(self._clear)
        panel.directions.changed.connect(self._clear)

    def close_down(self) -> None:
        self._still.stop()

    @Slot()
    def _clear(self) -> None:
        """The old colours are of other axes, or soon of another hand."""
        for slider in self._sliders:
            slider.show_typicality(None)
        self._wait()

    @Slot()
    def _on_playing(self) -> None:
        if self._session.is_playing:
            self._clear()
        else:
            self._wait()

    @Slot()
    def _wait(self) -> None:
        session = self._session
        if session.model is not None and session.model.prior.is_fitted and not session.is_playing:
            self._still.start()
        else:
            self._still.stop()

    @Slot()
    def _ask(self) -> None:
        model, basis, latent, directions = stamp = self._stamp
        if model is not None:
            axes = [*directions, *basis.axes]
            self._worker.ask(stamp, partial(model.prior.typicality_along, latent, axes, _PLACES))

    @Slot(object, object)
    def _on_shares(self, stamp: Any, shares: npt.NDArray[np.float32]) -> None:
        if stamp == self._stamp:
            for slider, along in zip(self._sliders, shares, strict=True):
                slider.show_typicality(along.tolist())

    @property
    def _stamp(self) -> tuple[HandModel | None, LatentBasis, LatentCode, tuple[DirectionAxis, ...]]:
        axes = tuple(self._panel.directions.axes.values())
        return self._session.model, self._panel.axes.basis, self._session.latent, axes

    @property
    def _sliders(self) -> list[LatentSlider]:
        """Of the directions, then of the axes."""
        return [*(row.slider for row in self._panel.directions.rows.values()), *self._panel.sliders]
