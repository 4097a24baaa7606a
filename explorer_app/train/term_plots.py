"""Loss terms of a training run. Create them after pyqtgraph is imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QLabel,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from explorer_app.train.model.run_curves import Curves, shown_range, smoothed
from explorer_app.widgets.curve_plot import CurvePlot, check_box, logarithm
from explorer_app.widgets.fields import ComboBox, Slider
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.plot_colours import LINES

_HIDDEN = {"kl", "adversarial", "cycle", "cycle_kl", "mapping", "mapping_adversarial", "mapping_translated"}
"""Not shown at first: these repeat what another curve shows, or say little about the progress."""
_ALL_STAGES = ("pose", "depth", "posterior")


class TermPlots(QWidget):
    """Loss terms of one stage. The list beside the plot is its legend, and selects the terms."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[Curves, ...] = ()
        self._is_chosen: dict[str, bool] = {}
        self._shown_stage = ""
        self.stage = ComboBox()
        self.stage.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)  # stages come while it is shown
        self.stage.setAccessibleName("Stage whose terms are shown")
        self.stage.setToolTip("Stage whose terms are shown; it follows the training until you choose another")
        self.stage.activated.connect(self._choose_stage)
        self.is_log = check_box("Log", "Logarithmic scale: terms differ by orders of magnitude", self._draw)
        self.is_clipped = check_box("Clip", "Leave the most extreme 2 % of the values out of the range", self._draw)
        self.smoothing = Slider()
        self.smoothing.setRange(0, 100)
        self.smoothing.setValue(20)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip("Smoothing: mean over neighbouring reports")
        self.smoothing.setMinimumWidth(60)
        self.smoothing.valueChanged.connect(self._draw)
        self.terms = QListWidget()
        self.terms.setAccessibleName("Terms to show")
        self.terms.setToolTip("Terms to show: (r) of real frames, (s) of synthetic ones, dashed")
        self.terms.itemChanged.connect(self._choose_term)
        self.terms.setSizeAdjustPolicy(QListWidget.SizeAdjustPolicy.AdjustToContents)  # whole names where there is room
        self.terms.setMinimumWidth(100)
        self.terms.setMaximumWidth(250)
        self.terms.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # elided, with a tip
        self.plot = CurvePlot("", "Loss terms over steps")
        controls = row_layout()
        smooth = QLabel("S&mooth")
        smooth.setBuddy(self.smoothing)
        for widget in (QLabel("Terms of"), self.stage, self.is_log, self.is_clipped, smooth):
            controls.addWidget(widget)
        controls.addWidget(self.smoothing, 1)
        body = row_layout()
        body.addWidget(self.plot, 1)
        body.addWidget(self.terms)
        layout = column_layout(self)
        layout.addLayout(controls)
        layout.addLayout(body, 1)

    def show_curves(self, runs: Sequence[Curves]) -> None:
        """Show the first run, and others faintly over it."""
        self._runs = tuple(runs)
        stages = [stage for stage in _ALL_STAGES if any(stage in run.terms for run in runs)]
        if [self.stage.itemText(row) for row in range(self.stage.count())] != stages:
            wanted = self._shown_stage
            self.stage.clear()
            self.stage.addItems(stages)
            self.stage.setCurrentText(wanted)
        if not self._shown_stage and runs and runs[0].stage in stages:
            self.stage.setCurrentText(runs[0].stage)
        self._show_terms()
        self._draw()

    @Slot()
    def _choose_stage(self) -> None:
        self._shown_stage = self.stage.currentText()
        self.plot.is_moved = False
        self._show_terms()
        self._draw()

    @property
    def _names(self) -> list[str]:
        stage = self.stage.currentText()
        return list(dict.fromkeys(name for run in self._runs for name in run.terms.get(stage, {})))

    def _show_terms(self) -> None:
        names = self._names
        if [_name(self.terms.item(row)) for row in range(self.terms.count())] == names:
            return
        with QSignalBlocker(self.terms):
            self.terms.clear()
            for name in names:
                item = QListWidgetItem(name.replace("_", " ").replace("/synthetic", " (s)").replace("/real", " (r)"))
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setToolTip(name)
                self.terms.addItem(item)
                is_chosen = self._is_chosen.get(name, name.partition("/")[0] not in _HIDDEN)
                item.setCheckState(Qt.CheckState.Checked if is_chosen else Qt.CheckState.Unchecked)
                swatch = QPixmap(12, 4)
                swatch.fill(self._colour(name))
                item.setIcon(QIcon(swatch))

    def _colour(self, name: str) -> QColor:
        bases = list(dict.fromkeys(other.partition("/")[0] for other in self._names))
        bases.sort(key=lambda base: base in _HIDDEN)  # so that those shown at first differ
        return QColor(LINES[bases.index(name.partition("/")[0]) % len(LINES)])

    @Slot(QListWidgetItem)
    def _choose_term(self, item: QListWidgetItem) -> None:
        self._is_chosen[_name(item)] = item.checkState() == Qt.CheckState.Checked
        self.plot.is_moved = False
        self._draw()

    @Slot()
    def _draw(self) -> None:
        stage, is_log = self.stage.currentText(), self.is_log.isChecked()
        rows = [self.terms.item(row) for row in range(self.terms.count())]
        names = [_name(item) for item in rows if item.checkState() == Qt.CheckState.Checked]
        lines, shown, ends = [], [], [0.0]
        for at, run in enumerate(self._runs):
            for name in names:
                series = run.terms.get(stage, {}).get(name)
                if series is None or len(series.steps) == 0:
                    continue
                width = 1 + round(len(series.values) * (self.smoothing.value() / 100) ** 2 / 4)
                values = smoothed(series.values, width)
                shown.append(values)
                ends += [series.steps[0], series.steps[-1]]
                lines.append((series.steps, logarithm(values) if is_log else values, self._pen(name, at), ""))
        self.plot.getAxis("left").setLogMode(is_log)
        self.plot.draw(lines)
        self.plot.fit((min(ends[1:], default=0), max(ends)), shown_range(shown, self.is_clipped.isChecked(), is_log))

    def _pen(self, name: str, at: int) -> Any:
        colour = self._colour(name)
        colour.setAlphaF(1.0 if at == 0 else 0.4)
        style = Qt.PenStyle.DashLine if name.endswith("/synthetic") else Qt.PenStyle.SolidLine
        return pg.mkPen(colour, width=1.5 if at == 0 else 1, style=style)


def _name(item: QListWidgetItem) -> str:
    return str(item.data(Qt.ItemDataRole.UserRole))
