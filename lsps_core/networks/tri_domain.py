"""All networks of the model in one module."""

from __future__ import annotations

from torch import nn

from lsps_core.config import ModelConfig
from lsps_core.networks.depth_vae import DepthEncoder, DepthGenerator
from lsps_core.networks.discriminator import Discriminator
from lsps_core.networks.mapping import Mapping
from lsps_core.networks.pose_vae import PoseVae


class TriDomainModel(nn.Module):
    """Owns the networks and nothing else: routes are in `lsps_core.inference`, losses in `lsps_core.losses`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.pose_vae = PoseVae(config)
        self.encoder = DepthEncoder(config)
        self.generator = DepthGenerator(config)
        self.mapping = Mapping(config)
        self.discriminator = Discriminator(config)
