"""A pose decoder that draws hands only: bones of a hand's lengths, bent as training poses are, placed and turned."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lsps_core.config.model import POSE_LATENT_SIZE, ModelConfig
from lsps_core.networks.blocks import LEAK, layers_with_jacobian
from lsps_core.networks.hand_range import BoneTree, HandRange
from lsps_core.networks.rotations import bend_matrices, bend_spins, hand_spins, orthonormal


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
        """pose_latent [B, Z] -> pose [B, 3 J] and its Jacobian [B, 3 J, Z], exact: bones turn about their joints."""
        out, moves = layers_with_jacobian(self.layers, pose_latent)
        out, moves = out + self.direct(pose_latent), moves + self.direct.weight
        bounded, columns = out[:, :-6].tanh(), out[:, -6:].reshape(-1, 2, 3)
        values, slopes = self.middle + self.reach * bounded, self.reach * (1 - bounded.square())
        count, size = len(self.lengths), pose_latent.shape[1]
        parts = [3, 1, 2 * count, count]
        place, log_size, angles, off = torch.split(values, parts, dim=1)
        place_moves, size_moves, angle_moves, off_moves = torch.split(slopes[..., None] * moves[:, :-6], parts, dim=1)
        angles = angles.reshape(-1, count, 2)

        hand = orthonormal(columns)
        turned = self._turned(hand, angles)
        spins = turned @ (bend_spins(angles) @ angle_moves.reshape(-1, count, 2, size))
        spins = self._tree("path", spins) @ spins.flatten(2)  # of a bone: those of all bones between it and the root
        spins = spins.view(-1, count, 3, size) + (hand @ hand_spins(hand, columns, moves[:, -6:]))[:, None]
        lengths = self.lengths * (log_size + off).exp()
        bones = lengths[..., None] * turned[..., 2]
        turns = torch.linalg.cross(spins, bones[..., None].expand_as(spins), dim=2)
        bone_moves = torch.addcmul(turns, bones[..., None], (size_moves + off_moves)[:, :, None])

        placement = self._tree("placement", bones)
        pose = place[:, None] + placement @ bones
        pose_moves = (placement @ bone_moves.flatten(2)).view(len(pose), -1, 3, size) + place_moves[:, None]
        return pose.flatten(1), pose_moves.flatten(1, 2)

    def _pose(self, values: Tensor, columns: Tensor) -> Tensor:
        """values [B, 4 + 3 N] of `HandRange`, columns [B, 6] of the rotation -> [B, 3 J]."""
        count = len(self.lengths)
        place, log_size, angles, off = torch.split(values, [3, 1, 2 * count, count], dim=1)
        directions = self._turned(orthonormal(columns.reshape(-1, 2, 3)), angles.reshape(-1, count, 2))[..., 2]
        bones = (self.lengths * (log_size + off).exp())[..., None] * directions
        return (place[:, None] + self._tree("placement", bones) @ bones).flatten(1)

    def _tree(self, name: str, like: Tensor) -> Tensor:
        return torch.as_tensor(getattr(self.tree, name), device=like.device, dtype=like.dtype)

    def _turned(self, hand: Tensor, angles: Tensor) -> Tensor:
        """hand [B, 3, 3], angles [B, N, 2] -> the bones' frames [B, N, 3, 3]; their last columns are along them."""
        bends = self.frames @ bend_matrices(angles)
        turned, found = hand[:, None], []
        for level, parents in self.tree.levels:
            turned = turned[:, parents] @ bends[:, level]
            found.append(turned)
        return torch.cat(found, dim=1)
