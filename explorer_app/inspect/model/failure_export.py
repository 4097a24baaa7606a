"""Selected frames for others: their figures as CSV, predictions as text, the frames as a store, pictures as a sheet.

Imports torch, HDF5 and Pillow when called: in a thread. Files are written whole or not at all; ValueError on failure.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explorer_app.inspect.model.failure_table import COLUMNS, FailureTable
from explorer_app.inspect.model.tags import Mark
from explorer_app.model.colours import ANNOTATED, printed_depth
from explorer_app.model.pose_error import to_joints_mm
from explorer_app.model.scene import Figure, figure, strokes

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

    from explorer_app.model.hand.model import HandModel
    from lsps_core.data.protocol import Protocol
    from lsps_core.data.store import FrameStore

    _Font = ImageFont.ImageFont | ImageFont.FreeTypeFont

KINDS = {
    "table": ("CSV table", ".csv"),
    "sheet": ("Sheet of pictures", ".png"),
    "store": ("Store of frames", ".h5"),
    "predictions": ("Predictions as text", ".txt"),
}
_MOST_PICTURES = 2000
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Selected:
    """What is exported: some frames [n] of a table, in the requested order, and their model and data."""

    table: FailureTable
    frames: npt.NDArray[np.int64]
    marks: Mapping[str, Mark]
    model: HandModel
    data_path: Path


def export(kind: str, path: Path, selected: Selected, progress: Progress) -> int:
    """Write the frames as one of KINDS, whole or not at all; returns their number. ValueError, in one line."""
    if path.absolute() == selected.data_path.absolute():
        raise ValueError(f"{path} is the store that is open; choose another name")
    progress(0, len(selected.frames))
    if kind == "table":
        write_csv(path, selected.table, selected.frames, selected.marks)
    elif kind == "sheet":
        _write_sheet(path, selected, progress)
    elif kind == "store":
        _write_store(path, selected, progress)
    else:
        _write_predictions(path, selected, progress)
    return len(selected.frames)


def _write_sheet(path: Path, selected: Selected, progress: Progress) -> None:
    """Every frame with its annotation in white and, if it is evaluated, the predicted pose over it."""
    from lsps_core.data.crop import crop_pixels
    from lsps_core.data.store import FrameStore

    table, frames = selected.table, selected.frames
    if len(frames) > _MOST_PICTURES:
        raise ValueError(f"{len(frames)} images are too many for a sheet; select at most {_MOST_PICTURES}")
    pictures, captions, model = [], [], selected.model
    with FrameStore(selected.data_path) as store:
        for done, frame in enumerate(frames.tolist()):
            view = store.frame(frame)
            depth = np.where(view.depth_mm > 0, view.depth_mm - view.center_mm[2], np.float32(np.nan))
            shown = []
            if store.skeleton is not None and view.joints_mm is not None:
                shown.append(figure(store.skeleton, view.joints_mm, ANNOTATED))
            latent = table.results.pose_latent[frame]
            if np.isfinite(latent).all():
                pose = model.decode_pose(model.scale.to_code(latent))
                shown.append(figure(model.skeleton, to_joints_mm(pose, view)))
            shown = [
                each.with_points(
                    crop_pixels(each.points, store.camera_of(frame).camera, view.center_mm, view.half_mm, len(depth))
                )
                for each in shown
            ]
            pictures.append(drawn_over(printed_depth(depth, view.half_mm), shown))
            mean_mm = table.value(frame, "mean_mm")
            captions.append(f"{view.name}  {mean_mm:.1f} mm" if np.isfinite(mean_mm) else view.name)
            progress(done + 1, len(frames))
    write_sheet(path, pictures, captions)


def _write_store(path: Path, selected: Selected, progress: Progress) -> None:
    from lsps_core.data.store import FrameStore

    with FrameStore(selected.data_path) as store:
        write_store(path, store, selected.frames, progress, overwrite=True)  # the dialog has asked


def _write_predictions(path: Path, selected: Selected, progress: Progress) -> None:
    from lsps_core.data.store import FrameStore
    from lsps_core.evaluation import protocols

    model, latents, count = selected.model, selected.table.results.pose_latent[selected.frames], len(selected.frames)
    if selected.table.has_fits:  # their codes lack the size and the shift of each hand
        raise ValueError("fitted poses cannot be exported as predictions; export a table, or evaluate without fitting")
    if not np.isfinite(latents).all():
        raise ValueError("some of these frames are not evaluated yet; evaluate them first, or select others")
    poses = []
    for done, latent in enumerate(latents):
        poses.append(model.decode_pose(model.scale.to_code(latent)))
        if done % 256 == 0:
            progress(done, count)
    with FrameStore(selected.data_path) as store:
        protocol = protocols.of_store(store, model.skeleton)
        has_names = not any(len(store.names[frame].split()) != 1 for frame in selected.frames)  # they are in columns
        write_predictions(path, store, selected.frames, np.stack(poses), protocol, has_names)


IntArray = npt.NDArray[np.int64]

_CHUNK = 256
_GAP = 6
_LARGER = 2
_BONE_PX = 3
_CAPTION = 16


def write_csv(path: Path, table: FailureTable, frames: IntArray, marks: Mapping[str, Mark] | None = None) -> None:
    """A line a frame, in the given order: the table's columns, every joint's error in mm, and the note."""
    results, known = table.results, marks or {}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = [column for column in COLUMNS if table.has(column)]
    writer.writerow([*columns, *(f"{joint}_mm" for joint in results.about.joints), "note"])
    for frame in frames.tolist():
        values = [table.value(frame, column) for column in columns] + results.errors_mm[frame].tolist()
        writer.writerow([*map(_cell, values), known.get(str(results.names[frame]), Mark()).note])
    _write(path, text.getvalue().encode())


def _cell(value: object) -> object:
    if not isinstance(value, float):
        return value
    return f"{value:.4f}" if np.isfinite(value) else ""


def write_predictions(
    path: Path,
    store: FrameStore,
    frames: IntArray,
    poses: npt.NDArray[np.floating],
    protocol: Protocol,
    has_names: bool = True,
) -> None:
    """The field's `u v d` text of some frames [n] of a store and the poses [n, J, 3] predicted for them."""
    from lsps_core.evaluation import published

    joints_mm = poses * store.half_mm[frames, None, None] + store.center_mm[frames, None]
    names = tuple(store.names[frame] for frame in frames) if has_names else ()
    published.write_joints(path, joints_mm, store, protocol, names, frames)


def write_store(
    path: Path,
    store: FrameStore,
    frames: IntArray,
    progress: Callable[[int, int], None] | None = None,
    overwrite: bool = False,
) -> None:
    """Copy frames [n] into a store of their own. progress(done, in all) may raise to cancel, which leaves no file."""
    from lsps_core.data.store import FrameWriter

    provenance = {"command": "frames selected in LSPS Explorer", "source": str(store.path), "of": store.provenance}
    writer = FrameWriter(
        path,
        domain=store.domain,
        camera=store.camera,
        skeleton=store.skeleton,
        is_simulated=store.is_simulated,
        is_mirrored=store.is_mirrored,
        image_size=store.image_size,
        provenance=provenance,
        overwrite=overwrite,
    )
    joints_mm = store.joints_mm
    writer.cameras = store.cameras[frames]
    writer.groups = {division: groups[frames].tolist() for division, groups in store.groups.items()}
    times_s = None if store.times_s is None else store.times_s[frames]
    if times_s is not None and (np.diff(times_s) >= 0).all():  # of frames in their own order
        writer.times_s = times_s.tolist()
    with writer:
        for start in range(0, len(frames), _CHUNK):
            part = frames[start : start + _CHUNK]
            writer.append(
                depth_mm=store.depth_mm(part),
                center_mm=store.center_mm[part],
                half_mm=store.half_mm[part],
                names=[store.names[frame] for frame in part],
                joints_mm=joints_mm[part] if joints_mm is not None else None,
            )
            if progress is not None:
                progress(start + len(part), len(frames))


def drawn_over(picture: npt.NDArray[np.uint8], figures: Sequence[Figure]) -> npt.NDArray[np.uint8]:
    """picture [H, W, 3] at twice its size, with skeletons whose points [J, 2] are columns and rows of it."""
    from PIL import Image, ImageDraw

    height, width = picture.shape[:2]
    image = Image.fromarray(picture).resize((_LARGER * width, _LARGER * height))
    draw = ImageDraw.Draw(image)
    for drawn in figures:
        dots = [tuple(point) for point in ((drawn.points + 0.5) * _LARGER).tolist()]  # centres are at integers
        for colour, line_width, bones in strokes(drawn, _BONE_PX):
            for parent, child in bones:
                draw.line((dots[parent], dots[child]), fill=colour, width=round(line_width))
    return np.asarray(image)


def write_sheet(
    path: Path, pictures: Sequence[npt.NDArray[np.uint8]], captions: Sequence[str], columns: int = 8
) -> None:
    """A PNG of pictures [H, W, 3], all of one size, with a caption under each."""
    from PIL import Image, ImageDraw, ImageFont

    if not len(pictures):
        raise ValueError("no frame is selected, so there is no image for a sheet; select some")
    height, width = pictures[0].shape[:2]
    across = min(columns, len(pictures))
    down = -(-len(pictures) // across)
    step_x, step_y = width + _GAP, height + _CAPTION + _GAP
    sheet = Image.new("RGB", (across * step_x + _GAP, down * step_y + _GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_CAPTION - 5)
    for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left, top = _GAP + place % across * step_x, _GAP + place // across * step_y
        sheet.paste(Image.fromarray(picture), (left, top))
        draw.text((left, top + height + 1), _shortened(caption, width, draw, font), fill="black", font=font)
    content = io.BytesIO()
    sheet.save(content, "PNG")
    _write(path, content.getvalue())


def _shortened(text: str, width_px: int, draw: ImageDraw.ImageDraw, font: _Font) -> str:
    """Elide the beginning: frame names differ at the end."""
    if draw.textlength(text, font=font) <= width_px:
        return text
    while text and draw.textlength("…" + text, font=font) > width_px:
        text = text[1:]
    return "…" + text


def _write(path: Path, content: bytes) -> None:
    from lsps_core.files import replacing

    with replacing(path) as temporary:
        temporary.write_bytes(content)
