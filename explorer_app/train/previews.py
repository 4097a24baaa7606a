"""The fixed preview frames of a run, step by step."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMargins, QRect, QRectF, QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QCheckBox, QLabel, QScrollArea, QSizePolicy, QWidget

from explorer_app.widgets import theme
from explorer_app.widgets.fields import Slider
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.workers.latest import LatestWins
from lsps_core.files import require_file
from lsps_core.runs.layout import RunLayout

_ROWS = (
    "One column a frame, synthetic frames above, real ones below. Rows of each: input, reconstruction, translation, "
    "cycle, the image of the pose estimated by P in its own and in the other domain, and of the annotated pose"
)
_ROUTES = ("input", "reconstruction", "translation", "cycle", "pose by P", "… translated")
_ANNOTATED = ("annotated pose", "… translated")
_ROW_PX = 128
_GAP = 8


def row_names(height_px: int) -> tuple[str, ...]:
    """The names of the rows of a sheet of this height; empty for a sheet of another version.

    A sheet has rows of the annotated pose for both domains or for synthetic frames only.
    """
    synthetic, real = ("synthetic " + _ROUTES[0], *_ROUTES[1:]), ("real " + _ROUTES[0], *_ROUTES[1:])
    known = (
        (*synthetic, *_ANNOTATED, *real, *_ANNOTATED),
        (*synthetic, *_ANNOTATED, *real),
        (*synthetic, *real),
    )
    return next((names for names in known if len(names) * _ROW_PX == height_px), ())


class _Sheet(QWidget):
    """An image scaled to fit; with `is_whole_size` at its actual size."""

    def __init__(self) -> None:
        super().__init__()
        self._pixmap = QPixmap()
        self._names: tuple[str, ...] = ()
        self._small = theme.caption(self.font())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setToolTip(_ROWS)
        self.setAccessibleName("Preview sheet")

    def set_pixmap(self, pixmap: QPixmap, is_whole_size: bool) -> None:
        self._pixmap, self._names = pixmap, row_names(pixmap.height())
        self.setMinimumSize(pixmap.size().grownBy(QMargins(self._gutter, 0, 0, 0)) if is_whole_size else QSize(0, 0))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._pixmap.isNull():
            painter.setPen(theme.faint(self.palette()))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Preview sheets are made at validations")
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        gutter = self._gutter
        room = QSize(self.width() - gutter, self.height())
        size = self._pixmap.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        left = gutter + (room.width() - size.width()) // 2
        painter.drawPixmap(QRect(left, 0, size.width(), size.height()), self._pixmap)
        painter.setPen(theme.faint(self.palette()))
        painter.setFont(self._small)
        row_px = size.height() / max(len(self._names), 1)
        for number, name in enumerate(self._names):
            row = QRectF(left - gutter, number * row_px, gutter - _GAP, row_px)
            painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)

    @property
    def _gutter(self) -> int:
        """px for the names of the rows, left of them."""
        metrics = QFontMetrics(self._small)
        return max((metrics.horizontalAdvance(name) + 2 * _GAP for name in self._names), default=0)


class PreviewScrubber(QWidget):
    """Follows the newest sheet unless an older one was chosen. Sheets are read in a thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run_path: Path | None = None
        self._previews: tuple[tuple[int, str], ...] = ()
        self._image = QPixmap()
        self._shown: Path | None = None
        self._worker = LatestWins("preview", self)
        self._worker.answered.connect(self._on_image)
        self._worker.failed.connect(self._on_failure)
        self.sheet = _Sheet()
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setWidget(self.sheet)
        self.slider = Slider()
        self.slider.setAccessibleName("Step of the preview")
        self.slider.setToolTip("Browse the previews of this run; at the end it follows the newest")
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self._ask)
        self.step = QLabel()
        self.step.setMinimumWidth(90)
        self.is_whole_size = QCheckBox("Actual si&ze")
        self.is_whole_size.setToolTip("Show the sheet at full resolution")
        self.is_whole_size.toggled.connect(self._show)
        row = row_layout()
        row.addWidget(self.slider, 1)
        row.addWidget(self.step)
        row.addWidget(self.is_whole_size)
        layout = column_layout(self)
        layout.setContentsMargins(0, theme.UNIT, 0, 0)
        layout.addWidget(self._area, 1)
        layout.addLayout(row)
        self.show_previews(None, ())

    def show_previews(self, run_path: Path | None, previews: tuple[tuple[int, str], ...]) -> None:
        if (run_path, previews) == (self._run_path, self._previews) and run_path is not None:
            return
        is_other = run_path != self._run_path
        is_at_end = is_other or self.slider.value() == self.slider.maximum()
        self._run_path, self._previews = run_path, previews
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, len(previews) - 1))
            if is_at_end:
                self.slider.setValue(self.slider.maximum())
        self.slider.setEnabled(len(previews) > 1)
        self._ask()

    def close_down(self) -> None:
        self._worker.close(2.0)  # sheets are only read

    @Slot()
    def _ask(self) -> None:
        if self._run_path is None or not self._previews:
            self._shown, self._image = None, QPixmap()
            self.step.setText("")
            self._show()
            return
        step, name = self._previews[self.slider.value()]
        self.step.setText(f"step {step}")
        path = RunLayout(self._run_path).previews / name
        if path != self._shown:
            self._shown = path
            self._worker.ask(path, lambda: _read(path))

    @Slot(object, object)
    def _on_image(self, path: Path, image: QImage) -> None:
        if path == self._shown:
            self._image = QPixmap.fromImage(image)
            self._show()

    @Slot(object, str)
    def _on_failure(self, path: Path, line: str) -> None:
        if path == self._shown:
            self._image = QPixmap()
            self.step.setText("cannot be read")
            self.step.setToolTip(line)
            self._show()

    @Slot()
    def _show(self) -> None:
        self.sheet.set_pixmap(self._image, self.is_whole_size.isChecked())


def _read(path: Path) -> QImage:
    require_file(path)
    image = QImage(str(path))
    if image.isNull():
        raise ValueError(f"{path} cannot be read as an image; the run writes it again when it resumes")
    return image
