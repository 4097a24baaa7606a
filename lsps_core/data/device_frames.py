"""A whole store on one device, as integers: batches without reading from the disk again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lsps_core.data.crop import normalise, to_pose
from lsps_core.data.store import FrameStore

_BLOCK_FRAMES = 512


class DeviceFrames:
    """The first `limit` frames of a store (all of them without a limit), on `device`.

    Depth stays 16-bit there, 32 KB for a frame of 128 px, and becomes a float image batch by batch. `pose` [N, J, 3],
    `center_mm` [N, 3] and `half_mm` [N] are float32; without a skeleton J is 0, without annotation the pose is NaN.
    `progress` is called with (frames read, frames in all).
    """

    def __init__(
        self,
        store: FrameStore,
        device: torch.device | str,
        limit: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        count = len(store) if limit is None else min(limit, len(store))
        if count < 1:
            raise ValueError(f"limit {limit}: at least one frame is needed")
        self.device = torch.device(device)
        self.center_mm = torch.tensor(store.center_mm[:count]).to(self.device)
        self.half_mm = torch.tensor(store.half_mm[:count]).to(self.device)
        joints_mm = store.joints_mm
        joints = torch.zeros(count, 0, 3) if joints_mm is None else torch.tensor(joints_mm[:count])
        self.pose = to_pose(joints.to(self.device), self.center_mm, self.half_mm)
        size = store.image_size
        # int16 holds the bits of uint16, for which torch supports few operations on a GPU
        self._depth = torch.empty((count, size, size), dtype=torch.int16, device=self.device)
        for start in range(0, count, _BLOCK_FRAMES):
            stop = min(start + _BLOCK_FRAMES, count)
            self._depth[start:stop] = torch.from_numpy(store.depth_mm(slice(start, stop)).view(np.int16)).to(
                self.device
            )
            if progress is not None:
                progress(stop, count)

    def __len__(self) -> int:
        return len(self.half_mm)

    def batch(self, indices: npt.NDArray[np.int64] | Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Frames `indices` [B] -> image [B, 1, S, S] as `normalise` makes it, pose [B, J, 3], center_mm, half_mm."""
        where = torch.as_tensor(indices, dtype=torch.int64).to(self.device)
        center_mm, half_mm = self.center_mm[where], self.half_mm[where]
        depth_mm = self._depth[where].to(torch.int32) & 0xFFFF
        return normalise(depth_mm, center_mm, half_mm), self.pose[where], center_mm, half_mm
