"""The app's settings between starts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QByteArray, QSettings

from explorer_app.model.opening import CAMERA_PRESETS, ImageSettings
from lsps_core.config.model import PRIORS, Prior
from lsps_core.files import parse_json

RECENT_COUNT = 10
THEMES = ("system", "light", "dark")
_MOST_CHARACTERS = 1_000_000
_MOST_PATHS = 1000
_MOST_PATH_CHARACTERS = 4096
_DAMAGED = "damaged"
"""The group that damaged values are moved to."""


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MOST_CHARACTERS or "\0" in value:
        raise ValueError("it is not a text")
    value.encode("utf-8")  # ValueError for unpaired surrogates, which cannot be written
    return value


def _path(value: Any) -> str:
    """Of a path, or empty."""
    if len(_text(value)) > _MOST_PATH_CHARACTERS:
        raise ValueError("it is not a path")
    return str(value)


def _paths(value: Any) -> str:
    paths = parse_json(_text(value))
    if not isinstance(paths, list) or len(paths) > _MOST_PATHS or not all(_path(path) for path in paths):
        raise ValueError("it is not a list of paths")
    return str(value)


def _image_settings(value: Any) -> str:
    ImageSettings.from_json(parse_json(_text(value)))
    return str(value)


def _theme(value: Any) -> str:
    if _text(value) not in THEMES:
        raise ValueError("there is no such theme")
    return str(value)


def _prior(value: Any) -> str:
    if _text(value) not in PRIORS:
        raise ValueError("there is no such prior")
    return str(value)


def _switches(value: Any) -> str:
    switches = parse_json(_text(value))
    if not isinstance(switches, dict) or not all(isinstance(is_on, bool) for is_on in switches.values()):
        raise ValueError("not switches by their names")
    return str(value)


def _bytes_of_qt(magic: bytes) -> Callable[[Any], QByteArray]:
    """Bytes with Qt's header; Qt itself checks the rest."""

    def check(value: Any) -> QByteArray:
        if not isinstance(value, QByteArray) or not bytes(value.data()).startswith(magic):
            raise ValueError("Qt did not write it")
        return value

    return check


class _Kind(NamedTuple):
    """name: for messages. check: returns the value, or raises ValueError."""

    name: str
    check: Callable[[Any], Any]


_DOCKS = _Kind("window layout", _bytes_of_qt(b"\x00\x00\x00\xff\x00\x00\x00\x00"))
KEYS = {
    "files/recent": _Kind("recent files", _paths),
    "files/folder": _Kind("the last folder", _path),
    "images/settings": _Kind("how images are read", _image_settings),
    "pictures/colours": _Kind("colours", _text),
    "latent/prior": _Kind("prior", _prior),
    "views/switches": _Kind("what the views show", _switches),
    "inspect/views": _Kind("saved views of the failures", _text),
    "help/tour": _Kind("whether the tour was offered", _text),
    "window/theme": _Kind("theme", _theme),
    "window/geometry": _Kind("window layout", _bytes_of_qt(b"\x01\xd9\xd0\xcb")),
    "window/docks": _DOCKS,
    "workspaces/Explore": _DOCKS,
    "workspaces/Inspect": _DOCKS,
    "workspaces/Train": _DOCKS,
    "train/runs": _Kind("the list of runs", _paths),
    "train/folder": _Kind("the folder of runs", _path),
    "train/share": _Kind("how runs share the machine", _text),
    "train/baselines": _Kind("published errors", _text),
    "train/form": _Kind("the last training's settings", _text),
}
"""All keys. An invalid value of one of them is moved to the group `damaged`."""


class Preferences:
    """Over QSettings; without it (tests, screenshots) values last as long as this object.

    left_aside: damaged values and where they were moved, as text.
    """

    def __init__(
        self, settings: QSettings | None = None, folder: Path | None = None, left_aside: Sequence[str] = ()
    ) -> None:
        """folder: for presets and the log; None to keep none."""
        self.folder = folder
        self._settings = settings
        self._memory: dict[str, Any] = {}
        self.left_aside = list(left_aside)

    def get(self, key: str, default: Any = None, *, check: Callable[[Any], object] | None = None) -> Any:
        """The value of `key`, one of KEYS; `default` if it is missing or damaged.

        check: raises ValueError for damage that only the caller can detect.
        """
        value = self._value(key)
        if value is None:
            return default
        try:
            value = KEYS[key].check(value)
            if check is not None:
                check(value)
            return value
        except (ValueError, TypeError, OverflowError):
            self.set_aside(key)
            return default

    def set(self, key: str, value: Any) -> None:
        if self._settings is None:
            self._memory[key] = value
        else:
            self._settings.setValue(key, value)

    def check(self) -> None:
        """Set aside all damaged values, before they are used."""
        for key in KEYS:
            self.get(key)

    def set_aside(self, key: str) -> None:
        """Move a damaged value to another key."""
        value, number = self._value(key), 0
        while self._value(kept := f"{_DAMAGED}/{key}-{number}") is not None:
            number += 1
        self.set(kept, value)
        if self._settings is None:
            self._memory.pop(key, None)
        else:
            self._settings.remove(key)
        where = f" (in {self._settings.fileName()}, under {_DAMAGED})" if self._settings is not None else ""
        line = f"{KEYS[key].name}{where}"
        if line not in self.left_aside:
            self.left_aside.append(line)

    def _value(self, key: str) -> Any:
        return self._memory.get(key) if self._settings is None else self._settings.value(key)

    @property
    def image_settings(self) -> ImageSettings:
        """The last settings for reading images."""
        text = self.get("images/settings")
        return CAMERA_PRESETS["sr305"] if text is None else ImageSettings.from_json(parse_json(text))

    @image_settings.setter
    def image_settings(self, value: ImageSettings) -> None:
        self.set("images/settings", json.dumps(value.to_json()))

    def paths(self, key: str) -> list[Path]:
        """A list of paths, as written by `set_paths`."""
        return [Path(path) for path in parse_json(self.get(key, "[]"))]

    def set_paths(self, key: str, paths: Sequence[Path]) -> None:
        self.set(key, json.dumps([str(path) for path in paths[:_MOST_PATHS]]))

    @property
    def recent(self) -> list[Path]:
        """Opened models, data and sessions, the newest first; some may no longer exist."""
        return self.paths("files/recent")[:RECENT_COUNT]

    @recent.setter
    def recent(self, paths: Sequence[Path]) -> None:
        self.set_paths("files/recent", paths[:RECENT_COUNT])

    def add_recent(self, path: Path) -> None:
        path = path.absolute()
        self.recent = [path, *(other for other in self.recent if other != path)]

    @property
    def last_folder(self) -> str:
        """The folder of the last chosen file; empty for the working folder."""
        return str(self.get("files/folder", ""))

    @last_folder.setter
    def last_folder(self, folder: str) -> None:
        self.set("files/folder", folder)

    @property
    def theme(self) -> str:
        """One of THEMES."""
        return str(self.get("window/theme", THEMES[0]))

    @theme.setter
    def theme(self, theme: str) -> None:
        self.set("window/theme", theme)

    @property
    def switches(self) -> dict[str, bool]:
        """By name: whether what a view may show was on."""
        switches: dict[str, bool] = parse_json(self.get("views/switches", "{}"))
        return switches

    @switches.setter
    def switches(self, switches: dict[str, bool]) -> None:
        self.set("views/switches", json.dumps(switches))

    @property
    def prior(self) -> Prior:
        """What samples are drawn from, if the model has it."""
        chosen: Prior = self.get("latent/prior", PRIORS[0])
        return chosen

    @prior.setter
    def prior(self, prior: Prior) -> None:
        self.set("latent/prior", prior)

    @property
    def layout(self) -> tuple[QByteArray, QByteArray] | None:
        """The window's geometry and its docks, as Qt wrote them."""
        geometry, docks = self.get("window/geometry"), self.get("window/docks")
        return None if geometry is None or docks is None else (geometry, docks)

    @layout.setter
    def layout(self, layout: tuple[QByteArray, QByteArray]) -> None:
        for name, value in zip(("geometry", "docks"), layout, strict=True):
            self.set(f"window/{name}", value)
