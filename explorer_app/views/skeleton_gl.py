"""The 3D skeleton drawn with OpenGL. Import this only after `opengl.is_usable()` said so, and off the GUI thread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from OpenGL.error import Error as OpenGlError
from pyqtgraph.opengl import GLLinePlotItem, GLMeshItem, GLViewWidget, MeshData
from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QWidget

from explorer_app.model.mesh import Mesh, mesh
from explorer_app.model.scene import CUBE_CORNERS, CUBE_EDGES, Figure, Orbit
from explorer_app.views import theme

_BONE_RADIUS = 0.022
_JOINT_RADIUS = 0.034
_GAIN = 1.25
"""pyqtgraph's shader keeps four fifths of a colour at most"""


class SkeletonGl(GLViewWidget):
    """Same interface as `SkeletonPainter`; pyqtgraph's x, y, z are right, away, up."""

    failed = Signal()
    """The driver gave up while drawing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures: tuple[Figure, ...] = ()
        self._items: list[GLMeshItem] = []
        edges = _swapped(CUBE_CORNERS[np.array(CUBE_EDGES).ravel()])
        self._cube = GLLinePlotItem(pos=edges, mode="lines", width=1, glOptions="opaque")
        self.addItem(self._cube)
        self.setAccessibleName("3D skeleton")
        self._apply_theme()
        self.reset_view()

    def show_figures(self, figures: Sequence[Figure]) -> None:
        """Skeletons with points [J, 3] in half cube edges; from the second on they are drawn thin, as references."""
        before, self._figures = self._figures, tuple(figures)
        while len(self._items) < len(figures):
            self._items.append(_Item(shader="shaded", glOptions="opaque"))
            self._items[-1].setVisible(False)
            self.addItem(self._items[-1])
        for index, item in enumerate(self._items):
            if index < min(len(before), len(figures)) and figures[index].is_same(before[index]):
                continue  # the annotation stays while a slider moves
            thickness = 0.5 if index else 1.0
            shape = None
            if index < len(figures):
                shape = mesh(_swapped_figure(figures[index]), _BONE_RADIUS * thickness, _JOINT_RADIUS * thickness)
            item.setVisible(shape is not None)
            if shape is not None:
                item.setMeshData(meshdata=_ShadedMesh(shape))
        self.update()

    def reset_view(self) -> None:
        """Back to where the depth camera looks from."""
        default = Orbit()
        azimuth = default.azimuth_deg - 90  # pyqtgraph counts from the x axis
        self.setCameraParams(azimuth=azimuth, elevation=default.elevation_deg, distance=default.distance)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # pyqtgraph's angle is the horizontal one; the painter's is that of the shorter side
        stretch = max(self.width() / max(self.height(), 1), 1.0)
        half = math.radians(Orbit().field_of_view_deg / 2)
        self.setCameraParams(fov=math.degrees(2 * math.atan(math.tan(half) * stretch)))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._apply_theme()
        super().changeEvent(event)

    def paintGL(self) -> None:
        try:
            super().paintGL()
        except (OpenGlError, RuntimeError):  # of the frame as a whole; what an item raises, pyqtgraph keeps to itself
            self.failed.emit()

    def _apply_theme(self) -> None:
        self.setBackgroundColor(theme.stage_background(self.palette()))
        colour: QColor = theme.hairline(self.palette())
        self._cube.setData(color=colour.getRgbF())


class _Item(GLMeshItem):
    """Tells its view where the driver gives up, instead of a traceback at every frame."""

    def paint(self) -> None:
        try:
            super().paint()
        except (OpenGlError, RuntimeError):
            self.view().failed.emit()


class _ShadedMesh(MeshData):
    """Brings its own normals: pyqtgraph would work them out in a Python loop at every move of a slider."""

    def __init__(self, shape: Mesh) -> None:
        super().__init__(vertexes=shape.vertices, faces=shape.faces, vertexColors=np.minimum(shape.colours * _GAIN, 1))
        self._shape = shape

    def vertexNormals(self, indexed: Any = None) -> npt.NDArray[np.float32]:
        normals = -self._shape.normals  # the light of pyqtgraph's shader stands behind the scene; this turns it around
        return normals if indexed is None else normals[self._shape.faces]


def _swapped(points: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """x right, y up, z away -> x right, y away, z up; the swap also makes our left-handed axes right-handed."""
    return points[..., [0, 2, 1]]


def _swapped_figure(figure: Figure) -> Figure:
    return figure.with_points(_swapped(figure.points))
