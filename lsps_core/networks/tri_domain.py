"""All networks of the model in one module."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from lsps_core.config.model import POSE_LATENT_SIZE, Domain, MappingKind, ModelConfig
from lsps_core.networks.capsules import CapsuleMapping
from lsps_core.networks.dense import DenseNetwork
from lsps_core.networks.depth_vae import DepthEncoder, DepthGenerator
from lsps_core.networks.discriminator import Discriminator
from lsps_core.networks.drawn_mapping import DrawnMapping, SurfaceMapping
from lsps_core.networks.mapping import BoneMapping, LatentMapping
from lsps_core.networks.pose_vae import PoseVae
from lsps_core.networks.residual import ResidualNetwork

_MAPPINGS: dict[MappingKind, Callable[[ModelConfig], nn.Module]] = {
    "latent": LatentMapping,
    "bones": BoneMapping,
    "capsules": CapsuleMapping,
    "surface": SurfaceMapping,
}


class TriDomainModel(nn.Module):
    """Owns the networks: routes are in `lsps_core.inference`, losses in `lsps_core.losses`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.pose_vae = PoseVae(config)
        self.encoder = DepthEncoder(config)
        self.generator = DepthGenerator(config)
        self.mapping = _MAPPINGS[config.mapping](config)
        self.discriminator = Discriminator(config)
        if config.posterior_kind == "residual":
            self.residual_posterior = (
                DenseNetwork(config.joint_count, config.posterior_width)
                if config.posterior_head == "dense"
                else ResidualNetwork(POSE_LATENT_SIZE, config.posterior_width)
            )

    def compile_networks(self) -> None:
        """Compile the image networks in place with torch.compile; names and weights do not change."""
        for network in (self.encoder, self.generator, self.discriminator):
            for part in (network.shared, *network.own.values()):
                part.compile()
        for layers in self.mapping.children():  # not a drawing: its shapes depend on what is to be seen
            layers.compile()

    def map(self, pose_latent: Tensor, center: Tensor | None = None) -> Tensor:
        """pose_latent [B, Z] -> depth latent [B, 4c, 32, 32]: M(z_y), which may use G_y.

        center [B, 3]: of the cube, from the camera, in half cubes, for a depth image to be drawn as from there.
        """
        if self.config.mapping == "latent":
            depth_latent: Tensor = self.mapping(pose_latent)
            return depth_latent
        return self.map_pose(self.pose_vae.decode(pose_latent), center)

    def map_pose(self, pose: Tensor, center: Tensor | None = None) -> Tensor:
        """`map` of an M that draws poses: pose [B, J, 3]."""
        view = [center] if isinstance(self.mapping, DrawnMapping) else []
        depth_latent: Tensor = self.mapping(pose, *view)
        return depth_latent

    def posterior(self, image: Tensor, domain: Domain) -> Tensor:
        """image [B, 1, 128, 128] of `domain` -> pose_latent [B, Z]: P(x)."""
        return self.code_of(self.estimate(image, domain))

    def estimate(self, image: Tensor, domain: Domain) -> Tensor:
        """What P's network gives: pose_latent [B, Z], or of a dense head joints [B, J, 3]."""
        if self.config.posterior_kind == "residual":
            estimate: Tensor = self.residual_posterior(image)
            return estimate
        return self.discriminator.posterior(self.discriminator.features(image, domain))

    def code_of(self, estimate: Tensor) -> Tensor:
        """estimate -> pose_latent [B, Z]: of joints the mean that E_y gives."""
        return self.pose_vae.encode(estimate).mean if self.reads_joints else estimate

    def pose_of(self, estimate: Tensor) -> Tensor:
        """estimate -> pose [B, J, 3]: the joints themselves, or G_y of the code."""
        return estimate if self.reads_joints else self.pose_vae.decode(estimate)

    @property
    def reads_joints(self) -> bool:
        """Whether P's network gives joints, not codes."""
        return self.config.posterior_kind == "residual" and self.config.posterior_head == "dense"
