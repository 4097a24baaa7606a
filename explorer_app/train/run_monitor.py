"""One training run: its progress, curves and actions."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase, QHideEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QWidget,
)

from explorer_app.model.wording import duration, memory, speed, step_of
from explorer_app.train.model.run_curves import Curves
from explorer_app.train.model.run_folder import WENT_WRONG, RunView
from explorer_app.train.previews import PreviewScrubber
from explorer_app.train.run_trouble import RunTrouble
from explorer_app.widgets import theme
from explorer_app.widgets.icons import give_icon
from explorer_app.widgets.labels import SectionTitle
from explorer_app.widgets.layouts import column_layout, grid_layout, row_layout
from explorer_app.widgets.tab_style import underline_tabs
from explorer_app.widgets.turns import Turns

_TURN_MS = 30
_ICONS = {"resume": "play", "pause": "pause", "stop": "stop", "open": "open"}
_STATES = {
    "new": "Not trained yet",
    "starting": "Starting …",
    "training": "Training",
    "paused": "Paused",
    "stopping": "Saving, then stopping …",
    "finished": "Finished",
    "stopped": "Stopped, saved",
    "cancelled": "Cancelled",
    "failed": "Failed",
    "died": "Died",
    "missing": "Missing",
}


class RunMonitor(QWidget):
    """A view of a run's folder; its buttons only emit requests."""

    asked = Signal(str)
    """ "pause", "unpause", "stop", "resume", "cancel" or "open" """
    changes_asked = Signal(tuple)
    """settings to resume the run with"""
    follow_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view: RunView | None = None
        self.plots: tuple[Any, ...] = ()
        self._curves: tuple[Curves, ...] = ()
        self._paths: list[Path] = []
        self._turns = Turns(self, _TURN_MS)
        self.title = SectionTitle()
        self.facts = QLabel()
        self.facts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.trouble = RunTrouble()
        self.trouble.open_asked.connect(lambda: self.asked.emit("open"))
        self.trouble.resume_asked.connect(lambda: self.asked.emit("resume"))
        self.trouble.changes_asked.connect(self.changes_asked)
        self.stage_bar, self.whole_bar = _bar("Progress of the stage"), _bar("Progress of the whole run")
        self.previews = PreviewScrubber()
        self.log = QPlainTextEdit(readOnly=True)
        self.log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.log.setAccessibleName("Notes and log of the run")
        self.log.setPlaceholderText("No notes or log yet")
        self._build()

    def _build(self) -> None:
        self._build_buttons()
        self._plots_place = QSplitter(Qt.Orientation.Vertical)
        self._plots_place.setChildrenCollapsible(False)
        self._plots_place.setHandleWidth(theme.GAP)
        self._wait = QLabel("Preparing plots …", alignment=Qt.AlignmentFlag.AlignCenter)
        self._plots_place.addWidget(self._wait)
        tabs = QTabWidget()
        tabs.setDocumentMode(True)
        underline_tabs(tabs.tabBar())
        tabs.addTab(self.previews, "Pre&views")
        tabs.addTab(self.log, "Lo&g")
        body = QSplitter(Qt.Orientation.Horizontal)
        body.setChildrenCollapsible(False)
        body.setHandleWidth(theme.GAP)
        body.addWidget(self._plots_place)
        body.addWidget(tabs)
        body.setSizes([560, 380])
        bars = grid_layout()
        for row, (text, bar) in enumerate((("Stage", self.stage_bar), ("All", self.whole_bar))):
            bars.addWidget(QLabel(text), row, 0)
            bars.addWidget(bar, row, 1)
        head = row_layout()
        head.addWidget(self.title)
        head.addSpacing(theme.GAP)
        head.addWidget(self.facts, 1)
        layout = column_layout(self)
        for part in (head, bars, self._buttons_row):
            layout.addLayout(part)
        layout.addWidget(self.trouble)
        layout.addWidget(body, 1)

    def _build_buttons(self) -> None:
        self._buttons_row = row_layout()
        self.buttons: dict[str, QPushButton] = {}
        for name, text, tip in (
            ("resume", "&Start", "Train from the newest checkpoint, or from the start"),
            ("pause", "&Pause", "Pause the process; it keeps its memory"),
            ("stop", "S&top and save", "Save a checkpoint and stop; Resume continues from there"),
            (
                "cancel",
                "&Cancel",
                "Stop at once: work since the last checkpoint is lost, no file is deleted",
            ),
            ("open", "&Open newest checkpoint", "Open the newest checkpoint in the explorer, at the same latent"),
        ):
            button = QPushButton(text)
            button.setToolTip(tip)
            button.clicked.connect(self._ask)
            button.setObjectName(name)
            if name in _ICONS:
                give_icon(button, _ICONS[name])
            self.buttons[name] = button
            self._buttons_row.addWidget(button)
        self.follow = QCheckBox("&Follow")
        self.follow.setToolTip("Open every new checkpoint of this run as soon as it is saved, at the same latent")
        self.follow.toggled.connect(self.follow_toggled)
        self._buttons_row.addWidget(self.follow)
        self._buttons_row.addStretch(1)

    def use_plots(self, *plots: Any) -> None:
        """Insert the plots (widgets with `show_curves`), replacing the note that they are being prepared."""
        self.plots = plots
        self._wait.hide()
        for plot in plots:
            self._plots_place.addWidget(plot)
        self._plots_place.setSizes([0, *[400] * len(plots)])
        self._show_curves()
        self._turns.finish()

    def show_runs(self, view: RunView | None, other: RunView | None = None) -> None:
        """Show a run, and another one whose curves are drawn over it."""
        runs = [run for run in (view, other) if run is not None]
        paths, paths_before = [run.path for run in runs], self._paths
        curves, curves_before = tuple(run.curves for run in runs), self._curves
        self.view, self._paths, self._curves = view, paths, curves
        self.setEnabled(view is not None)
        if paths != paths_before or curves != curves_before:
            self._show_curves()  # one plot at a time: both at once would block the window
            if paths != paths_before or not self.isVisible():
                self._turns.finish()
        if view is None:
            self.title.setText("No run yet")
            self.facts.setText("Click New run … to train one")
            self.previews.show_previews(None, ())
            return
        self.title.setText(f"{view.path.name}: {_STATES.get(view.state, view.state)}")
        over = f"   ·   faint: {other.path.name}" if other is not None else ""
        self.facts.setText(_facts(view) + over)
        self.facts.setToolTip(str(view.path))
        self._show_progress(view)
        self._show_buttons(view)
        self.trouble.show_view(view if view.state in WENT_WRONG else None)
        self.previews.show_previews(view.path, view.curves.previews)
        text = "\n".join([*(f"note: {note}" for note in view.curves.notes), view.tail]).strip()
        if text != self.log.toPlainText():
            self.log.setPlainText(text)
            self.log.verticalScrollBar().setValue(self.log.verticalScrollBar().maximum())

    def hideEvent(self, event: QHideEvent) -> None:
        self._turns.finish()
        super().hideEvent(event)

    def _show_curves(self) -> None:
        self._turns.start([partial(plot.show_curves, self._curves) for plot in self.plots])

    def _show_progress(self, view: RunView) -> None:
        curves = view.curves
        steps = view.stage_steps.get(curves.stage, 0)
        self.stage_bar.setValue(round(1000 * curves.stage_step / steps) if steps else 0)
        place = f"{list(view.stage_steps).index(curves.stage) + 1} of {len(view.stage_steps)}, " if steps else ""
        stage = f"{curves.stage} ({place}step {curves.stage_step} of {steps})" if curves.stage else "not started"
        self.stage_bar.setFormat(stage)
        self.whole_bar.setValue(round(1000 * view.share_done))
        left = f", {duration(curves.eta_s)} left" if view.is_alive and curves.eta_s is not None else ""
        self.whole_bar.setFormat(f"{100 * view.share_done:.1f} %, step {curves.step} of {view.total_steps}{left}")

    def _show_buttons(self, view: RunView) -> None:
        resume, pause = self.buttons["resume"], self.buttons["pause"]
        resume.setText("&Start" if view.state == "new" else "&Resume")
        resume.setEnabled(not view.is_alive and view.state not in ("finished", "missing"))
        pause.setText("&Continue" if view.state == "paused" else "&Pause")
        give_icon(pause, "play" if view.state == "paused" else "pause")
        pause.setEnabled(view.has_process)
        self.buttons["stop"].setEnabled(view.state in ("starting", "training", "paused"))
        self.buttons["cancel"].setEnabled(view.has_process)
        self.buttons["open"].setEnabled(view.checkpoint is not None)

    @Slot()
    def _ask(self) -> None:
        name = self.sender().objectName()
        if name == "pause" and self.view is not None and self.view.state == "paused":
            name = "unpause"
        self.asked.emit(name)


def _facts(view: RunView) -> str:
    curves = view.curves
    facts = [curves.device]
    if view.is_alive and curves.frames_per_s is not None:
        facts.append(speed(curves.frames_per_s))
    if view.memory_bytes is not None:
        facts.append(f"{memory(view.memory_bytes)} memory")
    if view.checkpoint is not None:
        facts.append(f"saved: {step_of(view.checkpoint)}")
    return "   ·   ".join(filter(None, facts))


def _bar(name: str) -> QProgressBar:
    bar = QProgressBar()
    bar.setRange(0, 1000)
    bar.setAccessibleName(name)
    bar.setToolTip(name)
    return bar
