"""The pose in 3D: the shown one in colours, the frame's annotation and the fitted pose thin; joints can be pulled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Slot
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from explorer_app.explore.hand3d import opengl
from explorer_app.explore.hand3d.control import ViewControl
from explorer_app.explore.hand3d.joint_pull import JointPull, joint_name
from explorer_app.explore.hand3d.overlay import Marks, ViewMenu, ViewOverlay, legend
from explorer_app.explore.hand3d.painter import SkeletonPainter
from explorer_app.explore.model.solids import Points, cloud_of_frame, cloud_of_picture, has_volume, volume
from explorer_app.model.pose_error import annotated_pose
from explorer_app.model.scene import NO_GRID, PRESETS, Figure, Orbit, figure, grid
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.fields import choice
from explorer_app.widgets.small import CheckBox

if TYPE_CHECKING:
    from explorer_app.explore.hand3d.gl import SkeletonGl
    from explorer_app.model.data import FrameView

    View = SkeletonPainter | SkeletonGl

FloatArray = npt.NDArray[np.floating]

_HELP = "Drag: rotate; Shift+drag, middle button: move; wheel: zoom\nDrag a joint: pull it; right-click a joint: pin it"


class SkeletonPanel(QWidget):
    """A view of `Session.pose`. Starts with the painter; `use` replaces it by an OpenGL view."""

    def __init__(self, session: Session, has_opengl: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._figures: list[Figure] = []
        self._fitted: FloatArray | None = None
        self._cloud: tuple[object, Points] | None = None
        self._has_skin = False
        self._note = "drawn without OpenGL" if not has_opengl and opengl.is_expected() else ""
        self.view: View = SkeletonPainter()
        self.control = ViewControl(self.view, self)
        self.pull = JointPull(session, self.control, self)
        self.overlay = ViewOverlay()
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
        self.preset.setMinimumWidth(64)  # shrinks first in a narrow view
        self.menu = ViewMenu()
        self.reset = QPushButton("Reset view")
        self.reset.setToolTip(f"View from the depth camera (V)\n{_HELP}")
        self._switches = QWidget()
        switches = QHBoxLayout(self._switches)
        switches.setContentsMargins(theme.GAP, 2, 0, 0)
        for action in self.menu.switches:
            switches.addWidget(CheckBox(action))
        header = QHBoxLayout()
        title = QLabel("<b>Skeleton</b>")
        title.setToolTip(_HELP)
        header.addWidget(title, 1)
        for button in (self.preset, self.menu, self.reset):
            header.addWidget(button)
        stack = QGridLayout()
        stack.addWidget(self._views, 0, 0)
        stack.addWidget(self.overlay, 0, 0)
        stack.addWidget(self._switches, 0, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._legend.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._legend.setWordWrap(True)
        small = theme.smaller(self._legend.font())
        self._legend.setFont(small)
        self.overlay.setFont(small)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(header)
        layout.addLayout(stack, 1)
        layout.addWidget(self._legend)

    def _connect(self) -> None:
        session = self._session
        self.reset.clicked.connect(self.reset_view)
        self.preset.activated.connect(self._look_from_preset)
        self.menu.changed.connect(self._show)
        self.menu.orthographic.toggled.connect(self._set_orthographic)
        self.menu.unpin.triggered.connect(self.pull.unpin_all)
        self.control.orbit_changed.connect(self._show_orbit)
        self.control.hover_changed.connect(self._show_marks)
        self.control.focus_changed.connect(self._show_marks)
        self.control.menu_asked.connect(self.menu.pop_up)
        self.pull.pinned_changed.connect(self._show)
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
        self._switches.raise_()
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
        """The shown pose, and behind it the annotation of the encoded frame and the fitted pose, where there are."""
        session, view = self._session, self._encoded_view
        if session.model is None or session.pose is None:
            return []
        shown = [figure(session.model.skeleton, session.pose)]
        if view is not None and self._annotated is not None and view.data.skeleton is not None:
            shown.append(figure(view.data.skeleton, self._annotated, theme.rgb(theme.annotated(self.palette()))))
        if self._fitted is not None:
            shown.append(figure(session.model.skeleton, self._fitted, theme.rgb(theme.fitted(self.palette()))))
        return shown

    def set_fitted(self, pose: FloatArray | None) -> None:
        """Show a pose [J, 3] with its own size and shift, as no latent has it; None removes it."""
        if pose is not self._fitted:
            self._fitted = pose
            self._show()

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
        others = {
            "annotated": None if self._annotated is None else theme.annotated(self.palette()),
            "fitted": None if self._fitted is None else theme.fitted(self.palette()),
        }
        self._legend.setText(
            legend({name: colour for name, colour in others.items() if colour}, self._note, self.palette())
        )

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
        truth = self._annotated
        if truth is not None and truth.shape != points.shape:
            truth = None
        weights, hovered = self._session.highlight, self.control.hovered
        self.control.points = points
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
        )
        self.overlay.show_marks(marks, self.control.orbit)

    def _joint_label(self, joint: int, points: FloatArray, truth: FloatArray | None) -> str:
        model, half_mm = self._session.model, self._half_mm
        if model is None or half_mm is None:
            return ""
        error_mm = half_mm * np.linalg.norm(points - truth, axis=1)[joint] if truth is not None else np.nan
        label = joint_name(model.skeleton.joints[joint])
        label += f", {error_mm:.0f} mm off" if np.isfinite(error_mm) else ""
        return label + (", pinned" if joint in self.pull.pinned else "")

    @property
    def _annotated(self) -> FloatArray | None:
        """The annotation of the encoded frame."""
        view = self._encoded_view
        return annotated_pose(view.frame) if view is not None and view.data.skeleton is not None else None

    @property
    def _encoded_view(self) -> FrameView | None:
        """The encoded frame; None if nothing is encoded, or the sliders have left its pose."""
        return self._session.view if self._session.is_near_frame else None

    @property
    def _half_mm(self) -> float | None:
        """Half the edge of the shown cube; None if nothing is shown."""
        model, view = self._session.model, self._encoded_view
        if model is None:
            return None
        return float(view.frame.half_mm if view is not None else model.half_mm)

    def _points(self) -> Points | None:
        """The encoded frame's depth, else the synthetic image's; computed once for each."""
        view, pictures, model = self._encoded_view, self._session.pictures, self._session.model
        source = view or pictures
        if self._cloud is not None and self._cloud[0] is source:
            return self._cloud[1]
        if view is not None:
            self._cloud = (view, cloud_of_frame(view))
        elif pictures is not None and model is not None:
            self._cloud = (pictures, cloud_of_picture(pictures.synthetic, model.half_mm))
        else:
            return None
        return self._cloud[1]
