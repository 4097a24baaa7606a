"""Damaged files are moved aside, never deleted: the user may still repair them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsps_core.files import kind_of

_MOST_SETTINGS_BYTES = 50_000_000


class DamagedError(ValueError):
    """One of the app's own files is damaged and may be set aside. One line."""


def set_aside(path: Path) -> Path:
    """Rename NAME to NAME.damaged, with a number if that exists; returns the new path. OSError if that fails."""
    kept, number = path.with_name(f"{path.name}.damaged"), 0
    while kept.is_symlink() or kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.damaged-{number}")
    return path.rename(kept)


def left_aside_line(things: Sequence[str]) -> str:
    """One line for the message bar; empty if nothing was set aside."""
    return f"damaged and set aside: {', '.join(things)}; repair it there, or continue without it" if things else ""


def set_aside_unless_settings(path: Path) -> Path | None:
    """Move a damaged settings file (INI) aside; returns its new path, None if it is valid.

    Qt would block on a pipe, and overwrite a file that it cannot parse. OSError if it cannot be read or moved.
    """
    kind = kind_of(path)
    if not kind or (kind == "file" and path.stat().st_size <= _MOST_SETTINGS_BYTES and _is_ini(path.read_bytes())):
        return None
    return set_aside(path)


def _is_ini(content: bytes) -> bool:
    """Whether every line is a group, a comment or KEY=VALUE."""
    try:
        lines = [line.strip() for line in content.decode("utf-8").splitlines()]
    except UnicodeDecodeError:
        return False
    is_ini = all(not line or line.startswith(("[", ";", "#")) or "=" in line for line in lines)
    return is_ini and b"\0" not in content
