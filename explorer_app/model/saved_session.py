"""The window's state as a readable JSON file: `NAME.lsps.json`."""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from explorer_app.damaged_files import DamagedError
from explorer_app.model.crop import Crop, Uvd
from explorer_app.model.history import HistoryEntry
from explorer_app.model.latent import LatentCode, SliderView
from explorer_app.model.opening import ImageSettings
from explorer_app.model.walk import WalkPlan
from lsps_core.config.model import DOMAINS, Domain
from lsps_core.files import MOST_JSON_BYTES, kind_of, parse_json, require_file, write_whole

SESSION_SUFFIX = ".lsps.json"
_Kind = TypeVar("_Kind")
_FORMAT = "lsps-session"
_VERSION = 2
_NEW_IN_2: dict[str, Any] = {
    "domain": None,
    "cuts": [],
    "walk": None,
    "device": "auto",
    "workspace": "",
    "sliders": None,
}
"""Defaults for keys that version 1 does not have."""


@dataclass(frozen=True, kw_only=True)
class SavedSession:
    """Everything needed to restore the window; None or empty for what was not open.

    data_paths: a store, or images and folders of them, read as `images` says. index: the frame, counted from 0.
    is_at_code: the sliders are at the code of that frame. device: of the model. domain: of the frames; None as in the
    data. crops: changes to single images, by frame. walk, sliders, workspace: None or empty keeps the window's.
    """

    model_path: Path | None = None
    data_paths: tuple[Path, ...] = ()
    images: ImageSettings | None = None
    index: int = 0
    latent: LatentCode = field(default_factory=LatentCode)
    is_at_code: bool = False
    history: tuple[HistoryEntry, ...] = ()
    is_encoding_on_step: bool = True
    device: str = "auto"
    domain: Domain | None = None
    crops: tuple[tuple[int, Crop], ...] = ()
    walk: WalkPlan | None = None
    workspace: str = ""
    sliders: SliderView | None = None

    @property
    def missing(self) -> list[Path]:
        """The named files that do not exist. Call it in a thread: disks may block."""
        named = [self.model_path] if self.model_path is not None else []
        return [path for path in (*named, *self.data_paths) if not kind_of(path)]

    def save(self, path: Path) -> None:
        """Write `path`, whole or not at all; OSError if it cannot be written."""
        text = json.dumps(self.to_json(path.absolute().parent), indent=2, ensure_ascii=False, allow_nan=False)
        write_whole(path, numbers_on_one_line(text) + "\n")

    @classmethod
    def load(cls, path: Path) -> SavedSession:
        """Read `path`; ValueError, in one line, if it is not a session."""
        return cls.from_json(read_json(path, "session"), path.absolute().parent, str(path))

    def to_json(self, folder: Path) -> dict[str, Any]:
        """Paths below `folder`, the file's folder, are relative to it, so that both can be moved together."""
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "model": _relative(self.model_path, folder) if self.model_path is not None else None,
            "data": [_relative(path, folder) for path in self.data_paths],
            "images": self.images.to_json() if self.images is not None else None,
            "frame": self.index,
            "latent": list(self.latent.values),
            "at_code_of_frame": self.is_at_code,
            "encode_on_step": self.is_encoding_on_step,
            "visits": [
                {"name": entry.name, "pinned": entry.is_pinned, "latent": list(entry.code.values)}
                for entry in self.history
            ],
            "domain": self.domain,
            "cuts": [
                {"frame": index, "center_uvd": crop.center_uvd, "images": crop.settings.to_json()}
                for index, crop in self.crops
            ],
            "walk": _walk_to_json(self.walk) if self.walk is not None else None,
            "device": self.device,
            "workspace": self.workspace,
            "sliders": self.sliders.to_json() if self.sliders is not None else None,
        }

    @classmethod
    def from_json(cls, value: Any, folder: Path, name: str = "the session") -> SavedSession:
        """The inverse of `to_json`, with checks; ValueError, in one line."""
        check_format(value, name, _FORMAT, _VERSION, oldest=1)
        if value["version"] == 1:
            value = _NEW_IN_2 | value
        try:
            return cls(
                model_path=folder / _text(value["model"]) if value["model"] is not None else None,
                data_paths=tuple(folder / _text(path) for path in _list(value["data"])),
                images=ImageSettings.from_json(value["images"]) if value["images"] is not None else None,
                index=_whole_number(value["frame"]),
                latent=code_from_json(value["latent"]),
                is_at_code=_flag(value["at_code_of_frame"]),
                is_encoding_on_step=_flag(value["encode_on_step"]),
                history=tuple(_history_entry(number, entry) for number, entry in enumerate(_list(value["visits"]))),
                device=_text(value["device"]),
                domain=_domain(value["domain"]),
                crops=tuple(_crop(crop) for crop in _list(value["cuts"])),
                walk=_walk(value["walk"]) if value["walk"] is not None else None,
                workspace=_text(value["workspace"]),
                sliders=SliderView.from_json(value["sliders"]) if value["sliders"] is not None else None,
            )
        except KeyError as error:
            raise ValueError(f"{name} cannot be opened: {error} is missing; save the session again") from error
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"{name} cannot be opened: {error}; correct it or save the session again") from error


def is_session(path: Path) -> bool:
    """By its name."""
    return path.name.lower().endswith(SESSION_SUFFIX)


def read_json(path: Path, what: str) -> Any:
    """A small JSON file; ValueError, in one line, if it cannot be read, DamagedError if it is not JSON."""
    try:
        require_file(path, DamagedError, MOST_JSON_BYTES)
        text = path.read_bytes()
    except IsADirectoryError as error:
        raise DamagedError(f"{path} is a folder, not a {what}; open the file that LSPS Explorer saved") from error
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}; check the path") from error
    try:
        return parse_json(text)
    except ValueError as error:
        raise DamagedError(f"{path} is not a {what} ({error}); open the file that LSPS Explorer saved") from error


def check_format(value: Any, name: str, expected: str, version: int, *, oldest: int | None = None) -> None:
    """ValueError if `value` is of a later version, DamagedError if it does not have the `expected` format.

    oldest: the oldest supported version; None for `version` alone.
    """
    if not isinstance(value, dict) or value.get("format") != expected:
        raise DamagedError(f"{name} is not a {expected} file; open the file that LSPS Explorer saved")
    found = value.get("version")
    if not isinstance(found, int) or found < (version if oldest is None else oldest):
        raise DamagedError(f"{name} has no version; open the file that LSPS Explorer saved")
    if found > version:
        raise ValueError(f"{name} has version {found!r}, this program reads {version}; update LSPS Explorer")


def code_from_json(value: Any) -> LatentCode:
    """A list of numbers -> code; ValueError for other values."""
    numbers = _list(value)
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        raise ValueError(f"a latent must be a list of numbers, not {str(value)[:60]}")
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("a latent must have finite numbers")
    return LatentCode(tuple(float(number) for number in numbers))


def numbers_on_one_line(text: str) -> str:
    """Readable JSON: lists of numbers are on one line each."""
    return re.sub(r"\[[\s\d.,eE+-]+\]", lambda match: " ".join(match[0].split()).replace("[ ", "["), text).replace(
        " ]", "]"
    )


def _relative(path: Path, folder: Path) -> str:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links out of the folder
    return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else str(absolute)


def _history_entry(number: int, value: Any) -> HistoryEntry:
    if not isinstance(value, dict):
        raise ValueError(f"a history entry must be an object, not {str(value)[:60]}")
    return HistoryEntry(number, code_from_json(value["latent"]), _text(value["name"]), _flag(value["pinned"]))


def _crop(value: Any) -> tuple[int, Crop]:
    if not isinstance(value, dict):
        raise ValueError(f"a crop must be an object, not {str(value)[:60]}")
    center_uvd = _uvd(value["center_uvd"]) if value["center_uvd"] is not None else None
    return _whole_number(value["frame"]), Crop(settings=ImageSettings.from_json(value["images"]), center_uvd=center_uvd)


def _uvd(value: Any) -> Uvd:
    numbers = _list(value)
    if len(numbers) != 3:
        raise ValueError(f"the centre of a cube must be 3 numbers, not {str(value)[:60]}")
    u, v, d = (_number(number) for number in numbers)
    return u, v, d


def _walk_to_json(walk: WalkPlan) -> dict[str, Any]:
    return {
        "path": walk.path,
        "space": walk.space,
        "ending": walk.ending,
        "seconds": walk.seconds,
        "keyframes": [list(code.values) for code in walk.keyframes],
    }


def _walk(value: Any) -> WalkPlan:
    if not isinstance(value, dict):
        raise ValueError(f"a walk must be an object, not {str(value)[:60]}")
    path, space, ending = (_text(value[name]) for name in ("path", "space", "ending"))
    keyframes = [code_from_json(code) for code in _list(value["keyframes"])]
    seconds = _number(value["seconds"])
    if seconds <= 0:
        raise ValueError(f"the time of a walk must be positive, not {seconds:g} s")
    return WalkPlan(path=path, space=space, ending=ending, seconds=seconds).with_keyframes_at(0, keyframes)


def _domain(value: Any) -> Domain | None:
    if value is not None and value not in DOMAINS:
        raise ValueError(f"{str(value)[:60]!r} is not a domain; use one of {', '.join(DOMAINS)}")
    return cast("Domain | None", value)


def _list(value: Any) -> list[Any]:
    return _checked(value, list, "a list")


def _text(value: Any) -> str:
    return _checked(value, str, "a text")


def _flag(value: Any) -> bool:
    return _checked(value, bool, "true or false")


def _whole_number(value: Any) -> int:
    number = _checked(value, int, "a whole number")
    if isinstance(value, bool) or number < 0:
        raise ValueError(f"{value} is not a frame number")
    return number


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{str(value)[:60]!r} is not a finite number")
    return float(value)


def _checked(value: Any, kind: type[_Kind], says: str) -> _Kind:
    if not isinstance(value, kind):
        raise ValueError(f"{str(value)[:60]!r} is not {says}")
    return value
