"""Named latents of each model, kept in a readable JSON file."""

from __future__ import annotations

import json
from pathlib import Path

from explorer_app.damaged_files import DamagedError
from explorer_app.model.latent import LatentCode
from explorer_app.model.saved_session import check_format, code_from_json, numbers_on_one_line, read_json
from lsps_core.files import kind_of, write_whole

_FORMAT = "lsps-presets"
_VERSION = 1


class Presets:
    """Latents by the name of the model and their own; without a file they last as long as this object."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._codes: dict[str, dict[str, LatentCode]] = _read(path) if path is not None and kind_of(path) else {}

    def of(self, model_name: str) -> dict[str, LatentCode]:
        """Name -> latent, in the order of saving."""
        return dict(self._codes.get(model_name, {}))

    def save(self, model_name: str, name: str, code: LatentCode) -> None:
        """Save a latent under a name, replacing one of the same name; ValueError, in one line, for an empty name."""
        if not name.strip():
            raise ValueError("a preset needs a name")
        self._change(model_name, {**self.of(model_name), name.strip(): code})

    def rename(self, model_name: str, old: str, new: str) -> None:
        """ValueError, in one line, if the new name is empty or exists."""
        new = new.strip()
        if new == old:
            return
        if not new:
            raise ValueError("a preset needs a name")
        if new in self.of(model_name):
            raise ValueError(f"a preset {new!r} exists already; choose another name")
        self._change(model_name, {new if name == old else name: code for name, code in self.of(model_name).items()})

    def remove(self, model_name: str, name: str) -> None:
        self._change(model_name, {other: code for other, code in self.of(model_name).items() if other != name})

    def _change(self, model_name: str, codes: dict[str, LatentCode]) -> None:
        """If writing fails, the change is undone."""
        changed = {**self._codes, model_name: codes}
        if self._path is not None:
            _write(self._path, changed)
        self._codes = changed


def _read(path: Path) -> dict[str, dict[str, LatentCode]]:
    value = read_json(path, "list of presets")
    check_format(value, str(path), _FORMAT, _VERSION)
    try:
        return {
            str(model): {str(name): code_from_json(code) for name, code in codes.items()}
            for model, codes in value["models"].items()
        }
    except (AttributeError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise DamagedError(f"{path} is damaged ({error}); correct it or move it away") from error


def _write(path: Path, codes: dict[str, dict[str, LatentCode]]) -> None:
    models = {
        model: {name: list(code.values) for name, code in named.items()} for model, named in codes.items() if named
    }
    text = json.dumps({"format": _FORMAT, "version": _VERSION, "models": models}, indent=2, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, numbers_on_one_line(text) + "\n")
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror or error}; check the disk") from error
