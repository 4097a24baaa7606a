"""The hand that a fit moves: the simulator's spheres around the joints of G_y(z), scaled and shifted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from lsps_core.checkpoint import Checkpoint
from lsps_core.config.model import POSE_LATENT_SIZE
from lsps_core.inference import Predictor
from lsps_core.networks.kinematic import KinematicDecoder
from lsps_core.networks.pose_vae import LinearDecoder
from lsps_core.simulator.surface import AVERAGE_RADII_MM, NODE_COUNT, hand_surface, surface_tangents
from lsps_core.skeleton import HAND21, Skeleton

UNKNOWNS = POSE_LATENT_SIZE + 4
"""Code, size and shift of a hand, each in its own standard deviations; see `HandModel`."""
SIZE_STD = 0.08
"""Of the logarithm of a hand's size: the middle two thirds of adults lie within 8 % of the average."""
SHIFT_STD_MM = 10.0


class Parameters(NamedTuple):
    """pose_latent [B, 20]; size [B], relative to the model's hand; shift_mm [B, 3]."""

    pose_latent: Tensor
    size: Tensor
    shift_mm: Tensor


@dataclass(frozen=True, kw_only=True)
class HandModel:
    """G_y with a free size and shift: joints = middle + size (half G_y(z) - middle) + shift, the middle their mean.

    The unknowns [B, U] are (z whitened by the codes' mean and covariance, log size / SIZE_STD, shift / SHIFT_STD_MM),
    so that their prior is N(0, I). order: HAND21's joints among the model's own, None where it lacks some.
    """

    decoder: LinearDecoder | KinematicDecoder
    latent_mean: Tensor
    latent_root: Tensor
    half_mm: float
    order: Tensor | None

    @classmethod
    def of(cls, predictor: Predictor) -> HandModel:
        source, device = predictor.checkpoint, predictor.device
        order = hand21_order(source.skeleton)
        return cls(
            decoder=predictor.model.pose_vae.decoder,
            latent_mean=torch.tensor(source.latent_mean, device=device),
            latent_root=_covariance_root(source).to(device),
            half_mm=source.half_mm,
            order=None if order is None else order.to(device),
        )

    def parameters(self, unknowns: Tensor) -> Parameters:
        """unknowns [B, U] -> what they stand for."""
        code, size, shift = torch.split(unknowns, [POSE_LATENT_SIZE, 1, 3], dim=1)
        return Parameters(
            self.latent_mean + code @ self.latent_root.mT, (SIZE_STD * size[:, 0]).exp(), SHIFT_STD_MM * shift
        )

    def at(self, pose_latent: Tensor, size: Tensor | None = None, shift_mm: Tensor | None = None) -> Tensor:
        """The inverse of `parameters` -> unknowns [B, U]; size 1 and no shift by default."""
        centred = (pose_latent - self.latent_mean).mT
        code = torch.linalg.solve(self.latent_root, centred).mT
        log_size = torch.zeros_like(code[:, 0]) if size is None else size.log() / SIZE_STD
        shift = torch.zeros_like(code[:, :3]) if shift_mm is None else shift_mm / SHIFT_STD_MM
        return torch.cat([code, log_size[:, None], shift], dim=1)

    def joints_mm(self, unknowns: Tensor, half_mm: Tensor) -> Tensor:
        """unknowns [B, U], half_mm [B] -> the model's joints [B, J, 3] relative to the cube's centre, mm."""
        latent, size, shift = self.parameters(unknowns)
        pose = self.decoder(latent).view(len(latent), -1, 3) * half_mm[:, None, None]
        middle = pose.mean(dim=1, keepdim=True)
        joints: Tensor = middle + size[:, None, None] * (pose - middle) + shift[:, None]
        return joints

    def spheres(self, unknowns: Tensor, half_mm: Tensor) -> Tensor:
        """unknowns [B, U], half_mm [B] -> the hand's skin [B, N, 4]: centres relative to the cube's and radii, mm."""
        joints = self.joints_mm(unknowns, half_mm)[:, self._hand21()]
        radii = self._radii_mm(half_mm) * self.parameters(unknowns).size[:, None]
        return skin(joints, radii)

    def with_jacobian(self, unknowns: Tensor, half_mm: Tensor) -> tuple[Tensor, Tensor]:
        """unknowns [B, U], half_mm [B] -> `spheres`, and [B, N, 4, U]: how they move with each of the unknowns, mm."""
        latent, size, shift = self.parameters(unknowns)
        flat, moves_by_code = self.decoder.with_jacobian(latent)
        scale, order = half_mm[:, None, None], self._hand21()
        pose = flat.view(len(flat), -1, 3) * scale
        moved = (moves_by_code @ self.latent_root).mT
        tangents = moved.reshape(*moved.shape[:2], -1, 3) * scale[..., None]
        middle, moves = pose.mean(dim=1, keepdim=True), tangents.mean(dim=2, keepdim=True)
        grown = size[:, None, None] * (pose - middle)
        shifts = SHIFT_STD_MM * torch.eye(3, device=pose.device)[:, None].expand(len(pose), -1, pose.shape[1], -1)
        tangents = torch.cat(
            [moves + size[:, None, None, None] * (tangents - moves), SIZE_STD * grown[:, None], shifts], dim=1
        )
        joints = (middle + grown + shift[:, None])[:, order]
        radii = self._radii_mm(half_mm) * size[:, None]
        jacobian = pose.new_zeros(len(pose), NODE_COUNT, 4, UNKNOWNS)
        jacobian[:, :, :3] = surface_tangents(joints, tangents[:, :, order]).permute(0, 2, 3, 1)
        jacobian[:, :, 3, POSE_LATENT_SIZE] = SIZE_STD * radii
        return skin(joints, radii), jacobian

    def _hand21(self) -> Tensor:
        if self.order is None:
            raise ValueError("the hand's surface needs the simulator's 21 joints; fit to the model's picture instead")
        return self.order

    def _radii_mm(self, half_mm: Tensor) -> Tensor:
        """half_mm [B] -> [B, N] of the hand that a pose of the model has in a cube of that size."""
        return torch.tensor(AVERAGE_RADII_MM, device=half_mm.device) * (half_mm / self.half_mm)[:, None]


def skin(joints_mm: Tensor, radii_mm: Tensor) -> Tensor:
    """joints_mm [B, 21, 3] of HAND21, radii_mm [B, N] -> the spheres [B, N, 4] of `hand_surface`."""
    return torch.cat([hand_surface(joints_mm, radii_mm).centers_mm, radii_mm[..., None]], dim=-1)


def joints_of(spheres: Tensor) -> Tensor:
    """spheres [..., N, 4] -> the joints [..., 21, 3] of HAND21, which the first of them are around."""
    return spheres[..., : HAND21.joint_count, :3]


def hand21_order(skeleton: Skeleton) -> Tensor | None:
    """The places [21] of the simulator's joints in `skeleton`, by their names; None where it lacks one."""
    if not set(HAND21.joints) <= set(skeleton.joints):
        return None
    return torch.tensor([skeleton.joints.index(joint) for joint in HAND21.joints])


def _covariance_root(source: Checkpoint) -> Tensor:
    """[20, 20] R: R R' is the training codes' covariance."""
    std = torch.tensor(source.latent_std, dtype=torch.float64)
    covariance = torch.diag(std.square())
    if source.latent_covariance is not None:
        covariance = torch.tensor(source.latent_covariance, dtype=torch.float64)
    values, axes = torch.linalg.eigh(covariance)
    values = values.clamp(min=max(1e-6, 1e-4 * float(values.max())))  # axes that training left unused
    root: Tensor = (axes * values.sqrt()).float()
    return root
