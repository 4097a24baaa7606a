"""Labels of one's own: a store beside the source with the labelled frames, and who labelled each, when and how.

It is an ordinary store of annotated frames, for `lsps finetune`, `evaluate` and `train`. Its provenance describes the
labels in the order of the frames.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from lsps_core.config.model import POSE_LATENT_SIZE
from lsps_core.data.frame import HandFrame
from lsps_core.data.frame_cameras import FrameCamera, FrameCameras
from lsps_core.data.store import FrameStore, FrameStoreError, FrameWriter
from lsps_core.skeleton import Skeleton

How = Literal["read", "fitted", "pulled", "changed", "imported"]
"""Of a pose that became a label: as the model read it, as a fit found it, with joints pulled, by its sliders, or from
another file."""
Place = tuple[float, float, float]
_ORIGIN = "labels"
_REMEDY = "move it away, or choose the one that belongs to this data"


@dataclass(frozen=True, kw_only=True, eq=False)
class Label:
    """A frame with the pose that it is labelled with, `frame.joints_mm` [J, 3] in mm, of its cropped image's camera.

    author: who labelled it; time: when, in ISO 8601. latent: the pose's code on the sliders of `model`, or empty.
    reached_mm: of joints that the latent does not reach, where its pose has them, by their names; `frame.joints_mm` has
    their true places.
    """

    frame: HandFrame
    camera: FrameCamera
    skeleton: Skeleton
    how: How
    author: str
    time: str
    model: str = ""
    latent: tuple[float, ...] = ()
    reached_mm: Mapping[str, Place] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the frame in its source."""
        return self.frame.name


def labels_path(origin: Path) -> Path:
    """The store of the labels of a store, an image or a folder of images, beside it."""
    return origin.with_name(f"{origin.stem if origin.suffix else origin.name}.labels.h5")


def read_labels(path: Path) -> dict[str, Label]:
    """The labels in a store by the names of their frames; none if there is no such store.

    FrameStoreError for a file that is none, or one that was not written by `write_labels`.
    """
    if not path.exists():
        return {}
    with FrameStore(path) as store:
        labels = {}
        for index, each in enumerate(_about(store)):
            label = _label(store, index, each)
            if label is None:
                raise FrameStoreError(f"{path} is damaged: label {index + 1} is not described; {_REMEDY}")
            labels[label.name] = label
        return labels


def _about(store: FrameStore) -> list[Any]:
    """What is known of each label; FrameStoreError for a store of other frames."""
    about = store.provenance.get("labels")
    if store.provenance.get("origin") != _ORIGIN or not isinstance(about, list) or len(about) != len(store):
        raise FrameStoreError(f"{store.path} holds frames, but no labels; {_REMEDY}")
    return about


def _label(store: FrameStore, index: int, about: Any) -> Label | None:
    """None if what is known of it is not whole."""
    frame = store.frame(index)
    if not isinstance(about, dict) or about.get("how") not in get_args(How) or not _is_code(about.get("latent", [])):
        return None
    reached_mm = about.get("reached_mm", {})
    if store.skeleton is None or not _are_places(reached_mm, store.skeleton):
        return None
    if frame.joints_mm is None or not np.isfinite(frame.joints_mm).all():
        return None
    return Label(
        frame=frame,
        camera=store.camera_of(index),
        skeleton=store.skeleton,
        how=about["how"],
        author=str(about.get("author", "")),
        time=str(about.get("time", "")),
        model=str(about.get("model", "")),
        latent=tuple(float(value) for value in about.get("latent", ())),
        reached_mm={joint: (x, y, z) for joint, (x, y, z) in reached_mm.items()},
    )


def _is_code(values: Any) -> bool:
    return _are_numbers(values, 0) or _are_numbers(values, POSE_LATENT_SIZE)


def _are_places(values: Any, skeleton: Skeleton) -> bool:
    return (
        isinstance(values, dict)
        and set(values) <= set(skeleton.joints)
        and all(_are_numbers(each, 3) for each in values.values())
    )


def _are_numbers(values: Any, count: int) -> bool:
    is_list = isinstance(values, list) and len(values) == count
    return is_list and all(isinstance(value, float) and math.isfinite(value) for value in values)


def write_labels(path: Path, labels: Mapping[str, Label], *, is_simulated: bool, source: str) -> None:
    """Replace the store of the labels, at once; without a label there is none. source: the name of their data.

    All labels are of one skeleton, their images of one size.

    FrameStoreError if it cannot be written, or if another file is there.
    """
    if path.exists():
        with FrameStore(path) as store:
            _about(store)  # never over another file
    if not labels:
        path.unlink(missing_ok=True)
        return
    cameras = [label.camera for label in labels.values()]
    writer = FrameWriter(
        path,
        domain="real",
        camera=cameras[0].camera,
        is_mirrored=cameras[0].is_mirrored,
        skeleton=next(iter(labels.values())).skeleton,
        is_simulated=is_simulated,
        image_size=next(iter(labels.values())).frame.depth_mm.shape[-1],
        provenance={
            "origin": _ORIGIN,
            "source": source,
            "labels": [
                {key: getattr(label, key) for key in ("how", "author", "time", "model", "latent", "reached_mm")}
                for label in labels.values()
            ],
        },
        overwrite=True,
    )
    writer.cameras = FrameCameras.of(cameras)
    with writer:
        frames = [label.frame for label in labels.values()]
        writer.append(
            depth_mm=np.stack([frame.depth_mm for frame in frames]),
            center_mm=np.stack([frame.center_mm for frame in frames]),
            half_mm=np.array([frame.half_mm for frame in frames], np.float32),
            joints_mm=np.stack([frame.joints_mm for frame in frames if frame.joints_mm is not None]),
            names=[frame.name for frame in frames],
        )
