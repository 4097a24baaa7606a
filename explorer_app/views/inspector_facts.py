"""What the inspector says in words, numbers and bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from explorer_app.model.inspection import inspect
from explorer_app.views.inspector_histogram import DepthHistogram
from explorer_app.views.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from explorer_app.model.data import FrameView


class InspectorFacts(QWidget):
    """Warnings first, then the share of pixels without a reading, then how depths are spread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.warnings, self.numbers = WrappedLabel(), QLabel()
        self.histogram = DepthHistogram()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.warnings.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        layout.addWidget(self.warnings)
        layout.addWidget(self.numbers)
        layout.addWidget(self.histogram, 1)
        self.warnings.setAccessibleName("Warnings")
        self.warnings.setStyleSheet(
            "QLabel { background: #fbe3b5; color: #4a3200; border-radius: 4px; padding: 4px 6px; }"
        )

    def show_view(self, view: FrameView | None) -> None:
        self.warnings.setVisible(False)
        self.numbers.setText("")
        self.histogram.show_counts(None)
        if view is None:
            return
        found = inspect(view)
        raw = f"\nNo reading in {found.raw.invalid_percent:.1f} % of the raw image" if found.raw is not None else ""
        self.numbers.setText(f"No reading in {found.crop.invalid_percent:.1f} % of the crop{raw}")
        self.warnings.setText("\n".join(found.warnings))
        self._make_room()
        self.warnings.setVisible(bool(found.warnings))
        z, half_mm = float(view.frame.center_mm[2]), view.frame.half_mm
        self.histogram.show_counts(found.raw or found.crop, z - half_mm, z + half_mm)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Layouts in a scroll area do not ask how high a wrapped text gets at its width, and squeeze what is below."""
        if self.warnings.text():
            self.warnings.setFixedHeight(self.warnings.heightForWidth(self.width()))
