"""Files that others hand in, looked at before they are opened; JSON that anybody may have written; files written
whole or not at all. No torch."""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from lsps_core.errors import LspsError

Kind = Literal["", "file", "folder", "pipe", "device", "socket"]

MOST_JSON_BYTES = 10_000_000
"""A config or a session has some ten thousand."""
_MOST_DIGITS = 20
"""Of a whole number: 64 bits. Python would take any, and stumble where it becomes a float or a Qt int."""
_KINDS: tuple[tuple[Any, Kind], ...] = (
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "folder"),
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISSOCK, "socket"),
)


def kind_of(path: Path) -> Kind:
    """What a path leads to; "" where that is nothing, or cannot be known. Never raises; a dead disk may hold it up."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # a name too long, a folder closed to us, a NUL in the name
        return ""
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), "device")


def expanded(text: str) -> Path:
    """The path that somebody has typed, ~ for the own home; ~NAME stays where there is nobody of that name."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def require_file(path: Path, error: type[ValueError] = ValueError, most_bytes: int | None = None) -> None:
    """Refuse what is no plain file before it is opened: a pipe would hold its reader for ever, /dev/zero fill memory.

    `error`, in one line, for pipes, devices, sockets, names that no file can have, and files of more than `most_bytes`.
    OSError where there is nothing. Folders pass: who asks knows what to name instead.
    """
    try:
        found = path.stat()
    except ValueError as wrong:
        raise error(f"{str(path)!r} is the name of no file ({wrong}); check the path") from wrong
    kind = kind_of(path)
    if kind not in ("file", "folder"):
        raise error(f"{path} is a {kind or 'thing'}, not a file; copy what it holds into a file, and give that")
    if kind == "file" and found.st_size == 0 and _is_of_the_kernel(path):
        raise error(f"{path} is the system's, not a file on a disk; give another file")
    if kind == "file" and most_bytes is not None and found.st_size > most_bytes:
        raise error(f"{path} has {found.st_size / 1e6:,.0f} MB, far more than such a file needs; give another file")


def _is_of_the_kernel(path: Path) -> bool:
    """/proc and /sys look like files without content; some of them never answer, as /proc/kmsg."""
    return path.resolve().parts[1:2] in (("proc",), ("sys",))


class WriteError(LspsError):
    """A file that cannot be written; the one that was there is untouched."""


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield an empty temporary file in the folder of `path`; on a clean exit flush it and rename it over `path`.

    A reader sees the old file or the new one, never half. OSError where that fails, and then nothing is left behind.
    """
    part = path.parent / f".{path.name}.{secrets.token_hex(4)}.part"
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
    """Rename a file that is flushed over `path`, and flush the renaming; OSError where it cannot be renamed."""
    part.replace(path)
    with suppress(OSError):  # not every system can flush a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def replacing(path: Path, error: type[LspsError] = WriteError) -> Iterator[Path]:
    """As `beside`, but the folder is created where it is missing, and a failure is an `error` of one line."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside(path) as part:
            yield part
    except OSError as wrong:
        reason = wrong.strerror or wrong
        raise error(f"{path} cannot be written: {reason}", "the file that was there is untouched") from wrong


def write_whole(path: Path, text: str) -> None:
    """Write a small text file, whole or not at all; OSError where that fails."""
    with beside(path) as part:
        part.write_text(text, encoding="utf-8")


def parse_json(text: str | bytes) -> Any:
    """Any JSON text; ValueError also where it is nested too deeply, and for numbers of hundreds of digits."""
    try:
        return _DECODER.decode(text if isinstance(text, str) else text.decode("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_json(path: Path, most_bytes: int = MOST_JSON_BYTES) -> Any:
    """The content of a small JSON file; OSError where it cannot be read, ValueError where it is none."""
    require_file(path, most_bytes=most_bytes)
    return parse_json(path.read_bytes())


def _whole_number(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"it has a number of {len(digits)} digits")
    return int(digits)


_DECODER = json.JSONDecoder(parse_int=_whole_number)
