"""The latent as sliders."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QToolButton, QWidget

from explorer_app.explore.latent.controls import LatentHeader, LatentSampling
from explorer_app.explore.latent.dial import TurnDial
from explorer_app.explore.latent.directions import DirectionSliders
from explorer_app.explore.latent.gauge import TypicalityGauge
from explorer_app.explore.latent.hands import GestureMenu, HandMoves
from explorer_app.explore.latent.pad import LatentPad
from explorer_app.explore.latent.row import LatentRow
from explorer_app.model.latent import RAW, LatentAxes, LatentCode, SliderView
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.session.undo import Merge
from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout, row_layout
from lsps_core.config.model import POSE_LATENT_SIZE

_TURNS, _TURN_MS = 2, 16
"""After an encoding the rows are updated in so many parts, with this delay between them."""
_TIP = "in σ of the encoded training poses"


class LatentPanel(QWidget):
    """One slider per latent axis: a view of `Session.latent`, with its own display state (basis, order, locks)."""

    axes_changed = Signal()

    def __init__(self, session: Session, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.hands = HandMoves(session, background, self._shown_axes, self)
        self.directions = DirectionSliders(session, background, self._shown_axes)
        self._dimensions, self._principal = LatentAxes(), LatentAxes()
        self._is_principal = False
        self._is_by_effect = False
        self._pointed: int | None = None
        self._build()
        self._connect()
        self._on_model()

    @property
    def axes(self) -> LatentAxes:
        """The axes shown by the sliders, and their locks."""
        return self._shown_axes()

    def _shown_axes(self) -> LatentAxes:
        return self._principal if self._is_principal else self._dimensions

    @property
    def slider_view(self) -> SliderView:
        """The display state: basis, order, locks."""
        return SliderView(
            is_principal=self._is_principal,
            is_by_effect=self._is_by_effect,
            locked=self._dimensions.locked,
            locked_principal=self._principal.locked,
        )

    def set_slider_view(self, view: SliderView) -> None:
        """Restore the display state, as far as the model has principal directions."""
        has_principal = self._session.model is not None and self._session.model.principal is not None
        self._is_principal, self._is_by_effect = view.is_principal and has_principal, view.is_by_effect
        self._dimensions = replace(self._dimensions, locked=view.locked)
        if has_principal:
            self._principal = replace(self._principal, locked=view.locked_principal)
        self.header.show_order(view.is_by_effect)
        self._show_axes()

    def _build(self) -> None:
        self.header, self.sampling, self.pad = LatentHeader(), LatentSampling(), LatentPad(self._session)
        self.gauge, self.dial = TypicalityGauge(self._session), TurnDial(self._session)
        hand = row_layout()
        hand.addWidget(self.gauge, 1)
        hand.addWidget(self.dial, 0, Qt.AlignmentFlag.AlignRight)
        self.sample_button, self.seed, self.temperature = (
            self.sampling.button,
            self.sampling.seed,
            self.sampling.temperature,
        )
        self.reset_all, self.randomise_button = self.header.reset_all, self.header.randomise
        self.gestures = GestureMenu(self._session, self.hands, self)
        self.header.gestures.setMenu(self.gestures)
        self.pad_button = QToolButton()
        self.pad_button.setText("Pad")
        self.pad_button.setCheckable(True)
        self.pad_button.setAutoRaise(True)
        self.pad_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.pad_button.setToolTip("A square that drags two sliders at once")
        layout = column_layout(self)
        layout.addWidget(self.header)
        layout.addLayout(hand)
        layout.addWidget(self._build_rows(), 1)
        layout.addWidget(self.pad_button)
        layout.addWidget(self.pad)
        layout.addWidget(self.sampling)
        self._open_pad(False)

    def _build_rows(self) -> QScrollArea:
        content, self._lines = QWidget(), column_layout(gap=0)
        whole = column_layout(content, gap=0)
        whole.setContentsMargins(0, 0, theme.UNIT, 0)
        whole.addWidget(self.directions)
        whole.addLayout(self._lines, 1)
        self.rows = [LatentRow() for _ in range(POSE_LATENT_SIZE)]
        self.sliders = [row.slider for row in self.rows]
        self._lines.addStretch()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(content)
        return area

    def _connect(self) -> None:
        for axis, row in enumerate(self.rows):
            row.value_asked.connect(partial(self._set_value, axis))
            row.held.connect(partial(self._hold, axis))
            row.lock_asked.connect(partial(self._lock, axis))
            row.pointed_at.connect(partial(self._point_at, axis))
        self.header.basis_asked.connect(self._on_basis)
        self.header.order_asked.connect(self._on_order)
        self.reset_all.clicked.connect(self.hands.reset)
        self.randomise_button.clicked.connect(self.randomise)
        self.sample_button.clicked.connect(self.sample_next)
        self.seed.valueChanged.connect(self._sample)
        self.temperature.valueChanged.connect(self._on_temperature)
        self.sampling.prior_asked.connect(self._session.set_prior)
        self.dial.turn_asked.connect(self._turn)
        self.pad_button.toggled.connect(self._open_pad)
        self._session.latent_changed.connect(self._show_latent)
        self._session.model_changed.connect(self._on_model)

    @Slot()
    def sample_next(self) -> None:
        """Sample the next seed."""
        self._sample(self.sampling.next_seed())

    @Slot()
    def randomise(self) -> None:
        """Sample all unlocked axes from the next seed, with the locked ones as near to a sample as can be."""
        model = self._session.model
        if model is not None:
            seed = self.sampling.next_seed()
            drawn = model.prior.candidates(seed, self.temperature.value(), self._session.prior)
            self._session.set_latent(self.axes.nearest(self._session.latent, drawn), f"randomise {seed}")

    @Slot(int)
    def _sample(self, seed: int, merge: Merge | None = None) -> None:
        model = self._session.model
        if model is not None:
            drawn = model.sample(seed, self.temperature.value(), self._session.prior)
            self._session.set_latent(self.axes.merged(self._session.latent, drawn), f"sample {seed}", merge)

    @Slot()
    def _on_temperature(self) -> None:
        self._sample(self.seed.value(), Merge.TEMPERATURE)

    @Slot(LatentCode)
    def _turn(self, code: LatentCode) -> None:
        self._session.set_latent(self.axes.merged(self._session.latent, code), "turn", Merge.TURN)

    def _set_value(self, axis: int, value: float) -> None:
        code = self.axes.moved(self._session.latent, {axis: value})
        self._session.set_latent(code, f"move {self.axes.basis.label(axis)}", merge=Merge.AXIS)

    def _hold(self, axis: int, is_held: bool) -> None:
        if is_held:
            self._session.begin_edit(f"move {self.axes.basis.label(axis)}")
        else:
            self._session.end_edit()

    def _lock(self, axis: int, is_locked: bool) -> None:
        self._set_axes(self.axes.with_lock(axis, is_locked))
        self._show()
        self.pad.show_axes(self.axes, self._names())

    def _set_axes(self, axes: LatentAxes) -> None:
        if self._is_principal:
            self._principal = axes
        else:
            self._dimensions = axes

    def _point_at(self, axis: int, is_pointed: bool) -> None:
        model = self._session.model
        if is_pointed and model is not None:
            self._pointed = axis
            self._session.set_highlight(model.effects(self.axes.basis).weights(axis))
        elif not is_pointed and self._pointed == axis:
            self._pointed = None
            self._session.set_highlight(None)

    @Slot(bool)
    def _open_pad(self, is_open: bool) -> None:
        self.pad.setVisible(is_open)
        self.pad_button.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)

    @Slot(bool)
    def _on_basis(self, is_principal: bool) -> None:
        self._is_principal = is_principal
        self._show_axes()

    @Slot(bool)
    def _on_order(self, is_by_effect: bool) -> None:
        self._is_by_effect = is_by_effect
        self._lay_out()

    @Slot()
    def _on_model(self) -> None:
        model = self._session.model
        principal = model.principal if model is not None else None
        self._is_principal = self._is_principal and principal is not None
        self._principal = LatentAxes(principal or RAW)  # a lock on another model's direction has no meaning here
        self._show_axes()

    def _show_axes(self) -> None:
        """Update names, order and values: everything that depends on the model or the basis."""
        if self._pointed is not None:
            self._point_at(self._pointed, False)
        model, basis = self._session.model, self.axes.basis
        effects = model.effects(basis) if model is not None else None
        names = effects.names if effects is not None else [""] * POSE_LATENT_SIZE
        for axis, row in enumerate(self.rows):
            label = basis.label(axis)
            row.show_name(
                label, names[axis], effects.describe(axis, label) if effects is not None else f"{label}, {_TIP}"
            )
        self._lay_out()
        self.header.show_state(
            is_principal=self._is_principal,
            has_model=model is not None,
            has_principal=model is not None and model.principal is not None,
            has_fitted=self._has_fitted,
            has_gestures=model is not None and bool(model.prior.gesture_names),
        )
        first, second = effects.order[:2] if effects is not None else (0, 1)
        self.pad.show_axes(self.axes, self._names(), (first, second))
        self._show()
        self.axes_changed.emit()

    def _lay_out(self) -> None:
        model = self._session.model
        order: Sequence[int] = range(POSE_LATENT_SIZE)
        if model is not None and self._is_by_effect:
            order = model.effects(self.axes.basis).order
        for place, axis in enumerate(order):  # a widget that is added again moves to the new place
            self._lines.insertWidget(place, self.rows[axis], 1)
        stops = [stop for axis in order for stop in self.rows[axis].stops]
        stops += [self.pad_button, *self.pad.stops, *self.sampling.stops]
        for stop, following in itertools.pairwise(stops):
            QWidget.setTabOrder(stop, following)

    def _names(self) -> list[str]:
        return [row.label.text() for row in self.rows]

    @Slot()
    def _show_latent(self) -> None:
        if self._session.is_at_code:  # an encoding changes the whole window: the rows are painted after the images
            for turn in range(_TURNS):
                QTimer.singleShot((turn + 1) * _TURN_MS, self, partial(self._show_rows, slice(turn, None, _TURNS)))
        else:
            self._show()

    @Slot()
    def _show(self) -> None:
        self._show_rows(slice(None))
        model = self._session.model
        self.sampling.show_state(has_model=model is not None, has_fitted=self._has_fitted, prior=self._session.prior)
        self.randomise_button.setEnabled(model is not None and len(self.axes.locked) < POSE_LATENT_SIZE)

    def _show_rows(self, which: slice) -> None:
        values, locked = self.axes.basis.coordinates(self._session.latent), self.axes.locked
        for axis in range(POSE_LATENT_SIZE)[which]:
            self.rows[axis].show_value(values[axis], axis in locked)
        if self._has_fitted:
            self.reset_all.setEnabled(len(locked) < POSE_LATENT_SIZE and not self.hands.is_reset)
        else:
            self.reset_all.setEnabled(any(row.reset.isEnabled() for row in self.rows))

    @property
    def _has_fitted(self) -> bool:
        model = self._session.model
        return model is not None and model.prior.is_fitted
