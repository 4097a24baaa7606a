"""A pose decoder that draws hands only: bones of a hand's lengths, bent as training poses are, placed and turned."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lsps_core.config import POSE_LATENT_SIZE, ModelConfig
from lsps_core.networks.blocks import LEAK, layers_with_jacobian
from lsps_core.networks.hand_range import BoneTree, HandRange
from lsps_core.networks.rotations import bend_matrices, orthonormal

_STEP = 1e-6
"""Size of the imaginary part that carries a derivative."""


class KinematicDecoder(nn.Module):
    """pose_latent [B, Z] -> pose [B, 3 J], flat as the paper's decoder gives it.

    Two hidden layers give the values of `HandRange`, each bounded by a tanh to what training poses show, and the hand's
    rotation as two columns of its matrix, which are made orthonormal: a turn through 360 degrees is a circle, without a
    singularity (Zhou et al. 2019, *On the Continuity of Rotation Representations in Neural Networks*). The joints
    follow along the skeleton's tree. `fit` comes before training: until then the hand is a placeholder.
    """

    frames: Tensor
    lengths: Tensor
    middle: Tensor
    reach: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.tree = BoneTree(config.bones, config.joint_count)
        for name, values in HandRange.unknown(len(config.bones))._asdict().items():
            self.register_buffer(name, values)
        self.direct = nn.Linear(POSE_LATENT_SIZE, len(self.middle) + 6, bias=False)
        self.layers = nn.Sequential(
            nn.Linear(POSE_LATENT_SIZE, config.pose_hidden),
            nn.LeakyReLU(LEAK),
            nn.Linear(config.pose_hidden, config.pose_hidden),
            nn.LeakyReLU(LEAK),
            nn.Linear(config.pose_hidden, len(self.middle) + 6),
        )

    @property
    def range(self) -> HandRange:
        return HandRange(self.frames, self.lengths, self.middle, self.reach)

    def fit(self, poses: Tensor) -> None:
        """Take the range of hands from training poses [B, J, 3]."""
        for name, values in HandRange.of(poses, self.tree)._asdict().items():
            getattr(self, name).copy_(values)

    def forward(self, pose_latent: Tensor) -> Tensor:
        with torch.autocast(pose_latent.device.type, enabled=False):  # bfloat16's steps add up along a finger
            latent = pose_latent.float()
            out = self.layers(latent) + self.direct(latent)
            bounded, columns = out[:, :-6], out[:, -6:]
            return self._pose(self.middle + self.reach * bounded.tanh(), columns)

    def with_jacobian(self, pose_latent: Tensor) -> tuple[Tensor, Tensor]:
        """pose_latent [B, Z] -> pose [B, 3 J] and its Jacobian [B, 3 J, Z], exact: carried as imaginary parts."""
        out, moves = layers_with_jacobian(self.layers, pose_latent)
        out, moves = out + self.direct(pose_latent), moves + self.direct.weight
        bounded, columns = out[:, :-6].tanh(), out[:, -6:]
        values = torch.cat([self.middle + self.reach * bounded, columns], dim=1)
        slopes = torch.cat([self.reach * (1 - bounded.square()), torch.ones_like(columns)], dim=1)
        moves = (slopes[..., None] * moves).mT
        carried = torch.complex(values[:, None].expand_as(moves), _STEP * moves).flatten(0, 1)
        pose = self._pose(carried[:, :-6], carried[:, -6:]).view(*moves.shape[:2], -1)
        return pose[:, 0].real, pose.imag.mT / _STEP

    def _pose(self, values: Tensor, columns: Tensor) -> Tensor:
        """values [B, 4 + 3 N] of `HandRange`, columns [B, 6] of the rotation -> [B, 3 J]; real or complex."""
        count = len(self.lengths)
        place, log_size, angles, off = torch.split(values, [3, 1, 2 * count, count], dim=1)
        directions = self._directions(orthonormal(columns.view(-1, 2, 3)), angles.reshape(-1, count, 2))
        bones = (self.lengths * (log_size + off).exp())[..., None] * directions
        placement = torch.as_tensor(self.tree.placement, device=values.device).to(values.dtype)
        return (place[:, None] + placement @ bones).flatten(1)

    def _directions(self, hand: Tensor, angles: Tensor) -> Tensor:
        """hand [B, 3, 3], angles [B, N, 2] -> directions of the bones [B, N, 3]."""
        bends = self.frames.to(angles.dtype) @ bend_matrices(angles)
        turned, found = hand[:, None], []
        for level, parents in self.tree.levels:
            turned = turned[:, parents] @ bends[:, level]
            found.append(turned[..., 2])
        return torch.cat(found, dim=1)
