"""Tabs of docks that can be clicked, but not dragged."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject


class DockTabs(QObject):
    """A filter for the tab bars that Qt makes for docks: dragging one of their tabs crashes Qt 6.11.

    Docks are moved by their title bars.
    """

    def eventFilter(self, _tabs: QObject, event: QEvent) -> bool:
        return event.type() == QEvent.Type.MouseMove and bool(event.buttons())
