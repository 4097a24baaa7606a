"""Where a fit starts: what P reads of rotated copies of a frame, and the simulator's gestures on the palm found."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from lsps_core.inference import Predictor, TurnedReading
from lsps_core.simulator.hand import HandPose, average_shape, forward_kinematics
from lsps_core.simulator.poses import SYNTHETIC_POSES, sample_poses
from lsps_core.skeleton import FINGERS, HAND21

COPIES = 8
GESTURES = 256
SWAPPED_GESTURES = 24
"""Of them, those whose fingers are tried one by one."""
_FINGERS = [[joint for joint, name in enumerate(HAND21.fingers) if name == finger][1:] for finger in FINGERS]
"""The joints of each that move on the palm."""
_PALM = [0, *(joint for joint, parent in enumerate(HAND21.parents) if parent == 0)]


def rotated_codes(predictor: Predictor, turned: TurnedReading) -> Tensor:
    """[B, N + 1, 20]: of the mean of the poses of N copies before all, then of each copy."""
    every = torch.cat([turned.poses.mean(dim=0, keepdim=True), turned.poses]).transpose(0, 1)
    return predictor.model.pose_vae.encode(every.flatten(0, 1)).mean.view(*every.shape[:2], -1)


@cache
def gesture_joints_mm(count: int = GESTURES) -> Tensor:
    """[count, 21, 3]: hands of the simulator's synthetic domain in the palm's frame, always the same ones."""
    with torch.inference_mode(False):
        shape = average_shape(count)
        drawn = sample_poses(SYNTHETIC_POSES, shape, torch.Generator().manual_seed(0))
        pose = HandPose(
            finger_angles_rad=drawn.finger_angles_rad,
            wrist_angles_rad=drawn.wrist_angles_rad,
            rotation=torch.eye(3).expand(count, 3, 3),
            wrist_mm=torch.zeros(count, 3),
        )
        return forward_kinematics(shape, pose)


def on_palm(hands_mm: Tensor, joints_mm: Tensor) -> Tensor:
    """hands_mm [K, 21, 3], joints_mm [B, 21, 3] -> [B, K, 21, 3]: each hand moved and scaled onto each palm.

    Least squares of the wrist and the fingers' first joints: Kabsch 1976, Umeyama 1991.
    """
    source, target = hands_mm[:, _PALM], joints_mm[:, _PALM]
    middle, goal = source.mean(dim=1, keepdim=True), target.mean(dim=1, keepdim=True)
    source, target = source - middle, target - goal
    u, _, vh = torch.linalg.svd(torch.einsum("kpi,bpj->bkij", source, target))
    mirror = torch.ones_like(u[..., 0])
    mirror[..., 2] = torch.linalg.det(u @ vh).sign()
    rotation = u @ (mirror[..., None] * vh)
    scale = target.norm(dim=-1).sum(dim=1)[:, None] / source.norm(dim=-1).sum(dim=1)
    moved: Tensor = scale[..., None, None] * ((hands_mm - middle) @ rotation) + goal[:, None]
    return moved


def with_other_fingers(joints_mm: Tensor) -> Tensor:
    """joints_mm [B, 21, 3] -> [B, 5 K, 21, 3]: each hand with one finger as in one of K gestures on its palm."""
    gestures = gesture_joints_mm()[:SWAPPED_GESTURES].to(joints_mm.device)
    put = on_palm(gestures, joints_mm)
    hands = joints_mm[:, None, None].repeat(1, len(_FINGERS), len(gestures), 1, 1)
    for finger, joints in enumerate(_FINGERS):
        hands[:, finger, :, joints] = put[:, :, joints]
    return hands.flatten(1, 2)
