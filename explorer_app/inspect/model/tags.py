"""Tags and notes of frames, kept in a readable JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from explorer_app.damaged_files import DamagedError
from explorer_app.model.saved_session import check_format, read_json
from lsps_core.files import kind_of, write_whole

_FORMAT = "lsps-tags"
_VERSION = 1
FILE_NAME = "tags.json"
"""Beside the results; one file for all data that a model was evaluated on."""


@dataclass(frozen=True)
class Mark:
    """The user's mark on a frame: tags to find it, separated by commas, and a free-form note."""

    tag: str = ""
    note: str = ""


def parts_of(tags: str) -> list[str]:
    """ "blur, wrist" -> the two tags."""
    return [part for part in (part.strip() for part in tags.split(",")) if part]


def common_tags(tags: Iterable[str]) -> str:
    """The tags that all of these frames have."""
    each = [parts_of(tag) for tag in tags]
    return ", ".join(part for part in each[0] if all(part in parts for parts in each)) if each else ""


class Tags:
    """Marks by data and frame name; data are identified by their digest (`About.data_digest`), not by path.

    ValueError, in one line, if the file is damaged or cannot be written; then the change is undone.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._data: dict[str, dict[str, Any]] = _read(path) if path is not None and kind_of(path) else {}

    def of(self, data_digest: str) -> dict[str, Mark]:
        """Frame name -> mark, for the frames with a mark."""
        return dict(self._data.get(data_digest, {}).get("frames", {}))

    def set_tag(
        self, data_digest: str, data_name: str, frame_names: Iterable[str], tag: str, instead: str | None = None
    ) -> None:
        """Tag some frames; an empty tag removes theirs. Their notes are kept.

        instead: the tags that these replace, while each frame keeps its others; None for all.
        """
        marks, new = self.of(data_digest), parts_of(tag)
        changed = {}
        for name in frame_names:
            mark = marks.get(name, Mark())
            kept = [] if instead is None else [part for part in parts_of(mark.tag) if part not in parts_of(instead)]
            changed[name] = Mark(", ".join(dict.fromkeys([*kept, *new])), mark.note)
        self._change(data_digest, data_name, changed)

    def set_note(self, data_digest: str, data_name: str, frame_name: str, note: str) -> None:
        """Set the note of a frame; an empty note removes it. Its tag is kept."""
        tag = self.of(data_digest).get(frame_name, Mark()).tag
        self._change(data_digest, data_name, {frame_name: Mark(tag, note.strip())})

    def _change(self, data_digest: str, data_name: str, marks: dict[str, Mark]) -> None:
        frames = {name: mark for name, mark in (self.of(data_digest) | marks).items() if mark != Mark()}
        changed = {**self._data, data_digest: {"name": data_name, "frames": frames}}
        if self._path is not None:
            _write(self._path, changed)
        self._data = changed


def tags_by_frame(marks: dict[str, Mark], names: Sequence[str]) -> dict[int, str]:
    """The tagged frames [N] with their tags, for `FailureTable.set_tags`."""
    tagged = {name: mark.tag for name, mark in marks.items() if mark.tag}
    return {frame: tagged[name] for frame, name in enumerate(names) if name in tagged} if tagged else {}


def _read(path: Path) -> dict[str, dict[str, Any]]:
    value = read_json(path, "list of tags")
    check_format(value, str(path), _FORMAT, _VERSION)
    try:
        return {
            str(digest): {
                "name": str(data["name"]),
                "frames": {
                    str(name): Mark(str(mark["tag"]), str(mark["note"])) for name, mark in data["frames"].items()
                },
            }
            for digest, data in value["data"].items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DamagedError(f"{path} is damaged ({error!r}); correct it or move it away") from error


def _write(path: Path, data: dict[str, dict[str, Any]]) -> None:
    told = {
        digest: {"name": one["name"], "frames": {name: asdict(mark) for name, mark in one["frames"].items()}}
        for digest, one in data.items()
        if one["frames"]
    }
    text = json.dumps({"format": _FORMAT, "version": _VERSION, "data": told}, indent=2, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text + "\n")
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror or error}; check the disk") from error
