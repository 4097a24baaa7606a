"""Frames of a store for training: in device memory where they fit, else read from the file batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lsps_core.data.crop import normalise, to_pose
from lsps_core.data.device_frames import DeviceFrames
from lsps_core.data.store import FrameStore

MOST_SHARE = 0.5
"""Share of the free memory for one store's frames: there are two stores, and the networks."""


class StreamedFrames:
    """As `DeviceFrames`, but depth stays in the file: a batch reads its own frames. Everything else is on `device`.

    Opens its own handle of the store and keeps it until `close`.
    """

    def __init__(self, path: Path, device: torch.device | str) -> None:
        self.device = torch.device(device)
        self._store = FrameStore(path)
        self.center_mm = torch.tensor(self._store.center_mm).to(self.device)
        self.half_mm = torch.tensor(self._store.half_mm).to(self.device)
        joints_mm = self._store.joints_mm
        joints = torch.zeros(len(self._store), 0, 3) if joints_mm is None else torch.tensor(joints_mm)
        self.pose = to_pose(joints.to(self.device), self.center_mm, self.half_mm)

    def __len__(self) -> int:
        return len(self._store)

    def batch(self, indices: npt.NDArray[np.int64] | Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Frames `indices` [B] -> image [B, 1, S, S] as `normalise` makes it, pose [B, J, 3], center_mm, half_mm."""
        where = torch.as_tensor(indices, dtype=torch.int64)
        depth = torch.from_numpy(self._store.depth_mm(where.cpu().numpy()).view(np.int16)).to(self.device)
        where = where.to(self.device)
        center_mm, half_mm = self.center_mm[where], self.half_mm[where]
        return normalise(depth.to(torch.int32) & 0xFFFF, center_mm, half_mm), self.pose[where], center_mm, half_mm

    def close(self) -> None:
        self._store.close()


def training_frames(
    store: FrameStore,
    device: torch.device,
    free_bytes: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DeviceFrames | StreamedFrames:
    """The frames of a store on `device`, as integers, or streamed if they need more than half of the free memory.

    free_bytes: measured unless given; if that is not possible, memory is assumed to be enough.
    """
    needed = 2 * len(store) * store.image_size**2
    free = free_memory(device) if free_bytes is None else free_bytes
    if free is not None and needed > MOST_SHARE * free:
        return StreamedFrames(store.path, device)
    return DeviceFrames(store, device, progress=progress)


def free_memory(device: torch.device) -> int | None:
    """Bytes that are free on a device; None if unknown."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else None
