"""Ways between pose latents through hands, not straight, since codes lie in folds; typical codes; gestures."""

from __future__ import annotations

import torch
from torch import Tensor

from lsps_core.data.augmentation.moves import rotate_pose
from lsps_core.errors import LspsError
from lsps_core.inference import Predictor
from lsps_core.pose_paths import between, oriented_as, rotation_angles
from lsps_core.simulator.gestures import NAMED_GESTURES
from lsps_core.simulator.hand import HandPose, average_shape, forward_kinematics
from lsps_core.skeleton import HAND21, Skeleton

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


def gesture_names(skeleton: Skeleton) -> tuple[str, ...]:
    """The names of `gesture`; none for a skeleton with joints that the simulator's hand does not have."""
    return tuple(NAMED_GESTURES) if set(skeleton.joints) <= set(HAND21.joints) else ()


@torch.inference_mode()
def gesture(predictor: Predictor, name: str, near: Tensor | None = None) -> Tensor:
    """The code [20] of one of `gesture_names`, made by the simulator's average hand in the middle of the cube.

    near [20]: the hand whose orientation it has; None for the palm to the camera and the fingers up.
    """
    hand = HandPose(
        finger_angles_rad=torch.deg2rad(torch.tensor([NAMED_GESTURES[name]])),
        wrist_angles_rad=torch.zeros(1, 2),
        rotation=torch.eye(3)[None],
        wrist_mm=torch.zeros(1, 3),
    )
    skeleton = predictor.skeleton
    joints_mm = forward_kinematics(average_shape(), hand)[0, [HAND21.joints.index(joint) for joint in skeleton.joints]]
    pose = (joints_mm - joints_mm.mean(dim=0)).to(predictor.device) / predictor.checkpoint.half_mm
    if near is not None:
        pose = oriented_as(pose, predictor.decode_pose(near[None])[0], skeleton)
    return predictor.encode_pose(pose[None])[0]
