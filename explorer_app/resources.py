"""Paths of the bundled files, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_ROOTS = (_PACKAGE / "_resources", _PACKAGE.parent / "resources")


def is_bundled(path: Path) -> bool:
    """Whether a file is one of this program's, which are not to be changed."""
    return any(path.is_relative_to(root) for root in _ROOTS)


def resource(*parts: str) -> Path:
    """The path of a bundled file or folder; FileNotFoundError, in one line, if it is missing.

    A wheel has the folder inside the package, a checkout beside it.
    """
    for root in _ROOTS:
        path = root.joinpath(*parts)
        if path.exists():
            return path
    name = "/".join(("resources", *parts))
    raise FileNotFoundError(f"{name} is missing from this installation; install lsps-explorer again")
