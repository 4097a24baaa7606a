"""Switches the 3D view to OpenGL after the window is shown, and back if the driver fails."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from explorer_app.explore.hand3d.panel import SkeletonPanel
from explorer_app.workers.late_import import load
from explorer_app.workers.latest import LatestWins

if TYPE_CHECKING:
    from explorer_app.explore.hand3d.gl import SkeletonGl

_TOLD = "OpenGL failed, so the 3D view is drawn without it; set LSPS_NO_OPENGL=1 to start without OpenGL"


class OpenGlLoader(QObject):
    """pyqtgraph and PyOpenGL need most of a second to import: a thread does it while the painter draws."""

    gave_up = Signal(str)
    """One line, once."""

    def __init__(self, panel: SkeletonPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._has_failed = False
        self._worker = LatestWins("opengl", self)
        self._worker.answered.connect(self._on_imported)
        self._worker.failed.connect(self._on_failure)

    def start(self) -> None:
        """Switch as soon as the modules are imported; if the import fails, the painter stays."""
        self._worker.ask(None, partial(load, "explorer_app.explore.hand3d.gl:SkeletonGl"))

    @property
    def is_busy(self) -> bool:
        return self._worker.is_busy

    def close(self) -> None:
        self._worker.close()

    @Slot(object, object)
    def _on_imported(self, _stamp: None, classes: list[type[SkeletonGl]]) -> None:
        view = classes[0]()
        view.failed.connect(self._on_failure, Qt.ConnectionType.QueuedConnection)  # not while it paints
        self._panel.use(view)

    @Slot()
    def _on_failure(self) -> None:
        self._panel.use_painter()
        if not self._has_failed:  # a failed driver reports it at every frame
            self._has_failed = True
            self.gave_up.emit(_TOLD)
