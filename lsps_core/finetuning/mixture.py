"""The store that a run of a fine-tuning learns from: a few own labels, many times, beside others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.data.frame_cameras import FrameCameras
from lsps_core.data.store import FrameStore, FrameWriter

_BLOCK = 256

IntArray = npt.NDArray[np.int64]


def labelled_frames(store: FrameStore) -> IntArray:
    """The frames with a complete annotation."""
    if store.joints_mm is None:
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.isfinite(store.joints_mm).all(axis=(1, 2)))


def write_mixture(path: Path, parts: Sequence[tuple[FrameStore, IntArray]], provenance: dict[str, Any]) -> None:
    """Write frames of several annotated real stores, which may be repeated, to one."""
    first = parts[0][0]
    cameras = [store.camera_of(int(index)) for store, frames in parts for index in frames]
    writer = FrameWriter(
        path,
        domain=first.domain,
        camera=first.camera,
        skeleton=first.skeleton,
        is_simulated=all(store.is_simulated for store, _ in parts),
        image_size=first.image_size,
        provenance=provenance,
        overwrite=True,
    )
    writer.cameras = FrameCameras.of(cameras)
    with writer:
        for store, frames in _blocks(parts):
            assert store.joints_mm is not None
            writer.append(
                depth_mm=store.depth_mm(frames),
                center_mm=store.center_mm[frames],
                half_mm=store.half_mm[frames],
                joints_mm=store.joints_mm[frames],
                names=[store.names[index] for index in frames],
            )


def _blocks(parts: Sequence[tuple[FrameStore, IntArray]]) -> Iterator[tuple[FrameStore, IntArray]]:
    for store, frames in parts:
        for start in range(0, len(frames), _BLOCK):
            yield store, frames[start : start + _BLOCK]
