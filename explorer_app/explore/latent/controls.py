"""The controls above the latent sliders: basis, order, sampling and reset."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QWidget,
)

from explorer_app.widgets import theme
from explorer_app.widgets.fields import (
    LARGEST_SEED,
    TEMPERATURE_TIP,
    ComboBox,
    choice,
    label,
    seed,
    show_choice,
    temperature,
)
from explorer_app.widgets.layouts import grid_layout, row_layout
from lsps_core.config.model import Prior

_PRIORS: dict[Prior, str] = {"fitted": "Fitted prior", "normal": "N(0, I)"}
_PRIOR_TIP = (
    "What samples, the gallery and random walks are drawn from: the density of the training poses' codes, or N(0, I) "
    "as in the paper, of which few samples are hands"
)
_NO_FITTED = "This model file is too old to have a fitted prior: samples are of N(0, I); train the model again"


class LatentSampling(QWidget):
    """Holds the seed and the temperature of the next draw."""

    prior_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QPushButton("Sample prior")
        self.button.setToolTip("Sample the next hand from the prior; locked sliders do not change (R)")
        self.seed = seed("Seed of the sample", "The seed of the sample; type a seed to get its hand again")
        self.temperature = temperature("Temperature of the sample", TEMPERATURE_TIP)
        self.prior = choice(_PRIORS, "Prior", "")
        self.prior.currentIndexChanged.connect(self._on_prior)
        grid = grid_layout(self, gap=theme.UNIT)
        grid.addWidget(self.button, 0, 0, 1, 2)
        grid.addWidget(self.prior, 0, 2, 1, 2)
        for column, (text, field) in enumerate((("Seed", self.seed), ("Temperature", self.temperature))):
            grid.addWidget(label(text, field), 1, 2 * column)
            field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            grid.addWidget(field, 1, 2 * column + 1)
            grid.setColumnStretch(2 * column + 1, 1)

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """The widgets in tab order."""
        return self.button, self.prior, self.seed, self.temperature

    def show_state(self, *, has_model: bool, has_fitted: bool, prior: Prior) -> None:
        for widget in (self.button, self.seed, self.temperature):
            widget.setEnabled(has_model)
        self.prior.setEnabled(has_fitted)
        self.prior.setToolTip(_PRIOR_TIP if has_fitted or not has_model else _NO_FITTED)
        with QSignalBlocker(self.prior):
            show_choice(self.prior, prior if has_fitted or not has_model else "normal")

    @Slot()
    def _on_prior(self) -> None:
        self.prior_asked.emit(self.prior.currentData())

    def next_seed(self) -> int:
        """Advance to the next seed, without a signal."""
        seed = self.seed.value() + 1 if self.seed.value() < LARGEST_SEED else 0
        with QSignalBlocker(self.seed):
            self.seed.setValue(seed)
        return seed


_NO_MODEL = "Names and effects need a model"
_NO_PRINCIPAL = "This model file is too old to have principal directions; train the model again"
_RESET = "Go to the most typical hand of this orientation"
_RESET_TO_MEAN = "Set all sliders to the mean"
_GESTURES = "Set the sliders to a fist, a flat hand, one to five fingers, and so on"
_NO_GESTURES = "Gestures are made by the simulator's hand, whose joints this model does not have"
_PRINCIPAL = "The directions in which the training codes vary most, widest first"


class LatentHeader(QWidget):
    """Shows the given state, and emits the user's choices."""

    basis_asked = Signal(bool)
    """True: principal directions, False: the model's own dimensions."""
    order_asked = Signal(bool)
    """True: strongest effect first, False: as they are numbered."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.dimensions = _switch("Dimensions", "The model's own 20 dimensions, in σ of the encoded training poses")
        self.principal = _switch("Principal", _PRINCIPAL)
        self._bases = QButtonGroup(self)
        for button in (self.dimensions, self.principal):
            self._bases.addButton(button)
        self.order = ComboBox()
        self.order.addItems(["In order", "By effect"])
        self.order.setAccessibleName("Order of the sliders")
        self.randomise = QPushButton("Randomise")
        self.randomise.setToolTip(
            "Sample all unlocked sliders from the prior: the nearest of 64 samples to the locked ones"
        )
        self.reset_all = QPushButton("Reset all")
        self.gestures = QPushButton("Gestures")
        self._lay_out()
        self.principal.toggled.connect(self.basis_asked)
        self.order.currentIndexChanged.connect(self._on_order)

    def _lay_out(self) -> None:
        switch = row_layout()
        switch.addWidget(self.dimensions)
        switch.addWidget(self.principal)
        grid = grid_layout(self, gap=theme.UNIT)
        grid.addLayout(switch, 0, 0)
        grid.addWidget(self.order, 0, 1)
        hands = row_layout()
        for button in (self.gestures, self.randomise, self.reset_all):
            hands.addWidget(button)
        grid.addLayout(hands, 1, 0, 1, 2)

    def show_state(
        self, *, is_principal: bool, has_model: bool, has_principal: bool, has_fitted: bool, has_gestures: bool
    ) -> None:
        self.gestures.setEnabled(has_gestures)
        self.gestures.setToolTip(_GESTURES if has_gestures or not has_model else _NO_GESTURES)
        self.reset_all.setToolTip(f"{_RESET if has_fitted else _RESET_TO_MEAN}; locked sliders do not change (Ctrl+0)")
        with QSignalBlocker(self.principal):
            (self.principal if is_principal else self.dimensions).setChecked(True)
        self.principal.setEnabled(has_principal)
        self.principal.setToolTip(_PRINCIPAL if has_principal else _NO_PRINCIPAL if has_model else _NO_MODEL)
        self.order.setEnabled(has_model)
        self.order.setToolTip("In numerical order, or by effect on the hand" if has_model else _NO_MODEL)

    def show_order(self, is_by_effect: bool) -> None:
        with QSignalBlocker(self.order):
            self.order.setCurrentIndex(int(is_by_effect))

    @Slot(int)
    def _on_order(self, index: int) -> None:
        self.order_asked.emit(index == 1)


def _switch(text: str, tip: str) -> QRadioButton:
    button = QRadioButton(text)
    button.setToolTip(tip)
    return button
