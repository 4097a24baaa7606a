"""Directions from examples, kept in a readable JSON file; the same file passes them on to others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from explorer_app.damaged_files import DamagedError
from explorer_app.model.latent import Direction
from explorer_app.model.saved_session import check_format, code_from_json, numbers_on_one_line, read_json
from lsps_core.files import kind_of, write_whole

_FORMAT = "lsps-directions"
_VERSION = 1


class Directions:
    """Directions by the fingerprint of their latent and their name; without a file they last as long as this object."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._all: dict[str, dict[str, Direction]] = {}
        for name, direction in read_directions(path) if path is not None and kind_of(path) else ():
            self._all.setdefault(direction.fingerprint, {})[name] = direction

    def of(self, fingerprint: str) -> dict[str, Direction]:
        """Name -> direction, in the order of saving."""
        return dict(self._all.get(fingerprint, {}))

    def save(self, name: str, direction: Direction) -> None:
        """Add a direction, replacing one of the same name; ValueError, in one line, for an empty name."""
        self._require(name)
        self._change(direction.fingerprint, {**self.of(direction.fingerprint), name.strip(): direction})

    def rename(self, fingerprint: str, old: str, new: str) -> None:
        """ValueError, in one line, if the new name is empty or exists."""
        self._require(new)
        known, new = self.of(fingerprint), new.strip()
        if new != old and new in known:
            raise ValueError(f"a direction {new!r} exists already; choose another name")
        self._change(fingerprint, {new if name == old else name: each for name, each in known.items()})

    def remove(self, fingerprint: str, name: str) -> None:
        self._change(fingerprint, {other: each for other, each in self.of(fingerprint).items() if other != name})

    def take(self, found: Sequence[tuple[str, Direction]], fingerprint: str) -> None:
        """Add those that are of this latent, replacing others of their names; ValueError, in one line, without any."""
        fitting = {name: direction for name, direction in found if direction.fingerprint == fingerprint}
        if not fitting:
            models = ", ".join(sorted({direction.model for _, direction in found})) or "no model"
            raise ValueError(f"these directions are of the latent of {models}; open that model first")
        self._change(fingerprint, self.of(fingerprint) | fitting)

    def _require(self, name: str) -> None:
        if not name.strip():
            raise ValueError("a direction needs a name")

    def _change(self, fingerprint: str, directions: Mapping[str, Direction]) -> None:
        """If writing fails, the change is undone."""
        changed = {**self._all, fingerprint: dict(directions)}
        if self._path is not None:
            write_directions(self._path, [item for named in changed.values() for item in named.items()])
        self._all = changed


def read_directions(path: Path) -> list[tuple[str, Direction]]:
    """Names and directions of a file; ValueError, in one line, for any other file."""
    value = read_json(path, "file of directions")
    check_format(value, str(path), _FORMAT, _VERSION)
    try:
        return [_from_json(each) for each in value["directions"]]
    except (AttributeError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise DamagedError(f"{path} is damaged ({error}); correct it or move it away") from error


def _from_json(value: Any) -> tuple[str, Direction]:
    name, model, fingerprint, frames = (value[key] for key in ("name", "model", "fingerprint", "frames"))
    if not all(isinstance(text, str) for text in (name, model, fingerprint)) or not name.strip():
        raise ValueError("name, model and fingerprint must be texts")
    if not isinstance(frames, list) or [type(count) for count in frames] != [int, int]:
        raise ValueError(f"frames must be two whole numbers, not {str(frames)[:60]}")
    return name, Direction(code_from_json(value["step"]).values, (frames[0], frames[1]), model, fingerprint)


def write_directions(path: Path, directions: Iterable[tuple[str, Direction]]) -> None:
    """Write names and directions, whole or not at all; ValueError, in one line, if that fails."""
    listed = [
        {
            "name": name,
            "model": direction.model,
            "fingerprint": direction.fingerprint,
            "frames": list(direction.frames),
            "step": list(direction.step),
        }
        for name, direction in directions
    ]
    content = {"format": _FORMAT, "version": _VERSION, "directions": listed}
    text = json.dumps(content, indent=2, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, numbers_on_one_line(text) + "\n")
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror or error}; check the disk") from error
