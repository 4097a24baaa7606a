"""Selected failures as a file, in one call for a thread; imports what it needs when called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explorer_app.model import failure_export
from explorer_app.model.comparison import to_joints_mm
from explorer_app.model.failures import FailureTable
from explorer_app.model.scene import figure
from explorer_app.model.tags import Mark

if TYPE_CHECKING:
    from explorer_app.model.hand_model import HandModel

KINDS = {
    "table": ("CSV table", ".csv"),
    "sheet": ("Sheet of pictures", ".png"),
    "store": ("Store of frames", ".h5"),
    "predictions": ("Predictions as text", ".txt"),
}
_MOST_PICTURES = 2000
_ANNOTATED = (255, 255, 255)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Selected:
    """What is exported: some frames [n] of a table, in the order in which they are wanted, and what they are of."""

    table: FailureTable
    frames: npt.NDArray[np.int64]
    marks: Mapping[str, Mark]
    model: HandModel
    data_path: Path


def export(kind: str, path: Path, selected: Selected, progress: Progress) -> int:
    """Write the frames as one of KINDS, whole or not at all; how many there are. ValueError with one line."""
    if path.absolute() == selected.data_path.absolute():
        raise ValueError(f"{path} is the store that is open; choose another name")
    progress(0, len(selected.frames))
    if kind == "table":
        failure_export.write_csv(path, selected.table, selected.frames, selected.marks)
    elif kind == "sheet":
        _write_sheet(path, selected, progress)
    elif kind == "store":
        _write_store(path, selected, progress)
    else:
        _write_predictions(path, selected, progress)
    return len(selected.frames)


def _write_sheet(path: Path, selected: Selected, progress: Progress) -> None:
    """Every frame with its annotation in white and, where it is evaluated, the predicted pose over it."""
    from explorer_app.model.colours import depth_colours
    from lsps_core.data.crop import crop_pixels
    from lsps_core.data.store import FrameStore

    table, frames = selected.table, selected.frames
    if len(frames) > _MOST_PICTURES:
        raise ValueError(f"{len(frames)} pictures are too many for a sheet; select {_MOST_PICTURES} at most")
    pictures, captions, model = [], [], selected.model
    with FrameStore(selected.data_path) as store:
        for done, frame in enumerate(frames.tolist()):
            view = store.frame(frame)
            depth = np.where(view.depth_mm > 0, view.depth_mm - view.center_mm[2], np.float32(np.nan))
            shown = []
            if store.skeleton is not None and view.joints_mm is not None:
                shown.append(figure(store.skeleton, view.joints_mm, _ANNOTATED))
            latent = table.results.pose_latent[frame]
            if np.isfinite(latent).all():
                pose = model.decode_pose(model.scale.to_code(latent))
                shown.append(figure(model.skeleton, to_joints_mm(pose, view)))
            shown = [
                each.with_points(crop_pixels(each.points, store.camera, view.center_mm, view.half_mm, len(depth)))
                for each in shown
            ]
            colours = depth_colours(depth, -view.half_mm, view.half_mm, (255, 255, 255))[..., :3]
            pictures.append(failure_export.drawn_over(colours, shown))
            mean_mm = table.value(frame, "mean_mm")
            captions.append(f"{view.name}  {mean_mm:.1f} mm" if np.isfinite(mean_mm) else view.name)
            progress(done + 1, len(frames))
    failure_export.write_sheet(path, pictures, captions)


def _write_store(path: Path, selected: Selected, progress: Progress) -> None:
    from lsps_core.data.store import FrameStore

    with FrameStore(selected.data_path) as store:
        failure_export.write_store(path, store, selected.frames, progress, overwrite=True)  # the dialog has asked


def _write_predictions(path: Path, selected: Selected, progress: Progress) -> None:
    from lsps_core.data.store import FrameStore
    from lsps_core.evaluation import protocols

    model, latents, count = selected.model, selected.table.results.pose_latent[selected.frames], len(selected.frames)
    if not np.isfinite(latents).all():
        raise ValueError("some of these frames are not evaluated yet; evaluate them first, or select others")
    poses = []
    for done, latent in enumerate(latents):
        poses.append(model.decode_pose(model.scale.to_code(latent)))
        if done % 256 == 0:
            progress(done, count)
    with FrameStore(selected.data_path) as store:
        protocol = protocols.choose(model.skeleton, store.camera, None)
        has_names = not any(len(store.names[frame].split()) != 1 for frame in selected.frames)  # they stand in columns
        failure_export.write_predictions(path, store, selected.frames, np.stack(poses), protocol, has_names)
