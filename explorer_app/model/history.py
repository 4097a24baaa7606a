"""The history of latents: shown by the history strip, and the source of keyframes for walks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from explorer_app.model.latent import LatentCode

_LIMIT = 200
"""Maximum number of unpinned entries; the oldest are removed first."""


@dataclass(frozen=True)
class HistoryEntry:
    """A visited latent. `number` identifies it; a pinned one is kept until it is unpinned."""

    number: int
    code: LatentCode
    name: str
    is_pinned: bool = False


class History:
    """In chronological order, without consecutive duplicates."""

    def __init__(self, history: tuple[HistoryEntry, ...] = ()) -> None:
        self._entries = list(history)
        self._numbers = count(max((entry.number for entry in history), default=-1) + 1)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[HistoryEntry]:
        return iter(tuple(self._entries))

    def __contains__(self, number: int) -> bool:
        return any(entry.number == number for entry in self._entries)

    def __getitem__(self, number: int) -> HistoryEntry:
        return self._entries[self._position(number)]

    def add(self, code: LatentCode, name: str, *, is_same_move: bool = False) -> HistoryEntry:
        """Add an entry; `is_same_move`: it continues the last one, and replaces it."""
        last = self._entries[-1] if self._entries else None
        if last is not None and last.code == code:
            return last
        if is_same_move and last is not None and not last.is_pinned:
            self._entries.pop()
        entry = HistoryEntry(next(self._numbers), code, name)
        self._entries.append(entry)
        loose = [entry for entry in self._entries if not entry.is_pinned]
        for old in loose[: max(len(loose) - _LIMIT, 0)]:
            self._entries.remove(old)
        return entry

    def pin(self, number: int, is_pinned: bool = True) -> None:
        self._change(number, is_pinned=is_pinned)

    def rename(self, number: int, name: str) -> None:
        """Name an entry; an empty name changes nothing."""
        if name.strip():
            self._change(number, name=name.strip())

    def remove(self, number: int) -> None:
        del self._entries[self._position(number)]

    def _change(self, number: int, **changes: Any) -> None:
        position = self._position(number)
        self._entries[position] = replace(self._entries[position], **changes)

    def _position(self, number: int) -> int:
        for position, entry in enumerate(self._entries):
            if entry.number == number:
                return position
        raise KeyError(number)
