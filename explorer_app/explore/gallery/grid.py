"""Prior samples as a grid of cells: real depth, synthetic depth and skeleton of each side by side."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPalette, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from explorer_app.explore.model.prior_samples import GallerySample
from explorer_app.model.latent import LatentCode
from explorer_app.model.scene import Figure, Orbit, figure
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.pictures.colour_choice import colour_choice
from explorer_app.widgets.pictures.depth_image import DepthLook, PixmapCache, depth_image
from explorer_app.widgets.pictures.skeleton_drawing import paint_solid

Index = QModelIndex | QPersistentModelIndex

PAGE = 12
SAMPLE_ROLE = Qt.ItemDataRole.UserRole
_TILE = 128
"""px of one domain's image in the cache; cells show it smaller"""
_THICK = 0.052
"""radius of bones and joints, in half cube edges: cells are small"""
_SMALLEST = 44
_GAP = 6
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


class GalleryList(QAbstractListModel):
    """A page of samples, some of which are still being decoded."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._seeds = range(0)
        self._samples: list[GallerySample] = []
        self._images: PixmapCache[int] = PixmapCache(PAGE)

    def rowCount(self, _parent: Index | None = None) -> int:
        return len(self._seeds)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = index.row()
        if not 0 <= row < len(self._seeds):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"sample {self._seeds[row]}"
        sample = self._samples[row] if row < len(self._samples) else None
        if role == SAMPLE_ROLE:
            return sample
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"Sample {self._seeds[row]}: real depth, synthetic depth, skeleton. Click to use it"
        return None

    def begin(self, seeds: range) -> None:
        """An empty page for these samples."""
        self.beginResetModel()
        self._seeds, self._samples = seeds, []
        self._images.clear()
        self.endResetModel()

    def add(self, samples: list[GallerySample]) -> None:
        """The next samples of the page."""
        first = len(self._samples)
        self._samples += samples
        self.dataChanged.emit(self.index(first), self.index(len(self._samples) - 1))

    def image(self, row: int, palette: QPalette) -> QPixmap | None:
        """All three domains side by side, drawn when first shown."""
        if row >= len(self._samples) or self._session.model is None:
            return None
        model, sample = self._session.model, self._samples[row]
        drawn = figure(model.skeleton, sample.pose)
        return self._images.pixmap(row, palette, partial(_image, sample, model.half_mm, drawn, palette))


class GalleryGrid(QListView):
    """Click or Enter selects a sample; the arrow keys move between samples."""

    taken = Signal(object)
    """A GallerySample"""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.samples = GalleryList(session)
        self.setModel(self.samples)
        self.setItemDelegate(_Delegate(session, self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName("Prior samples")
        self.clicked.connect(self._take)
        session.latent_changed.connect(self.viewport().update)
        colour_choice.changed.connect(self.viewport().update)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and event.key() in _ARROWS:
            event.accept()  # here they move between samples, not between frames
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 120)

    def _take(self, index: QModelIndex) -> None:
        sample = index.data(SAMPLE_ROLE)
        if sample is not None:
            self.taken.emit(sample)

    def _fit(self) -> None:
        """The largest cells that show a whole page, or the smallest readable ones."""
        text = self.fontMetrics().height()
        width, height = self.width() - 8, self.height() - 8
        fits = []
        for columns in (1, 2, 3, 4, 6):
            rows = -(-PAGE // columns)
            edge = min((width / columns - 2 * _GAP) / 3, height / rows - text - 2 * _GAP)
            fits.append((int(min(edge, _TILE)), columns))
        edge, columns = max(fits)
        is_whole, policy = edge >= _SMALLEST, Qt.ScrollBarPolicy
        # with "as needed" one would appear while the cells move, and take the space they need
        self.setVerticalScrollBarPolicy(policy.ScrollBarAlwaysOff if is_whole else policy.ScrollBarAlwaysOn)
        if not is_whole:
            edge, columns = _SMALLEST, max((width - 20) // (3 * _SMALLEST + 2 * _GAP), 1)
            width -= 20
        self.setGridSize(QSize(width // columns, edge + text + 2 * _GAP))


class _Delegate(QStyledItemDelegate):
    """The three images over the name; framed while the sliders show this sample."""

    def __init__(self, session: Session, parent: GalleryGrid) -> None:
        super().__init__(parent)
        self._session, self._grid = session, parent

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return self._grid.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        palette, text = option.palette, option.fontMetrics.height()
        cell = option.rect.adjusted(_GAP // 2, _GAP // 2, -_GAP // 2, -_GAP // 2)
        edge = min(cell.width() // 3, cell.height() - text)
        area = QRect(cell.left() + (cell.width() - 3 * edge) // 2, cell.top(), 3 * edge, edge)
        image = self._grid.samples.image(index.row(), palette)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if image is None:
            painter.fillRect(area, theme.picture_background(palette))
        else:
            painter.drawPixmap(area, image)
        is_taken = _code_of(index) == self._session.latent
        is_focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        frame = palette.color(QPalette.ColorRole.Highlight) if is_taken else theme.hairline(palette)
        painter.setPen(QPen(theme.faint(palette) if is_selected and not is_taken else frame, 2 if is_taken else 1))
        painter.drawRect(area.adjusted(-1, -1, 0, 0))
        if is_focus:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Text), 1, Qt.PenStyle.DotLine))
            painter.drawRect(area.adjusted(-3, -3, 2, 2))
        painter.setPen(palette.color(QPalette.ColorRole.Text) if is_taken or is_selected else theme.faint(palette))
        below = QRect(area.left(), area.bottom() + 2, area.width(), text)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, str(index.data()))
        painter.restore()


def _code_of(index: Index) -> LatentCode | None:
    sample = index.data(SAMPLE_ROLE)
    return sample.code if sample is not None else None


def _image(sample: GallerySample, half_mm: float, drawn: Figure, palette: QPalette, look: DepthLook) -> QImage:
    image = QImage(3 * _TILE, _TILE, QImage.Format.Format_RGB32)
    image.fill(theme.view_background(palette))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for column, values in enumerate((sample.pictures.real, sample.pictures.synthetic)):
        painter.drawImage(QRectF(column * _TILE, 0, _TILE, _TILE), depth_image(values, -half_mm, half_mm, look))
    painter.translate(2 * _TILE, 0)
    paint_solid(painter, drawn, Orbit(distance=4.4).project(drawn.points, _TILE, _TILE), _THICK, _THICK)
    painter.end()
    return image
