"""The validation error of a training run, in mm. Create it after pyqtgraph is imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from explorer_app.train.model.run_curves import Curves, parse_baselines, shown_range
from explorer_app.widgets.curve_plot import CurvePlot, check_box, logarithm
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.plot_colours import LINES
from explorer_app.widgets.small import WrappedLabel

_NAMES = 0.08
"""Of the height, for the name of the uppermost line."""


class ErrorPlot(QWidget):
    """Validation errors in mm with the best so far, and published ones as reference lines."""

    baselines_changed = Signal(str)

    def __init__(self, baselines: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[Curves, ...] = ()
        self._marks: list[Any] = []
        self._marked: list[tuple[str, float, float, str]] = []
        self.best = QLabel("No validation yet")
        self.baselines = QLineEdit(baselines)
        self.baselines.setPlaceholderText("DeepPrior++ 12.3, Pose-REN 11.8")
        self.baselines.setAccessibleName("Published errors to compare with")
        self.baselines.setToolTip("Published errors to compare with: names and mm, separated by commas")
        self.baselines.editingFinished.connect(self._take_baselines)
        self.is_log = check_box("Log", "Logarithmic scale", self._draw, is_checked=False)
        self.complaint = WrappedLabel()
        self.complaint.hide()
        self.plot = CurvePlot("mm", "Validation error over steps")
        controls = row_layout()
        label = QLabel("&Published")
        label.setBuddy(self.baselines)
        for widget in (self.best, self.is_log, label):
            controls.addWidget(widget)
        controls.addWidget(self.baselines, 1)
        layout = column_layout(self)
        layout.addLayout(controls)
        layout.addWidget(self.complaint)
        layout.addWidget(self.plot, 1)

    def show_curves(self, runs: Sequence[Curves]) -> None:
        self._runs = tuple(runs)
        best = runs[0].best_mm if runs else None
        self.best.setText(f"Best <b>{best[0]:.1f} mm</b>" if best else "No validation yet")
        self.best.setToolTip(f"at step {best[1]}, of pose estimation by P" if best else "")
        self._draw()

    @Slot()
    def _take_baselines(self) -> None:
        self.plot.is_moved = False
        self.baselines_changed.emit(self.baselines.text())
        self._draw()

    def _parsed(self) -> list[tuple[str, float]]:
        try:
            parsed = parse_baselines(self.baselines.text())
        except ValueError as error:
            self.complaint.setText(str(error))
            self.complaint.show()
            return []
        self.complaint.hide()
        return parsed

    @Slot()
    def _draw(self) -> None:
        is_log = self.is_log.isChecked()
        scale = logarithm if is_log else np.asarray
        lines, shown, end = [], [], 1.0
        for at, run in enumerate(self._runs):
            for name, colour in (("reconstruction", LINES[2]), ("P", LINES[0])):
                series = run.validation.get(name)
                if series is not None:
                    shown.append(series.values)
                    faded = QColor(colour)
                    faded.setAlphaF(1.0 if at == 0 else 0.4)
                    lines.append((series.steps, scale(series.values), pg.mkPen(faded, width=1.5), "o"))
            end = max(end, run.step)
        self.plot.getAxis("left").setLogMode(is_log)
        self.plot.draw(lines)
        baselines = self._parsed()
        self._mark(baselines, scale)
        shown.append(np.asarray([value for _, value in baselines]))
        extent = shown_range(shown, False, is_log)
        if extent is not None:  # names of lines are above them
            extent = (extent[0], extent[1] + _NAMES * (extent[1] - extent[0]))
        self.plot.fit((0, end), extent)

    def _mark(self, baselines: list[tuple[str, float]], scale: Any) -> None:
        """Horizontal lines: the best so far, and the published ones."""
        best = self._runs[0].best_mm if self._runs else None
        marked = [("best", float(scale(np.asarray(best[:1]))[0]), best[0], LINES[1])] if best else []
        marked += [(name, float(scale(np.asarray([value]))[0]), value, LINES[6]) for name, value in baselines]
        if marked == self._marked:  # lines with labels are slow to create
            return
        for mark in self._marks:
            self.plot.removeItem(mark)
        self._marks, self._marked = [], marked
        for name, at, value, colour in marked:
            options = {"position": 0.03, "anchors": [(0, 1), (0, 0)], "color": colour}
            pen = pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine)
            mark = pg.InfiniteLine(at, angle=0, pen=pen, label=f"{name} {value:.1f}", labelOpts=options)
            self.plot.addItem(mark)
            self._marks.append(mark)
