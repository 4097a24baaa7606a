"""Python's garbage collector, kept to the GUI thread."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

_INTERVAL_MS = 500


class Collector(QObject):
    """Collects every now and then, in the thread that made it; everywhere else nothing is collected.

    By itself Python collects in whichever thread happens to allocate next. In a worker's that destroys widgets behind
    Qt's back, which crashes sooner or later.
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
        """Never look again at what is there now, above all torch: going through that takes a tenth of a second."""
        gc.freeze()

    @Slot()
    def _collect(self) -> None:
        counts, thresholds = gc.get_count(), gc.get_threshold()
        due = [generation for generation in range(3) if counts[generation] > thresholds[generation]]
        if due:
            gc.collect(max(due))
