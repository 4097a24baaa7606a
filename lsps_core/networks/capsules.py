"""M over a drawing of the hand as capsules along the bones of its skeleton."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from lsps_core.config.model import IMAGE_SIZE, ModelConfig
from lsps_core.data.crop import FAR_FACE
from lsps_core.networks.drawn_mapping import DrawnMapping

Bones = tuple[tuple[int, int], ...]

_RADIUS = 0.08
"""Of every capsule at first, in half cubes: a thick finger's. Each end's is learned."""
_BEYOND_ROOT = 1.5
"""Length of the capsule beyond a root, in distances between the root and the mean of its children."""
_MARGIN = 0.2
"""Of that length: what is farther from the root is beyond the skeleton."""
_NEAREST = 0.5
"""Of a point from the camera."""
_STEEP = 30.0
"""Depth over distance outside a capsule, in half cubes each: the outline is about a pixel wide."""


class CapsuleMapping(DrawnMapping):
    """Over a drawing of capsules along bones, for any skeleton.

    Beside the bones there is a capsule beyond each root, in a hand for the start of the forearm, which has no joint.
    It is drawn at half the size, which takes a sixth of the time.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        if not config.bones:
            raise ValueError("a mapping over capsules needs the skeleton's bones; ModelConfig.bones is empty")
        self.bones = config.bones
        self.log_radius = nn.Parameter(torch.full((2, len(self.bones) + len(_roots(self.bones))), math.log(_RADIUS)))

    def draw(self, pose: Tensor, center: Tensor) -> Tensor:
        start, end = (seen_from(points, center) for points in capsule_ends(pose, self.bones))
        drawing = draw_capsules(start, end, self.log_radius.exp(), IMAGE_SIZE // 2)
        return functional.interpolate(drawing, size=IMAGE_SIZE, mode="bilinear")


def capsule_ends(pose: Tensor, bones: Bones) -> tuple[Tensor, Tensor]:
    """pose [B, J, 3] -> where capsules start and end [B, K, 3]: those of the bones, then one beyond each root."""
    parents, children = (list(joints) for joints in zip(*bones, strict=True))
    roots = _roots(bones)
    near = [pose[:, [child for parent, child in bones if parent == root]].mean(dim=1) for root in roots]
    root = pose[:, roots]
    beyond = root + _BEYOND_ROOT * (root - torch.stack(near, dim=1))
    return torch.cat([pose[:, parents], root], dim=1), torch.cat([pose[:, children], beyond], dim=1)


def is_beyond_root(pose: Tensor, center: Tensor, image: Tensor, bones: Bones) -> Tensor:
    """Which pixels of image [B, 1, S, S] show what is beyond a root of pose [B, J, 3], as a forearm beyond a wrist.

    bool [B, 1, S, S]; a pixel without a reading is taken to be at the root's depth. center as in `CapsuleMapping`.
    """
    count = len(_roots(bones))
    start, end = (seen_from(points[:, -count:], center)[..., :3] for points in capsule_ends(pose.float(), bones))
    length = (end - start).norm(dim=-1, keepdim=True)
    axis = (end - start) / length.clamp(min=1e-6)
    place = _pixel_centers(image.shape[-1], image.device)
    across = _grid((-place - start[..., 1:2]) * axis[..., 1:2], (place - start[..., :1]) * axis[..., :1])
    behind = (image.float() - start[..., 2, None, None]) * axis[..., 2, None, None]
    along = across + behind.masked_fill(image >= FAR_FACE, 0.0)
    is_beyond: Tensor = (along > _MARGIN * length[..., None]).any(dim=1, keepdim=True)
    return is_beyond


def seen_from(points: Tensor, center: Tensor) -> Tensor:
    """points [B, K, 3] of a pose, center [B, 3] -> [B, K, 4]: right, up and depth in the crop, and the scale there.

    The crop is the perspective window of the cube's middle plane, see `lsps_core.data.crop`; all in half cubes.
    """
    side, distance = center[:, None, :2], center[:, None, 2:]
    scale = distance / (distance + points[..., 2:]).clamp(min=_NEAREST)
    return torch.cat([(side + points[..., :2]) * scale - side, points[..., 2:], scale], dim=-1)


def _roots(bones: Bones) -> list[int]:
    parents, children = zip(*bones, strict=True)
    return sorted(set(parents) - set(children))


def draw_capsules(start: Tensor, end: Tensor, radius: Tensor, size: int) -> Tensor:
    """start and end [B, K, 4] of `seen_from`, radius [2, K] at them, in half cubes -> depth [B, 1, size, size].

    In [-1, 1]: of each pixel the nearest capsule, 1 beside all. Outside of a capsule the depth rises by a steep slope,
    so that the outline has a gradient.
    """
    along = end - start
    place = _pixel_centers(size, start.device)
    x = place - start[..., :1]  # [B, K, size], by column
    y = -place - start[..., 1:2]  # by row
    squared_length = along[..., :2].square().sum(dim=-1)[..., None] + 1e-6  # a capsule may point at the camera
    share = _grid(y * along[..., 1:2], x * along[..., :1]) / squared_length[..., None]
    inside = share.clamp(0, 1)
    squared = _grid(y.square(), x.square()) + squared_length[..., None] * inside * (inside - 2 * share)
    first, second = (radius[:, None] * torch.stack([start[..., 3], end[..., 3]]))[..., None, None]
    thickness = first + (second - first) * inside
    middle = start[..., 2, None, None] + along[..., 2, None, None] * inside
    distance = squared.clamp(min=1e-9).sqrt()
    bulge = (thickness.square() - squared).clamp(min=1e-6).sqrt()
    front = middle - bulge + _STEEP * (distance - thickness).clamp(min=0)
    nearest: Tensor = front.amin(dim=1, keepdim=True)
    return nearest.clamp(-1, 1)


def _pixel_centers(size: int, device: torch.device) -> Tensor:
    """[size]: of columns, from left to right; of rows the negative, as up is positive."""
    return (torch.arange(size, device=device) + 0.5) * (2 / size) - 1


def _grid(rows: Tensor, columns: Tensor) -> Tensor:
    """[B, K, size] twice -> their sums [B, K, size, size]."""
    return rows[..., :, None] + columns[..., None, :]
