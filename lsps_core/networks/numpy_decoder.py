"""G_y for one latent without torch: it costs microseconds, and does not wait for a device that is busy with images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from torch import nn

from lsps_core.networks.blocks import LEAK
from lsps_core.networks.kinematic import KinematicDecoder
from lsps_core.networks.pose_vae import LinearDecoder, PoseVae

Array = npt.NDArray[np.float32]
_Numbers = npt.NDArray[Any]
"""float64, or complex128 where the imaginary part carries a derivative."""
_STEP = 1e-20
_TINY = 1e-12


class NumpyPoseDecoder(Protocol):
    """G_y of a model, for one latent at a time."""

    def __call__(self, pose_latent: Array) -> Array:
        """pose_latent [Z] -> pose [J, 3]."""

    def jacobian(self, pose_latent: Array) -> Array:
        """pose_latent [Z] -> Jacobian of the pose [J, 3, Z]."""


def numpy_pose_decoder(pose_vae: PoseVae) -> NumpyPoseDecoder:
    """The decoder of a pose VAE as it is now: later changes of its weights have no effect."""
    if isinstance(pose_vae.decoder, KinematicDecoder):
        return _KinematicPoseDecoder(pose_vae.decoder)
    return _LinearPoseDecoder(pose_vae.decoder)


class _Layers:
    """Linear layers with leaky ReLUs between them."""

    def __init__(self, layers: nn.Sequential, dtype: npt.DTypeLike) -> None:
        linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
        self._weights = [
            tuple(values.detach().float().cpu().numpy().astype(dtype) for values in (layer.weight, layer.bias))
            for layer in linear
        ]

    def __call__(self, latent: _Numbers) -> _Numbers:
        (weight, bias), *others = self._weights
        out: _Numbers = weight @ latent + bias
        for weight, bias in others:
            out = weight @ np.maximum(out, LEAK * out) + bias
        return out

    def with_jacobian(self, latent: _Numbers) -> tuple[_Numbers, _Numbers]:
        """latent [Z] -> the result [N] and its Jacobian [N, Z]."""
        (weight, bias), *others = self._weights
        out, jacobian = weight @ latent + bias, weight
        for weight, bias in others:
            slopes = np.where(out > 0, weight.dtype.type(1), weight.dtype.type(LEAK))
            out, jacobian = weight @ (out * slopes) + bias, (weight * slopes) @ jacobian
        return out, jacobian


class _LinearPoseDecoder:
    """The paper's; ten microseconds."""

    def __init__(self, decoder: LinearDecoder) -> None:
        self._layers = _Layers(decoder, np.float32)

    def __call__(self, pose_latent: Array) -> Array:
        return self._layers(pose_latent).reshape(-1, 3)

    def jacobian(self, pose_latent: Array) -> Array:
        """torch.func needs 20 ms for the same."""
        jacobian: Array = self._layers.with_jacobian(pose_latent)[1]
        return jacobian.reshape(-1, 3, len(pose_latent))


class _KinematicPoseDecoder:
    """`KinematicDecoder` in float64; 0.1 ms, its Jacobian 0.5 ms."""

    def __init__(self, decoder: KinematicDecoder) -> None:
        self._layers = _Layers(decoder.layers, np.float64)
        self._direct = decoder.direct.weight.detach().cpu().numpy().astype(np.float64)
        self._frames, self._lengths, self._middle, self._reach = (
            values.detach().cpu().numpy().astype(np.float64) for values in decoder.range
        )
        self._levels: Sequence[tuple[slice, list[int]]] = decoder.tree.levels
        self._placement = decoder.tree.placement.astype(np.float64)

    def __call__(self, pose_latent: Array) -> Array:
        latent = pose_latent.astype(np.float64)
        out = self._layers(latent) + self._direct @ latent
        values = self._middle + self._reach * np.tanh(out[:-6])
        pose: Array = self._pose(values[None], out[None, -6:])[0].astype(np.float32)
        return pose

    def jacobian(self, pose_latent: Array) -> Array:
        """Exact: derivatives are carried as imaginary parts."""
        latent = pose_latent.astype(np.float64)
        out, moves = self._layers.with_jacobian(latent)
        out, moves = out + self._direct @ latent, moves + self._direct
        bounded = np.tanh(out[:-6])
        slopes = self._reach * (1 - bounded**2)
        values = self._middle + self._reach * bounded + 1j * _STEP * (slopes[:, None] * moves[:-6]).T
        pose = self._pose(values, out[-6:] + 1j * _STEP * moves[-6:].T).imag / _STEP
        return np.moveaxis(pose, 0, -1).astype(np.float32)

    def _pose(self, values: _Numbers, columns: _Numbers) -> _Numbers:
        """As in `KinematicDecoder._pose`: values [B, 4 + 3 N], columns [B, 6] -> [B, J, 3]."""
        count = len(self._lengths)
        angles = values[:, 4 : 4 + 2 * count].reshape(-1, count, 2)
        bends = self._frames @ _bend_matrices(angles[..., 0], angles[..., 1])
        turned, directions = _orthonormal(columns)[:, None], np.empty((*angles.shape[:2], 3), values.dtype)
        for level, parents in self._levels:
            turned = turned[:, parents] @ bends[:, level]
            directions[:, level] = turned[..., 2]
        lengths = self._lengths * np.exp(values[:, 3:4] + values[:, 4 + 2 * count :])
        pose: _Numbers = values[:, None, :3] + self._placement @ (lengths[..., None] * directions)
        return pose


def _bend_matrices(a: _Numbers, b: _Numbers) -> _Numbers:
    """As in `rotations.bend_matrices`."""
    half = 0.5 * np.sqrt(a * a + b * b + _TINY)
    ratio = np.sin(half) / half
    first, second = ratio * np.cos(half), 0.5 * ratio * ratio
    matrices = np.empty((*a.shape, 3, 3), a.dtype)
    matrices[..., 0, 2], matrices[..., 1, 2] = first * a, first * b
    matrices[..., 2, 0], matrices[..., 2, 1] = -matrices[..., 0, 2], -matrices[..., 1, 2]
    aa, bb = second * a * a, second * b * b
    matrices[..., 0, 0], matrices[..., 1, 1], matrices[..., 2, 2] = 1 - aa, 1 - bb, 1 - aa - bb
    matrices[..., 0, 1] = matrices[..., 1, 0] = -second * a * b
    return matrices


def _orthonormal(columns: _Numbers) -> _Numbers:
    """columns [B, 6] -> [B, 3, 3], as in `rotations.orthonormal`."""
    first, second = columns[:, :3], columns[:, 3:]
    x = _unit(first)
    y = _unit(second - (x * second).sum(axis=1, keepdims=True) * x)
    return np.stack([x, y, np.cross(x, y)], axis=2)


def _unit(vectors: _Numbers) -> _Numbers:
    unit: _Numbers = vectors / np.sqrt((vectors * vectors).sum(axis=1, keepdims=True) + _TINY)
    return unit
