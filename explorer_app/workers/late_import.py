"""Imports that take most of a second, such as pyqtgraph's: for a thread, once they are needed."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any


def load(*paths: str) -> list[Any]:
    """The objects at paths such as "package.module:Class"; imports their modules."""
    return [resolve_name(path) for path in paths]
