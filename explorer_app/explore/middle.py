"""The middle of the Explore and Inspect workspaces: pictures, and the skeleton beside them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from explorer_app.explore.frames.decoded import PicturesPanel
from explorer_app.explore.frames.failing import FailingFrame
from explorer_app.widgets import theme

_MOST = 0.65
"""Of the width, for the pictures."""


class Middle(QSplitter):
    """Pictures as wide as they need at their height, and the skeleton in the rest, until the handle is moved."""

    def __init__(self, pictures: PicturesPanel, failing: FailingFrame, skeleton: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._pictures, self._failing = pictures, failing
        self._stack = QStackedWidget()
        self._stack.addWidget(pictures)
        self._stack.addWidget(failing)
        self._is_moved = False
        self.setHandleWidth(theme.GAP)
        self.setChildrenCollapsible(False)
        self.addWidget(self._stack)
        self.addWidget(skeleton)
        self.splitterMoved.connect(self._on_moved)

    def show_failing(self, is_on: bool) -> None:
        """Whether the frame in the explorer with its errors is in place of the decoded pictures."""
        self._stack.setCurrentWidget(self._failing if is_on else self._pictures)
        self._fit()

    @Slot()
    def _on_moved(self) -> None:
        self._is_moved = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if not self._is_moved:
            shown = self._failing if self._stack.currentWidget() is self._failing else self._pictures
            width = min(shown.width_for(self.height()), round(_MOST * self.width()))
            self.setSizes([width, self.width() - self.handleWidth() - width])
