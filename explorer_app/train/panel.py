"""The Train workspace: the list of runs on the left, the selected run on the right."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSplitter,
    QStackedWidget,
    QWidget,
)

from explorer_app.preferences import Preferences
from explorer_app.train.leave_dialog import LeaveDialog
from explorer_app.train.model.run_process import SHARES
from explorer_app.train.model.slurm import slurm_script
from explorer_app.train.run_list import RunList
from explorer_app.train.run_monitor import RunMonitor
from explorer_app.train.runs import TrainingRuns
from explorer_app.widgets import theme
from explorer_app.widgets.empty_state import EmptyState
from explorer_app.widgets.fields import choice, label, show_choice
from explorer_app.widgets.file_dialog import ask_for_paths
from explorer_app.widgets.layouts import column_layout, grid_layout
from explorer_app.workers.in_order import InOrder
from explorer_app.workers.late_import import load
from explorer_app.workers.latest import LatestWins
from lsps_core.runs.layout import RunLayout

if TYPE_CHECKING:
    from explorer_app.train.error_plot import ErrorPlot
    from explorer_app.train.term_plots import TermPlots

_PLOTS = ("explorer_app.train.error_plot:ErrorPlot", "explorer_app.train.term_plots:TermPlots")
_NOTHING = (
    "A run trains a model on a store of synthetic frames and one of real frames, in a process of its own. Its curves "
    "and previews appear here, and Explore can show its newest checkpoint meanwhile."
)


class TrainPanel(QWidget):
    """Connects the list, the monitor and the runs; opens new checkpoints of followed runs."""

    open_asked = Signal(object)
    """path of a model to open"""
    new_run_asked = Signal()
    message = Signal(str)

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._followed: dict[Path, Path | None] = {}
        self._wanted: Path | None = None
        self._is_left = False
        self.leave_dialog: LeaveDialog | None = None
        self.runs = TrainingRuns(preferences, self)
        self.list = RunList()
        self.monitor = RunMonitor()
        self._plotting = LatestWins("plotting", self)
        self._plotting.answered.connect(self._on_plotting)
        self._plotting.failed.connect(self._on_failure)
        self._looking = InOrder("run folder", self)
        self._build()
        self.runs.changed.connect(self._show)
        self.runs.started.connect(self._select)
        self.runs.message.connect(self.message)
        self.list.chosen.connect(self._show)
        self.list.forget_asked.connect(self.runs.forget)
        self.list.folder_asked.connect(self._open_folder)
        self.monitor.asked.connect(self._do)
        self.monitor.changes_asked.connect(self._resume_with)
        self.monitor.follow_toggled.connect(self._follow)
        self._show()

    def _build(self) -> None:
        self.setAutoFillBackground(True)  # over tab bars that Qt leaves in place of docks
        self.new_run = _button("&New run …", "Set up and start a training run")
        self.new_run.clicked.connect(self.new_run_asked)
        self.add_run = _button("&Add run …", "Add a run from another folder to the list")
        self.add_run.clicked.connect(self._ask_for_run)
        self.choose_folder = _button("Runs fol&der …", "Choose a folder whose runs are all listed")
        self.choose_folder.clicked.connect(self._ask_for_folder)
        shares = {key: text[0].upper() + text[1:] for key, text in SHARES.items()}
        self.share = choice(shares, "Share of runs", "How the next run that starts or resumes shares this machine")
        show_choice(self.share, self.runs.share)
        self.share.activated.connect(self._choose_share)
        share_label = label("S&hare of runs", self.share)
        left = QWidget()
        grid = grid_layout(left)
        grid.addWidget(self.new_run, 0, 0, 1, 2)
        grid.addWidget(self.list, 1, 0, 1, 2)
        grid.addWidget(self.add_run, 2, 0)
        grid.addWidget(self.choose_folder, 2, 1)
        grid.addWidget(share_label, 3, 0)
        grid.addWidget(self.share, 3, 1)
        body = QSplitter(Qt.Orientation.Horizontal)
        body.setHandleWidth(theme.MARGIN)
        body.setChildrenCollapsible(False)
        body.addWidget(left)
        self.empty = EmptyState("No runs yet", _NOTHING, "New run …")
        self.empty.clicked.connect(self.new_run_asked)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.monitor)
        body.addWidget(self.pages)
        body.setStretchFactor(1, 1)
        body.setSizes([310, 960])
        layout = column_layout(self)
        layout.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        layout.addWidget(body)

    @Slot(object)
    def start_run(self, path: Path) -> None:
        """Train the run in a folder with a config, from its newest checkpoint."""
        self.runs.start(Path(path))

    def may_close(self) -> bool:
        """Whether the window may be closed; if not, the user is being asked, and the answer may close it."""
        if self._is_left or not self.runs.ours:
            return True
        if self.leave_dialog is None:
            self.leave_dialog = LeaveDialog(self.runs.ours, self.window())
            self.leave_dialog.finished.connect(self._leave)
            self.leave_dialog.open()
        return False

    @Slot()
    def _leave(self) -> None:
        answer = self.leave_dialog.answer if self.leave_dialog is not None else "stay"
        self.leave_dialog = None
        if answer == "stop":
            for view in self.runs.ours:
                self.runs.stop(view.path)
        self._is_left = answer != "stay"
        if self._is_left:
            self.window().close()

    def close_down(self) -> None:
        """Stop following; training processes keep running."""
        self.runs.close()
        self.monitor.previews.close_down()
        self._plotting.close()
        self._looking.close()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.runs.set_shown(True)
        if not self.monitor.plots:
            self._plotting.ask(None, partial(load, *_PLOTS))

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.runs.set_shown(False)

    @Slot()
    def _show(self) -> None:
        self.list.show_views(self.runs.views.values())
        if self._wanted in self.runs.views:
            wanted, self._wanted = self._wanted, None  # before selecting it, which updates everything
            self.list.select(wanted)
        views = [self.runs.views.get(path) for path in self.list.selected]
        self.monitor.show_runs(views[0] if views else None, views[1] if len(views) > 1 else None)
        view = self.monitor.view
        self.pages.setCurrentWidget(self.monitor if view is not None else self.empty)
        if view is not None:
            self.monitor.follow.blockSignals(True)
            self.monitor.follow.setChecked(view.path in self._followed)
            self.monitor.follow.blockSignals(False)
        for path, shown in list(self._followed.items()):
            checkpoint = self.runs.views[path].checkpoint if path in self.runs.views else None
            if checkpoint is not None and checkpoint != shown:
                self._followed[path] = checkpoint
                self.open_asked.emit(checkpoint)

    @Slot(object)
    def _select(self, path: Path) -> None:
        """Show this run, as soon as it is listed."""
        self._wanted = path
        self._show()

    @Slot(str)
    def _do(self, what: str) -> None:
        view = self.monitor.view
        if view is None:
            return
        if what == "open" and view.checkpoint is not None:
            self.open_asked.emit(view.checkpoint)
        elif what == "resume":
            self.runs.start(view.path)
        elif what in ("pause", "unpause", "stop", "cancel"):
            getattr(self.runs, what)(view.path)

    @Slot()
    def copy_as_slurm(self) -> None:
        """Copy a batch script that trains the selected run on a cluster."""
        view = self.monitor.view
        if view is None:
            self.message.emit("there is no run to copy; set one up with Train ▸ New run")
            return
        QGuiApplication.clipboard().setText(slurm_script(view.path))
        self.message.emit(f"copied {view.path.name} as a Slurm script")

    @Slot(tuple)
    def _resume_with(self, settings: tuple[str, ...]) -> None:
        if self.monitor.view is not None:
            self.runs.start(self.monitor.view.path, settings)

    @Slot(bool)
    def _follow(self, is_followed: bool) -> None:
        view = self.monitor.view
        if view is None:
            return
        self._followed.clear()  # the explorer shows one model
        if is_followed:
            self._followed[view.path] = None
        self._show()

    @Slot()
    def _choose_share(self) -> None:
        self.runs.share = self.share.currentData()

    @Slot()
    def _ask_for_run(self) -> None:
        folder = self._preferences.last_folder
        ask_for_paths(self, "Add a run", folder, "folder", lambda names: self.add_path(Path(names[0])))

    @Slot(object)
    def list_run(self, path: Path) -> None:
        """List a run that another process trains, perhaps before it has written anything, and select it."""
        self.runs.add(path)
        self._select(path.absolute())

    def add_path(self, path: Path) -> None:
        """List the run in this folder; a message if there is none."""
        self._looking.ask(str(path), partial(_is_run, path), partial(self._add, path), self.message.emit)

    def _add(self, path: Path, is_run: bool) -> None:
        if not is_run:
            self.message.emit(f"{path} is not a run: it has no config.json; choose the run folder of a training")
            return
        self.list_run(path)

    @Slot()
    def _ask_for_folder(self) -> None:
        ask_for_paths(self, "Folder of runs", str(self.runs.runs_path or ""), "folder", self._take_folder)

    @Slot(list)
    def _take_folder(self, names: list[str]) -> None:
        self.runs.runs_path = Path(names[0])

    @Slot(object)
    def _open_folder(self, path: Path) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    @Slot(str)
    def _keep_baselines(self, text: str) -> None:
        self._preferences.set("train/baselines", text)

    @Slot(object, object)
    def _on_plotting(self, _stamp: object, plots: tuple[type[ErrorPlot], type[TermPlots]]) -> None:
        errors = plots[0](str(self._preferences.get("train/baselines", "") or ""))
        errors.baselines_changed.connect(self._keep_baselines)
        self.monitor.use_plots(errors, plots[1]())

    @Slot(object, str)
    def _on_failure(self, _stamp: object, line: str) -> None:
        self.message.emit(f"plots cannot be drawn: {line}")


def _is_run(path: Path) -> bool:
    return RunLayout(path).is_run


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
