"""D_r, D_s and the posterior P: one trunk, three last layers (paper, table 4)."""

from __future__ import annotations

from torch import Tensor, nn

from lsps_core.config.model import POSE_LATENT_SIZE, Domain, ModelConfig
from lsps_core.networks.blocks import conv, own_layers


class Discriminator(nn.Module):
    """Judges images of both domains and, from the same features, estimates their pose latent.

    The first two layers are each domain's own, the next three shared; so are the two heads. There is no posterior head
    where P is a network of its own.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.base_channels
        self.own = own_layers(conv(1, width, 3, 2), conv(width, 2 * width, 3, 2))
        self.shared = nn.Sequential(
            conv(2 * width, 4 * width, 3, 2), conv(4 * width, 8 * width, 3, 2), conv(8 * width, 16 * width, 3, 2)
        )
        self.score_head = nn.Conv2d(16 * width, 1, 2)
        if config.posterior_kind == "trunk":
            self.posterior_head = nn.Conv2d(16 * width, POSE_LATENT_SIZE, 2)

    def features(self, image: Tensor, domain: Domain) -> Tensor:
        """image [B, 1, 128, 128] -> penultimate activations [B, 16c, 4, 4]: φ of equation 9."""
        features: Tensor = self.shared(self.own[domain](image))
        return features

    def scores(self, features: Tensor) -> Tensor:
        """features -> logits [B, 1, 3, 3] that the image is a true one of its domain."""
        scores: Tensor = self.score_head(features)
        return scores

    def posterior(self, features: Tensor) -> Tensor:
        """features -> pose_latent [B, Z], averaged over the 3x3 positions."""
        pose_latent: Tensor = self.posterior_head(features).mean(dim=(2, 3))
        return pose_latent
