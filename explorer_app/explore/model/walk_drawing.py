"""The views of a walk as images: depth, and the skeleton from any side. Imports Pillow when called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explorer_app.explore.model.solids import has_volume, volume
from explorer_app.model.colours import printed_depth
from explorer_app.model.scene import BONE_RADIUS, JOINT_RADIUS, Orbit, far_to_near, figure
from explorer_app.resources import resource

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from explorer_app.model.hand.model import HandModel, Pictures

Tile = npt.NDArray[np.uint8]

VIEWS = {"real": "Real depth", "synthetic": "Synthetic depth", "skeleton": "Skeleton"}
BACKGROUND = 255
_SUPERSAMPLING = 3
_LEAST_SHADE = 0.45
_CAPTION_SHARE = 0.09


@dataclass(frozen=True)
class Look:
    """side_px: of a view, even; None for what suits the format. orbit: where the skeleton is seen from; None for the
    depth camera. has_volume: the hand's skin behind the bones. caption: a line below the views, empty for none.
    is_transparent: without a background, where the format can.
    """

    side_px: int | None = None
    orbit: Orbit | None = None
    has_volume: bool = False
    caption: str = ""
    is_transparent: bool = False


def draw(model: HandModel, pictures: Pictures, views: tuple[str, ...], side_px: int, look: Look) -> list[Tile]:
    """One tile [side_px, side_px, 4] for each of `views`, transparent where nothing is."""
    return [_tile(model, pictures, view, side_px, look) for view in views]


def on_white(tile: Tile) -> Tile:
    """[H, W, 4] -> [H, W, 3]."""
    alpha = tile[..., 3:].astype(np.uint16)
    mixed = (tile[..., :3] * alpha + BACKGROUND * (255 - alpha)) // 255
    return mixed.astype(np.uint8)


def caption_of(text: str, width: int, side_px: int) -> Tile:
    """A line of text [h, width, 4], h even; h = 0 without a text."""
    from PIL import Image, ImageDraw, ImageFont

    height = 2 * round(_CAPTION_SHARE * side_px / 2) if text else 0
    image = Image.new("RGBA", (width, height))
    if text:
        font = ImageFont.truetype(str(resource("fonts", "DejaVuSans.ttf")), max(round(0.6 * height), 8))
        ImageDraw.Draw(image).text((width / 2, height / 2), text, fill=(40, 40, 44), font=font, anchor="mm")
    return np.asarray(image)


def _tile(model: HandModel, pictures: Pictures, view: str, side_px: int, look: Look) -> Tile:
    from PIL import Image

    if view == "skeleton":
        return _draw_skeleton(model, model.decode_pose(pictures.latent), side_px, look)
    values = pictures.real if view == "real" else pictures.synthetic
    colours = printed_depth(values, model.half_mm)
    is_there = np.where(np.isfinite(values), 255, 0).astype(np.uint8)
    resampling = Image.Resampling.NEAREST if side_px % len(values) == 0 else Image.Resampling.BILINEAR
    image = Image.fromarray(np.dstack([colours, is_there]))
    return np.asarray(image.resize((side_px, side_px), resampling))


def _draw_skeleton(model: HandModel, pose: npt.NDArray[np.floating], side_px: int, look: Look) -> Tile:
    """By the depth camera as large as in the depth images beside it; far parts first."""
    from PIL import Image, ImageDraw

    side = side_px * _SUPERSAMPLING
    drawn = figure(model.skeleton, pose)
    image = Image.new("RGBA", (side, side), (BACKGROUND, BACKGROUND, BACKGROUND, 0))
    if look.has_volume and has_volume(model.skeleton):
        _draw_volume(image, pose, look.orbit)
    canvas = ImageDraw.Draw(image)
    px, away, scale = _project(drawn.points, side, look.orbit)
    for a, b in far_to_near(drawn, away.tolist()):
        if a == b:
            canvas.circle(tuple(px[a]), scale[a] * JOINT_RADIUS, fill=drawn.colours[a])
        else:
            width = round(float(scale[a] + scale[b]) * BONE_RADIUS)
            canvas.line([tuple(px[a]), tuple(px[b])], fill=drawn.colours[b], width=width)
    return np.asarray(image.resize((side_px, side_px), Image.Resampling.BOX))


def _draw_volume(image: Picture, pose: npt.NDArray[np.floating], orbit: Orbit | None) -> None:
    """The skin's triangles that face the camera, far ones first, brighter the more they face it."""
    from PIL import ImageDraw

    skin = volume(pose)
    px, away, _ = _project(skin.vertices, image.width, orbit)
    axes = orbit.axes[2] if orbit is not None else np.array([0.0, 0.0, 1.0])
    facing = -(skin.normals[skin.faces].mean(axis=1) @ axes)
    shown = np.flatnonzero(facing > 0)
    shown = shown[np.argsort(-away[skin.faces[shown]].mean(axis=1))]
    shades = _LEAST_SHADE + (1 - _LEAST_SHADE) * facing[shown]
    colours = (255 * skin.colours[skin.faces[shown, 0], :3] * shades[:, None]).clip(0, 255).astype(int)
    canvas = ImageDraw.Draw(image)
    for face, colour in zip(skin.faces[shown], colours.tolist(), strict=True):
        canvas.polygon([tuple(corner) for corner in px[face].tolist()], fill=tuple(colour))


def _project(
    points: npt.NDArray[np.floating], side: int, orbit: Orbit | None
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """points [N, 3] -> px [N, 2], distance from the camera [N], px per unit there [N]."""
    if orbit is not None:
        return orbit.project(points, side, side)
    half = side / 2
    return half + half * points[:, :2] * (1, -1), points[:, 2], np.full(len(points), half)
