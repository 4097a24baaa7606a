"""A store and a folder of HANDS2017 with any number of frames, for `scale.py`: few hands, many times."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

DISTINCT = 256
PICTURES = 1024
PEOPLE, SEQUENCES = 10, 500


def make_store(path: Path, frames: int) -> None:
    """Real chunks, cubes, joints and names; ten people and 500 sequences."""
    from lsps_core.camera import HANDS_SR300
    from lsps_core.data.importers.hands_challenges import HANDS17
    from lsps_core.data.store import FrameWriter
    from lsps_core.data.store_chunks import pack_depth
    from lsps_core.simulator.simulate import simulate

    batch = next(simulate("sensor", DISTINCT, batch_size=DISTINCT))
    chunks = pack_depth(batch.depth_mm)
    assert HANDS17.protocol is not None
    with FrameWriter(path, domain="real", camera=HANDS_SR300, skeleton=HANDS17.protocol.skeleton) as writer:
        for start in range(0, frames, DISTINCT):
            count = min(DISTINCT, frames - start)
            writer.append_packed(
                chunks=chunks[: -(-count // 4)],
                center_mm=batch.center_mm[:count],
                half_mm=batch.half_mm[:count],
                joints_mm=batch.joints_mm[:count],
                names=[f"image_D{start + index + 1:08d}.png" for index in range(count)],
            )
        part = np.arange(frames) * SEQUENCES // frames
        writer.groups["subject"] = [f"Subject_{place * PEOPLE // SEQUENCES}" for place in part]
        writer.groups["sequence"] = [f"Subject_{place * PEOPLE // SEQUENCES}/{place}" for place in part]


def make_folder(folder: Path, frames: int) -> None:
    """training/images and training/Training_Annotation.txt of HANDS2017."""
    from made_hands21 import joints_of, numbers, save
    from made_sets import pictures

    from lsps_core.camera import HANDS_SR300

    images = folder / "training" / "images"
    lines = []
    shown = pictures(HANDS_SR300, (640, 480), 320, (420, 600), min(frames, PICTURES), 0, arm=False)
    for number, picture in enumerate(shown):
        save(folder / "distinct" / f"{number}.png", picture.depth_mm)
        lines.append("\t".join(["", *numbers(joints_of(picture))]) + "\r\n")
    images.mkdir(parents=True)
    with (folder / "training" / "Training_Annotation.txt").open("w", newline="") as file:
        for frame in range(frames):
            name = f"image_D{frame + 1:08d}.png"
            os.link(folder / "distinct" / f"{frame % PICTURES}.png", images / name)
            file.write(name + lines[frame % PICTURES])
