"""What threads hand over to the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

Delivery = Callable[[], None]


class Mailbox(QObject):
    """Runs functions in the thread that made it, in the order in which threads post them.

    A thread must not emit a signal of an object that the GUI thread may delete: Qt reads the object while it emits, so
    a dialog that closed at that moment ended the process (PySide 6.11). The mailbox lives as long as the program.
    """

    _posted = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def post(self, owner: QObject, delivery: Delivery) -> None:
        """Call `delivery()` later, unless its owner is deleted by then. From any thread."""
        with suppress(RuntimeError):  # the program ends
            self._posted.emit(owner, delivery)

    @Slot(object, object)
    def _deliver(self, owner: QObject, delivery: Delivery) -> None:
        if isValid(owner):
            delivery()


@cache
def mailbox() -> Mailbox:
    """The only one; the GUI thread asks first."""
    return Mailbox()
