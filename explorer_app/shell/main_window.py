"""The window: views, menus and their connections. Wiring only."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QIcon, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from explorer_app.damaged_files import left_aside_line
from explorer_app.explore.inspector.image_dialog import ImageDialog
from explorer_app.explore.views import ExploreViews
from explorer_app.inspect.docks import InspectDocks
from explorer_app.inspect.evaluation import Evaluation
from explorer_app.inspect.failures import Failures
from explorer_app.inspect.label_queue import LabelQueue
from explorer_app.inspect.panel import FailuresPanel
from explorer_app.model.opening import ImageSettings
from explorer_app.preferences import Preferences
from explorer_app.resources import resource
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.shell.clipboard import Clipboard
from explorer_app.shell.docks import Docks
from explorer_app.shell.help.tour import Tour
from explorer_app.shell.help.tour_offer import TourOffer
from explorer_app.shell.help.tour_steps import steps
from explorer_app.shell.help.windows import HelpWindows
from explorer_app.shell.menus import MenuTargets, build_menus
from explorer_app.shell.opener import Opener
from explorer_app.shell.recovery.bar import RecoveryBar
from explorer_app.shell.save_pictures import ViewPictures
from explorer_app.shell.status import MessageBar, StatusLine
from explorer_app.shell.training_links import TrainingLinks
from explorer_app.shell.workspace_keys import WorkspaceKeys
from explorer_app.shell.workspaces import Pages, Workspaces
from explorer_app.train.dialogs import TrainingDialogs
from explorer_app.train.model.train_form import TrainForm
from explorer_app.train.panel import TrainPanel
from explorer_app.widgets.icons import IconColours
from explorer_app.widgets.layouts import column_layout
from explorer_app.widgets.small import paint_next_turn
from explorer_app.widgets.tab_style import level_with_corner
from explorer_app.workspace_names import EXPLORE, INSPECT, TRAIN

_STATUS_MS = 5000
FIRST_SIZE = QSize(1280, 800)
"""At the first start, where the screen has room for it."""
_FRAME = QSize(0, 40)
"""What the title bar needs of a screen."""


class MainWindow(QMainWindow):
    """Computes nothing: `background` does, and `session` is the state to show."""

    painted = Signal()
    """The window is on screen for the first time: slow work may start."""
    closed = Signal()

    def __init__(self, device: str = "auto", preferences: Preferences | None = None) -> None:
        super().__init__()
        self.preferences = preferences or Preferences()
        self.preferences.check()
        self.preferences.get("train/form", check=TrainForm.checked)
        self._is_painted = self._is_ending = False
        self.session = Session(self)
        self.help = HelpWindows(self, self.session, self.preferences)
        self.background = Background(self.session, self)
        self.failures = Failures(self.session, self.background, self)
        self.evaluation = Evaluation(self.session, self.background, self.failures, self.preferences.folder, self)
        self.opener = Opener(self, self.session, self.background, self.preferences, device)
        self.clipboard = Clipboard(self.session, self)
        self.view_pictures = ViewPictures(self, self.session, self.preferences)
        self.setWindowTitle("LSPS Explorer")
        self.setAcceptDrops(True)
        IconColours(self)
        self._build_views()
        self.resize(FIRST_SIZE.boundedTo(self.screen().availableSize() - _FRAME))  # the docks have made it wider
        self.session.message.connect(self.messages.show_message)
        self.session.message.connect(self.help.log)
        self.messages.log_asked.connect(self.help.show_log)
        self.session.outdated.connect(self.messages.hide_message)
        self.session.asked.connect(self._forget_messages)
        self.session.done.connect(self._show_status)
        self.session.model_changed.connect(self._show_title)
        self.session.data_changed.connect(self._show_title)
        self.strip.open_asked.connect(self.opener.ask_for_files)
        with contextlib.suppress(FileNotFoundError):  # the icon is optional
            self.setWindowIcon(QIcon(str(resource("icons", "lsps-explorer.svg"))))
        self.presets = self.explore.open_presets()
        self._build_menus()
        self.workspaces.restore(self.preferences)
        self._left_aside = left_aside_line(self.preferences.left_aside)
        if self._left_aside:
            self.session.message.emit(self._left_aside)

    @Slot()
    def _forget_messages(self) -> None:
        """Clear messages about what was before, except what was set aside at the start."""
        if self.messages.text != self._left_aside:
            self.messages.hide()

    @Slot()
    def start_tour(self) -> None:
        """Show the window in five steps."""
        targets = {
            "latent": self.latent,
            "skeleton": self.skeleton,
            "frame": self.strip,
            "failures": self.failures_panel,
            "workspaces": self.workspaces.tabs,
        }
        Tour(self, steps(targets), self.workspaces.go)

    def _build_menus(self) -> None:
        build_menus(
            MenuTargets(
                window=self,
                background=self.background,
                preferences=self.preferences,
                opener=self.opener,
                clipboard=self.clipboard,
                view_pictures=self.view_pictures,
                help=self.help,
                workspaces=self.workspaces,
                keys=self._workspace_keys,
                docks=self.docks,
                explore=self.explore,
                failures_panel=self.failures_panel,
                label_queue=self.label_queue,
                training_dialogs=self.training_dialogs,
                evaluate=self.evaluate,
                reset_layout=self.reset_layout,
                start_tour=self.start_tour,
            )
        )

    def _build_views(self) -> None:
        self.recovery_bar, self.messages = RecoveryBar(), MessageBar()
        self.tour_offer = TourOffer(self.preferences, self.start_tour, self)
        self.explore = explore = ExploreViews(self, self.session, self.background, self.preferences)
        self.latent, self.strip, self.walk, self.gallery = explore.latent, explore.strip, explore.walk, explore.gallery
        self.pictures, self.skeleton, self.opengl = explore.pictures, explore.skeleton, explore.opengl
        self.failures_panel = FailuresPanel(
            self.session, self.background, self.failures, self.evaluation, self.preferences
        )
        self.label_queue = LabelQueue(self.background, self.failures, explore.labelling, self)
        explore.time.range_selected.connect(self.failures.select_range)
        self.failures_panel.directions.made.connect(self.latent.directions.add)
        self.train = TrainPanel(self.preferences)
        self.training_dialogs = TrainingDialogs(self, self.background, self.preferences)
        central = QWidget()
        whole = column_layout(central, gap=0)
        for bar in (self.recovery_bar, self.tour_offer.bar, self.messages):
            whole.addWidget(bar)
        pages = Pages()
        whole.addWidget(pages, 1)
        self.setCentralWidget(central)
        self.workspaces = Workspaces(self, pages)
        self.workspaces.add(EXPLORE, explore.page)
        self.workspaces.add(INSPECT, explore.page)
        self.workspaces.add(TRAIN, self.train)
        self._workspace_keys = WorkspaceKeys(self.workspaces)
        self._workspace_keys.swallowed.connect(self._show_status)
        self.workspaces.changed.connect(self._enter_workspace)
        self.menuBar().setCornerWidget(self.workspaces.tabs)
        level_with_corner(self.menuBar())
        self.setStatusBar(StatusLine(self.session, self.background))
        TrainingLinks(
            self.session,
            self.background,
            self.opener,
            self.workspaces,
            self.train,
            self.training_dialogs,
            explore.labelling,
            self.failures_panel.first_step,
            self,
        )
        self._build_docks()

    def _build_docks(self) -> None:
        self._docks = Docks(self, self.workspaces)
        self.docks = self._docks.by_title
        self.explore.add_docks(self._docks.add)
        self.inspect = InspectDocks(
            self,
            self._docks.add,
            self.session,
            self.background,
            self.failures,
            self.evaluation,
            self.failures_panel,
        )
        self.workspaces.arranged.connect(self.inspect.arrange)
        self.docks["Frame"].raise_()
        self.resizeDocks([self.docks["Pose latent"]], [330], Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["Frame"]], [350], Qt.Orientation.Vertical)
        self.workspaces.begin()

    @Slot(str)
    def _enter_workspace(self, name: str) -> None:
        self.explore.show_failing(name == INSPECT)
        self.evaluation.set_wanted(name == INSPECT)

    @Slot()
    def evaluate(self) -> None:
        """Evaluate the model on the data, in the Inspect workspace."""
        self.workspaces.go(INSPECT)
        self.docks["Failures"].show()
        self.docks["Failures"].raise_()
        self.evaluation.start()

    @Slot()
    def reset_layout(self) -> None:
        """Restore the default layout of all panels."""
        self.workspaces.reset()

    def open_paths(self, paths: Sequence[Path], settings: ImageSettings | None = None) -> None:
        """Open a model, a store, images, folders of images or a saved session."""
        self.opener.open_paths(paths, settings)

    @property
    def image_dialog(self) -> ImageDialog | None:
        """The last dialog that asked how to read images."""
        return self.opener.image_dialog

    def save_screenshot(self, name: str) -> bool:
        """Save an image of the window as PNG; False, with a message, if that fails."""
        return self.view_pictures.save(name, self)

    @Slot()
    def _show_title(self) -> None:
        parts = [self.session.data.title] if self.session.data is not None else []
        parts += [self.session.model.name] if self.session.model is not None else []
        self.setWindowTitle(" – ".join([*parts, "LSPS Explorer"]))

    @Slot(str)
    def _show_status(self, line: str) -> None:
        self.statusBar().showMessage(line, _STATUS_MS)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and all(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.opener.open_paths([Path(url.toLocalFile()) for url in event.mimeData().urls()])

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.workspaces.on_window_shown()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.WindowStateChange and self._is_painted:
            paint_next_turn(self)  # maximised, full screen or back: all of it is laid out anew
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self.painted.emit)  # after everything is painted

    def close_at_once(self) -> None:
        """Close without asking, since there may be no user to answer; training runs continue, and are found again."""
        self._is_ending = True
        self.close()

    def _may_close(self) -> bool:
        """Whether the window may be closed; if not, the user is being asked."""
        return self._is_ending or (self.training_dialogs.may_close() and self.train.may_close())

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.isVisible() and not self._may_close():
            event.ignore()
            return
        if self.isVisible():
            self.preferences.layout = (self.saveGeometry(), self.saveState())
            self.workspaces.save(self.preferences)
        self.help.close_down()
        self.hide()  # before waiting for the threads, at worst for the import of torch
        self.statusBar().clearMessage()
        self.view_pictures.close_down()
        self.explore.close_down()
        self.failures_panel.close_down()
        self.inspect.close_down()
        self.training_dialogs.close_down()
        self.train.close_down()
        self.has_ended = self.background.close()
        super().closeEvent(event)
        self.closed.emit()
