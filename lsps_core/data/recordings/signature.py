"""What a recording's file must begin with, checked before anything else reads it."""

from __future__ import annotations

from pathlib import Path

from lsps_core.errors import LspsError
from lsps_core.files import require_file


def checked_size(path: Path, signature: bytes, kind: str, remedy: str) -> int:
    """The size of a file that begins with `signature`, in bytes; LspsError, in one line, for anything else.

    kind: for people, "not an SQLite file".
    """
    try:
        require_file(path)
        with path.open("rb") as file:
            head = file.read(len(signature))
        size = path.stat().st_size
    except FileNotFoundError:
        raise LspsError(f"{path} does not exist", "check the path") from None
    except IsADirectoryError:
        raise LspsError(f"{path} is a folder", "give the recording in it") from None
    except OSError as error:
        raise LspsError(f"{path} cannot be read ({error.strerror})", "check who may access it") from error
    if head != signature:
        raise LspsError(f"{path} is not a recording: it is not {kind}", remedy)
    return size
