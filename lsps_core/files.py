"""Untrusted input: file types checked before opening, JSON parsed within limits. Atomic writing. No torch."""

from __future__ import annotations

import errno
import json
import os
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from lsps_core.errors import LspsError
from lsps_core.part_files import new_part

Kind = Literal["", "file", "folder", "pipe", "device", "socket"]

MOST_JSON_BYTES = 10_000_000
"""A config or a session has about ten thousand."""
_MOST_NESTING = 100
"""Of lists and objects: Python can parse a few hundred levels that it then cannot copy or write."""
_MOST_DIGITS = 20
"""Of an integer: 64 bits. Python accepts any length, but the conversion to float or a Qt int then fails."""
ARRAY_ERRORS = (
    *(OSError, EOFError, AttributeError, LookupError, TypeError, ValueError, ArithmeticError, MemoryError, SyntaxError),
    *(RuntimeError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)
"""What NumPy raises for damaged .npy and .npz files: RuntimeError of encrypted parts and of nested headers."""
_KINDS: tuple[tuple[Any, Kind], ...] = (
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "folder"),
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISSOCK, "socket"),
)


def kind_of(path: Path) -> Kind:
    """The type of the file at a path; "" if it does not exist or is unknown. Never raises; may block on a dead disk."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # a name too long, a folder closed to us, a NUL in the name
        return ""
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), "device")


def expanded(text: str) -> Path:
    """A typed path with ~ and ~NAME expanded; ~NAME stays as it is if there is no such user."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def require_file(path: Path, error: type[ValueError] = LspsError, most_bytes: int | None = None) -> None:
    """Reject anything but a plain file before opening it: a pipe would block its reader, /dev/zero fill the memory.

    Raises `error`, in one line, for pipes, devices, sockets, invalid names and files larger than `most_bytes`.
    OSError if nothing exists there. Folders pass: the caller reports them.
    """
    try:
        found = path.stat()
    except ValueError as wrong:
        raise error(f"{str(path)!r} is not a valid file name ({wrong}); check the path") from wrong
    kind = kind_of(path)
    if kind not in ("file", "folder"):
        raise error(f"{path} is a {kind or 'thing'}, not a file; copy its content into a file and use that")
    if kind == "file" and found.st_size == 0 and _is_of_the_kernel(path):
        raise error(f"{path} is a system file, not a file on a disk; use another file")
    if kind == "file" and most_bytes is not None and found.st_size > most_bytes:
        raise error(f"{path} has {found.st_size / 1e6:,.0f} MB, far more than such a file needs; use another file")


def _is_of_the_kernel(path: Path) -> bool:
    """Files in /proc and /sys have size 0, and reading some of them blocks, for example /proc/kmsg."""
    return path.resolve().parts[1:2] in (("proc",), ("sys",))


class WriteError(LspsError):
    """A file that cannot be written; the one that was there is untouched."""


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield an empty temporary file in the folder of `path`; on a clean exit flush it and rename it over `path`.

    A reader sees the old file or the new one, never half. What killed processes left there is removed. OSError if
    that fails; then nothing is left behind.
    """
    if kind_of(path) not in ("", "file", "folder"):  # renaming over /dev/null would remove it
        raise OSError(errno.EINVAL, f"it is a {kind_of(path)}, not a file", str(path))
    part = new_part(path)
    try:
        part.open("xb").close()
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        put_in_place(part, path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def put_in_place(part: Path, path: Path) -> None:
    """Rename a file that is flushed over `path`, and flush the renaming; OSError if that fails."""
    part.replace(path)
    with suppress(OSError):  # not every system can flush a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def replacing(path: Path, error: type[LspsError] = WriteError) -> Iterator[Path]:
    """Like `beside`, but a missing folder is created, and a failure is an `error` of one line."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside(path) as part:
            yield part
    except OSError as wrong:
        reason = wrong.strerror or wrong
        raise error(f"{path} cannot be written: {reason}", "the file that was there is untouched") from wrong


def write_whole(path: Path, text: str) -> None:
    """Write a small text file, whole or not at all; OSError if that fails."""
    with beside(path) as part:
        part.write_text(text, encoding="utf-8")


def parse_json(text: str | bytes) -> Any:
    """Parse JSON; ValueError also for deep nesting and for numbers with hundreds of digits."""
    text = text if isinstance(text, str) else text.decode("utf-8")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if text.count("[") + text.count("{") > _MOST_NESTING and _is_nested_deeper(value, _MOST_NESTING):
        raise ValueError("it is nested too deeply")
    return value


def _is_nested_deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        inside = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        level = [item for items in inside for item in items]
        if not level:
            return False
    return True


def read_json(path: Path, most_bytes: int = MOST_JSON_BYTES) -> Any:
    """The content of a small JSON file; OSError if it cannot be read, ValueError if it is not JSON."""
    require_file(path, most_bytes=most_bytes)
    return parse_json(path.read_bytes())


def _whole_number(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"it has a number of {len(digits)} digits")
    return int(digits)


_DECODER = json.JSONDecoder(parse_int=_whole_number)
