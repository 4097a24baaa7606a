"""The window: views, menus and the paths between them. Wiring only."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QIcon, QPaintEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFileDialog,
    QMainWindow,
    QMessageBox,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from explorer_app.background import Background
from explorer_app.menus import build_menus
from explorer_app.model.opening import IMAGE_SUFFIXES, MODEL_SUFFIXES, STORE_SUFFIXES, ImageSettings, sort_paths
from explorer_app.opengl_stage import OpenGlStage
from explorer_app.preferences import Preferences
from explorer_app.resources import resource
from explorer_app.session import Session
from explorer_app.views import opengl
from explorer_app.views.frame_strip import FrameStrip
from explorer_app.views.image_dialog import ImageDialog
from explorer_app.views.latent_panel import LatentPanel
from explorer_app.views.message_bar import MessageBar
from explorer_app.views.pictures_panel import PicturesPanel
from explorer_app.views.skeleton_panel import SkeletonPanel
from explorer_app.views.status_line import StatusLine

OPEN_HAND = 68
"""The sample frame to begin with: an open hand shows best what the sliders do."""


class MainWindow(QMainWindow):
    """Nothing here computes: `background` does, and `session` says what there is to show."""

    painted = Signal()
    """The window is on screen for the first time: what takes time may begin."""

    def __init__(self, device: str = "auto", preferences: Preferences | None = None) -> None:
        super().__init__()
        self._device = device
        self._preferences = preferences or Preferences()
        self._is_painted = False
        self.session = Session(self)
        self.background = Background(self.session, self)
        self.setWindowTitle("LSPS Explorer")
        self.setAcceptDrops(True)
        self.resize(1280, 800)
        self._build_views()
        build_menus(self)
        self.session.message.connect(self.messages.show_message)
        self.session.model_changed.connect(self._show_title)
        self.session.data_changed.connect(self._show_title)
        self.strip.open_asked.connect(self.ask_for_files)
        with contextlib.suppress(FileNotFoundError):  # a window without its icon is still a window
            self.setWindowIcon(QIcon(str(resource("icons", "lsps-explorer.svg"))))

    def _build_views(self) -> None:
        has_opengl = opengl.is_usable()
        self.messages = MessageBar()
        self.latent = LatentPanel(self.session)
        self.pictures = PicturesPanel(self.session)
        self.skeleton = SkeletonPanel(self.session, has_opengl)
        self.strip = FrameStrip(self.session)
        self.opengl_stage = OpenGlStage(self.skeleton, self) if has_opengl else None
        central = QWidget()
        whole = QVBoxLayout(central)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.messages)
        body = QVBoxLayout()
        body.setContentsMargins(6, 8, 10, 4)
        body.addWidget(_split(Qt.Orientation.Horizontal, (self.pictures, self.skeleton), (620, 330)))
        whole.addLayout(body, 1)
        self.setCentralWidget(central)
        self.setStatusBar(StatusLine(self.session, self.background))
        self._build_docks()

    def _build_docks(self) -> None:
        self.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        left, bottom = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
        self.docks: dict[str, QDockWidget] = {}
        self._add_dock("Pose latent", self.latent, left)
        self._add_dock("Frame", self.strip, bottom)
        self.docks["Frame"].raise_()
        self.resizeDocks([self.docks["Pose latent"]], [310], Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["Frame"]], [350], Qt.Orientation.Vertical)
        self._default_layout = self.saveState()

    def _add_dock(self, title: str, panel: QWidget, area: Qt.DockWidgetArea) -> None:
        """A panel that can be moved, closed and brought back; those of one area are tabs."""
        dock = QDockWidget(title, self)
        dock.setObjectName(title)  # by which Qt remembers where it was
        padded = QWidget()
        layout = QVBoxLayout(padded)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addWidget(panel)
        dock.setWidget(padded)
        self.addDockWidget(area, dock)
        for other in self.docks.values():
            if self.dockWidgetArea(other) == area:
                self.tabifyDockWidget(other, dock)
        self.docks[title] = dock

    @Slot()
    def reset_layout(self) -> None:
        """All panels where they were at the very first start."""
        self.restoreState(self._default_layout)

    def open_paths(self, paths: Sequence[Path], settings: ImageSettings | None = None) -> None:
        """Open a model, a store, images or folders of images; images without `settings` are asked about."""
        try:
            opening = sort_paths(paths)
        except ValueError as error:
            self.session.message.emit(str(error))
            return
        self.messages.hide()
        if opening.model is not None:
            self.background.open_model(opening.model, self._device)
        if opening.store is not None:
            self.background.open_store(opening.store)
        if opening.images and settings is not None:
            self._open_images(opening.images, settings)
        elif opening.images:
            self._ask_how_to_read(opening.images)

    def open_at_start(self, paths: Sequence[Path], settings: ImageSettings | None) -> None:
        """Open what the command named, and what is bundled for what it did not name."""
        self.open_paths(paths, settings)
        kinds = {path.suffix.lower() for path in paths}
        if kinds.isdisjoint(MODEL_SUFFIXES):
            self.open_bundled_model()
        if kinds <= set(MODEL_SUFFIXES):
            with contextlib.suppress(FileNotFoundError):  # then the strip says how to open other data
                # encoded at once, since the mean code of hands at every angle is no hand
                self.background.open_store(resource("samples", "synthetic.h5"), OPEN_HAND)

    def open_bundled_model(self) -> None:
        try:
            self.background.open_model(resource("models", "compact.safetensors"), self._device)
        except FileNotFoundError as error:
            self.session.message.emit(f"{error}; or open a model of your own with File ▸ Open")

    def open_sample(self, name: str) -> None:
        """Open bundled frames."""
        try:
            self.background.open_store(resource("samples", name))
        except FileNotFoundError as error:
            self.session.message.emit(str(error))

    @Slot()
    def ask_for_files(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in (*MODEL_SUFFIXES, *STORE_SUFFIXES, *IMAGE_SUFFIXES))
        dialog = QFileDialog(self, "Open a model, a store or depth images")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([f"Models, stores and depth images ({patterns})", "All files (*)"])
        dialog.filesSelected.connect(self._open_selected)
        dialog.open()

    @Slot()
    def ask_for_folder(self) -> None:
        dialog = QFileDialog(self, "Open a folder of depth images")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.filesSelected.connect(self._open_selected)
        dialog.open()

    @Slot(list)
    def _open_selected(self, names: list[str]) -> None:
        self.open_paths([Path(name) for name in names])

    def _ask_how_to_read(self, images: tuple[Path, ...]) -> None:
        what = images[0].name if len(images) == 1 else f"{len(images)} files and folders, {images[0].name} first"
        self.image_dialog = ImageDialog(self._preferences.image_settings, what, self)
        self.image_dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.image_dialog.chosen.connect(partial(self._open_images, images))
        self.image_dialog.open()

    def _open_images(self, images: tuple[Path, ...], settings: ImageSettings) -> None:
        self._preferences.image_settings = settings
        self.background.open_images(images, settings)

    @Slot()
    def ask_for_screenshot(self) -> None:
        dialog = QFileDialog(self, "Save a picture of the window")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("PNG picture (*.png)")
        dialog.setDefaultSuffix("png")
        dialog.fileSelected.connect(self.save_screenshot)
        dialog.open()

    @Slot(str)
    def save_screenshot(self, name: str) -> bool:
        """Save what the window shows as PNG; False, with a message, where that fails."""
        if self.grab().save(name, "PNG"):
            return True
        self.session.message.emit(f"{name} cannot be written; choose another folder")
        return False

    @Slot()
    def show_model_info(self) -> None:
        if self.session.model is None:
            self.session.message.emit("there is no model yet; open one with File ▸ Open")
            return
        from explorer_app.views.model_info import ModelInfo  # torch is there, now that there is a model

        dialog = ModelInfo(self.session.model, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot()
    def show_about(self) -> None:
        from lsps_core import __version__

        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("About LSPS Explorer")
        box.setText(f"<b>LSPS Explorer {__version__}</b>")
        box.setInformativeText(
            "One latent of a hand, seen as real depth, synthetic depth and 3D pose.\n"
            "After Abdi, Abbasnejad, Lim, Nahavandi, BMVC 2018 (arXiv 1807.05380). MIT licence."
        )
        box.open()

    @Slot()
    def _show_title(self) -> None:
        parts = [self.session.data.title] if self.session.data is not None else []
        parts += [self.session.model.name] if self.session.model is not None else []
        self.setWindowTitle(" – ".join([*parts, "LSPS Explorer"]))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and all(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.open_paths([Path(url.toLocalFile()) for url in event.mimeData().urls()])

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self.painted.emit)  # once all of it is painted

    def closeEvent(self, event: QCloseEvent) -> None:
        self.hide()  # before waiting for the threads, at worst for torch to be imported
        if self.opengl_stage is not None:
            self.opengl_stage.close()
        self.has_ended = self.background.close()
        super().closeEvent(event)


def _split(orientation: Qt.Orientation, widgets: Sequence[QWidget], sizes: Sequence[int]) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setHandleWidth(10)
    splitter.setChildrenCollapsible(False)
    for index, widget in enumerate(widgets):
        splitter.addWidget(widget)
        splitter.setStretchFactor(index, sizes[index])
    splitter.setSizes(list(sizes))
    return splitter
