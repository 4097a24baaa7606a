"""The 3D skeleton drawn with OpenGL. Import this only if `opengl.is_usable()`, and not on the GUI thread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from OpenGL import GL
from OpenGL.error import Error as OpenGlError
from pyqtgraph.opengl import GLLinePlotItem, GLMeshItem, GLScatterPlotItem, GLViewWidget, MeshData
from pyqtgraph.opengl.GLGraphicsItem import GLGraphicsItem
from pyqtgraph.opengl.shaders import FragmentShader, ShaderProgram, VertexShader
from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMatrix4x4
from PySide6.QtWidgets import QWidget

from explorer_app.explore.hand3d import opengl
from explorer_app.explore.model.solids import Mesh, Points, mesh
from explorer_app.model.scene import (
    BONE_RADIUS,
    CUBE_CORNERS,
    CUBE_EDGES,
    JOINT_RADIUS,
    NO_GRID,
    REFERENCE_THICKNESS,
    Figure,
    Grid,
    Orbit,
)
from explorer_app.widgets import theme

_SHADER = ShaderProgram(
    "lit from the eye",
    [
        VertexShader("""
            uniform mat4 u_mvp;
            uniform mat3 u_normal;
            attribute vec4 a_position;
            attribute vec3 a_normal;
            attribute vec4 a_color;
            varying vec4 v_color;
            varying vec3 v_normal;
            void main() {
                v_normal = u_normal * a_normal;
                v_color = a_color;
                gl_Position = u_mvp * a_position;
            }
        """),
        FragmentShader("""
            #ifdef GL_ES
            precision mediump float;
            #endif
            varying vec4 v_color;
            varying vec3 v_normal;
            void main() {
                float facing = abs(normalize(v_normal).z);
                gl_FragColor = vec4(v_color.rgb * (0.75 + 0.25 * facing), v_color.a);
            }
        """),
    ],
)
"""What faces the eye has just its colour, as in the legend; pyqtgraph's own shader shows two thirds of it."""
_REACH = 4.0
"""drawing range from the middle, in half cube edges"""
_FAILURES = (OpenGlError, RuntimeError, ValueError)
# at equal depth the later drawing wins: every fifth grid line over the others
_OPAQUE = {GL.GL_DEPTH_TEST: True, GL.GL_BLEND: False, "glDepthFunc": (GL.GL_LEQUAL,)}
_TRANSLUCENT = {
    **_OPAQUE,
    GL.GL_BLEND: True,
    # the view itself must stay opaque, or the window shows through
    "glBlendFuncSeparate": (GL.GL_SRC_ALPHA, GL.GL_ONE_MINUS_SRC_ALPHA, GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA),
}


class SkeletonGl(GLViewWidget):
    """Same interface as `SkeletonPainter`, and volume and cloud; draws in the scene's own x right, y up, z away."""

    has_depth: Literal[True] = True
    failed = Signal()
    """The driver failed while drawing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        smooth = self.format()
        smooth.setSamples(opengl.samples())
        self.setFormat(smooth)
        self.orbit = Orbit()
        self.figures: tuple[Figure, ...] = ()
        self._items: list[_MeshItem] = []
        self._fine, self._coarse, self._cube = (_LineItem(mode="lines", width=1, glOptions=_OPAQUE) for _ in range(3))
        self._cube.setData(pos=CUBE_CORNERS[np.array(CUBE_EDGES).ravel()])
        self._cloud = _CloudItem(size=2.0, glOptions=_TRANSLUCENT)
        self._cloud.setDepthValue(1)  # drawn after the bones, which show through it
        self._volume = _VolumeItem(shader=_SHADER, glOptions=_TRANSLUCENT)
        self._volume.setDepthValue(2)
        for item in (self._fine, self._coarse, self._cube, self._cloud, self._volume):
            self.addItem(item)
        self.setAccessibleName("3D skeleton")
        self._apply_theme()
        self.show_grid(NO_GRID)
        self.show_volume(None)
        self.show_cloud(None)

    def show_figures(self, figures: Sequence[Figure]) -> None:
        """Skeletons with points [J, 3] in half cube edges; all but the first are drawn thin, as references."""
        before, self.figures = self.figures, tuple(figures)
        while len(self._items) < len(figures):
            self._items.append(_MeshItem(shader=_SHADER, glOptions=_OPAQUE))
            self._items[-1].setVisible(False)
            self.addItem(self._items[-1])
        for index, item in enumerate(self._items):
            if index < min(len(before), len(figures)) and figures[index].is_same(before[index]):
                continue  # the annotation does not change while a slider moves
            thickness = REFERENCE_THICKNESS if index else 1.0
            shape = None
            if index < len(figures):
                shape = mesh(figures[index], BONE_RADIUS * thickness, JOINT_RADIUS * thickness)
            item.setVisible(shape is not None)
            if shape is not None:
                item.setMeshData(meshdata=_ShadedMesh(shape))
        self.update()

    def show_volume(self, shape: Mesh | None) -> None:
        """The hand's skin, translucent; None removes it."""
        self._volume.setVisible(shape is not None)
        if shape is not None:
            self._volume.setMeshData(meshdata=_ShadedMesh(shape, alpha=0.45))

    def show_cloud(self, points: Points | None) -> None:
        """The depth image as points in half cube edges; None removes it."""
        self._cloud.setVisible(points is not None and len(points.positions) > 0)
        if points is not None:
            self._cloud.setData(pos=points.positions, color=points.colours)

    def show_grid(self, grid: Grid) -> None:
        for item, lines in ((self._fine, grid.fine), (self._coarse, grid.coarse)):
            item.setVisible(len(lines) > 0)
            if len(lines):
                item.setData(pos=lines.reshape(-1, 3))

    def set_orbit(self, orbit: Orbit) -> None:
        self.orbit = orbit
        self.update()

    def viewMatrix(self) -> QMatrix4x4:
        """From scene coordinates, whose z points away, to OpenGL eye coordinates, whose z points back."""
        right, up, away = self.orbit.axes.tolist()
        x, y = self.orbit.pan
        back = [-value for value in away]
        return QMatrix4x4([*right, x, *up, y, *back, -self.orbit.distance, 0.0, 0.0, 0.0, 1.0])

    def projectionMatrix(self, *_region_and_viewport: object) -> QMatrix4x4:
        """The same projection as `Orbit.project`, with depth; pyqtgraph's versions differ in the arguments."""
        width, height = max(self.width(), 1), max(self.height(), 1)
        edge = min(width, height) / math.tan(math.radians(self.orbit.field_of_view_deg / 2))
        distance = self.orbit.distance
        near, far = max(distance - _REACH, 0.1), distance + _REACH
        depth = far - near
        if self.orbit.is_orthographic:
            last = (0, 0, -2 / depth, -(far + near) / depth, 0, 0, 0, 1)
            return QMatrix4x4(edge / width / distance, 0, 0, 0, 0, edge / height / distance, 0, 0, *last)
        last = (0, 0, -(far + near) / depth, -2 * far * near / depth, 0, 0, -1, 0)
        return QMatrix4x4(edge / width, 0, 0, 0, 0, edge / height, 0, 0, *last)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._apply_theme()
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # pyqtgraph would rotate its own camera

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    def initializeGL(self) -> None:
        try:
            super().initializeGL()
        except _FAILURES:
            self.failed.emit()

    def paintGL(self) -> None:
        try:
            super().paintGL()
        except _FAILURES:  # of the whole frame; pyqtgraph swallows exceptions of items
            self.failed.emit()

    def _apply_theme(self) -> None:
        palette = self.palette()
        self.setBackgroundColor(theme.view_background(palette))
        hairline = theme.hairline(palette)
        colours: tuple[QColor, ...] = (theme.grid(palette), hairline, hairline)
        for item, colour in zip((self._fine, self._coarse, self._cube), colours, strict=True):
            item.setData(color=colour.getRgbF())


class _Guarded(GLGraphicsItem):
    """An item that reports a driver failure to its view, instead of a traceback at every frame."""

    def paint(self) -> None:
        try:
            super().paint()
        except _FAILURES:
            view = self.view()
            if isinstance(view, SkeletonGl):
                view.failed.emit()


class _MeshItem(_Guarded, GLMeshItem):
    pass


class _LineItem(_Guarded, GLLinePlotItem):
    pass


class _CloudItem(_Guarded, GLScatterPlotItem):
    pass


class _VolumeItem(_MeshItem):
    """Only its nearest surface is blended: depth is drawn first, then the colours at equal depth."""

    def paint(self) -> None:
        GL.glColorMask(False, False, False, False)
        super().paint()
        GL.glColorMask(True, True, True, True)
        super().paint()


class _ShadedMesh(MeshData):
    """Provides its own normals: pyqtgraph would compute them in a Python loop at every slider move."""

    def __init__(self, shape: Mesh, alpha: float = 1.0) -> None:
        colours = shape.colours.copy()
        colours[:, 3] = alpha
        super().__init__(vertexes=shape.vertices, faces=shape.faces, vertexColors=colours)
        self._shape = shape

    def vertexNormals(self, indexed: Any = None) -> npt.NDArray[np.float32]:
        normals = self._shape.normals
        return normals if indexed is None else normals[self._shape.faces]
