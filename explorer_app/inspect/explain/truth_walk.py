"""From the code of a frame to the code of its true pose by a slider, with the error along it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from explorer_app.inspect.curve_picture import Curve, CurvePicture
from explorer_app.inspect.model.explain import WalkToTruth
from explorer_app.model.latent import LatentCode
from explorer_app.session.session import Session
from explorer_app.widgets.fields import Slider
from explorer_app.widgets.layouts import column_layout, row_layout


class TruthWalk(QWidget):
    """Moving along the walk previews it in the explorer; Keep makes it an undoable edit."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.walk: WalkToTruth | None = None
        self.codes: list[LatentCode] = []
        self._joints: tuple[str, ...] = ()
        self.curve = CurvePicture("% of the way", "mm", "Error along the walk to the true pose")
        self.slider = Slider()
        self.slider.setToolTip("Walk from the frame's code to the code of its annotated pose")
        self.slider.setAccessibleName("Walk to the true pose")
        self.slider.valueChanged.connect(self._move)
        self.keep = QPushButton("&Keep")
        self.keep.setToolTip("Keep the sliders here (can be undone)")
        self.keep.clicked.connect(self._keep)
        self.line = QLabel()
        row = row_layout()
        row.addWidget(self.slider, 1)
        row.addWidget(self.keep)
        layout = column_layout(self)
        layout.addWidget(self.curve, 1)
        layout.addLayout(row)
        layout.addWidget(self.line)
        session.latent_changed.connect(self._follow)
        self.clear("")

    def clear(self, why: str) -> None:
        self.walk, self.codes = None, []
        self.curve.placeholder = why
        self.curve.show_curves([])
        self.line.setText("")
        self._enable()

    def show_walk(self, walk: WalkToTruth, start: LatentCode, joints: tuple[str, ...]) -> None:
        """A walk by the session's model for its frame, from that frame's code."""
        model = self._session.model
        if model is None:
            return
        self.walk, self._joints, scale = walk, joints, model.scale
        self.codes = [start, *(scale.to_code(latent) for latent in walk.latents[1:])]
        percent = np.linspace(0, 100, len(walk.errors_mm))
        self.curve.show_curves([Curve("mean joint error, mm", percent, walk.errors_mm)])
        self._enable()
        self._follow()

    def _enable(self) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(len(self.codes) - 1, 0))
            self.slider.setValue(0)
        for widget in (self.slider, self.keep):
            widget.setEnabled(self.walk is not None)

    @Slot(int)
    def _move(self, step: int) -> None:
        if self.walk is not None:
            self._session.preview_latent(self.codes[step])

    @Slot()
    def _keep(self) -> None:
        if self.walk is not None:
            self._session.set_latent(self.codes[self.slider.value()], "walk to the true pose")

    @Slot()
    def _follow(self) -> None:
        """The sliders may have moved off this walk."""
        if self.walk is None:
            return
        try:
            step = self.codes.index(self._session.latent)
        except ValueError:
            self.curve.show_current(None)
            self.line.setText("The sliders are off the walk; move this slider to return")
            return
        with QSignalBlocker(self.slider):
            self.slider.setValue(step)
        percent = 100 * step / (len(self.codes) - 1)
        self.curve.show_current(percent)
        errors = self.walk.joint_errors_mm[step]
        worst = int(np.nanargmax(errors))
        name = self._joints[worst].replace("_", " ")
        self.line.setText(
            f"{percent:.0f} %: {self.walk.errors_mm[step]:.1f} mm off; worst is {name}, {errors[worst]:.0f} mm"
        )
