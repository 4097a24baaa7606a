"""What the app remembers between two starts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

from explorer_app.model.opening import CAMERA_PRESETS, ImageSettings

RECENT_COUNT = 10
THEMES = ("system", "light", "dark")


class Preferences:
    """Over QSettings; without any (tests, screenshots) things are remembered for as long as this object lives."""

    def __init__(self, settings: QSettings | None = None, folder: Path | None = None) -> None:
        """folder: where larger things are kept, presets and the log; None where nothing is."""
        self.folder = folder
        self._settings = settings
        self._memory: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        """What was remembered under `key`, a `group/name`; texts and bytes only come back alike on every platform."""
        if self._settings is None:
            return self._memory.get(key, default)
        return self._settings.value(key, default)

    def set(self, key: str, value: Any) -> None:
        if self._settings is None:
            self._memory[key] = value
        else:
            self._settings.setValue(key, value)

    @property
    def image_settings(self) -> ImageSettings:
        """How images were read the last time."""
        try:
            return ImageSettings.from_json(json.loads(str(self.get("images/settings"))))
        except ValueError:  # never written, or by another version
            return CAMERA_PRESETS["sr305"]

    @image_settings.setter
    def image_settings(self, value: ImageSettings) -> None:
        self.set("images/settings", json.dumps(value.to_json()))

    @property
    def recent(self) -> list[Path]:
        """Opened models, data and sessions, the newest first; some may be gone."""
        try:
            return [Path(str(path)) for path in json.loads(str(self.get("files/recent", "[]")))][:RECENT_COUNT]
        except (ValueError, TypeError):
            return []

    @recent.setter
    def recent(self, paths: Sequence[Path]) -> None:
        self.set("files/recent", json.dumps([str(path) for path in paths[:RECENT_COUNT]]))

    def add_recent(self, path: Path) -> None:
        path = path.absolute()
        self.recent = [path, *(other for other in self.recent if other != path)]

    @property
    def last_folder(self) -> str:
        """Where a file was chosen the last time; empty for wherever the process is."""
        return str(self.get("files/folder", ""))

    @last_folder.setter
    def last_folder(self, folder: str) -> None:
        self.set("files/folder", folder)

    @property
    def theme(self) -> str:
        """One of THEMES."""
        theme = str(self.get("window/theme", THEMES[0]))
        return theme if theme in THEMES else THEMES[0]

    @theme.setter
    def theme(self, theme: str) -> None:
        self.set("window/theme", theme)

    @property
    def layout(self) -> tuple[QByteArray, QByteArray] | None:
        """The window's geometry and its docks, as Qt wrote them."""
        found = [self.get(f"window/{name}") for name in ("geometry", "docks")]
        return tuple(found) if all(isinstance(value, QByteArray) for value in found) else None

    @layout.setter
    def layout(self, layout: tuple[QByteArray, QByteArray]) -> None:
        for name, value in zip(("geometry", "docks"), layout, strict=True):
            self.set(f"window/{name}", value)
