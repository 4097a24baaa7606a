"""Real crops beside simulated ones of each camera: holes, rims, outlines and axial noise.

Run as `python tests/benchmarks/camera_statistics.py`. The real frames are six of an SR305 (structured light) and one of
NYU's Kinect, in `shared/data` beside the project; without them the simulated rows are printed alone. The simulated
hands are as far away and cropped as large as the real ones. `--sheets DIR` also draws the crops.

    holes    pixels without a reading inside the hand, % of it
    rims     pixels without a reading on the left of a nearer part of the hand, % of it, and their mean width, px
    rough    mean distance of the outline from its smoothed self, px
    dots     separate parts of less than 12 px, a frame
    noise    standard deviation about a quadratic surface of 5x5 px where the hand faces the camera, mm, and the same of
             the difference between neighbours, which is smaller where the noise is smooth
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from scipy import ndimage

from lsps_core.camera import NYU, SR305, Camera
from lsps_core.data.crop import crop
from lsps_core.data.hand_search import find_hand
from lsps_core.simulator.cameras.registry import CAMERAS, load
from lsps_core.simulator.hand import forearm_direction, forward_kinematics, sample_shapes
from lsps_core.simulator.poses import SENSOR_POSES, sample_poses
from lsps_core.simulator.render import cut_to_cube, render
from lsps_core.simulator.sensor import sense
from lsps_core.simulator.surface import hand_surface, with_forearm

REAL_DATA = Path(__file__).parents[3] / "shared" / "data"
COLUMNS = ("holes %", "rims %", "width px", "rough px", "dots", "noise mm", "step mm")
_JUMP_MM = 10.0
_WIDEST_RIM_PX = 10

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Crops:
    """depth_mm [B, S, S], 0 = no reading; center_mm [B, 3]; half_mm."""

    depth_mm: FloatArray
    center_mm: FloatArray
    half_mm: float


def statistics(depth_mm: FloatArray) -> dict[str, float]:
    """One crop [S, S] -> COLUMNS by name; NaN where there is nothing to measure."""
    reading = depth_mm > 0
    labels, count = ndimage.label(reading, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    hand = labels == 1 + int(np.argmax(sizes))
    solid = ndimage.binary_fill_holes(ndimage.binary_closing(np.pad(hand, 4), iterations=2))[4:-4, 4:-4] | hand
    rims = _rims(depth_mm * hand, solid)
    noise, step = _axial_noise(depth_mm, hand)
    return {
        "holes %": 100 * float((solid & ~reading).sum() / solid.sum()),
        "rims %": 100 * sum(rims) / float(hand.sum()),
        "width px": float(np.mean(rims)) if rims else np.nan,
        "rough px": _roughness(ndimage.binary_fill_holes(hand)),
        "dots": float((sizes < 12).sum()),
        "noise mm": noise,
        "step mm": step,
    }


def _rims(depth_mm: FloatArray, solid: BoolArray) -> list[int]:
    """Widths of the gaps along rows, inside the hand, between a nearer part on the right and a farther on the left."""
    widths = []
    for row, is_solid in zip(depth_mm, solid, strict=True):
        for left, right in pairwise(np.flatnonzero(row)):
            is_gap = 1 < right - left <= _WIDEST_RIM_PX and is_solid[left:right].all()
            if is_gap and row[left] - row[right] > _JUMP_MM:
                widths.append(int(right - left - 1))
    return widths


def _roughness(hand: BoolArray) -> float:
    smooth = ndimage.gaussian_filter(hand.astype(float), 2.0) > 0.5
    inside = ndimage.binary_erosion(smooth, border_value=1)
    return float((hand != smooth).sum() / max(int((smooth & ~inside).sum()), 1))


def _axial_noise(depth_mm: FloatArray, hand: BoolArray) -> tuple[float, float]:
    """(deviation from quadratic patches, deviation of steps between neighbours over root 2), medians over patches."""
    window = np.lib.stride_tricks.sliding_window_view
    patches = window(depth_mm, (5, 5)).reshape(-1, 25)
    patches = patches[window(hand & (depth_mm > 0), (5, 5)).reshape(-1, 25).all(axis=1)]
    y, x = (axis.ravel() - 2.0 for axis in np.mgrid[:5, :5])
    form = np.stack([np.ones(25), x, y, x * x, x * y, y * y], axis=1)
    weights = np.linalg.pinv(form)
    rates = patches @ weights.T
    is_flat = (np.hypot(rates[:, 1], rates[:, 2]) < 1.0) & (np.abs(rates[:, 3:]).max(axis=1) < 0.3)
    if is_flat.sum() < 20:
        return np.nan, np.nan
    rest = patches[is_flat] - rates[is_flat] @ form.T
    square = rest.reshape(-1, 5, 5)
    spread = np.sqrt((rest**2).sum(axis=1) / (25 - 6))
    steps = np.sqrt((np.diff(square, axis=2) ** 2).mean(axis=(1, 2)) / 2)
    return float(np.median(spread)), float(np.median(steps))


def means(crops: Crops) -> list[float]:
    """COLUMNS, each averaged over the frames that have it."""
    rows = [list(statistics(depth).values()) for depth in crops.depth_mm]
    return [float(np.nanmean(column)) if np.isfinite(column).any() else np.nan for column in np.array(rows).T]


def real_crops() -> dict[str, Crops]:
    """`sr300` and `kinect`: the frames in REAL_DATA, cropped about the hand as the search finds it."""
    return {
        "sr300": _found([_sr305_frame(path) for path in sorted((REAL_DATA / "sr305").glob("*.png"))], SR305, 250.0),
        "kinect": _found([_nyu_frame(REAL_DATA / "nyu" / "depth_1_0000001.png")], NYU, 300.0),
    }


def _sr305_frame(path: Path) -> npt.NDArray[np.uint16]:
    return np.rint(np.asarray(Image.open(path)) * 0.125).astype(np.uint16)


def _nyu_frame(path: Path) -> npt.NDArray[np.uint16]:
    packed = np.asarray(Image.open(path)).astype(np.uint16)
    return packed[..., 1] * 256 + packed[..., 2]


def _found(frames: Sequence[npt.NDArray[np.uint16]], camera: Camera, cube_mm: float) -> Crops:
    found = [find_hand(frame, camera, cube_mm=cube_mm) for frame in frames]
    depth = [crop(frame, camera, hand.center_mm, hand.half_mm) for frame, hand in zip(frames, found, strict=True)]
    return Crops(
        depth_mm=np.array(depth, np.float64), center_mm=np.array([f.center_mm for f in found]), half_mm=cube_mm / 2
    )


def simulated_crops(camera: str, frame_count: int, distance_mm: tuple[float, float], cube_mm: float) -> Crops:
    """Open and half-open palms at a distance before a camera of the registry, or `sense` for the first model."""
    generator = torch.Generator().manual_seed(1)
    shape = sample_shapes(frame_count, generator)
    families = {name: float(name in ("open", "half")) for name in SENSOR_POSES.family_weights}
    poses = replace(SENSOR_POSES, family_weights=families, distance_mm=distance_mm, tilt_power=2.0)
    pose = sample_poses(poses, shape, generator)
    joints = forward_kinematics(shape, pose)
    center, half = joints.mean(dim=1), torch.full((frame_count,), cube_mm / 2)
    hand = with_forearm(hand_surface(joints, shape.radii_mm), joints, forearm_direction(pose))
    clean = render(hand, center, half)
    if camera == "sense":
        seen = sense(clean, center, half, generator)
    elif camera == "clean":
        seen = clean
    else:
        seen = load(camera).look(clean, center, half, load(camera).draw(frame_count, generator), generator)
    depth = cut_to_cube(seen, center, half).round()
    return Crops(depth_mm=depth.double().numpy(), center_mm=center.numpy(), half_mm=cube_mm / 2)


def sheet(crops: Crops, columns: int = 4, zoom: int = 3) -> Image.Image:
    """The crops as one picture: nearer is lighter, no reading is dark blue."""
    size = crops.depth_mm.shape[-1] * zoom + 4
    whole = Image.new("RGB", (columns * size, -(-len(crops.depth_mm) // columns) * size))
    for place, (depth, center) in enumerate(zip(crops.depth_mm, crops.center_mm, strict=True)):
        share = np.clip((depth - center[2]) / crops.half_mm, -1, 1)
        grey = np.where(depth > 0, 155 - 100 * share, 0).astype(np.uint8)
        picture = np.where(depth[..., None] > 0, grey[..., None], np.array([20, 0, 60], np.uint8))
        tile = Image.fromarray(picture).resize((size - 4, size - 4), Image.Resampling.NEAREST)
        whole.paste(tile, (place % columns * size, place // columns * size))
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description="Real crops beside simulated ones of each camera.")
    parser.add_argument("--frames", type=int, default=64, help="simulated ones of each camera")
    parser.add_argument("--sheets", type=Path, metavar="DIR", help="draw the crops into this folder")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows: dict[str, Crops] = {}
    if REAL_DATA.is_dir():
        rows = {f"real {name}": crops for name, crops in real_crops().items()}
    else:
        print(f"real depth frames are not here ({REAL_DATA}): simulated ones alone")
    near, far = ((550.0, 610.0), 250.0), ((700.0, 800.0), 300.0)
    for name in ("clean", "sense", *CAMERAS):
        rows[f"{name} near"] = simulated_crops(name, arguments.frames, *near)
        rows[f"{name} far"] = simulated_crops(name, arguments.frames, *far)
    print(f"{'':14}" + "".join(f"{name:>10}" for name in COLUMNS))
    for name, crops in rows.items():
        print(f"{name:14}" + "".join(f"{value:10.2f}" for value in means(crops)))
        if arguments.sheets:
            sheet(Crops(depth_mm=crops.depth_mm[:16], center_mm=crops.center_mm[:16], half_mm=crops.half_mm)).save(
                arguments.sheets / f"{name.replace(' ', '_')}.png"
            )


if __name__ == "__main__":
    main()
