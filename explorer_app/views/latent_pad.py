"""A square in which a dot drags two latent axes at once."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QWidget

from explorer_app.model.basis import LatentAxes
from explorer_app.session import Session
from explorer_app.views.pad_square import PadSquare

_NUDGE_SIGMA = 0.1
_NUDGE_KEY = 200
"""Quick presses of the arrow keys are one edit."""


class LatentPad(QWidget):
    """A view of two coordinates of `Session.latent`; which two, its boxes say."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._axes = LatentAxes()
        self.square = PadSquare()
        self.across, self.upwards = QComboBox(), QComboBox()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for column, (sign, box, what) in enumerate((("↔", self.across, "across"), ("↕", self.upwards, "upwards"))):
            box.setAccessibleName(f"Axis of the pad, {what}")
            box.setToolTip(f"What the dot moves when it goes {what}")
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            label = QLabel(sign)
            label.setBuddy(box)
            layout.addWidget(label, 0, 2 * column)
            layout.addWidget(box, 0, 2 * column + 1)
            layout.setColumnStretch(2 * column + 1, 1)
        layout.addWidget(self.square, 1, 0, 1, 4)
        layout.setRowStretch(1, 1)
        self._chosen = [0, 1]
        self.across.currentIndexChanged.connect(self._on_across)
        self.upwards.currentIndexChanged.connect(self._on_upwards)
        self.square.held.connect(self._on_held)
        self.square.moved.connect(self._on_moved)
        self.square.nudged.connect(self._on_nudged)
        session.latent_changed.connect(self._show)

    def show_axes(self, axes: LatentAxes, names: Sequence[str], chosen: tuple[int, int] | None = None) -> None:
        """axes: what the dot moves along; names [20] of the rows; chosen: the two to begin with, None for the same."""
        self._axes = axes
        self._chosen = list(chosen or self._chosen)
        for box in (self.across, self.upwards):
            if [box.itemText(index) for index in range(box.count())] != list(names):
                with QSignalBlocker(box):
                    box.clear()
                    box.addItems(names)
        self._show()

    @Slot(int)
    def _on_across(self, axis: int) -> None:
        self._choose(0, axis)

    @Slot(int)
    def _on_upwards(self, axis: int) -> None:
        self._choose(1, axis)

    def _choose(self, place: int, axis: int) -> None:
        if self._chosen[1 - place] == axis:  # no axis can go two ways
            self._chosen[1 - place] = self._chosen[place]
        self._chosen[place] = axis
        self._show()

    @Slot(bool)
    def _on_held(self, is_held: bool) -> None:
        if is_held:
            self._session.begin_edit(self._label)
        else:
            self._session.end_edit()

    @Slot(float, float)
    def _on_moved(self, x: float, y: float) -> None:
        self._session.set_latent(self._axes.moved(self._session.latent, self._by_axis(x, y)), self._label)

    @Slot(int, int)
    def _on_nudged(self, right: int, up: int) -> None:
        x, y = self._place
        values = self._by_axis(x + _NUDGE_SIGMA * right, y + _NUDGE_SIGMA * up)
        self._session.set_latent(self._axes.moved(self._session.latent, values), self._label, merge_key=_NUDGE_KEY)

    def _by_axis(self, x: float, y: float) -> dict[int, float]:
        return {self._chosen[0]: x, self._chosen[1]: y}

    @property
    def _place(self) -> tuple[float, float]:
        coordinates = self._axes.basis.coordinates(self._session.latent)
        return coordinates[self._chosen[0]], coordinates[self._chosen[1]]

    @property
    def _label(self) -> str:
        first, second = (self._axes.basis.label(axis) for axis in self._chosen)
        return f"move {first} and {second}"

    @Slot()
    def _show(self) -> None:
        for box, axis in zip((self.across, self.upwards), self._chosen, strict=True):
            with QSignalBlocker(box):
                box.setCurrentIndex(axis)
        self.square.show_place(*self._place)
        self.square.setEnabled(not self._axes.locked.issuperset(self._chosen))
