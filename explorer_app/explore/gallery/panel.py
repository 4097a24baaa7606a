"""Pages of prior samples in all three domains, and the frame nearest to a sample."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from explorer_app.explore.gallery.grid import PAGE, SAMPLE_ROLE, GalleryGrid
from explorer_app.explore.model.prior_samples import GallerySample, NearestFrame, draw, find_nearest
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.fields import LARGEST_SEED, TEMPERATURE_TIP, label, seed, temperature
from explorer_app.widgets.layouts import column_layout, row_layout
from explorer_app.widgets.pictures.depth_picture import DepthPicture
from explorer_app.widgets.small import WrappedLabel

_BATCH = 2
"""Samples decoded in one batch: the first must not wait for the last, and their images must not block the window."""
_LARGEST_SEED = LARGEST_SEED - PAGE


if TYPE_CHECKING:
    from explorer_app.model.hand.model import HandModel
    from lsps_core.config.model import Prior

    _Page = tuple[HandModel, int, float, Prior]  # model, first seed, temperature, prior


class Gallery(QWidget):
    """A view of the prior of `Session.model`. Computes only while it is visible."""

    def __init__(self, session: Session, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._is_seen = False
        self._stamp: _Page | None = None
        self._looked_for: tuple[object, object] | None = None
        self._decoding = background.add_worker("gallery", self._on_samples)
        self._searching = background.add_worker("nearest", self._on_nearest)
        self.grid = GalleryGrid(session)
        self.nearest = DepthPicture("Nearest frame")
        self.nearest_text = WrappedLabel()
        self.nearest_text.setTextFormat(Qt.TextFormat.PlainText)
        self.open_nearest = QPushButton("Go to this frame")
        self.open_nearest.setToolTip("Show the nearest frame of the opened store")
        self.open_nearest.clicked.connect(self._go_to_nearest)
        self._found: NearestFrame | None = None
        body = row_layout()
        body.addWidget(self.grid, 1)
        body.addWidget(self._build_nearest())
        layout = column_layout(self)
        layout.addLayout(self._build_controls())
        layout.addLayout(body, 1)
        self.grid.taken.connect(self._take)
        self.grid.selectionModel().currentChanged.connect(self._look_for_nearest)
        session.model_changed.connect(self._draw)
        session.prior_changed.connect(self._draw)
        session.data_changed.connect(self._look_for_nearest)
        self._show_nearest(NearestFrame(reason="Select a sample to see the frame nearest to it."))
        self._show_enabled()

    def _build_controls(self) -> QHBoxLayout:
        first = "The seed of the first sample; each sample has its own seed"
        self.seed = seed("Seed of the gallery", first, _LARGEST_SEED)
        self.temperature = temperature("Temperature of the gallery", TEMPERATURE_TIP)
        self.back, self.more = QPushButton("Back"), QPushButton("More")
        self.back.setToolTip(f"The previous {PAGE} samples")
        self.more.setToolTip(f"The next {PAGE} samples")
        self.seed.valueChanged.connect(self._draw)
        self.temperature.valueChanged.connect(self._draw)
        self.back.clicked.connect(partial(self._turn, -PAGE))
        self.more.clicked.connect(partial(self._turn, PAGE))
        self.status = QLabel()
        controls = row_layout()
        for name, field in (("Seed", self.seed), ("Temperature", self.temperature)):
            controls.addWidget(label(name, field))
            controls.addWidget(field)
        controls.addWidget(self.back)
        controls.addWidget(self.more)
        controls.addWidget(self.status, 1)
        return controls

    def _build_nearest(self) -> QWidget:
        panel = QWidget()
        panel.setFixedWidth(190)
        layout = column_layout(panel)
        layout.setContentsMargins(theme.GAP, 0, 0, 0)
        layout.addWidget(self.nearest, 1)
        layout.addWidget(self.nearest_text)
        layout.addWidget(self.open_nearest)
        return panel

    @Slot(bool)
    def set_seen(self, is_seen: bool) -> None:
        """Whether it is the raised tab: for Qt the tabs behind it are visible too."""
        self._is_seen = is_seen
        self._draw()

    @Slot()
    def _turn(self, by: int) -> None:
        self.seed.setValue(self.seed.value() + by)

    @Slot()
    def _draw(self) -> None:
        """Draw the page, unless it is drawn or not visible."""
        self._show_enabled()
        if self._session.model is None or not self._is_seen:
            return
        page = (self._session.model, self.seed.value(), self.temperature.value(), self._session.prior)
        if page == self._stamp:
            return
        self._stamp = page
        with QSignalBlocker(self.grid.selectionModel()):
            self.grid.samples.begin(range(self.seed.value(), self.seed.value() + PAGE))
        self._show_nearest(NearestFrame(reason="Select a sample to see the frame nearest to it."))
        self._ask(page, 0)

    def _ask(self, page: _Page, first: int) -> None:
        model, seed, temperature, prior = page
        seeds = range(seed + first, seed + min(first + _BATCH, PAGE))
        self._decoding.ask((page, seeds), partial(draw, model, seeds, temperature, prior))

    @Slot(object, object)
    def _on_samples(self, stamp: tuple[_Page, range], samples: list[GallerySample]) -> None:
        page, seeds = stamp
        if page != self._stamp:
            return
        self.grid.samples.add(samples)
        done = seeds.stop - page[1]
        if done < PAGE and self._is_seen:
            self._ask(page, done)
        elif done < PAGE:
            self._stamp = None  # drawn when it is visible again

    @Slot(object)
    def _take(self, sample: GallerySample) -> None:
        self._session.set_latent(sample.code, sample.name)

    @Slot()
    def _look_for_nearest(self, _current: QModelIndex | None = None) -> None:
        model, data = self._session.model, self._session.data
        sample = self.grid.currentIndex().data(SAMPLE_ROLE)
        if sample is None or model is None:
            return
        if data is None:
            self._show_nearest(NearestFrame(reason="Open a store to see its frame nearest to a sample."))
            return
        self._looked_for = (sample, data)
        self._searching.ask(self._looked_for, partial(find_nearest, sample.pose, model, data))

    @Slot(object, object)
    def _on_nearest(self, stamp: tuple[object, object], found: NearestFrame) -> None:
        if stamp == self._looked_for and stamp[1] is self._session.data:
            self._show_nearest(found)

    def _show_nearest(self, found: NearestFrame) -> None:
        self._found = found
        view = found.view
        self.nearest.setVisible(view is not None)
        self.open_nearest.setVisible(view is not None)
        if view is None:
            self.nearest_text.setText(found.reason)
            return
        where = f"{view.data.title}, simulated" if view.data.is_simulated else view.data.title
        self.nearest_text.setText(
            f"{found.distance_mm:.1f} mm away: frame {view.index + 1} of {len(view.data)}, {where}"
        )
        self.nearest_text.setToolTip("Mean distance of the joints, each pose relative to the centre of its cube")
        self.nearest.show_depth(view.input_mm, -view.frame.half_mm, view.frame.half_mm)

    @Slot()
    def _go_to_nearest(self) -> None:
        view = self._found.view if self._found is not None else None
        if view is not None and view.data is self._session.data:
            self._session.set_index(view.index)

    def _show_enabled(self) -> None:
        has_model = self._session.model is not None
        for control in (self.seed, self.temperature, self.more):
            control.setEnabled(has_model)
        self.back.setEnabled(has_model and self.seed.value() > 0)
        self.status.setText("" if has_model else "No model yet; File ▸ Open loads one")
