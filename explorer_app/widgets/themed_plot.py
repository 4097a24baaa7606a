"""A pyqtgraph plot in the window's colours. Import it in a thread: pyqtgraph takes most of a second."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent

from explorer_app.widgets.plot_colours import PlotColours


class ThemedPlot(pg.PlotWidget):
    """Background and axes follow the palette. A subclass extends `recolour`, and calls it once it is built."""

    _is_built = False

    def __init__(self, name: str, **options: Any) -> None:
        """name: for screen readers. options: those of `PlotWidget`."""
        super().__init__(**options)
        self.setAccessibleName(name)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.getAxis("bottom").enableAutoSIPrefix(False)

    def recolour(self, colours: PlotColours) -> None:
        self._is_built = True
        self.setBackground(colours.ground)
        for side in ("left", "bottom"):
            self.getAxis(side).setPen(colours.hairline)
            self.getAxis(side).setTextPen(colours.faint)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._is_built:  # Qt sends one during construction
            self.recolour(PlotColours(self.palette()))
