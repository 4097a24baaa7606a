"""What a monkey finds on disk: models, frames, images, recordings, sessions and runs, good and damaged ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
from app_helpers import write_model, write_store
from made_mkv import write_mkv
from made_recordings import hand, write_db3
from run_helpers import LONG, prepare_run

FRAME_COUNT = 60


def build(folder: Path) -> Path:
    """Fill an empty folder; `files` are for opening and dropping, `runs` is a folder of training runs."""
    files, runs = folder / "files", folder / "runs"
    files.mkdir(parents=True)
    runs.mkdir()
    write_model(files / "one.safetensors")
    write_model(files / "two.safetensors", seed=1)
    stores = {"synthetic": write_store(files / "frames.h5", FRAME_COUNT), "real": write_store(files / "few.h5")}
    _write_images(files)
    _write_recordings(files)
    _write_damaged(files)
    prepare_run(runs / "new", stores)
    prepare_run(runs / "long", stores, *LONG)
    (runs / "broken").mkdir()
    (runs / "broken" / "config.json").write_text('{"stages": [')
    (folder / "saved").mkdir()
    return folder


def files(folder: Path) -> list[Path]:
    """What can be opened, in a fixed order."""
    return [*sorted((folder / "files").iterdir()), folder / "files" / "gone.h5", *sorted((folder / "runs").iterdir())]


def _write_images(files: Path) -> None:
    depth = np.zeros((480, 640), dtype=np.float32)
    rows, columns = np.mgrid[:480, :640]
    depth[(rows - 240) ** 2 + (columns - 320) ** 2 < 45**2] = 500
    np.save(files / "hand.npy", depth)
    folder = files / "images"
    folder.mkdir()
    for number in range(8):
        np.save(folder / f"hand {number}.npy", np.roll(depth, 5 * number, axis=1))


def _write_recordings(files: Path) -> None:
    hands = [hand(shift) for shift in range(0, 40, 2)]
    write_db3(files / "realsense.db3", hands)
    write_mkv(files / "kinect.mkv", [counts // 8 for counts in hands[:6]])


def _write_damaged(files: Path) -> None:
    (files / "damaged.h5").write_bytes((files / "frames.h5").read_bytes()[:4000])
    (files / "damaged.safetensors").write_bytes(b"\xff" * 900)
    (files / "damaged.db3").write_bytes((files / "realsense.db3").read_bytes()[:20_000])
    (files / "damaged.npy").write_bytes(b"\x93NUMPY\x01\x00")
    (files / "damaged.lsps.json").write_text(json.dumps({"version": 1, "latent": ["x"]}))
    (files / "empty").mkdir()
    (files / "words.txt").write_text("not data at all\n")
    if hasattr(os, "mkfifo"):
        os.mkfifo(files / "fifo.png")
