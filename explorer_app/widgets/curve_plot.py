"""A plot in the window's colours. Import it in a thread: pyqtgraph needs most of a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Slot
from PySide6.QtWidgets import QCheckBox

from explorer_app.widgets import theme

FloatArray = npt.NDArray[np.floating]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#b8a800")
"""Okabe and Ito's, the yellow darker so that it shows on white."""


class _Axis(pg.AxisItem):
    """On a logarithmic axis only 1, 2 and 5 are labelled: others would overlap."""

    def logTickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        texts = super().logTickStrings(values, scale, spacing)
        return [
            text if round(10 ** (value % 1), 3) in (1, 2, 5) else "" for value, text in zip(values, texts, strict=True)
        ]


class CurvePlot(pg.PlotWidget):
    """A plot in the window's colours, whose range follows the data until the user moves it; double-click fits it."""

    def __init__(self, label: str, name: str) -> None:
        super().__init__(axisItems={"left": _Axis("left")})
        self.setAccessibleName(name)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMinimumHeight(120)
        self.showGrid(x=True, y=True, alpha=0.15)
        self.setLabel("left", label)
        self.setLabel("bottom", "step")
        self.getAxis("bottom").enableAutoSIPrefix(False)
        self.is_moved = False
        self._lines: list[Any] = []
        self.getViewBox().sigRangeChangedManually.connect(self._on_moved)
        self._take_colours()

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

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_lines"):
            self._take_colours()

    def _take_colours(self) -> None:
        self.setBackground(theme.view_background(self.palette()))
        for name in ("left", "bottom"):
            self.getAxis(name).setPen(theme.faint(self.palette()))
            self.getAxis(name).setTextPen(theme.faint(self.palette()))


def logarithm(values: FloatArray) -> FloatArray:
    return np.log10(np.where(values > 0, values, np.nan))


def check_box(text: str, tip: str, changed: Any, is_checked: bool = True) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tip)
    box.setChecked(is_checked)
    box.toggled.connect(changed)
    return box
