"""Opening: by path, dialog, drop, command line and saved session; and the device."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from explorer_app.explore.inspector.image_dialog import ImageDialog
from explorer_app.model.latent import LatentCode
from explorer_app.model.opening import (
    IMAGE_SUFFIXES,
    MODEL_SUFFIXES,
    STORE_SUFFIXES,
    ImageSettings,
    Opening,
    sort_paths,
)
from explorer_app.model.saved_session import SESSION_SUFFIX, SavedSession, is_session
from explorer_app.preferences import Preferences
from explorer_app.resources import resource
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.session.snapshot import Arrival, restore, snapshot
from explorer_app.shell.file_names import file_name
from explorer_app.shell.image_preview import ImagePreview
from explorer_app.widgets.file_dialog import ask_for_paths
from lsps_core.data.recordings.opening import RECORDING_SUFFIXES

OPEN_HAND = 68
"""The first sample frame: an open hand, which shows the effect of the sliders best."""
_ALL_SUFFIXES = (*MODEL_SUFFIXES, *STORE_SUFFIXES, *IMAGE_SUFFIXES, *RECORDING_SUFFIXES, SESSION_SUFFIX)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """Classified paths. trouble: why the saved session among them cannot be opened."""

    opening: Opening
    session_path: Path = Path()
    saved: SavedSession | None = None
    missing: tuple[Path, ...] = ()
    trouble: str = ""


class Opener(QObject):
    """Asks the user if necessary, opens through `Background`, and remembers the results."""

    def __init__(
        self, window: QWidget, session: Session, background: Background, preferences: Preferences, device: str
    ) -> None:
        super().__init__(window)
        self.device = device
        self.image_dialog: ImageDialog | None = None
        self._window, self._session, self._background, self._preferences = window, session, background, preferences
        self._arrival = Arrival(background, self)
        self._preview = ImagePreview(background, self)
        session.model_changed.connect(self._remember_model)
        session.data_changed.connect(self._remember_data)

    def open_paths(self, paths: Sequence[Path], settings: ImageSettings | None = None, index: int = 0) -> None:
        """Open a model, a store, a recording, images, folders of images or a saved session; for images without
        `settings` it asks. index: the first frame."""
        if paths:
            self._arrival.want()
            self._background.looking.ask(
                str(paths[0]), partial(_look_at, tuple(paths)), partial(self._open, settings, index)
            )

    def _open(self, settings: ImageSettings | None, index: int, found: _Found) -> None:
        opening = found.opening
        if found.saved is not None or opening != Opening():
            self._session.asked.emit()
        if found.saved is not None:
            self._preferences.add_recent(found.session_path)
            self._restore(found.saved, lambda: None, found.missing)
        if found.trouble:
            self._session.message.emit(found.trouble)
        if opening.complaint:
            self._session.message.emit(opening.complaint)
        if opening.model is not None:
            self._background.open_model(opening.model, self.device)
        if opening.store is not None:
            self._background.open_store(opening.store, index)
        if opening.recording is not None:
            self._background.open_recording(opening.recording, index, settings)
        if opening.images and settings is not None:
            self._open_images(opening.images, index, settings)
        elif opening.images:
            self._ask_how_to_read(opening.images, index)

    def open_at_start(
        self,
        paths: Sequence[Path],
        settings: ImageSettings | None = None,
        index: int | None = None,
        latent: LatentCode | None = None,
    ) -> None:
        """Open the arguments of the command line, and bundled files for missing ones."""
        self.open_paths(paths, settings, index or 0)
        kinds = {path.suffix.lower() for path in paths}
        has_session = any(is_session(path) for path in paths)
        if not has_session and kinds.isdisjoint(MODEL_SUFFIXES):
            self.open_bundled_model()
        if not has_session and kinds <= set(MODEL_SUFFIXES):
            with contextlib.suppress(FileNotFoundError):  # then the strip explains how to open other data
                # encoded at once, since the mean code of hands at all angles is not a hand
                store = resource("samples", "synthetic.h5")
                self._background.open_store(store, OPEN_HAND if index is None else index)
        if latent is not None:
            step = partial(self._session.set_latent, latent, "command line")
            wanted = partial(self._arrival.want, step)  # after those of a session
            self._background.looking.ask("the command line", lambda: None, lambda _: wanted())

    @Slot()
    def open_bundled_model(self) -> None:
        try:
            self._background.open_model(resource("models", "compact.safetensors"), self.device)
        except FileNotFoundError as error:
            self._session.message.emit(f"{error}; or open another model with File ▸ Open")

    def open_camera(self, name: str) -> None:
        """Show a camera at work; name: a key of `CAMERAS`."""
        self._session.asked.emit()
        self._arrival.want()
        self._background.open_camera(name)

    def open_sample(self, name: str) -> None:
        """Open bundled frames."""
        try:
            self._background.open_store(resource("samples", name))
        except FileNotFoundError as error:
            self._session.message.emit(str(error))

    def set_device(self, device: str) -> None:
        """Move the open model to another device, at the same latent."""
        self.device = device
        session = self._session
        if session.model is not None:
            self._arrival.want()
            is_at_code, latent = session.is_at_code, session.latent
            self._background.open_model(session.model.path, device)
            if not is_at_code:
                self._arrival.want(partial(session.set_latent, latent, "device"))

    def restore(self, saved: SavedSession, finish: Callable[[], object]) -> None:
        """Show a session on the device of this window; `finish` is called when all of it is open."""
        self._session.asked.emit()
        self._background.looking.ask("the session", lambda: saved.missing, partial(self._restore, saved, finish))

    def _restore(self, saved: SavedSession, finish: Callable[[], object], missing: Sequence[Path]) -> None:
        restore(saved, missing, self._session, self._background, self._arrival, self.device, finish)

    @property
    def is_restoring(self) -> bool:
        """A latent or a session is pending until opening is finished."""
        return self._arrival.is_awaited or self._background.looking.is_busy

    @Slot(str)
    def save_session(self, name: str) -> None:
        path = Path(name)
        self._session.asked.emit()
        try:
            snapshot(self._session).save(path)
            self._preferences.add_recent(path)
        except OSError as error:
            line = f"{path} cannot be written: {error.strerror or error}; choose another folder"
            self._session.message.emit(line)
        else:
            self._session.done.emit(f"{path.name} saved")
            self._session.saved.emit(path)

    @Slot()
    def ask_for_files(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in _ALL_SUFFIXES)
        filters = [f"Models, stores, depth images, recordings and sessions ({patterns})", "All files (*)"]
        title = "Open a model, a store, depth images, a recording or a saved session"
        ask_for_paths(self._window, title, self._preferences.last_folder, "files", self._open_chosen, filters=filters)

    @Slot()
    def ask_for_folder(self) -> None:
        folder = self._preferences.last_folder
        ask_for_paths(self._window, "Open a folder of depth images", folder, "folder", self._open_chosen)

    @Slot()
    def ask_where_to_save(self) -> None:
        ask_for_paths(
            self._window,
            "Save session",
            self._preferences.last_folder,
            "save",
            self._save_chosen,
            filters=[f"LSPS Explorer session (*{SESSION_SUFFIX})"],
            name=file_name("session", self._session, SESSION_SUFFIX),
            suffix=SESSION_SUFFIX,
        )

    @Slot(list)
    def _open_chosen(self, names: list[str]) -> None:
        self._preferences.last_folder = str(Path(names[0]).parent)
        self.open_paths([Path(name) for name in names])

    @Slot(list)
    def _save_chosen(self, names: list[str]) -> None:
        self._preferences.last_folder = str(Path(names[0]).parent)
        self.save_session(names[0])

    def _ask_how_to_read(self, images: tuple[Path, ...], index: int) -> None:
        what = images[0].name if len(images) == 1 else f"{len(images)} files and folders, {images[0].name} first"
        self.image_dialog = ImageDialog(self._preferences.image_settings, what, self._window)
        self.image_dialog.finished.connect(self.image_dialog.deleteLater)
        self.image_dialog.chosen.connect(partial(self._open_images, images, index))
        self._preview.serve(self.image_dialog, images)
        self.image_dialog.open()

    def _open_images(self, images: tuple[Path, ...], index: int, settings: ImageSettings, is_kept: bool = True) -> None:
        if is_kept:
            self._preferences.image_settings = settings
        self._background.open_images(images, settings, index)

    @Slot()
    def _remember_model(self) -> None:
        if self._session.model is not None:
            self._remember(self._session.model.path)

    @Slot()
    def _remember_data(self) -> None:
        data = self._session.data
        if data is not None and len(data.origin) == 1:
            self._remember(data.origin[0])

    def _remember(self, path: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            if path.is_relative_to(resource("models").parent):
                return  # it has its own menu
        self._preferences.add_recent(path)


def _look_at(paths: tuple[Path, ...]) -> _Found:
    """In a thread: a dead network disk or a pipe must not block the window."""
    sessions = [path for path in paths if is_session(path)]
    opening = sort_paths([path for path in paths if path not in sessions])
    if not sessions:
        return _Found(opening=opening)
    try:
        saved = SavedSession.load(sessions[-1])
    except ValueError as error:
        return _Found(opening=opening, trouble=str(error))
    return _Found(opening=opening, session_path=sessions[-1], saved=saved, missing=tuple(saved.missing))
