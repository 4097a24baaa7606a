"""At the very first start the window offers its tour, once, and does not wait for an answer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from explorer_app.preferences import Preferences
from explorer_app.shell.offer_bar import OfferBar

_KEY = "help/tour"


class TourOffer(QObject):
    """start: begins the tour."""

    def __init__(self, preferences: Preferences, start: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._preferences, self._start = preferences, start
        self.bar = OfferBar()
        self.start = self.bar.add_button("Start the tour", "Five steps on this window; Esc ends it")
        self.later = self.bar.add_button("Not now", "Help ▸ Tour starts it at any time")
        self.start.clicked.connect(self._take)
        self.later.clicked.connect(self.bar.hide)

    def offer_once(self) -> None:
        """Nothing if it was offered before."""
        if self._preferences.get(_KEY) is None:
            self._preferences.set(_KEY, "offered")
            self.bar.offer("New here?", "A tour shows this window in five steps.")

    @Slot()
    def _take(self) -> None:
        self.bar.hide()
        self._start()
