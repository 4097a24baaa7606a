"""Colours of depth and of fingers, the same in every view; distinguishable for colour-blind users."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lsps_core.skeleton import PALM

Rgb = tuple[int, int, int]

FINGER_COLOURS: dict[str, Rgb] = {
    PALM: (153, 153, 153),
    "thumb": (230, 159, 0),
    "index": (86, 180, 233),
    "middle": (0, 158, 115),
    "ring": (204, 121, 167),
    "little": (213, 94, 0),
}
"""Okabe & Ito's palette, distinguishable with every kind of colour vision."""

# Viridis, magma (van der Walt & Smith, CC0) and cividis (Nuñez, Anderton & Renslow, CC0) in
# perceptually even steps. Their darkest and whitest ends are left out, to differ from the background.
_ANCHORS = {
    "viridis": (
        (72, 27, 109), (65, 66, 125), (56, 88, 140), (45, 112, 142), (37, 133, 142), (30, 155, 138),
        (43, 176, 127), (81, 197, 105), (133, 213, 74), (194, 223, 35), (253, 231, 37),
    ),
    "cividis": (
        (0, 45, 104), (38, 61, 110), (66, 78, 108), (89, 94, 110), (110, 111, 115), (131, 129, 121),
        (154, 147, 118), (179, 166, 112), (204, 186, 100), (230, 208, 81), (254, 232, 56),
    ),
    "magma": (
        (59, 15, 112), (90, 22, 126), (120, 34, 129), (150, 44, 128), (183, 55, 121), (213, 68, 109),
        (237, 90, 95), (249, 123, 93), (254, 159, 109), (254, 196, 136), (253, 231, 169),
    ),
    "grey": ((62, 62, 62), (222, 222, 222)),
}  # fmt: skip

_NEARER, _FARTHER = (0, 90, 181), (230, 97, 0)


def _table(anchors: Sequence[Rgb]) -> npt.NDArray[np.uint8]:
    positions = np.linspace(0, 1, len(anchors))
    steps = np.linspace(0, 1, 256)
    channels = [np.interp(steps, positions, [anchor[channel] for anchor in anchors]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


COLOUR_MAPS = {name: _table(anchors) for name, anchors in _ANCHORS.items()}
"""By name: uint8 [256, 3], from far (dark) to near (bright)."""

DEFAULT_COLOUR_MAP = "viridis"

DEPTH_TABLE = COLOUR_MAPS[DEFAULT_COLOUR_MAP]

_DIFFERENCE_TABLES = {
    False: _table((_NEARER, (118, 160, 212), (226, 226, 226), (240, 165, 105), _FARTHER)),
    True: _table(((90, 170, 255), (52, 98, 150), (58, 60, 66), (150, 84, 34), (255, 140, 40))),
}


def difference_table(is_dark: bool) -> npt.NDArray[np.uint8]:
    """uint8 [256, 3], from nearer (blue) over alike (grey) to farther (orange), for a dark or a light desktop."""
    return _DIFFERENCE_TABLES[is_dark]


def one_only_colour(is_dark: bool) -> Rgb:
    """Where only one of two images has a hand: a neutral colour, distinct from blue and orange."""
    return (236, 236, 236) if is_dark else (48, 48, 52)


ANNOTATED: Rgb = (255, 255, 255)
"""An annotated skeleton over a depth picture."""

_NOTHING = 256
"""The index after those of a table: no depth."""


def depth_colours(
    values: npt.NDArray[np.floating],
    near: float,
    far: float,
    background: Rgb,
    table: npt.NDArray[np.uint8] = DEPTH_TABLE,
) -> npt.NDArray[np.uint8]:
    """Depth [H, W] (NaN = nothing there) -> opaque RGBA [H, W, 4]; beyond `near` and `far` the end colours are used."""
    colours = np.full((_NOTHING + 1, 4), 255, dtype=np.uint8)
    colours[:_NOTHING, :3], colours[_NOTHING, :3] = table, background
    entries = ((far - values) * (255 / (far - near))).clip(0, 255)
    entries = np.where(np.isfinite(values), entries, _NOTHING).astype(np.int16)
    # whole pixels are looked up: four times as fast as rows of bytes
    return colours.view(np.uint32)[:, 0].take(entries).view(np.uint8).reshape(*values.shape, 4)


def printed_depth(values: npt.NDArray[np.floating], half_mm: float) -> npt.NDArray[np.uint8]:
    """Depth [H, W] of a cube (NaN = nothing there) -> RGB [H, W, 3] on white, for files."""
    return depth_colours(values, -half_mm, half_mm, (255, 255, 255))[..., :3]


def difference_colours(
    difference_mm: npt.NDArray[np.floating],
    is_in_one_only: npt.NDArray[np.bool_],
    limit_mm: float,
    background: Rgb,
    is_dark: bool,
) -> npt.NDArray[np.uint8]:
    """Signed differences [H, W] (NaN = not in both) -> opaque RGBA [H, W, 4]; the end colours beyond the limit."""
    is_known = np.isfinite(difference_mm)
    position = np.where(is_known, difference_mm / limit_mm, 0.0).clip(-1, 1)
    picture = np.full((*difference_mm.shape, 4), 255, dtype=np.uint8)
    picture[..., :3] = difference_table(is_dark)[np.rint(127.5 + position * 127.5).astype(np.intp).clip(0, 255)]
    picture[~is_known, :3] = background
    picture[is_in_one_only, :3] = one_only_colour(is_dark)
    return picture
