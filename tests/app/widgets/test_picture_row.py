"""The legend of pictures: its labels never overlap."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from explorer_app.widgets.picture_row import DepthLegend, fitting_labels

LABELS = ("−30 mm, nearer", "0", "+30 mm, farther")


@pytest.mark.parametrize("width", [60, 120, 200, 400])
def test_labels_fit_into_the_bar_or_lose_their_words(qtbot: QtBot, width: int) -> None:
    legend = DepthLegend()
    qtbot.addWidget(legend)
    metrics = QFontMetrics(legend.font())
    labels = fitting_labels(LABELS, width, metrics)
    wide = sum(map(metrics.horizontalAdvance, LABELS))
    assert labels == (LABELS if width >= wide + 16 else ("−30 mm", "0", "+30 mm"))
