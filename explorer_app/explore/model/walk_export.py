"""A walk as a file: video, animation, image, arrays or a labelled store. Written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from explorer_app.explore.model.walk_drawing import BACKGROUND, VIEWS, Look, Tile, caption_of, draw, on_white
from explorer_app.explore.model.walk_frames import WalkFrames
from explorer_app.explore.model.written_file import whole_file, write_mp4
from explorer_app.model.walk import WalkPlan

if TYPE_CHECKING:
    from explorer_app.model.hand.model import HandModel, Pictures
    from lsps_core.config.model import Domain

FORMATS = {
    ".mp4": "MP4 video",
    ".gif": "GIF animation",
    ".png": "PNG strip",
    ".npz": "NumPy arrays",
    ".h5": "Labelled store",
}
_TILE_PX = {".mp4": 256, ".gif": 128, ".png": 128}
_DRAWN = tuple(_TILE_PX)
_BATCH = 8
STRIP_COLUMNS = 16
"""Frames side by side in a strip; more make another line."""
_LONGEST_STRIP = 400
"""Most frames of a strip."""

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class ExportOptions:
    """suffix: one of FORMATS. views: what is drawn, and look: how. domain: which image a store holds."""

    suffix: str = ".mp4"
    frames_per_segment: int = 30
    frames_per_second: int = 30
    views: tuple[str, ...] = tuple(VIEWS)
    domain: Domain = "synthetic"
    look: Look = field(default_factory=Look)

    def __post_init__(self) -> None:
        if self.suffix not in FORMATS:
            raise ValueError(f"a walk cannot be written as {self.suffix!r}: choose one of {', '.join(FORMATS)}")
        if self.suffix in _DRAWN and not self.views:
            raise ValueError("there is nothing to draw: tick one view or more")

    @property
    def is_drawn(self) -> bool:
        return self.suffix in _DRAWN

    @property
    def side_px(self) -> int:
        """Of one view."""
        return self.look.side_px or _TILE_PX[self.suffix]

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of one frame with all views side by side, and its caption."""
        width = self.side_px * len(self.views)
        return width, self.side_px + len(caption_of(self.look.caption, width, self.side_px))

    @property
    def is_timed(self) -> bool:
        return self.suffix in (".mp4", ".gif")


def export_walk(model: HandModel, plan: WalkPlan, options: ExportOptions, path: Path, report: Report) -> int:
    """Write one pass of a walk to `path`, replacing an existing file; returns the frame count.

    report(done, in_all) is called after every frame, and may raise to cancel. ValueError, in one line, if the file
    cannot be written. After an error or a cancel, no file is left behind.
    """
    positions = plan.frame_positions(options.frames_per_segment)
    if options.suffix == ".png" and len(positions) > _LONGEST_STRIP:
        raise ValueError(f"a strip of {len(positions)} images is too long; use fewer frames per keyframe")
    frames = _Frames(WalkFrames(model, plan), positions, report)
    if options.suffix == ".h5":
        _write_store(frames, options, path)
        return len(positions)
    write = {".mp4": _write_mp4, ".gif": _write_gif, ".png": _write_strip, ".npz": _write_arrays}[options.suffix]
    with whole_file(path) as file:
        write(frames, options, file)
    return len(positions)


class _Frames:
    """The images of all positions, in order, decoded in batches."""

    def __init__(self, walk: WalkFrames, positions: list[float], report: Report) -> None:
        self.model, self.plan = walk.model, walk.plan
        self._walk, self.positions, self._report = walk, positions, report

    def __len__(self) -> int:
        return len(self.positions)

    def __iter__(self) -> Iterator[Pictures]:
        for start in range(0, len(self), _BATCH):
            for offset, pictures in enumerate(self._walk.pictures_at(self.positions[start : start + _BATCH])):
                yield pictures
                self._report(start + offset + 1, len(self))

    def tiles(self, options: ExportOptions, side_px: int) -> Iterator[list[Tile]]:
        for pictures in self:
            yield draw(self.model, pictures, options.views, side_px, options.look)

    def rows(self, options: ExportOptions) -> Iterator[Tile]:
        """The views of each frame side by side [h, w, 3], with the caption."""
        side_px = options.side_px
        caption = caption_of(options.look.caption, side_px * len(options.views), side_px)
        for tiles in self.tiles(options, side_px):
            yield on_white(np.vstack([np.hstack(tiles), caption]))


def _write_mp4(frames: _Frames, options: ExportOptions, file: IO[bytes]) -> None:
    write_mp4(frames.rows(options), options.size_px, options.frames_per_second, file)


def _write_gif(frames: _Frames, options: ExportOptions, file: IO[bytes]) -> None:
    from PIL import Image

    pictures = (Image.fromarray(row) for row in frames.rows(options))
    first = next(pictures)
    # players ignore a delay below 20 ms, and play 10 frames a second
    duration_ms = max(round(1000 / options.frames_per_second), 20)
    loop: dict[str, Any] = {} if frames.plan.ending == "once" else {"loop": 0}
    first.save(file, "GIF", save_all=True, append_images=pictures, duration=duration_ms, **loop)


def _write_strip(frames: _Frames, options: ExportOptions, file: IO[bytes]) -> None:
    """One column a frame, one row a view; in lines of `STRIP_COLUMNS` frames."""
    from PIL import Image

    columns = [np.vstack(tiles) for tiles in frames.tiles(options, options.side_px)]
    width, height = strip_size(len(columns), options)
    sheet = np.full((height, width, 4), BACKGROUND, dtype=np.uint8)
    sheet[..., 3] = 0
    for number, column in enumerate(columns):
        line, place = divmod(number, STRIP_COLUMNS)
        top, left = line * len(column), place * options.side_px
        sheet[top : top + len(column), left : left + options.side_px] = column
    caption = caption_of(options.look.caption, width, options.side_px)
    sheet[height - len(caption) :] = caption
    Image.fromarray(sheet if options.look.is_transparent else on_white(sheet)).save(file, "PNG")


def strip_size(count: int, options: ExportOptions) -> tuple[int, int]:
    """px of a strip of `count` frames: width, height."""
    width, side_px = min(count, STRIP_COLUMNS) * options.side_px, options.side_px
    lines = -(-count // STRIP_COLUMNS)
    return width, lines * len(options.views) * side_px + len(caption_of(options.look.caption, width, side_px))


def _write_arrays(frames: _Frames, _options: ExportOptions, file: IO[bytes]) -> None:
    """latents [N, 20]; poses_mm [N, J, 3] and depth_*_mm [N, S, S] (NaN = no hand) from the cube's centre."""
    model, pictures = frames.model, list(frames)
    np.savez_compressed(
        file,
        latents=np.stack([model.scale.to_latent(one.latent) for one in pictures]),
        poses_mm=np.stack([model.decode_pose(one.latent) * np.float32(model.half_mm) for one in pictures]),
        depth_real_mm=np.stack([one.real for one in pictures]),
        depth_synthetic_mm=np.stack([one.synthetic for one in pictures]),
        positions=np.array(frames.positions),
        half_mm=np.float32(model.half_mm),
        joints=np.array(model.skeleton.joints),
    )


def _write_store(frames: _Frames, options: ExportOptions, path: Path) -> None:
    """The same format as `lsps generate`, readable wherever stores are."""
    import torch

    from lsps_core import generation
    from lsps_core.data.crop import BACKGROUND

    model, plan = frames.model, frames.plan
    provenance = {
        "model": model.path.name,
        "walk": f"{plan.path} between {len(plan.keyframes)} {plan.space} latents",
        "training": model.training,
    }
    with generation.store_of(path, model.skeleton, options.domain, provenance, overwrite=True) as writer:
        for position, one in zip(frames.positions, frames, strict=True):
            depth_mm = one.real if options.domain == "real" else one.synthetic
            image = np.nan_to_num(depth_mm / model.half_mm, nan=BACKGROUND)
            pose = torch.from_numpy(model.decode_pose(one.latent))
            generation.append(
                writer, torch.from_numpy(image)[None, None], pose[None], model.half_mm, [f"walk/{position:09.4f}"]
            )
