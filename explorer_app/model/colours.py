"""Colours of depth and of fingers, the same in every view; chosen to hold for colour-blind eyes."""

from __future__ import annotations

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
"""Okabe & Ito's palette, whose members stay apart for every kind of colour vision."""

# Viridis (van der Walt & Smith, CC0), every 32nd entry: evenly spaced to the eye. Its darkest violet is left out, so
# that the far end stays apart from a dark background.
_ANCHORS = (
    (72, 27, 109), (65, 66, 125), (56, 88, 140), (45, 112, 142), (37, 133, 142), (30, 155, 138),
    (43, 176, 127), (81, 197, 105), (133, 213, 74), (194, 223, 35), (253, 231, 37),
)  # fmt: skip


def _table() -> npt.NDArray[np.uint8]:
    positions = np.linspace(0, 1, len(_ANCHORS))
    steps = np.linspace(0, 1, 256)
    channels = [np.interp(steps, positions, [anchor[channel] for anchor in _ANCHORS]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


DEPTH_TABLE = _table()
"""uint8 [256, 3], from far (dark) to near (bright)."""


def depth_colours(values: npt.NDArray[np.floating], near: float, far: float, background: Rgb) -> npt.NDArray[np.uint8]:
    """Depth [H, W] (NaN = nothing there) -> opaque RGBA [H, W, 4]; beyond `near` and `far` the end colours hold."""
    is_known = np.isfinite(values)
    nearness = np.where(is_known, (far - values) / (far - near), 0.0)
    entries = (nearness.clip(0, 1) * 255).astype(np.uint8)
    picture = np.empty((*values.shape, 4), dtype=np.uint8)
    picture[..., :3] = np.where(is_known[..., None], DEPTH_TABLE[entries], np.array(background, dtype=np.uint8))
    picture[..., 3] = 255
    return picture
