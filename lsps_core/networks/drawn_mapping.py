"""M over a depth image that is drawn of a pose: its layers need not learn where a hand is, or what hides what."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from lsps_core.config.model import ModelConfig
from lsps_core.data.look_at import usual_center
from lsps_core.networks.blocks import ResidualBlock
from lsps_core.networks.depth_vae import DepthEncoder, encoder_layers
from lsps_core.simulator.drawing import draw_pose


class DrawnMapping(nn.Module, ABC):
    """pose [B, J, 3] -> depth latent [B, 4c, 32, 32]: an encoder's layers over a drawing. Not in the paper."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.base_channels
        self.layers = nn.Sequential(*encoder_layers(width), ResidualBlock(4 * width))

    def start_from(self, encoder: DepthEncoder) -> None:
        """Begin with the weights of E_s, which reads drawings of hands nearly as it reads their images."""
        own = encoder.own["synthetic"]
        assert isinstance(own, nn.Sequential)
        self.layers.load_state_dict(nn.Sequential(*own, encoder.shared).state_dict())

    @abstractmethod
    def draw(self, pose: Tensor, center: Tensor) -> Tensor:
        """pose [B, J, 3], center [B, 3] of the cubes from the camera, in half cubes -> image [B, 1, 128, 128]."""

    def forward(self, pose: Tensor, center: Tensor | None = None) -> Tensor:
        """center: as of `draw`; by default a usual one on the optical axis."""
        with torch.autocast(pose.device.type, enabled=False):  # bfloat16 has 1 mm steps here
            pose = pose.float()
            image = self.draw(pose, usual_center(pose) if center is None else center.float())
        depth_latent: Tensor = self.layers(image)
        return depth_latent


class SurfaceMapping(DrawnMapping):
    """Over the simulator's drawing of a hand and its forearm, for its own skeleton."""

    def draw(self, pose: Tensor, center: Tensor) -> Tensor:
        return draw_pose(pose, center)
