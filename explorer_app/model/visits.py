"""The history of latents: shown by the history strip, and the source of keyframes for walks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from explorer_app.model.latent import LatentCode

_LIMIT = 200
"""Maximum number of unpinned visits; the oldest are removed first."""


@dataclass(frozen=True)
class Visit:
    """A visited latent. `number` identifies it; a pinned one is kept until it is unpinned."""

    number: int
    code: LatentCode
    name: str
    is_pinned: bool = False


class Visits:
    """In chronological order, without consecutive duplicates."""

    def __init__(self, visits: tuple[Visit, ...] = ()) -> None:
        self._visits = list(visits)
        self._numbers = count(max((visit.number for visit in visits), default=-1) + 1)

    def __len__(self) -> int:
        return len(self._visits)

    def __iter__(self) -> Iterator[Visit]:
        return iter(tuple(self._visits))

    def __contains__(self, number: int) -> bool:
        return any(visit.number == number for visit in self._visits)

    def __getitem__(self, number: int) -> Visit:
        return self._visits[self._position(number)]

    def add(self, code: LatentCode, name: str, *, is_same_move: bool = False) -> Visit:
        """Add a visit; `is_same_move`: it continues the last one, and replaces it."""
        last = self._visits[-1] if self._visits else None
        if last is not None and last.code == code:
            return last
        if is_same_move and last is not None and not last.is_pinned:
            self._visits.pop()
        visit = Visit(next(self._numbers), code, name)
        self._visits.append(visit)
        loose = [visit for visit in self._visits if not visit.is_pinned]
        for old in loose[: max(len(loose) - _LIMIT, 0)]:
            self._visits.remove(old)
        return visit

    def pin(self, number: int, is_pinned: bool = True) -> None:
        self._change(number, is_pinned=is_pinned)

    def rename(self, number: int, name: str) -> None:
        """Name a visit; an empty name changes nothing."""
        if name.strip():
            self._change(number, name=name.strip())

    def remove(self, number: int) -> None:
        del self._visits[self._position(number)]

    def _change(self, number: int, **changes: Any) -> None:
        position = self._position(number)
        self._visits[position] = replace(self._visits[position], **changes)

    def _position(self, number: int) -> int:
        for position, visit in enumerate(self._visits):
            if visit.number == number:
                return position
        raise KeyError(number)
