"""Things before and beside the hand, for a batch of crops on its device: random ones in a random share of the images.

They are for networks that read images, so that they find a hand that holds something. They are of no kind: boxes,
cylinders and ellipsoids of any size, turn and place. The simulator's things are in `lsps_core.simulator.things`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lsps_core.data.crop import BACKGROUND

_SHARE = 0.4
"""of the images: those with a thing"""
_SHORTEST, _LONGEST = 0.05, 0.6
"""half a thing's edge: 6 to 75 mm, as a share of half the cube (usually 125 mm)"""
_BESIDE, _NEARER, _FARTHER = 0.45, 0.35, 0.25
"""its middle, from a point of the hand: to each side at most, and along the view"""
_EPSILON = 1e-6


def occlude(image: Tensor, generator: torch.Generator) -> Tensor:
    """image [B, 1, S, S] as `normalise` makes it -> the same with one thing in some; generator: on the image's device.

    Of the thing and the hand, each pixel shows the nearer one. An image without a hand stays as it is.
    """
    has_hand = (image < BACKGROUND).flatten(1).any(dim=1)
    chance = torch.rand(len(image), generator=generator, device=image.device)
    chosen = torch.nonzero(has_hand & (chance < _SHARE))[:, 0]
    hands = image[chosen]
    draw = torch.rand(len(hands), 8, generator=generator, device=image.device)
    turn, _ = torch.linalg.qr(torch.randn(len(hands), 3, 3, generator=generator, device=image.device))
    half = _SHORTEST * (_LONGEST / _SHORTEST) ** draw[:, 4:7]
    surface = _surface(_near_the_hand(hands, draw[:, :4]), turn, half, (3 * draw[:, 7]).long(), image.shape[-1])
    is_shown = (surface > -1.0) & (surface < hands[:, 0])
    return image.index_copy(0, chosen, torch.where(is_shown, surface, hands[:, 0])[:, None])


def _near_the_hand(image: Tensor, draw: Tensor) -> Tensor:
    """image [B, 1, S, S], draw [B, 4] in 0 to 1 -> [B, 3]: the middle of each thing in the cube, x, y, z in -1 to 1."""
    flat, size = image.flatten(1), image.shape[-1]
    weight = (flat < BACKGROUND).float() + _EPSILON
    share = weight.cumsum(dim=1) / weight.sum(dim=1, keepdim=True)
    pixel = torch.searchsorted(share, draw[:, :1].contiguous()).clamp(max=size * size - 1)
    depth = flat.gather(1, pixel)[:, 0]
    column, row = pixel[:, 0] % size, pixel[:, 0] // size
    at = torch.stack([2 * (column + 0.5) / size - 1, 2 * (row + 0.5) / size - 1, depth], dim=1)
    beside = torch.stack([draw[:, 1] - 0.5, draw[:, 2] - 0.5], dim=1) * (2 * _BESIDE)
    along = draw[:, 3:] * (_NEARER + _FARTHER) - _NEARER
    return at + torch.cat([beside, along], dim=1)


def _surface(middle: Tensor, turn: Tensor, half: Tensor, kind: Tensor, size: int) -> Tensor:
    """The near side of each thing along parallel rays, [B, S, S]; +inf beside it.

    middle [B, 3], turn [B, 3, 3], half [B, 3] of its edges; kind [B]: 0 a box, 1 a cylinder, 2 an ellipsoid. A ray is
    inside where it is past all that bounds the thing: pairs of planes across its own axes, and a round side about two
    or three of them.
    """
    step = 2 * (torch.arange(size, device=middle.device) + 0.5) / size - 1
    x, y, z = (rows.T[:, :, None, None] for rows in (turn / half[:, None]).unbind(dim=1))  # [3, B, 1, 1] each
    from_middle = torch.einsum("bi,bij->jb", middle, turn / half[:, None])[:, :, None, None]
    start = x * step + y * step[:, None] - from_middle
    way = torch.where(z.abs() < _EPSILON, _EPSILON, z)
    is_round = torch.stack([kind > 0, kind > 0, kind > 1])[:, :, None, None]
    middle_of_planes, half_way = -start / way, 1 / way.abs()
    enter = torch.where(is_round, -torch.inf, middle_of_planes - half_way).amax(dim=0)
    leave = torch.where(is_round, torch.inf, middle_of_planes + half_way).amin(dim=0)
    a, b, c = ((is_round * product).sum(dim=0) for product in (way * way, way * start, start * start))
    inside, has_round = b * b - a * (c - 1), is_round.any(dim=0)
    root, a = inside.clamp(min=0).sqrt(), a.clamp(min=_EPSILON**2)
    enter = torch.where(has_round, torch.maximum(enter, (-b - root) / a), enter)
    leave = torch.where(has_round, torch.minimum(leave, (-b + root) / a), leave)
    is_hit = (enter < leave) & (~has_round | (inside > 0))
    return enter.masked_fill(~is_hit, torch.inf)
