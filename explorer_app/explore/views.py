"""The views of the Explore workspace."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from explorer_app.damaged_files import DamagedError, set_aside
from explorer_app.explore.frames.decoded import PicturesPanel
from explorer_app.explore.frames.failing import FailingFrame
from explorer_app.explore.frames.strip import FrameStrip
from explorer_app.explore.gallery.panel import Gallery
from explorer_app.explore.hand3d import opengl
from explorer_app.explore.hand3d.gl_loader import OpenGlLoader
from explorer_app.explore.hand3d.panel import SkeletonPanel
from explorer_app.explore.inspector.panel import Inspector
from explorer_app.explore.latent.grooves import GrooveColours
from explorer_app.explore.latent.panel import LatentPanel
from explorer_app.explore.middle import Middle
from explorer_app.explore.model.directions import Directions
from explorer_app.explore.model.presets import Presets
from explorer_app.explore.timeline.panel import TimeView
from explorer_app.explore.walk.panel import WalkPanel
from explorer_app.model.scene import Orbit
from explorer_app.preferences import Preferences
from explorer_app.session.background import Background
from explorer_app.session.fitting import FrameFitting
from explorer_app.session.labelling import Labelling
from explorer_app.session.live_recording import LiveRecording
from explorer_app.session.model_tracing import ModelTracing
from explorer_app.session.playback import Playback
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout
from explorer_app.widgets.small import Narrow
from explorer_app.widgets.switches import Switches
from explorer_app.workspace_names import EXPLORE, INSPECT

_Kept = TypeVar("_Kept", Presets, Directions)


class ExploreViews(QObject):
    """Images and skeleton for the middle of the window, `page`, and the docks around them.

    opengl: switches the skeleton to OpenGL when it is started; None if only the painter is used.
    """

    def __init__(self, window: QMainWindow, session: Session, background: Background, preferences: Preferences) -> None:
        super().__init__(window)
        self.window, self.session, self._preferences = window, session, preferences
        session.set_prior(preferences.prior)
        session.prior_changed.connect(self._keep_prior)
        has_opengl = opengl.is_usable()
        self.skeleton = SkeletonPanel(session, has_opengl)  # first, as it is the fastest
        self.latent = LatentPanel(session, background)
        self.grooves = GrooveColours(session, background, self.latent)
        self.pictures = PicturesPanel(session)
        self.fitting = FrameFitting(session, background, self)
        self.labelling = Labelling(session, background, self.fitting, preferences.folder, self)
        self.playback = Playback(session, background, self.fitting, self)
        self.recording = LiveRecording(session, self)
        self.tracing = ModelTracing(session, background, self)
        self.strip = FrameStrip(session, self.fitting, self.labelling, self.playback, self.recording)
        self.walk = WalkPanel(session, background)
        self.walk.exporting.orbit = self._orbit
        self.gallery = Gallery(session, background)
        self.time = TimeView(session, background, self.playback)
        self.inspector = Inspector(session, background)
        self.presets = Presets()
        self.fitting.changed.connect(self._show_fitted)
        for signal in (self.labelling.changed, session.model_changed):
            signal.connect(self._show_label)
        self.strip.pictures.legend_changed.connect(self._show_one_legend)
        self.opengl = OpenGlLoader(self.skeleton, self) if has_opengl else None
        if self.opengl is not None:
            self.opengl.gave_up.connect(session.message)
        menu = self.skeleton.menu
        self.switches = Switches(preferences, self)
        self.switches.keep(error_lines=menu.errors, grid=menu.grid, volume=menu.volume, point_cloud=menu.cloud)
        self.switches.keep(skeleton=self.pictures.skeleton, differences=self.strip.pictures.controls.differences)
        self.switches.keep(encode_on_step=self.strip.encode_on_step)
        self.page = QWidget()
        body = column_layout(self.page)
        body.setContentsMargins(theme.GAP, theme.GAP, theme.MARGIN, theme.UNIT)
        self.failing = FailingFrame(session)
        self._middle = Middle(self.pictures, self.failing, self.skeleton)
        body.addWidget(self._middle)

    def show_failing(self, is_on: bool) -> None:
        """Whether `page` shows the frame in the explorer with its errors in place of the decoded pictures."""
        self._middle.show_failing(is_on)

    def _orbit(self) -> Orbit:
        return self.skeleton.control.orbit

    @Slot()
    def _keep_prior(self) -> None:
        self._preferences.prior = self.session.prior

    @Slot(bool)
    def _show_one_legend(self, is_below: bool) -> None:
        self.pictures.row.show_legend(not is_below)

    @Slot()
    def _show_fitted(self) -> None:
        fit = self.fitting.result
        self.skeleton.references.set_fitted(fit.after.pose if fit is not None and fit.is_fitted else None)

    @Slot()
    def _show_label(self) -> None:
        self.skeleton.references.set_label(self.labelling.pose)

    def add_docks(self, add: Callable[..., QDockWidget]) -> None:
        """add: takes title, panel, area and the names of the workspaces where the dock is open at first."""
        left, bottom = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
        add("Pose latent", self.latent, left, EXPLORE)
        frame = add("Frame", Narrow(self.strip), bottom, EXPLORE, INSPECT)
        frame.visibilityChanged.connect(self.strip.pictures.set_seen)
        add("Inspector", self.inspector, bottom, EXPLORE)
        add("Gallery", self.gallery, bottom, EXPLORE)
        add("Walk", self.walk, bottom, EXPLORE)
        add("Time", self.time, bottom, EXPLORE)

    def open_presets(self) -> Presets:
        """The presets and directions in the preferences' folder; a message if they cannot be read."""
        self.presets = self._read("presets", Presets)
        self.latent.directions.set_directions(self._read("directions", Directions))
        return self.presets

    def _read(self, name: str, kind: type[_Kept]) -> _Kept:
        folder = self._preferences.folder
        if folder is None:
            return kind()
        path = folder / f"{name}.json"
        try:
            try:
                return kind(path)
            except DamagedError:
                self._preferences.left_aside.append(f"{name} (now {set_aside(path)})")
                return kind(path)
        except (ValueError, OSError) as error:
            self.session.message.emit(f"{error}; until then {name} last as long as this window")
            return kind()

    def fill_direction_menu(self, menu: QMenu) -> None:
        self.latent.directions.fill_menu(menu, self._preferences)

    def close_down(self) -> None:
        if self.opengl is not None:
            self.opengl.close()
        self.grooves.close_down()
        self.playback.close_down()
        self.recording.close_down()
        self.tracing.close_down()
        self.time.close_down()
        self.fitting.close_down()
        self.labelling.close_down()
        self.walk.close_down()
