"""M: from the pose latent to the depth latent, one direction only."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lsps_core.config.model import POSE_LATENT_SIZE, ModelConfig
from lsps_core.networks.blocks import LEAK, ResidualBlock, conv

BONE_WIDTH = 0.1
"""Distance from a bone, in half cubes, at which its map has fallen to 1/e: about half a finger's thickness."""


class LatentMapping(nn.Module):
    """pose_latent [B, Z] -> depth latent [B, 4c, 32, 32] (paper, table 3)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.base_channels
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(POSE_LATENT_SIZE, 16 * width, 4),
            nn.LeakyReLU(LEAK, inplace=True),
            nn.ConvTranspose2d(16 * width, 16 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK, inplace=True),
            nn.ConvTranspose2d(16 * width, 8 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK, inplace=True),
            nn.ConvTranspose2d(8 * width, 4 * width, 4, stride=2, padding=1),
        )

    def forward(self, pose_latent: Tensor) -> Tensor:
        depth_latent: Tensor = self.layers(pose_latent[:, :, None, None])
        return depth_latent


class BoneMapping(nn.Module):
    """pose [B, J, 3] -> depth latent [B, 4c, 32, 32]: convolutions over a drawing of the pose's bones.

    Not in the paper. Its M must learn the image position of every pose; here the position is given by the drawing, and
    the rest is the same at every position.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if not config.bones:
            raise ValueError("a mapping over bones needs the skeleton's bones; ModelConfig.bones is empty")
        channels, *_, self.size = config.depth_latent_shape
        self.bones = config.bones
        self.layers = nn.Sequential(
            conv(2 * len(self.bones), channels, 3, 1), *(ResidualBlock(channels) for _ in range(3))
        )

    def forward(self, pose: Tensor) -> Tensor:
        with torch.autocast(pose.device.type, enabled=False):  # bfloat16 has 1 mm steps here
            drawing = bone_maps(pose.float(), self.bones, self.size)
        depth_latent: Tensor = self.layers(drawing)
        return depth_latent


def bone_maps(pose: Tensor, bones: tuple[tuple[int, int], ...], size: int) -> Tensor:
    """pose [B, J, 3] -> [B, 2 len(bones), size, size]: how near each pixel is to each bone, and that times its depth.

    Nearness is exp(-(d / BONE_WIDTH)²) of the distance d from the bone in the image plane; the depth is that of the
    bone's nearest point. Both are in half cubes; y points up.
    """
    first, second = (torch.tensor(ends, device=pose.device) for ends in zip(*bones, strict=True))
    start, along = pose[:, first, None], (pose[:, second] - pose[:, first])[:, :, None]
    center = (torch.arange(size, device=pose.device) + 0.5) * (2 / size) - 1
    pixel = torch.stack([center.repeat(size), -center.repeat_interleave(size)], dim=1)
    offset = pixel - start[..., :2]
    squared_length = along[..., :2].square().sum(dim=-1) + 1e-6  # a bone may point at the camera
    share = ((offset * along[..., :2]).sum(dim=-1) / squared_length).clamp(0, 1)
    squared_distance = (offset - share[..., None] * along[..., :2]).square().sum(dim=-1)
    near = torch.exp(-squared_distance / BONE_WIDTH**2)
    depth = start[..., 2] + share * along[..., 2]
    return torch.cat([near, near * depth], dim=1).view(len(pose), -1, size, size)
