"""Runs Python's garbage collector only in the GUI thread."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

_INTERVAL_MS = 500


class Collector(QObject):
    """Collects at intervals in the thread that created it; automatic collection is off.

    By default Python collects in any thread that allocates. In a worker thread that destroys widgets outside the GUI
    thread, which eventually crashes.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    @Slot()
    def spare_what_is_there(self) -> None:
        """Exclude existing objects, mainly torch's, from collection: traversing them takes a tenth of a second."""
        gc.freeze()

    @Slot()
    def _collect(self) -> None:
        counts, thresholds = gc.get_count(), gc.get_threshold()
        due = [generation for generation in range(3) if counts[generation] > thresholds[generation]]
        if due:
            gc.collect(max(due))
