"""The first of the images that a dialog asks about, as it will be read."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from explorer_app.explore.inspector.image_dialog import ImageDialog
from explorer_app.model.opening import ImageSettings
from explorer_app.session.background import Background

if TYPE_CHECKING:
    from explorer_app.model.data import FrameView


class ImagePreview(QObject):
    """Reads the images of a dialog in a thread, while the dialog is open."""

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = background.add_worker("preview", self._on_view, self._on_failure)
        self._dialog: ImageDialog | None = None
        self._images: tuple[Path, ...] = ()

    def serve(self, dialog: ImageDialog, images: tuple[Path, ...]) -> None:
        """Show the first of these images in the dialog, and again whenever its fields change."""
        self._dialog, self._images = dialog, images
        dialog.changed.connect(self._read)
        dialog.finished.connect(self._end)
        self._read()

    @Slot()
    def _read(self) -> None:
        if self._dialog is not None:
            self._worker.ask(self._dialog, partial(_first_view, self._images, self._dialog.settings()))

    @Slot()
    def _end(self) -> None:
        self._dialog = None

    @Slot(object, object)
    def _on_view(self, dialog: ImageDialog, view: FrameView) -> None:
        if dialog is self._dialog:
            dialog.show_preview(view)

    @Slot(object, str)
    def _on_failure(self, dialog: ImageDialog, line: str) -> None:
        if dialog is self._dialog:
            dialog.show_failure(line)


def _first_view(images: tuple[Path, ...], settings: ImageSettings) -> FrameView:
    from explorer_app.model.open_data import open_images

    return open_images(images, settings).first
