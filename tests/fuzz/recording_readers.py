"""Readers of recordings: SQLite files with changed pages, or with changed messages in whole pages."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
from mutations import NUMBERS, WORDS, Rng, damaged
from readers import Reader

from lsps_core.data.recordings.opening import open_recording

sys.path.append(str(Path(__file__).parents[1] / "recordings"))
from made_recordings import text, write_db3


def _recordings(folder: Path) -> list[bytes]:
    counts = np.random.default_rng(8).integers(0, 60000, (3, 24, 32)).astype(np.uint16)
    made = [write_db3(folder / f"{kind}.db3", list(counts), is_compressed=kind == "png") for kind in ("png", "raw")]
    contents = [path.read_bytes() for path in made]
    for path in made:
        path.unlink()
    return contents


def mutate_db3(content: bytes, rng: Rng) -> bytes:
    """Bytes of the file, or of one message; another text, time, name or number in one row."""
    if rng.random() < 0.5:
        return damaged(content, rng, hot=4096)
    with closing(sqlite3.connect(":memory:")) as file:
        file.deserialize(content)
        (row, message), *_ = file.execute("SELECT rowid, data FROM messages ORDER BY random() LIMIT 1")
        word, number = str(rng.choice(WORDS)), NUMBERS[rng.integers(13)]
        match rng.choice(["message", "text", "time", "topic", "name"]):
            case "message":
                file.execute("UPDATE messages SET data = ? WHERE rowid = ?", (damaged(message, rng, hot=90), row))
            case "text":
                file.execute("UPDATE messages SET data = ? WHERE rowid = ?", (text(word), row))
            case "time":
                file.execute("UPDATE messages SET timestamp = ? WHERE rowid = ?", (number, row))
            case "topic":
                file.execute("UPDATE messages SET topic_id = ? WHERE rowid = ?", (int(rng.integers(9)), row))
            case "name":
                file.execute("UPDATE topics SET name = name || ? WHERE id = ?", (word, int(rng.integers(9))))
        file.commit()
        return file.serialize()


def _read(path: Path) -> None:
    recording = open_recording(path)
    assert len(recording) > 0
    assert np.isfinite(recording.times_s).all()
    assert (np.diff(recording.times_s) >= 0).all()
    assert 0 < recording.unit_mm < 100
    for index in range(min(len(recording), 3)):
        depth = recording.frame(index).depth_mm
        assert depth.shape == recording.size_px[::-1]
        assert np.isfinite(depth).all()


RECORDING_READERS: dict[str, Reader] = {
    "RealSense recording": Reader(file="a.db3", make=_recordings, mutate=mutate_db3, read=_read),
}
