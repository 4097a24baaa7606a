"""ROS 2 bags in SQLite (.db3), read without trust in the file.

SQLite runs what a schema says: views and generated columns can compute without end. So only plain tables are read, with
a budget of instructions and of time and a limit on the size of each value, and nothing is written beside the file.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from lsps_core.data.recordings.signature import checked_size
from lsps_core.errors import LspsError

MOST_BYTES = 1 << 26
"""Of one message: 32 million pixels of 16 bits."""
_SIGNATURE = b"SQLite format 3\0"
_MOST_TOPICS, _MOST_NAME_BYTES = 4096, 1 << 14
"""A file can give one long value to any number of rows; a camera has about a hundred topics, of 100 bytes."""
_LEAST_ROW_BYTES = 8
_STEP = 10_000
_FREE_STEPS = 100
"""Of the budget of SQLite's instructions: a small file needs about one step."""
_FREE_S, _LEAST_BYTES_PER_S = 5.0, 10_000_000
"""Of the budget of the processor's time; a recording of 1 GB needs less than a second."""
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
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_NAME_BYTES)
        rows = self._connection.execute(f"SELECT id, name, type FROM topics LIMIT {_MOST_TOPICS}").fetchall()
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
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
    size = checked_size(path, _SIGNATURE, "an SQLite file", "give a .db3 of the RealSense SDK")
    unfinished = path.with_name(f"{path.name}-wal")
    if unfinished.exists():
        raise LspsError(f"{path} is being recorded, or was not ended: {unfinished.name} is beside it", "end it first")
    return size


class _Budget:
    """SQLite asks it every _STEP instructions whether to stop: a file of that many bytes needs fewer, and less time.

    A single instruction can take long, if it follows a value through the file in circles.
    """

    def __init__(self, size: int) -> None:
        self._left = _FREE_STEPS + size // _STEP
        self._end_s = time.thread_time() + _FREE_S + size / _LEAST_BYTES_PER_S

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0 or time.thread_time() > self._end_s


def _check_tables(path: Path, connection: sqlite3.Connection) -> None:
    """LspsError unless the tables are plain ones with plain columns, none in the place of SQLite's row number."""
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    for table, columns in _TABLES.items():
        is_plain = str(found.get(table, "")).upper().startswith("CREATE TABLE")
        rows = connection.execute(f"PRAGMA table_xinfo({table})") if is_plain else ()
        kinds = {row[1].lower(): row[6] for row in rows}
        if not kinds.keys() >= set(columns) or any(kinds.values()) or "rowid" in kinds:
            what = f"{path} is not a recording: it has no plain table of {table}"
            raise LspsError(what, "give a .db3 of the RealSense SDK")
