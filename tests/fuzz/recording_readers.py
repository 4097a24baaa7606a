"""Readers of recordings: SQLite files with changed pages or messages, and bags and Matroska
files with changed records."""

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
from made_bag import write_bag
from made_mkv import calibration, write_mkv
from made_recordings import text, write_db3


def _recordings(folder: Path) -> list[bytes]:
    counts = np.random.default_rng(8).integers(0, 60000, (3, 24, 32)).astype(np.uint16)
    made = [write_db3(folder / f"{kind}.db3", list(counts), is_compressed=kind == "png") for kind in ("png", "raw")]
    contents = [path.read_bytes() for path in made]
    for path in made:
        path.unlink()
    return contents


def _bags(folder: Path) -> list[bytes]:
    counts = np.random.default_rng(8).integers(0, 60000, (3, 24, 32)).astype(np.uint16)
    return [write_bag(folder / "a.bag", list(counts), compression=kind).read_bytes() for kind in ("none", "bz2")]


def _films(folder: Path) -> list[bytes]:
    counts = np.random.default_rng(8).integers(0, 60000, (3, 288, 320)).astype(np.uint16)
    lens = calibration(distortion=(6.0, 4.0, 0.2, 6.4, 6.4, 1.2, 0.0, 0.0, 1e-4, 1e-4))
    return [write_mkv(folder / "a.mkv", list(counts), attached=lens).read_bytes()]


def mutate_film(content: bytes, rng: Rng) -> bytes:
    """Mostly of the first records, with the calibration: the rest is images."""
    return damaged(content, rng, hot=1500)


def mutate_bag(content: bytes, rng: Rng) -> bytes:
    """Bytes anywhere, of the first records, or of the index at the end; or a number of 32 bits."""
    match rng.choice(["any", "index", "number"]):
        case "any":
            return damaged(content, rng, hot=4200)
        case "index":
            return content[:-600] + damaged(content[-600:], rng, hot=600)
    place = int(rng.integers(13, len(content) - 8))
    number = NUMBERS[rng.integers(13)] % 2**32
    return content[:place] + number.to_bytes(4, "little") + content[place + 4 :]


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
    "RealSense bag": Reader(file="a.bag", make=_bags, mutate=mutate_bag, read=_read),
    "Azure Kinect recording": Reader(file="a.mkv", make=_films, mutate=mutate_film, read=_read),
}
