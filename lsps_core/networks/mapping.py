"""M: from the pose latent to the depth latent, one direction only (paper, table 3)."""

from __future__ import annotations

from torch import Tensor, nn

from lsps_core.config import POSE_LATENT_SIZE, ModelConfig
from lsps_core.networks.blocks import LEAK


class Mapping(nn.Module):
    """pose_latent [B, Z] -> depth latent [B, 4c, 32, 32]."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.base_channels
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(POSE_LATENT_SIZE, 16 * width, 4),
            nn.LeakyReLU(LEAK),
            nn.ConvTranspose2d(16 * width, 16 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.ConvTranspose2d(16 * width, 8 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.ConvTranspose2d(8 * width, 4 * width, 4, stride=2, padding=1),
        )

    def forward(self, pose_latent: Tensor) -> Tensor:
        depth_latent: Tensor = self.layers(pose_latent[:, :, None, None])
        return depth_latent
