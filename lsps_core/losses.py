"""The paper's terms (equations 1 to 9), unweighted: weights are in `lsps_core.config.weights.LossWeights`.

Every term is reduced to a mean over the batch and over the elements of an image or pose, unless its docstring says
otherwise, so that a weight means the same for any batch size and base width. Sums are computed in float32 for any dtype
of the networks.
"""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional

from lsps_core.data.crop import FAR_FACE


def gaussian_kl(mean: Tensor, std: Tensor) -> Tensor:
    """KL(N(mean, std²) ‖ N(0, I)), summed over Z, averaged over B; 0 for the prior itself.

    mean, std [B, Z]. Equation 1; Kingma & Welling 2014, appendix B.
    """
    variance = std.square()
    return 0.5 * (mean.square() + variance - variance.log() - 1).sum(dim=1).mean()


def unit_variance_kl(mean: Tensor) -> Tensor:
    """KL(N(mean, I) ‖ N(0, I)) per latent element: ½ mean(mean²). mean [B, C, H, W]. Equations 3 and 5."""
    return 0.5 * mean.float().square().mean()


def reconstruction(output: Tensor, target: Tensor) -> Tensor:
    """L1, averaged over all elements: -log p under a Laplace distribution. Images or poses. Equations 1, 3, 5, 6."""
    return functional.l1_loss(output.float(), target.float())


def surface(depth: Tensor, logit: Tensor, image: Tensor, unsure_px: int = 0, ignored: Tensor | None = None) -> Tensor:
    """-log p of an image under a masked generator, averaged over all pixels, all [B, 1, S, S]; not in the paper.

    Whether there is a reading by the cross-entropy of logit, where there is one L1 of depth.
    unsure_px: a pixel without a reading that is as near to one may have lost it, and does not count.
    ignored: pixels that do not count.
    """
    has_reading = (image < FAR_FACE).float()
    mask = functional.binary_cross_entropy_with_logits(logit.float(), has_reading, reduction="none")
    if unsure_px:
        near = functional.max_pool2d(has_reading, 2 * unsure_px + 1, stride=1, padding=unsure_px)
        mask = mask * (1 - near + has_reading)
    loss = mask + has_reading * (depth.float() - image.float()).abs()
    return (loss if ignored is None else loss.masked_fill(ignored, 0.0)).mean()


def discriminator_adversarial(true_scores: Tensor, *fake_scores: Tensor) -> Tensor:
    """-(log D(x) + Σ log(1 - D(fake))) of logits, each averaged over batch and positions. Equations 4 and 6."""
    loss = functional.softplus(-true_scores.float()).mean()
    for scores in fake_scores:
        loss = loss + functional.softplus(scores.float()).mean()
    return loss


def generator_adversarial(fake_scores: Tensor) -> Tensor:
    """-log D(fake) of logits, averaged over batch and positions: the non-saturating form (Goodfellow et al. 2014)."""
    return functional.softplus(-fake_scores.float()).mean()


def mapping(mapped: Tensor, code: Tensor) -> Tensor:
    """‖M(z_y) - z_x‖₂ / √n of each frame (its root mean square over n elements), averaged over the batch. Equation 6.

    mapped, code [B, C, H, W]. The paper's norm grows with √n; dividing it out keeps λ5 apart from the base width.
    """
    distance = _norm(mapped.float() - code.float()).mean()
    return distance / math.sqrt(mapped[0].numel())


def posterior(estimate: Tensor, pose_latent: Tensor) -> Tensor:
    """‖P(x) - z_y‖₂ over the latent's 20 dimensions, averaged over the batch. Both [B, Z]. Equation 7."""
    return _norm(estimate.float() - pose_latent.float()).mean()


def joint_distance(pose: Tensor, other: Tensor, weight: Tensor | None = None) -> Tensor:
    """Distance of the joints, averaged over joints and batch; 1.0 is half the crop cube. Both [B, J, 3]; weight [B]."""
    distance: Tensor = (pose.float() - other.float()).norm(dim=2).mean(dim=1)
    return distance.mean() if weight is None else (distance * weight).mean()


def feature_matching(features: Tensor, other: Tensor) -> Tensor:
    """|φ_s(a) - φ_r(b)|, averaged over all elements. Both [B, C, H, W]. One half of equation 9."""
    return functional.l1_loss(features.float(), other.float())


def _norm(difference: Tensor) -> Tensor:
    """2-norm of each frame [B]; the ε keeps the gradient finite where the difference is 0."""
    return (difference.flatten(1).square().sum(dim=1) + 1e-12).sqrt()
