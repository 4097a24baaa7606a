"""Where a fit starts: what P reads of turned copies of a frame, and the simulator's gestures on a palm found before."""

from __future__ import annotations

from functools import cache
from math import pi

import torch
from torch import Tensor

from lsps_core.config import Domain
from lsps_core.data.augment import rotate, rotate_pose
from lsps_core.inference import Predictor
from lsps_core.simulator.hand import HandPose, average_shape, forward_kinematics
from lsps_core.simulator.poses import SYNTHETIC_POSES, sample_poses
from lsps_core.skeleton import HAND21

TURNS = 8
GESTURES = 96
_PALM = [0, *(joint for joint, parent in enumerate(HAND21.parents) if parent == 0)]


def turned_mean(predictor: Predictor, image: Tensor, domain: Domain, turns: int = TURNS) -> Tensor:
    """image [B, 1, S, S] -> the code [B, 20] of the mean pose that P reads of `turns` copies turned in the plane."""
    pose = predictor.predict_pose(image, domain)
    for step in range(1, turns):
        angle = torch.full((len(image),), 2 * pi * step / turns, device=image.device)
        pose = pose + rotate_pose(predictor.predict_pose(rotate(image, angle), domain), -angle)
    return predictor.encode_pose(pose / turns)


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
