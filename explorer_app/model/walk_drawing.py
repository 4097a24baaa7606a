"""One position of a walk as tiles of pixels, without Qt, so that a thread can draw thousands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explorer_app.model.colours import depth_colours
from explorer_app.model.scene import figure

if TYPE_CHECKING:
    from explorer_app.model.hand_model import HandModel, Pictures

Tile = npt.NDArray[np.uint8]

VIEWS = {"real": "Real depth", "synthetic": "Synthetic depth", "skeleton": "Skeleton"}
_BACKGROUND = (255, 255, 255)
_SUPERSAMPLING = 3
_BONE, _JOINT = 0.045, 0.036
"""Width of a bone and radius of a joint, in half cube edges, as on screen."""


def draw(model: HandModel, pictures: Pictures, views: tuple[str, ...], side_px: int) -> list[Tile]:
    """One tile [side_px, side_px, 3] for each of `views`."""
    return [_tile(model, pictures, view, side_px) for view in views]


def _tile(model: HandModel, pictures: Pictures, view: str, side_px: int) -> Tile:
    from PIL import Image

    if view == "skeleton":
        return _draw_skeleton(model, model.decode_pose(pictures.latent), side_px)
    values = pictures.real if view == "real" else pictures.synthetic
    colours = depth_colours(values, -model.half_mm, model.half_mm, _BACKGROUND)[..., :3]
    resampling = Image.Resampling.NEAREST if side_px % len(values) == 0 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(colours).resize((side_px, side_px), resampling))


def _draw_skeleton(model: HandModel, pose: npt.NDArray[np.floating], side_px: int) -> Tile:
    """As large as in the depth pictures beside it, far parts first."""
    from PIL import Image, ImageDraw

    side = side_px * _SUPERSAMPLING
    drawn = figure(model.skeleton, pose)
    half = side / 2
    px, away = half + half * drawn.points[:, :2] * (1, -1), drawn.points[:, 2]
    image = Image.new("RGB", (side, side), _BACKGROUND)
    canvas = ImageDraw.Draw(image)
    parts = [((away[a] + away[b]) / 2, a, b) for a, b in drawn.known_bones]
    parts += [(away[joint] - _JOINT, joint, joint) for joint in drawn.known_joints]
    for _, a, b in sorted(parts, reverse=True):
        if a == b:
            canvas.circle(tuple(px[a]), half * _JOINT, fill=drawn.colours[a])
        else:
            canvas.line([tuple(px[a]), tuple(px[b])], fill=drawn.colours[b], width=round(half * _BONE))
    return np.asarray(image.resize((side_px, side_px), Image.Resampling.BOX))
