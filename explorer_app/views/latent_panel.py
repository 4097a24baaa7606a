"""The latent as sliders."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from explorer_app.model.latent import LatentCode
from explorer_app.session import Session
from explorer_app.views.latent_row import TICKS_PER_SIGMA, LatentRow
from lsps_core.config import POSE_LATENT_SIZE

_LARGEST_SEED = 2**31 - 1


class LatentPanel(QWidget):
    """One slider per latent axis; a view of `Session.latent`, holding no state of its own but the sample's seed."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._build_header())
        layout.addWidget(self._build_rows(), 1)
        layout.addLayout(self._build_sampling())
        self.sliders = [row.slider for row in self.rows]
        session.latent_changed.connect(self._show)
        session.model_changed.connect(self._show)
        self._show()

    def _build_header(self) -> QHBoxLayout:
        title = QLabel("<b>Pose latent</b>, in σ")
        title.setToolTip("0 is the mean of the encoded training poses, 1 their standard deviation along this axis")
        self.reset_all = QPushButton("Reset all")
        self.reset_all.setToolTip("All sliders to the mean (Ctrl+0)")
        self.reset_all.clicked.connect(self.reset)
        header = QHBoxLayout()
        header.addWidget(title, 1)
        header.addWidget(self.reset_all)
        return header

    def _build_rows(self) -> QScrollArea:
        content = QWidget()
        grid = QGridLayout(content)
        grid.setContentsMargins(0, 0, 4, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self.rows = [LatentRow(axis, grid) for axis in range(POSE_LATENT_SIZE)]
        for axis, row in enumerate(self.rows):
            grid.setRowStretch(axis, 1)
            row.slider.valueChanged.connect(partial(self._move, axis))
            row.slider.sliderPressed.connect(partial(self._hold, axis, True))
            row.slider.sliderReleased.connect(partial(self._hold, axis, False))
            row.slider.reset_asked.connect(partial(self._set_value, axis, 0.0))
            row.field.valueChanged.connect(partial(self._set_value, axis))
            row.reset.clicked.connect(partial(self._reset_row, axis))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(content)
        return area

    def _build_sampling(self) -> QHBoxLayout:
        self.sample_button = QPushButton("Sample prior")
        self.sample_button.setToolTip("Draw the next hand from N(0, I) (R)")
        self.sample_button.clicked.connect(self.sample_next)
        self.seed = QSpinBox()
        self.seed.setRange(0, _LARGEST_SEED)
        self.seed.setKeyboardTracking(False)
        self.seed.setToolTip("The seed of the sample; type one to see its hand again")
        self.seed.setAccessibleName("Seed of the sample")
        self.seed.valueChanged.connect(self._session.sample)
        sampling = QHBoxLayout()
        sampling.addWidget(self.sample_button, 1)
        sampling.addWidget(QLabel("seed"))
        sampling.addWidget(self.seed)
        return sampling

    @Slot()
    def reset(self) -> None:
        """All axes to the mean."""
        self._session.set_latent(LatentCode(), "reset all")

    @Slot()
    def sample_next(self) -> None:
        """The hand of the next seed."""
        seed = self.seed.value() + 1 if self.seed.value() < _LARGEST_SEED else 0
        with QSignalBlocker(self.seed):
            self.seed.setValue(seed)
        self._session.sample(seed)

    def _move(self, axis: int, ticks: int) -> None:
        self._set_value(axis, ticks / TICKS_PER_SIGMA)

    def _set_value(self, axis: int, value: float) -> None:
        self._session.set_latent(self._session.latent.with_value(axis, value), f"move z{axis + 1}", merge_key=axis)

    def _reset_row(self, axis: int) -> None:
        self._set_value(axis, 0.0)

    def _hold(self, axis: int, is_held: bool) -> None:
        if is_held:
            self._session.begin_edit(f"move z{axis + 1}")
        else:
            self._session.end_edit()

    @Slot()
    def _show(self) -> None:
        latent = self._session.latent
        for row, value in zip(self.rows, latent.values, strict=True):
            row.show(value)
        self.reset_all.setEnabled(not latent.is_mean)
        self.sample_button.setEnabled(self._session.model is not None)
        self.seed.setEnabled(self._session.model is not None)
