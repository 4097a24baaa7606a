"""Work of the GUI thread in small steps, so that the window stays responsive between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer, Slot

Step = Callable[[], object]


class Turns(QObject):
    """Runs one step per turn of the event loop: all of them at once would block the window."""

    def __init__(self, parent: QObject, interval_ms: int = 0) -> None:
        """interval_ms: the pause between two steps."""
        super().__init__(parent)
        self._steps: deque[Step] = deque()
        self._timer = QTimer(self, singleShot=True, interval=interval_ms)
        self._timer.timeout.connect(self._run_next)

    def start(self, steps: Iterable[Step]) -> None:
        """Run the first now; these replace the steps that have not run yet."""
        self._steps = deque(steps)
        self._run_next()

    def finish(self) -> None:
        """Run all that are left, now."""
        self._timer.stop()
        while self._steps:
            self._steps.popleft()()

    def stop(self) -> None:
        """Drop those that are left."""
        self._timer.stop()
        self._steps.clear()

    @Slot()
    def _run_next(self) -> None:
        self._timer.stop()
        if self._steps:
            self._steps.popleft()()
        if self._steps:
            self._timer.start()
