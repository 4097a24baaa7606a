"""Save images of the window and of single views, as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Qt, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from explorer_app.preferences import Preferences
from explorer_app.session.session import Session
from explorer_app.shell.file_names import file_name
from explorer_app.shell.picture_dialog import PictureDialog, PictureOptions, grounds_of, picture_of, without
from explorer_app.widgets.file_dialog import ask_for_paths
from explorer_app.workers.task import Task
from lsps_core.files import beside


class ViewPictures(QObject):
    """Asks for a path, and saves there."""

    def __init__(self, window: QWidget, session: Session, preferences: Preferences) -> None:
        super().__init__(window)
        self._window, self._session, self._preferences = window, session, preferences
        self._options = PictureOptions()

    def ask(self, what: str, widget: QWidget) -> None:
        """Ask how to save an image of `widget`, then where."""
        dialog = PictureDialog(what, widget.size(), self._options, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(partial(self._ask_where, what, widget))
        dialog.open()

    def ask_for_screenshot(self) -> None:
        """Ask where to save an image of the window as it is."""
        self._where("the window", self._window, PictureOptions(scale=1))

    def _ask_where(self, what: str, widget: QWidget, options: PictureOptions) -> None:
        self._options = options
        self._where(what, widget, options)

    def _where(self, what: str, widget: QWidget, options: PictureOptions) -> None:
        ask_for_paths(
            self._window,
            f"Save image of {what}",
            self._preferences.last_folder,
            "save",
            partial(self._save_chosen, widget, options),
            filters=["PNG image (*.png)"],
            name=file_name(what.removeprefix("the "), self._session, ".png"),
            suffix=".png",
        )

    def save(self, name: str, widget: QWidget, options: PictureOptions | None = None) -> bool:
        """Save an image of `widget`; False, with a message, if that fails."""
        try:
            _write(picture_of(widget, options or PictureOptions(scale=1)), (), name)
        except OSError as error:
            self._session.message.emit(str(error))
            return False
        return True

    def close_down(self) -> None:
        """Wait until what was asked for is written."""
        for task in self.findChildren(Task):
            task.close()

    def _save_chosen(self, widget: QWidget, options: PictureOptions, names: list[str]) -> None:
        """In a thread: to compress an image takes longer than to draw it."""
        self._session.asked.emit()
        self._preferences.last_folder = str(Path(names[0]).parent)
        image, name = picture_of(widget, options), names[0]
        grounds = grounds_of(widget) if options.is_transparent else ()
        task = Task("picture", lambda _progress: _write(image, grounds, name), self)
        task.finished.connect(self._on_written)
        task.failed.connect(self._session.message)
        task.ended.connect(task.deleteLater)

    @Slot(object)
    def _on_written(self, path: Path) -> None:
        self._session.done.emit(f"{path.name} saved")
        self._session.saved.emit(path)


def _write(image: QImage, without_colours: Sequence[int], name: str) -> Path:
    """The path of the file, written whole or not at all; OSError, in one line with its name."""
    if without_colours:
        image = without(image, without_colours)
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # the stub requires bytes, which PySide 6.11 rejects
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise OSError(f"{name} cannot be written: the picture is too large; choose a smaller scale")
    try:
        with beside(Path(name)) as part:
            part.write_bytes(content.data())
    except OSError as error:
        raise OSError(f"{name} cannot be written: {error.strerror or error}; choose another folder") from error
    return Path(name)
