"""Save images of the window and of single views, as PNG."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from explorer_app.preferences import Preferences
from explorer_app.session.session import Session
from explorer_app.widgets.file_dialog import ask_for_paths
from lsps_core.files import kind_of

VIEW_SCALE = 2
"""px of a saved view per px on screen: enough for a paper's figure"""


class ViewPictures(QObject):
    """Asks for a path, and saves there."""

    def __init__(self, window: QWidget, session: Session, preferences: Preferences) -> None:
        super().__init__(window)
        self._window, self._session, self._preferences = window, session, preferences

    def ask(self, what: str, widget: QWidget, scale: int = VIEW_SCALE) -> None:
        """Ask for the path of an image of `widget`."""
        ask_for_paths(
            self._window,
            f"Save image of {what}",
            self._preferences.last_folder,
            "save",
            partial(self._save_chosen, widget, scale),
            filters=["PNG image (*.png)"],
            suffix=".png",
        )

    def save(self, name: str, widget: QWidget, scale: int = 1) -> bool:
        """Save an image of `widget`; False, with a message, if that fails."""
        is_file = kind_of(Path(name)) in ("", "file")
        # the stub requires bytes, which PySide 6.11 rejects
        if is_file and picture_of(widget, scale).save(name, "PNG"):  # type: ignore[call-overload]
            return True
        self._session.message.emit(f"{name} cannot be written; choose another folder")
        return False

    def _save_chosen(self, widget: QWidget, scale: int, names: list[str]) -> None:
        self._preferences.last_folder = str(Path(names[0]).parent)
        self.save(names[0], widget, scale)


def picture_of(widget: QWidget, scale: int) -> QImage:
    """An image of `widget`, redrawn at `scale` px per px."""
    image = QImage(widget.size() * scale, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(widget.palette().color(widget.backgroundRole()))
    widget.render(image, QPoint())
    return image
