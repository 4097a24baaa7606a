"""Checks of a setting's value: LspsError, whose field is the setting, if it is out of range."""

from __future__ import annotations

from typing import Any

from lsps_core.errors import LspsError


def check_positive(config: Any, *keys: str) -> None:
    for key in keys:
        value = getattr(config, key)
        if not 0 < value < float("inf"):
            raise LspsError(f"{key} must be positive, not {value}", field=key)


def check_at_most(config: Any, **most: int) -> None:
    for key, limit in most.items():
        if getattr(config, key) > limit:
            raise LspsError(f"{key} must be at most {limit:,}, not {getattr(config, key)}", field=key)


def check_choices(config: Any, **choices: tuple[str, ...]) -> None:
    for key, allowed in choices.items():
        if getattr(config, key) not in allowed:
            raise LspsError(f"{key} must be one of {', '.join(allowed)}, not {getattr(config, key)!r}", field=key)


def check_multiple_of_4(key: str, value: int) -> None:
    if value <= 0 or value % 4:
        raise LspsError(f"{key} must be a positive multiple of 4, not {value}", field=key)
