"""How near a model's pictures of poses are to the frames of an annotated store, as seen by the same camera.

Run as `python tests/benchmarks/pictures.py STORE.h5 [--model MODEL] [--frames N] [--domain real|synthetic]`. The poses
go through the VAE, as a slider's do. What one picture shows is measured on the pictures and on the frames:

    overlap   intersection over union of silhouettes, and the same without what lies beyond the wrist
    false     pixels that are drawn where the frame has nothing, % of the picture, and the same without the arm
    outlines  mean distance between outlines, both ways, px
    L1        of the images, in [-1, 1]
    step      mean absolute Laplacian of the depth inside the hand, mm
    holes, rough   as in `camera_statistics.py`
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from camera_statistics import statistics
from scipy import ndimage

from lsps_core.data.crop import FAR_FACE, camera_center, normalise, to_pose
from lsps_core.data.store import FrameStore
from lsps_core.inference import Predictor
from lsps_core.networks.capsules import is_beyond_root

MODEL = Path(__file__).resolve().parents[2] / "resources/models/compact.safetensors"
AT_ONCE = 50

Image = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path, metavar="STORE.h5")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--frames", type=int, default=1000, help="this many, spread evenly over the store")
    parser.add_argument("--domain", choices=["real", "synthetic"], help="of the pictures; default: the store's")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor.load(arguments.model)
    rows: list[dict[str, float]] = []
    with FrameStore(arguments.store) as store:
        domain = arguments.domain or store.domain
        indices = np.linspace(0, len(store) - 1, min(arguments.frames, len(store))).astype(int)
        for some in np.array_split(indices, max(1, len(indices) // AT_ONCE)):
            rows += compared(predictor, store, some, domain)
    print(f"{len(rows)} frames, pictures of domain {domain}")
    for name in rows[0]:
        print(f"{name:28} {np.nanmean([row[name] for row in rows]):8.3f}")


def compared(
    predictor: Predictor, store: FrameStore, indices: npt.NDArray[np.int64], domain: str
) -> list[dict[str, float]]:
    """One row for each frame."""
    assert store.joints_mm is not None
    joints, center, half = (
        torch.as_tensor(each[indices]) for each in (store.joints_mm, store.center_mm, store.half_mm)
    )
    frames = normalise(torch.as_tensor(store.depth_mm(indices).astype(np.float32)), center, half)
    pose, place = to_pose(joints, center, half), camera_center(center, half)
    drawn = predictor.generate(predictor.map(predictor.encode_pose(pose), place), domain).float()
    beyond = [is_beyond_root(pose, place, images, predictor.skeleton.bones)[:, 0].numpy() for images in (drawn, frames)]
    rows = []
    for index in range(len(indices)):
        images = [each[index, 0].double().numpy() for each in (drawn, frames)]
        arms = [each[index] for each in beyond]
        rows.append(row(*images, *arms, float(half[index])))
    return rows


def row(drawn: Image, frame: Image, drawn_arm: Mask, frame_arm: Mask, half_mm: float) -> dict[str, float]:
    shown, true = drawn < FAR_FACE, frame < FAR_FACE
    hand, true_hand = shown & ~drawn_arm, true & ~frame_arm
    found = {
        "overlap": overlap(shown, true),
        "overlap of the hand": overlap(hand, true_hand),
        "false %": 100 * float((shown & ~true).mean()),
        "false % of the hand": 100 * float((hand & ~true).mean()),
        "outlines px": outline_distance(shown, true),
        "L1": float(np.abs(drawn - frame).mean()),
    }
    for name, image in (("", drawn), (" of the frames", frame)):
        reading = image < FAR_FACE
        camera = statistics(np.where(reading, (1.1 + image) * half_mm, 0.0)) if reading.any() else {}
        found[f"step mm{name}"] = half_mm * laplacian(image, reading)
        found |= {f"{key}{name}": camera.get(key, np.nan) for key in ("holes %", "rough px")}
    return found


def overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / max(int((one | other).sum()), 1))


def outline_distance(one: Mask, other: Mask) -> float:
    outlines = [mask & ~ndimage.binary_erosion(mask, border_value=1) for mask in (one, other)]
    if not (outlines[0].any() and outlines[1].any()):
        return np.nan
    far = [ndimage.distance_transform_edt(~outline) for outline in outlines]
    return float((far[1][outlines[0]].mean() + far[0][outlines[1]].mean()) / 2)


def laplacian(image: Image, reading: Mask) -> float:
    """Of the pixels whose neighbours all have a reading."""
    inside = ndimage.binary_erosion(reading, np.ones((3, 3)), border_value=0)
    return float(np.abs(ndimage.laplace(image))[inside].mean()) if inside.any() else np.nan


if __name__ == "__main__":
    main()
