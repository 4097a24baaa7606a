"""Labels from elsewhere: COCO keypoints, a patch or another labels store become labels of the frames at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from lsps_core.data.frame import HandFrame
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.store import FrameStore
from lsps_core.finetuning import coco_labels
from lsps_core.finetuning.label_json import LabelFileError, OutsideLabel, read_label_json
from lsps_core.finetuning.labels import Label, read_labels
from lsps_core.finetuning.patches import FORMAT, Patch
from lsps_core.skeleton import Skeleton

STORE_SUFFIXES = (".h5", ".hdf5")

Frames = Callable[[str], tuple[HandFrame, FrameCamera] | None]
"""Finds a frame by its name."""


def read_outside(path: Path, skeleton: Skeleton, source: Path | None = None) -> dict[str, Label | OutsideLabel]:
    """The labels of a labels store, a COCO file or a patch, by the names of their frames.

    source: the store that is labelled, which a patch must be of; None for images. LspsError, in one line, for any other
    file and for another skeleton.
    """
    if path.suffix.lower() in STORE_SUFFIXES:
        labels: dict[str, Label | OutsideLabel] = dict(read_labels(path))
        if not path.exists():
            raise LabelFileError(f"{path} does not exist", "check the path")
        if any(isinstance(each, Label) and each.skeleton.joints != skeleton.joints for each in labels.values()):
            raise LabelFileError(f"{path} has labels of another skeleton than {skeleton.name}", "give one of that")
        return labels
    about = read_label_json(path)
    if about.get("format") != FORMAT:
        return dict(coco_labels.from_json(path, about, skeleton))
    if source is None:
        raise LabelFileError(f"{path} is a patch of a store", "open that store")
    patch = Patch.from_json(path, about)
    with FrameStore(source) as store:
        patch.check(store)
    return dict(patch.labels_for(skeleton, path))


def labels_of(
    outside: Mapping[str, Label | OutsideLabel], frames: Frames, skeleton: Skeleton, time: str
) -> tuple[dict[str, Label], list[str]]:
    """Labels of the frames that there are, and the names of those that there are not.

    time: for labels that have none.
    """
    labels, missing = {}, []
    for name, each in outside.items():
        found = frames(name)
        if found is None:
            missing.append(name)
            continue
        frame, camera = found
        if isinstance(each, Label):  # its crop may be of another size
            is_same_size = each.frame.depth_mm.shape == frame.depth_mm.shape
            labels[name] = each if is_same_size else replace(each, frame=replace(frame, joints_mm=each.frame.joints_mm))
            continue
        joints_mm = each.joints_mm.copy()
        if each.is_recorded and camera.is_mirrored and camera.width_px:
            joints_mm[:, 0] *= -1
        labels[name] = Label(
            frame=replace(frame, joints_mm=joints_mm),
            camera=camera,
            skeleton=skeleton,
            how="imported",
            author=each.author,
            time=each.time or time,
        )
    return labels, missing
