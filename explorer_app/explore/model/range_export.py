"""The played frames as a file: a video of what the model makes of them, or the poses that it reads in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from explorer_app.explore.model.bvh import to_bvh
from explorer_app.explore.model.walk_drawing import VIEWS, Look, Tile, caption_of, draw, on_white
from explorer_app.explore.model.written_file import whole_file, write_mp4
from explorer_app.model.colours import printed_depth
from explorer_app.model.latent import LatentCode
from lsps_core.errors import LspsError

if TYPE_CHECKING:
    from explorer_app.explore.model.sequence import FrameSequence
    from explorer_app.model.data import FrameView

FORMATS = {
    ".mp4": "Video: input, both decodings, skeleton",
    ".csv": "Poses as a table",
    ".npz": "Poses as NumPy arrays",
    ".bvh": "Poses as BVH motion",
}
VIEW_PX = 256
_LEAST_RATE, _MOST_RATE = 1.0, 120.0
_MEASURED = ("error_mm", "residual_mm", "disagreement_mm", "typicality")
"""What is known of a frame besides its code and joints."""
_TOLD_MM = 0.1
"""How far off joints must be to be worth a word."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class PlayedRange:
    """The frames from first to last of a sequence, which is read as far as it is not yet."""

    sequence: FrameSequence
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1

    @property
    def part(self) -> slice:
        return slice(self.first, self.last + 1)

    @property
    def seconds(self) -> float:
        """From one frame to the next, on average."""
        times_s = self.sequence.times_s
        span = float(times_s[self.last] - times_s[self.first]) / max(len(self) - 1, 1)
        return float(np.clip(span or 1 / 30, 1 / _MOST_RATE, 1 / _LEAST_RATE))


def export_range(played: PlayedRange, suffix: str, path: Path, progress: Progress) -> str:
    """Write the range as one of FORMATS, replacing an existing file; returns what was written, for people.

    progress(done, in_all) may raise to cancel. LspsError, in one line, if no frame has a hand, or the file cannot be
    written. After an error or a cancel, no file is left behind.
    """
    if not played.sequence.is_read[played.part].all():
        played.sequence.read(progress, played.part)
    if not np.isfinite(played.sequence.codes[played.part]).all(axis=1).any():
        raise LspsError("no frame of the range has a hand", "choose another one")
    note = ""
    with whole_file(path) as file:
        if suffix == ".mp4":
            rate = 1 / played.seconds
            write_mp4(_images(played, progress), (VIEW_PX * (1 + len(VIEWS)), _height()), rate, file)
        elif suffix == ".csv":
            _write_table(played, file)
        elif suffix == ".npz":
            _write_arrays(played, file)
        else:
            note = _write_bvh(played, file)
    return f"{path.name} written, {len(played)} frames{note}"


def _height() -> int:
    return VIEW_PX + len(caption_of("x", VIEW_PX, VIEW_PX))


def _images(played: PlayedRange, progress: Progress) -> Iterator[Tile]:
    """Each frame [H, W, 3]: the views side by side, with its time; frames without a hand have an input only."""
    sequence = played.sequence
    before: FrameView | None = None
    for number, index in enumerate(range(played.first, played.last + 1)):
        tiles = [_nothing()] * (1 + len(VIEWS))
        try:
            before = sequence.data.view(index, before)
            tiles[0] = _input(before)
        except ValueError:  # it cannot be read
            pass
        text = "no hand in sight"
        if np.isfinite(sequence.codes[index]).all():
            tiles[1:] = _decoded(sequence, index)
            text = ""
        caption = f"{sequence.times_s[index]:.2f} s  {text}" if sequence.is_timed else f"{index + 1}  {text}"
        line = caption_of(caption, VIEW_PX * len(tiles), VIEW_PX)
        yield on_white(np.vstack([np.hstack(tiles), line]))
        progress(number + 1, len(played))


def _nothing() -> Tile:
    return np.zeros((VIEW_PX, VIEW_PX, 4), dtype=np.uint8)


def _input(view: FrameView) -> Tile:
    from PIL import Image

    depth_mm = view.input_mm
    is_there = np.where(np.isfinite(depth_mm), 255, 0).astype(np.uint8)
    image = Image.fromarray(np.dstack([printed_depth(depth_mm, view.frame.half_mm), is_there]))
    return np.asarray(image.resize((VIEW_PX, VIEW_PX), Image.Resampling.NEAREST))


def _decoded(sequence: FrameSequence, index: int) -> list[Tile]:
    model = sequence.model
    code = LatentCode(tuple(map(float, sequence.codes[index])))
    return draw(model, model.decode_many([code])[0], tuple(VIEWS), VIEW_PX, Look())


def _write_table(played: PlayedRange, file: IO[bytes]) -> None:
    """A line for each frame: its number from 1, its time, what is read in it; empty where nothing is known."""
    sequence, part = played.sequence, played.part
    joints = [f"{joint}_{axis}_mm" for joint in sequence.model.skeleton.joints for axis in "xyz"]
    codes = [f"z{axis + 1}_sigma" for axis in range(sequence.codes.shape[1])]
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(["frame", "time_s", *codes, *joints, *_MEASURED])
    values = np.concatenate(
        [
            sequence.codes[part],
            sequence.joints_mm[part].reshape(len(played), -1),
            *(getattr(sequence, name)[part, None] for name in _MEASURED),
        ],
        axis=1,
    )
    for number, row in enumerate(values, played.first):
        known = ["" if np.isnan(value) else f"{value:.6g}" for value in row.tolist()]
        writer.writerow([number + 1, f"{sequence.times_s[number]:.6f}", *known])
    text.detach()


def _write_arrays(played: PlayedRange, file: IO[bytes]) -> None:
    """As the table, NaN where nothing is known; codes [N, 20] in σ, joints_mm [N, J, 3]; bones [J - 1, 2]."""
    sequence, part = played.sequence, played.part
    np.savez_compressed(
        file,
        frames=np.arange(played.first, played.last + 1),
        times_s=sequence.times_s[part],
        codes=sequence.codes[part],
        joints_mm=sequence.joints_mm[part],
        **{name: getattr(sequence, name)[part] for name in _MEASURED},
        joints=np.array(sequence.model.skeleton.joints),
        bones=np.array(sequence.model.skeleton.bones),
    )


def _write_bvh(played: PlayedRange, file: IO[bytes]) -> str:
    """Frames without a hand keep the pose of the frame before, the first ones that of the first with one."""
    joints_mm = played.sequence.joints_mm[played.part]
    known = np.flatnonzero(np.isfinite(joints_mm).all(axis=(1, 2)))
    places = known[np.maximum(np.searchsorted(known, np.arange(len(played)), side="right") - 1, 0)]
    motion = to_bvh(played.sequence.model.skeleton, joints_mm[places], played.seconds)
    file.write(motion.text.encode())
    held = len(played) - len(known)
    notes = [f"{held} without a hand keep the pose before them"] if held else []
    if motion.off_mm > _TOLD_MM:
        notes.append(f"joints are off by up to {motion.off_mm:.1f} mm, as BVH has bones of one length")
    return "".join(f"; {note}" for note in notes)
