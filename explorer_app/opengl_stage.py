"""Brings OpenGL to the skeleton once the window stands, and takes it away again where the driver gives up."""

from __future__ import annotations

import importlib
from types import ModuleType

from PySide6.QtCore import QObject, Qt, Slot

from explorer_app.views.skeleton_panel import SkeletonPanel
from explorer_app.workers.latest import LatestWins


class OpenGlStage(QObject):
    """pyqtgraph and PyOpenGL take most of a second to import: a thread does that while the painter draws."""

    def __init__(self, panel: SkeletonPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._worker = LatestWins("opengl", self)
        self._worker.answered.connect(self._on_imported)

    def start(self) -> None:
        """Change over as soon as the modules are there; where they cannot be imported, the painter stays."""
        self._worker.ask(None, _import_views)

    @property
    def is_busy(self) -> bool:
        return self._worker.is_busy

    def close(self) -> None:
        self._worker.close()

    @Slot(object, object)
    def _on_imported(self, _stamp: None, views: ModuleType) -> None:
        stage = views.SkeletonGl()
        stage.failed.connect(self._panel.use_painter, Qt.ConnectionType.QueuedConnection)  # not amid its painting
        self._panel.use(stage)


def _import_views() -> ModuleType:
    return importlib.import_module("explorer_app.views.skeleton_gl")
