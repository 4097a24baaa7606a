"""Save images of the window and of single views, as PNG."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from explorer_app.preferences import Preferences
from explorer_app.session.session import Session
from explorer_app.shell.file_names import file_name
from explorer_app.widgets.file_dialog import ask_for_paths
from explorer_app.workers.task import Task
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
            name=file_name(what.removeprefix("the "), self._session, ".png"),
            suffix=".png",
        )

    def save(self, name: str, widget: QWidget, scale: int = 1) -> bool:
        """Save an image of `widget`; False, with a message, if that fails."""
        try:
            _write(picture_of(widget, scale), name)
        except OSError as error:
            self._session.message.emit(str(error))
            return False
        return True

    def close_down(self) -> None:
        """Wait until what was asked for is written."""
        for task in self.findChildren(Task):
            task.close()

    def _save_chosen(self, widget: QWidget, scale: int, names: list[str]) -> None:
        """In a thread: to compress an image takes longer than to draw it."""
        self._session.asked.emit()
        self._preferences.last_folder = str(Path(names[0]).parent)
        image, name = picture_of(widget, scale), names[0]
        task = Task("picture", lambda _progress: _write(image, name), self)
        task.finished.connect(self._on_written)
        task.failed.connect(self._session.message)
        task.ended.connect(task.deleteLater)

    @Slot(object)
    def _on_written(self, name: str) -> None:
        self._session.done.emit(f"{name} saved")


def _write(image: QImage, name: str) -> str:
    """The name of the file; OSError if it cannot be written."""
    # the stub requires bytes, which PySide 6.11 rejects
    if kind_of(Path(name)) not in ("", "file") or not image.save(name, "PNG"):  # type: ignore[call-overload]
        raise OSError(f"{name} cannot be written; choose another folder")
    return Path(name).name


def picture_of(widget: QWidget, scale: int) -> QImage:
    """An image of `widget`, redrawn at `scale` px per px."""
    image = QImage(widget.size() * scale, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(widget.palette().color(widget.backgroundRole()))
    widget.render(image, QPoint())
    return image
