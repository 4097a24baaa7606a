"""Curves of a training run: its loss terms, and its error in mm. Build them once pyqtgraph has been imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from explorer_app.model.run_curves import Curves, FloatArray, parse_baselines, shown_range, smoothed
from explorer_app.views import theme

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#b8a800")
"""Okabe and Ito's, the yellow darker so that it shows on white."""
_TELLING = {"pose_reconstruction", "pose_kl", "reconstruction", "mapping_reconstruction", "discriminator"}
_TELLING |= {"posterior", "feature_matching"}
_ALL_STAGES = ("pose", "depth", "posterior")


class _Axis(pg.AxisItem):
    """Where it is logarithmic, only 1, 2 and 5 are written: the others would run into each other."""

    def logTickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        texts = super().logTickStrings(values, scale, spacing)
        return [
            text if round(10 ** (value % 1), 3) in (1, 2, 5) else "" for value, text in zip(values, texts, strict=True)
        ]


class CurvePlot(pg.PlotWidget):
    """A plot in the window's colours, whose range follows the data until somebody moves it; double click fits it."""

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
        self.setBackground(theme.stage_background(self.palette()))
        for name in ("left", "bottom"):
            self.getAxis(name).setPen(theme.faint(self.palette()))
            self.getAxis(name).setTextPen(theme.faint(self.palette()))


class TermPlots(QWidget):
    """Loss terms of one stage. The list beside them is their legend, and chooses."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[Curves, ...] = ()
        self._is_chosen: dict[str, bool] = {}
        self._shown_stage = ""
        self.stage = QComboBox()
        self.stage.setAccessibleName("Stage whose terms are shown")
        self.stage.setToolTip("Stage whose terms are shown; it follows the training until you choose another")
        self.stage.activated.connect(self._choose_stage)
        self.is_log = _check("Log", "Logarithmic scale: terms differ by orders of magnitude", self._draw)
        self.is_clipped = _check("Clip", "Leave the rarest 2 % of the values out of the range", self._draw)
        self.smoothing = QSlider(Qt.Orientation.Horizontal, minimum=0, maximum=100, value=20)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip("Smoothing: mean over neighbouring reports")
        self.smoothing.setMinimumWidth(60)
        self.smoothing.valueChanged.connect(self._draw)
        self.terms = QListWidget()
        self.terms.setAccessibleName("Terms to show")
        self.terms.setToolTip("Terms to show: (r) of real frames, (s) of synthetic ones, dashed")
        self.terms.itemChanged.connect(self._choose_term)
        self.terms.setMinimumWidth(100)
        self.terms.setMaximumWidth(220)
        self.terms.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # long names are cut, with a tip
        self.plot = CurvePlot("", "Loss terms over steps")
        controls = QHBoxLayout()
        smooth = QLabel("S&mooth")
        smooth.setBuddy(self.smoothing)
        for widget in (QLabel("Terms of"), self.stage, self.is_log, self.is_clipped, smooth):
            controls.addWidget(widget)
        controls.addWidget(self.smoothing, 1)
        body = QHBoxLayout()
        body.addWidget(self.plot, 5)
        body.addWidget(self.terms, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(controls)
        layout.addLayout(body, 1)

    def show_curves(self, runs: Sequence[Curves]) -> None:
        """The first run, and others faintly over it."""
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
                is_chosen = self._is_chosen.get(name, name.partition("/")[0] in _TELLING)
                item.setCheckState(Qt.CheckState.Checked if is_chosen else Qt.CheckState.Unchecked)
                swatch = QPixmap(12, 4)
                swatch.fill(self._colour(name))
                item.setIcon(QIcon(swatch))

    def _colour(self, name: str) -> QColor:
        bases = list(dict.fromkeys(other.partition("/")[0] for other in self._names))
        bases.sort(key=lambda base: base not in _TELLING)  # so that those shown at first differ
        return QColor(COLOURS[bases.index(name.partition("/")[0]) % len(COLOURS)])

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
                lines.append((series.steps, _logarithm(values) if is_log else values, self._pen(name, at), ""))
        self.plot.getAxis("left").setLogMode(is_log)
        self.plot.draw(lines)
        self.plot.fit((min(ends[1:], default=0), max(ends)), shown_range(shown, self.is_clipped.isChecked(), is_log))

    def _pen(self, name: str, at: int) -> Any:
        colour = self._colour(name)
        colour.setAlphaF(1.0 if at == 0 else 0.4)
        style = Qt.PenStyle.DashLine if name.endswith("/synthetic") else Qt.PenStyle.SolidLine
        return pg.mkPen(colour, width=1.5 if at == 0 else 1, style=style)


class ErrorPlot(QWidget):
    """Validation errors in mm with the best so far, and published ones as lines to be measured by."""

    baselines_changed = Signal(str)

    def __init__(self, baselines: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[Curves, ...] = ()
        self._marks: list[Any] = []
        self.best = QLabel("No validation yet")
        self.baselines = QLineEdit(baselines)
        self.baselines.setPlaceholderText("DeepPrior++ 12.3, Pose-REN 11.8")
        self.baselines.setAccessibleName("Published errors to compare with")
        self.baselines.setToolTip("Published errors to compare with: names and mm, separated by commas")
        self.baselines.editingFinished.connect(self._take_baselines)
        self.is_log = _check("Log", "Logarithmic scale", self._draw, is_checked=False)
        self.complaint = QLabel()
        self.complaint.setWordWrap(True)
        self.complaint.hide()
        self.plot = CurvePlot("mm", "Validation error over steps")
        controls = QHBoxLayout()
        label = QLabel("&Published")
        label.setBuddy(self.baselines)
        for widget in (self.best, self.is_log, label):
            controls.addWidget(widget)
        controls.addWidget(self.baselines, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
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
        scale = _logarithm if is_log else np.asarray
        lines, shown, end = [], [], 1.0
        for at, run in enumerate(self._runs):
            for name, colour in (("reconstruction", COLOURS[2]), ("P", COLOURS[0])):
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
        self.plot.fit((0, end), shown_range(shown, False, is_log))

    def _mark(self, baselines: list[tuple[str, float]], scale: Any) -> None:
        """Lines across: the best so far, and the published ones."""
        for mark in self._marks:
            self.plot.removeItem(mark)
        best = self._runs[0].best_mm if self._runs else None
        marked = [*([("best", best[0], COLOURS[1])] if best else [])]
        marked += [(name, value, COLOURS[6]) for name, value in baselines]
        self._marks = []
        for name, value, colour in marked:
            options = {"position": 0.97, "anchors": [(1, 1), (1, 0)], "color": colour}
            at = float(scale(np.asarray([value]))[0])
            pen = pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine)
            mark = pg.InfiniteLine(at, angle=0, pen=pen, label=f"{name} {value:.1f}", labelOpts=options)
            self.plot.addItem(mark)
            self._marks.append(mark)


def _name(item: QListWidgetItem) -> str:
    return str(item.data(Qt.ItemDataRole.UserRole))


def _logarithm(values: FloatArray) -> FloatArray:
    return np.log10(np.where(values > 0, values, np.nan))


def _check(text: str, tip: str, changed: Any, is_checked: bool = True) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tip)
    box.setChecked(is_checked)
    box.toggled.connect(changed)
    return box
