"""ROS 2 bags in SQLite (.db3) and the serialised messages in them, read without trust in the file.

SQLite runs what a schema says: views and generated columns can compute without end. So only plain tables are read, with
a budget of instructions and a limit on the size of each message, and nothing is written beside the file.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from lsps_core.errors import LspsError
from lsps_core.files import require_file

MOST_BYTES = 1 << 26
"""Of one message: 32 million pixels of 16 bits."""
_SIGNATURE = b"SQLite format 3\0"
_LEAST_ROW_BYTES = 8
_STEP = 10_000
_FREE_STEPS = 100
"""Of the budget of SQLite's instructions: a small file needs about one step."""
_TABLES = {"topics": ("id", "name", "type"), "messages": ("topic_id", "timestamp", "data")}
_DAMAGE = (sqlite3.Error, OverflowError, MemoryError, ValueError)


class Topic(NamedTuple):
    number: int
    type: str


class Bag:
    """An open bag; its errors are those of `open_bag`."""

    def __init__(self, connection: sqlite3.Connection, size: int) -> None:
        self._connection, self._most_rows = connection, size // _LEAST_ROW_BYTES

    def topics(self) -> dict[str, Topic]:
        """By name."""
        rows = self._connection.execute(f"SELECT id, name, type FROM topics LIMIT {self._most_rows}")
        return {
            name: Topic(number, kind)
            for number, name, kind in rows
            if isinstance(number, int) and isinstance(name, str) and isinstance(kind, str)
        }

    def times(self, topic: Topic) -> list[tuple[int, int]]:
        """(time in ns, row) of each message of a topic, in the order of time."""
        rows = self._connection.execute(
            f"SELECT timestamp, rowid FROM messages NOT INDEXED WHERE topic_id = ? LIMIT {self._most_rows}",
            (topic.number,),
        )
        return sorted((time, row) for time, row in rows if isinstance(time, int))

    def first(self, topic: Topic) -> bytes:
        """The first message of a topic; ValueError without one."""
        return self._content("SELECT data FROM messages NOT INDEXED WHERE topic_id = ? LIMIT 1", topic.number)

    def message(self, row: int) -> bytes:
        """ValueError if the row is not there any more."""
        return self._content("SELECT data FROM messages WHERE rowid = ?", row)

    def _content(self, query: str, number: int) -> bytes:
        found = self._connection.execute(query, (number,)).fetchone()
        if found is None or not isinstance(found[0], bytes):
            raise ValueError("a message is missing")
        return found[0]


@contextmanager
def open_bag(path: Path) -> Iterator[Bag]:
    """Open a bag to read from it in this thread; LspsError, in one line, for other files and for damage."""
    size = _checked_size(path)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
            connection.set_progress_handler(_Budget(size), _STEP)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            _check_tables(path, connection)
            yield Bag(connection, size)
    except LspsError:
        raise
    except _DAMAGE as error:
        why = " ".join(str(error).split())[:120] or type(error).__name__
        raise LspsError(f"{path} is cut off or damaged ({why})", "copy it again, or record it again") from error


def _checked_size(path: Path) -> int:
    try:
        require_file(path)
        with path.open("rb") as file:
            head = file.read(len(_SIGNATURE))
        size = path.stat().st_size
    except FileNotFoundError:
        raise LspsError(f"{path} does not exist", "check the path") from None
    except IsADirectoryError:
        raise LspsError(f"{path} is a folder", "give the .db3 file in it") from None
    except OSError as error:
        raise LspsError(f"{path} cannot be read ({error.strerror})", "check who may access it") from error
    if head != _SIGNATURE:
        raise LspsError(f"{path} is not a recording: it is not an SQLite file", "give a .db3 of the RealSense SDK")
    unfinished = path.with_name(f"{path.name}-wal")
    if unfinished.exists():
        raise LspsError(f"{path} is being recorded, or was not ended: {unfinished.name} is beside it", "end it first")
    return size


class _Budget:
    """SQLite asks it every _STEP instructions whether to stop: a file of that many bytes needs fewer."""

    def __init__(self, size: int) -> None:
        self._left = _FREE_STEPS + size // _STEP

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0


def _check_tables(path: Path, connection: sqlite3.Connection) -> None:
    """LspsError unless the tables are plain ones with plain columns."""
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    for table, columns in _TABLES.items():
        is_plain = str(found.get(table, "")).upper().startswith("CREATE TABLE")
        kinds = {row[1]: row[6] for row in connection.execute(f"PRAGMA table_xinfo({table})")} if is_plain else {}
        if any(kinds.get(column) != 0 for column in columns):
            what = f"{path} is not a recording: it has no plain table of {table}"
            raise LspsError(what, "give a .db3 of the RealSense SDK")


class Cdr:
    """Reads the fields of a serialised message one after the other; ValueError beyond its end."""

    def __init__(self, message: bytes) -> None:
        self._data = memoryview(message)[4:]
        self._order = "<" if message[1:2] == b"\1" else ">"
        self._at = 0

    def number(self) -> int:
        """A 32-bit number, aligned."""
        self._at += -self._at % 4
        value: int = struct.unpack(f"{self._order}I", self._take(4))[0]
        return value

    def byte(self) -> int:
        return self._take(1)[0]

    def block(self) -> memoryview:
        return self._take(self.number())

    def text(self) -> str:
        return bytes(self.block()).rstrip(b"\0").decode(errors="replace")

    def _take(self, count: int) -> memoryview:
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise ValueError("a message is cut off")
        self._at += count
        return part
