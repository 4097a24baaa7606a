"""The cube around a hand: cut out of a depth image, as the networks see it, and back to millimetres.

A cube of edge 2 * half_mm is centred on center_mm. Its crop is the perspective window of the cube's middle plane
(Oberweger & Lepetit 2017, "DeepPrior++"): crop pixel (row i, column j) of S x S has the normalised coordinates
a = (2j + 1) / S - 1 (right) and b = 1 - (2i + 1) / S (up), and looks along the ray through
center_mm + half_mm * (a, b, 0). Pixel centres are at integers, in raw images and in crops.

Nothing here imports torch at run time: `normalise` and the rest use the methods of their tensors, so that overlays and
importers start without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera, FloatArray

if TYPE_CHECKING:
    from torch import Tensor

DEFAULT_CUBE_MM = 250.0
DEFAULT_SIZE = 128
BACKGROUND = 1.0
"""The normalised value of pixels without a reading, and of the far face."""
FAR_FACE = 0.95
"""Normalised depth from here on counts as background: a decoder's tanh never reaches 1, least of all early in
training, and the last 6 mm before the far face of a usual cube hold no hand."""

DepthArray = npt.NDArray[np.uint16] | FloatArray


def cube_window(camera: Camera, center_mm: npt.ArrayLike, half_mm: float) -> tuple[float, float, float, float]:
    """(u0, v0, u1, v1): left, top, right and bottom edge, in raw px, of the window of `crop`.

    center_mm [3]. ValueError for a cube that is not finite, has no edge or is not in front of the camera.
    """
    x, y, z = (float(value) for value in np.asarray(center_mm, dtype=np.float64))
    half = float(half_mm)
    if not np.isfinite([x, y, z, half]).all() or z <= 0 or half <= 0:
        raise ValueError(
            f"no cube of half edge {half:g} mm around ({x:g}, {y:g}, {z:g}) mm: "
            "give finite numbers, an edge above 0 and a centre in front of the camera (z > 0)"
        )
    return (
        camera.cx + camera.fx * (x - half) / z,
        camera.cy - camera.fy * (y + half) / z,
        camera.cx + camera.fx * (x + half) / z,
        camera.cy - camera.fy * (y - half) / z,
    )


def crop(
    depth_mm: DepthArray, camera: Camera, center_mm: npt.ArrayLike, half_mm: float, size: int = DEFAULT_SIZE
) -> npt.NDArray[np.uint16]:
    """Cut the cube out of a raw frame: depth_mm [H, W] (0 = no reading) -> uint16 [S, S].

    Nearest neighbour, since a depth interpolated between a finger and the wall behind it is wrong. Outside the image,
    without a reading and behind the far face is 0; a reading in front of the near face is kept (`normalise` clips it).
    """
    u0, v0, u1, v1 = cube_window(camera, center_mm, half_mm)
    far_mm = float(np.asarray(center_mm)[2]) + half_mm
    height, width = depth_mm.shape
    steps = (np.arange(size) + 0.5) / size
    columns = np.floor(u0 + (u1 - u0) * steps + 0.5)
    rows = np.floor(v0 + (v1 - v0) * steps + 0.5)
    is_inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))[None, :]
    rows, columns = rows.clip(0, height - 1).astype(np.intp), columns.clip(0, width - 1).astype(np.intp)
    values = depth_mm[rows[:, None], columns[None, :]]
    if values.dtype == np.uint16:  # the usual case, several times as fast with integers
        whole: npt.NDArray[np.uint16] = values * (is_inside & (values <= np.uint16(min(far_mm, 65535.0))))
        return whole
    is_kept = is_inside & (values > 0) & (values <= min(far_mm, 65535.0))  # False for NaN as well
    return np.rint(np.where(is_kept, values, 0)).astype(np.uint16)


def crop_pixels(
    points_mm: FloatArray, camera: Camera, center_mm: npt.ArrayLike, half_mm: float, size: int = DEFAULT_SIZE
) -> FloatArray:
    """points_mm [..., 3] -> [..., 2]: column and row px in the crop of that cube, also for points outside it."""
    u0, v0, u1, v1 = cube_window(camera, center_mm, half_mm)
    uvd = camera.project(np.asarray(points_mm, dtype=np.float64))
    edges = np.array([u0, v0])
    pixels: FloatArray = (uvd[..., :2] - edges) / (np.array([u1, v1]) - edges) * size - 0.5
    return pixels


def uncrop_pixels(
    pixels: FloatArray,
    depth_mm: npt.ArrayLike,
    camera: Camera,
    center_mm: npt.ArrayLike,
    half_mm: float,
    size: int = DEFAULT_SIZE,
) -> FloatArray:
    """Crop pixels [..., 2] (column, row) and their depth_mm [...] -> points_mm [..., 3]; inverts `crop_pixels`."""
    u0, v0, u1, v1 = cube_window(camera, center_mm, half_mm)
    edges = np.array([u0, v0])
    uv = edges + (np.asarray(pixels, dtype=np.float64) + 0.5) / size * (np.array([u1, v1]) - edges)
    depth = np.broadcast_to(np.asarray(depth_mm, dtype=np.float64), uv.shape[:-1])
    return camera.unproject(np.concatenate([uv, depth[..., None]], axis=-1))


def normalise(depth_mm: Tensor, center_mm: Tensor, half_mm: Tensor) -> Tensor:
    """Crops as input of the networks: depth_mm [B, S, S] of any number type -> float32 [B, 1, S, S] in [-1, 1].

    center_mm [B, 3], half_mm [B]. The near face of the cube is -1, the far face +1; without a reading (0) it is +1.
    """
    depth = depth_mm.float()
    image = (depth - center_mm[:, 2, None, None]) / half_mm[:, None, None]
    return image.clamp(-1.0, 1.0).masked_fill(depth <= 0, BACKGROUND).unsqueeze(1)


def denormalise(image: Tensor, center_mm: Tensor, half_mm: Tensor) -> Tensor:
    """The inverse of `normalise`: image [B, 1, S, S] -> depth_mm float32 [B, S, S], background -> 0.

    center_mm [B, 3], half_mm [B]. From FAR_FACE on it is background.
    """
    flat = image.float().squeeze(1)
    depth = center_mm[:, 2, None, None] + flat * half_mm[:, None, None]
    return depth.masked_fill(flat >= FAR_FACE, 0.0)


def to_pose(joints_mm: Tensor, center_mm: Tensor, half_mm: Tensor) -> Tensor:
    """joints_mm [B, J, 3], center_mm [B, 3], half_mm [B] -> pose [B, J, 3]: 1.0 is half the cube's edge."""
    return (joints_mm - center_mm[:, None, :]) / half_mm[:, None, None]


def camera_center(center_mm: Tensor, half_mm: Tensor) -> Tensor:
    """center_mm [B, 3], half_mm [B] -> [B, 3]: the cubes' centres from the camera, in half cubes."""
    return center_mm / half_mm[:, None]


def to_joints_mm(pose: Tensor, center_mm: Tensor, half_mm: Tensor) -> Tensor:
    """pose [B, J, 3], center_mm [B, 3], half_mm [B] -> joints_mm [B, J, 3]; the inverse of `to_pose`."""
    return pose * half_mm[:, None, None] + center_mm[:, None, :]
