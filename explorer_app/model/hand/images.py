"""Frames as input of the networks, and their pictures as mm."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from lsps_core.config.model import IMAGE_SIZE
from lsps_core.data.crop import FAR_FACE, camera_center, normalise
from lsps_core.data.frame import HandFrame

FloatArray = npt.NDArray[np.float32]


def images_of(
    depth_mm: npt.NDArray[np.uint16], center_mm: FloatArray, half_mm: FloatArray
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Frames as input of the networks [B, 1, 128, 128], and their cubes."""
    centers, halves = torch.from_numpy(center_mm), torch.from_numpy(half_mm)
    return normalise(_at_image_size(torch.from_numpy(depth_mm.astype(np.float32))), centers, halves), centers, halves


def image_of(frame: HandFrame) -> torch.Tensor:
    """A frame as input of the networks: [1, 1, 128, 128]."""
    depth_mm = torch.from_numpy(frame.depth_mm.astype(np.float32))[None]
    return normalise(_at_image_size(depth_mm), torch.from_numpy(frame.center_mm)[None], torch.tensor([frame.half_mm]))


def center_of(frame: HandFrame) -> torch.Tensor:
    """[1, 3]: of the frame's cube, from the camera, in half cubes."""
    return camera_center(torch.from_numpy(frame.center_mm)[None], torch.tensor([frame.half_mm]))


def _at_image_size(depth_mm: torch.Tensor) -> torch.Tensor:
    """[B, S, S] -> [B, 128, 128]; nearest: a depth interpolated between a finger and the wall behind it is wrong."""
    if depth_mm.shape[-1] == IMAGE_SIZE:
        return depth_mm
    return torch.nn.functional.interpolate(depth_mm[:, None], size=(IMAGE_SIZE, IMAGE_SIZE))[:, 0]


def to_mm(image: torch.Tensor, half_mm: float) -> FloatArray:
    values = image[0, 0].cpu().numpy()
    return np.where(values >= FAR_FACE, np.float32(np.nan), values * np.float32(half_mm))
