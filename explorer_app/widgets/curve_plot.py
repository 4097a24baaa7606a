"""A plot in the window's colours. Import it in a thread: pyqtgraph needs most of a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox

from explorer_app.widgets.plot_colours import PlotColours
from explorer_app.widgets.themed_plot import ThemedPlot

FloatArray = npt.NDArray[np.floating]


class _Axis(pg.AxisItem):
    """On a logarithmic axis only 1, 2 and 5 are labelled: others would overlap."""

    def logTickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        texts = super().logTickStrings(values, scale, spacing)
        return [
            text if round(10 ** (value % 1), 3) in (1, 2, 5) else "" for value, text in zip(values, texts, strict=True)
        ]


class CurvePlot(ThemedPlot):
    """A plot whose range follows the data until the user moves it; double-click fits it."""

    def __init__(self, label: str, name: str) -> None:
        super().__init__(name, axisItems={"left": _Axis("left")})
        self.setMinimumHeight(120)
        self.showGrid(x=True, y=True, alpha=0.15)
        self.setLabel("left", label)
        self.setLabel("bottom", "step")
        self.is_moved = False
        self._lines: list[Any] = []
        self.getViewBox().sigRangeChangedManually.connect(self._on_moved)
        self.recolour(PlotColours(self.palette()))

    def recolour(self, colours: PlotColours) -> None:
        super().recolour(colours)
        for side in ("left", "bottom"):
            self.getAxis(side).setPen(colours.faint)  # the grid's colour as well, at 15 %

    def draw(self, lines: Sequence[tuple[FloatArray, FloatArray, Any, str]]) -> None:
        """lines: x, y, pen, symbol or empty."""
        while len(self._lines) > len(lines):
            self.removeItem(self._lines.pop())
        while len(self._lines) < len(lines):
            self._lines.append(self.plot())
        for item, (x, y, pen, symbol) in zip(self._lines, lines, strict=True):
            if not np.isfinite(y).any():  # pyqtgraph computes the extent of the items
                x, y = x[:0], y[:0]
            options = {"symbol": symbol, "symbolSize": 5, "symbolPen": None, "symbolBrush": pen.color()}
            item.setData(x, y, pen=pen, connect="finite", **(options if symbol else {"symbol": None}))

    def fit(self, x: tuple[float, float], y: tuple[float, float] | None) -> None:
        if not self.is_moved:
            self.setXRange(*x, padding=0.02)
            if y is not None:
                self.setYRange(*y, padding=0)

    @Slot()
    def _on_moved(self) -> None:
        self.is_moved = True

    def mouseDoubleClickEvent(self, event: Any) -> None:
        super().mouseDoubleClickEvent(event)
        self.is_moved = False


def logarithm(values: FloatArray) -> FloatArray:
    return np.log10(np.where(values > 0, values, np.nan))


def check_box(text: str, tip: str, changed: Any, is_checked: bool = True) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tip)
    box.setChecked(is_checked)
    box.toggled.connect(changed)
    return box
