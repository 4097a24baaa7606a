"""Ways from one pose latent to others that lead through hands, not straight: the codes of hands lie in folds."""

from __future__ import annotations

import torch
from torch import Tensor

from lsps_core.data.augment import rotate_pose
from lsps_core.errors import LspsError
from lsps_core.inference import Predictor
from lsps_core.pose_paths import between, rotation_angles

_NEAR_RAD = 0.35
"""20 degrees: codes of hands that are turned by less have the same orientation."""
_BLOCK = 256
"""Codes that are compared at once: the first ones most often have one of the same orientation."""


@torch.inference_mode()
def through_hands(predictor: Predictor, start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """start, end [20], share [N] from 0 to 1 -> pose latents [N, 20] of the poses between; both ends are exact."""
    ends = torch.stack([start, end]).to(predictor.device)
    poses = predictor.decode_pose(ends)
    share = share.to(poses)
    codes = predictor.encode_pose(between(poses[0], poses[1], share, predictor.skeleton))
    off = ends - predictor.encode_pose(poses)
    return codes + torch.lerp(off[0], off[1], share[:, None])


@torch.inference_mode()
def turned(predictor: Predictor, pose_latent: Tensor, angle_rad: Tensor) -> Tensor:
    """pose_latent [B, 20] -> the codes [B, 20] of the same hands, turned in the image by angle_rad [B].

    Counter-clockwise. The shape stays as far as the pose VAE keeps it.
    """
    pose = predictor.decode_pose(pose_latent)
    return predictor.encode_pose(rotate_pose(pose, angle_rad.to(pose)))


@torch.inference_mode()
def typical_near(predictor: Predictor, pose_latent: Tensor) -> Tensor:
    """pose_latent [20] -> [20]: the densest training code of the same orientation, or else the one turned the least.

    LspsError for a model without a fitted prior.
    """
    if predictor.fitted_prior is None:
        raise LspsError("the model has no fitted prior", "choose a model of a newer version", field="prior")
    codes = predictor.fitted_prior.typical(len(predictor.fitted_prior.codes))
    pose = predictor.decode_pose(pose_latent[None])[0]
    angles = []
    for block in torch.split(codes, _BLOCK):
        angles.append(rotation_angles(pose, predictor.decode_pose(block), predictor.skeleton))
        is_near = angles[-1] < _NEAR_RAD
        if is_near.any():
            return block[int(is_near.int().argmax())]
    return codes[int(torch.cat(angles).argmin())]
