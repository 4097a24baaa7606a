"""The pose in 3D: the shown one in colours, the frame's annotation and the fitted pose thin; joints can be pulled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Slot
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from explorer_app.explore.hand3d import opengl
from explorer_app.explore.hand3d.control import ViewControl
from explorer_app.explore.hand3d.joint_pull import JointPull, joint_name
from explorer_app.explore.hand3d.overlay import Marks, ViewMenu, ViewOverlay, legend
from explorer_app.explore.hand3d.painter import SkeletonPainter
from explorer_app.explore.hand3d.references import References
from explorer_app.explore.model.solids import Cloud, Points, has_volume, volume
from explorer_app.model.scene import NO_GRID, PRESETS, Figure, Orbit, figure, grid
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.fields import choice
from explorer_app.widgets.icons import give_icon
from explorer_app.widgets.labels import SectionTitle
from explorer_app.widgets.layouts import column_layout, grid_layout, row_layout
from explorer_app.widgets.small import CheckBox

if TYPE_CHECKING:
    from explorer_app.explore.hand3d.gl import SkeletonGl

    View = SkeletonPainter | SkeletonGl

FloatArray = npt.NDArray[np.floating]

_HELP = "Drag: rotate; Shift+drag, middle button: move; wheel: zoom\nDrag a joint: pull it; right-click a joint: pin it"


class SkeletonPanel(QWidget):
    """A view of `Session.pose`. Starts with the painter; `use` replaces it by an OpenGL view."""

    def __init__(self, session: Session, has_opengl: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._figures: list[Figure] = []
        self.references = References(session, self)
        self._cloud = Cloud()
        self._has_skin = False
        self._note = "drawn without OpenGL" if not has_opengl and opengl.is_expected() else ""
        self.view: View = SkeletonPainter()
        self.control = ViewControl(self.view, self)
        self.pull = JointPull(session, self.control, self)
        self.overlay = ViewOverlay()
        self.scene = QWidget()
        """The view with its legend, without buttons: what a saved picture shows."""
        self._views = QStackedWidget()
        self._legend = QLabel()
        self._build_layout()
        self._views.addWidget(self.view)
        self.view.setAccessibleDescription(_HELP)
        if has_opengl:
            # Qt recreates a visible window that gets its first OpenGL widget: have one from the start
            self._views.addWidget(QOpenGLWidget())
        self._connect()
        self._show()
        self._show_orbit()

    def _build_layout(self) -> None:
        self.preset = choice({name: name for name in PRESETS}, "View direction", "View direction")
        self.preset.setPlaceholderText("Free")
        self.menu = ViewMenu()
        self.reset = QPushButton("Reset")
        self.reset.setAccessibleName("Reset view")
        give_icon(self.reset, "camera")
        self.reset.setToolTip(f"View from the depth camera (V)\n{_HELP}")
        switches = row_layout()
        for action in self.menu.switches:
            box = CheckBox(action)
            switches.addWidget(box)
            if action is self.menu.volume:
                give_icon(box, "volume")
        switches.addStretch(1)
        header = row_layout()
        title = SectionTitle("Skeleton")
        title.setToolTip(_HELP)
        header.addWidget(title, 1)
        for button in (self.preset, self.menu, self.reset):
            header.addWidget(button)
        scene = grid_layout(self.scene)
        scene.addWidget(self._views, 0, 0)
        scene.addWidget(self.overlay, 0, 0)
        scene.addWidget(self._legend, 1, 0)
        scene.setRowStretch(0, 1)
        self._legend.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._legend.setWordWrap(True)
        small = theme.caption(self._legend.font())
        self._legend.setFont(small)
        self.overlay.setFont(small)
        layout = column_layout(self, gap=theme.UNIT)
        layout.addLayout(header)
        layout.addLayout(switches)
        layout.addWidget(self.scene, 1)

    def _connect(self) -> None:
        session = self._session
        self.reset.clicked.connect(self.reset_view)
        self.preset.activated.connect(self._look_from_preset)
        self.menu.changed.connect(self._show)
        self.menu.orthographic.toggled.connect(self._set_orthographic)
        self.menu.unpin.triggered.connect(self.pull.unpin_all)
        self.control.orbit_changed.connect(self._show_orbit)
        for signal in (self.control.hover_changed, self.control.focus_changed, session.free_joints.changed):
            signal.connect(self._show_marks)
        self.control.menu_asked.connect(self.menu.pop_up)
        for release in (session.free_joints.release_all, self.pull.forget_places):
            self.menu.release.triggered.connect(release)
        self.pull.pinned_changed.connect(self._show)
        self.references.changed.connect(self._show)
        session.highlight_changed.connect(self._show_marks)
        session.pictures_changed.connect(self._show_cloud)
        session.latent_changed.connect(self._show_pose_now)
        for signal in (session.model_changed, session.encoding_changed, session.frame_changed):
            signal.connect(self._show)

    def use(self, view: View) -> None:
        """Switch to another view: a `SkeletonGl`, or back to a `SkeletonPainter`."""
        previous, self.view = self.view, view
        self._views.addWidget(view)
        self._views.setCurrentWidget(view)
        self.control.watch(view)
        view.setAccessibleDescription(_HELP)
        self._views.removeWidget(previous)
        previous.deleteLater()
        self.overlay.raise_()
        self._show()
        self._show_orbit()

    @Slot()
    def use_painter(self) -> None:
        """What to do when the driver fails."""
        if not isinstance(self.view, SkeletonPainter):
            self.use(SkeletonPainter())

    @Slot()
    def reset_view(self) -> None:
        self._look_from(Orbit())

    def figures(self) -> list[Figure]:
        """The shown pose, and behind it the label or annotation of the frame and the fitted pose, where there are."""
        model, pose = self._session.model, self._session.pose
        if model is None or pose is None:
            return []
        return [figure(model.skeleton, pose), *self.references.figures(self.palette())]

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._show()
        super().changeEvent(event)

    @Slot(int)
    def _look_from_preset(self, index: int) -> None:
        self._look_from(PRESETS[self.preset.itemText(index)])

    def _look_from(self, orbit: Orbit) -> None:
        self.control.set_orbit(replace(orbit, is_orthographic=self.control.orbit.is_orthographic))

    @Slot(bool)
    def _set_orthographic(self, is_orthographic: bool) -> None:
        self.control.set_orbit(replace(self.control.orbit, is_orthographic=is_orthographic))

    @Slot()
    def _show(self) -> None:
        model = self._session.model
        self._has_skin = model is None or has_volume(model.skeleton)
        self.menu.allow(self.view.has_depth, self._has_skin, bool(self.pull.pinned))
        self._show_pose()
        self._show_cloud()
        self._show_grid()

    @Slot()
    def _show_pose_now(self) -> None:
        """Repaint before other views get the latent: sliders and images take longer.

        Not after an encoding, which changes the whole window: `repaint` would paint all of it at once. OpenGL has its
        own schedule.
        """
        self._show_pose()
        if not self.view.has_depth and not self._session.is_at_code:
            self.view.repaint()

    @Slot()
    def _show_pose(self) -> None:
        """Update only what changes with a slider."""
        self._figures = self.figures()
        self.view.show_figures(self._figures)
        if self.view.has_depth:
            is_solid = bool(self._figures) and self._has_skin and self.menu.volume.isChecked()
            self.view.show_volume(volume(self._figures[0].points) if is_solid else None)
        palette = self.palette()
        text = legend(self.references.colours(palette), self._note, palette)
        if text != self._legend.text():  # the annotation comes and goes with the latent
            self._legend.setText(text)
        self._show_marks()

    @Slot()
    def _show_orbit(self) -> None:
        orbit = self.control.orbit
        self.view.set_orbit(orbit)
        names = [name for name, preset in PRESETS.items() if preset.has_same_side(orbit)]
        with QSignalBlocker(self.preset), QSignalBlocker(self.menu.orthographic):
            self.preset.setCurrentIndex(self.preset.findText(names[0]) if names else -1)
            self.menu.orthographic.setChecked(orbit.is_orthographic)
        self._show_grid()
        self._show_marks()

    def _show_grid(self) -> None:
        half_mm = self._half_mm if self.menu.grid.isChecked() else None
        self.view.show_grid(grid(half_mm, self.control.orbit) if half_mm is not None else NO_GRID)

    @Slot()
    def _show_cloud(self) -> None:
        if self.view.has_depth:
            self.view.show_cloud(self._points() if self.menu.cloud.isChecked() else None)

    @Slot()
    def _show_marks(self) -> None:
        figures = self._figures
        points = figures[0].points if figures else self.control.points[:0]
        known = self.references.truth(self.palette())
        truth = known.points if known is not None and known.points.shape == points.shape else None
        weights, hovered = self._session.highlight, self.control.hovered
        if hovered is not None and hovered >= len(points):
            hovered = None
        marks = Marks(
            points=points,
            truth=truth if self.menu.errors.isChecked() else None,
            weights=weights if weights is not None and len(weights) == len(points) else None,
            pinned=self.pull.pinned if len(points) else frozenset(),
            labelled=hovered,
            label=self._joint_label(hovered, points, truth) if hovered is not None else "",
            scale="grid 1 cm and 5 cm" if self.menu.grid.isChecked() and self._half_mm is not None else "",
            has_focus=self.view.hasFocus(),
            free=self._session.free_joints.misses,
        )
        self.control.points = marks.handles
        self.menu.release.setEnabled(bool(marks.free))
        self.overlay.show_marks(marks, self.control.orbit)

    def _joint_label(self, joint: int, points: FloatArray, truth: FloatArray | None) -> str:
        model, half_mm = self._session.model, self._half_mm
        if model is None or half_mm is None:
            return ""
        error_mm = half_mm * np.linalg.norm(points - truth, axis=1)[joint] if truth is not None else np.nan
        label = joint_name(model.skeleton.joints[joint])
        label += f", {error_mm:.0f} mm off" if np.isfinite(error_mm) else ""
        miss = self._session.free_joints.misses.get(joint)
        label += f", {miss.mm:.0f} mm from the latent’s" if miss is not None else ""
        return label + (", pinned" if joint in self.pull.pinned else "")

    @property
    def _half_mm(self) -> float | None:
        """Half the edge of the shown cube; None if nothing is shown."""
        model, view = self._session.model, self.references.view
        if model is None:
            return None
        return float(view.frame.half_mm if view is not None else model.half_mm)

    def _points(self) -> Points | None:
        """The encoded frame's depth, else the synthetic image's."""
        pictures, model = self._session.pictures, self._session.model
        return self._cloud.points(self.references.view, pictures, model.half_mm if model is not None else None)
