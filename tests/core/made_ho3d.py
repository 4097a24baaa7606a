"""HO-3D as it lies on disk, of simulated hands."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
from made_sets import Picture, pictures
from PIL import Image

from lsps_core.camera import Camera

CAMERAS = {
    "ABF10": Camera(fx=617.3, fy=617.3, cx=312.4, cy=241.4),
    "MC1": Camera(fx=614.6, fy=614.6, cx=320.3, cy=239.0),
}
STEP_M = 0.00012498664727900177
FINGERS = ("index", "middle", "little", "ring", "thumb")
"""In MANO's order; the tips come last, from the thumb on."""
_MANO = ["wrist"]
_MANO += [f"{finger}_{part}" for finger in FINGERS[:4] for part in ("mcp", "pip", "dip")]
_MANO += [
    "thumb_cmc",
    "thumb_mcp",
    "thumb_ip",
    *(f"{finger}_tip" for finger in ("thumb", "index", "middle", "ring", "little")),
]


def hands(sequence: str, count: int, seed: int) -> list[Picture]:
    return list(pictures(CAMERAS[sequence], (640, 480), 320, (500, 700), count, seed, arm=False))


def their_joints(picture: Picture) -> np.ndarray:
    """[21, 3] m: OpenGL's axes, MANO's order."""
    return np.array([picture.joint(name) for name in _MANO]) * (1, 1, -1) / 1000


def make_ho3d(folder: Path, split: str, shown: dict[str, list[Picture]], *, is_released: bool = True) -> None:
    """shown: by sequence. Evaluation frames have the wrist and a box; evaluation_xyz.json if it is released."""
    lines, truth = [], []
    for sequence, of_sequence in shown.items():
        camera = CAMERAS[sequence]
        matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
        for number, picture in enumerate(of_sequence):
            joints = their_joints(picture)
            about = {"camMat": matrix, "handJoints3D": joints, "objName": "021_bleach_cleanser", "objLabel": 12}
            about |= {"handPose": np.zeros(48), "handBeta": np.zeros(10), "handTrans": np.zeros(3), "handContact": None}
            if split == "evaluation":
                rows, columns = np.nonzero(np.isfinite(picture.depth_mm))
                about["handJoints3D"] = joints[0]
                about["handBoundingBox"] = [int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())]
                truth.append(joints.tolist())
            save_meta(folder / split / sequence / "meta" / f"{number:04d}.pkl", about)
            save_depth(folder / split / sequence / "depth" / f"{number:04d}.png", picture.depth_mm)
            lines.append(f"{sequence}/{number:04d}")
    (folder / f"{split}.txt").write_text("\n".join(lines) + "\n")
    if truth and is_released:
        (folder / "evaluation_xyz.json").write_text(json.dumps(truth))


def save_meta(path: Path, about: object, protocol: int = 2) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(about, protocol))


def save_depth(path: Path, depth_mm: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    steps = np.where(np.isfinite(depth_mm), depth_mm / 1000 / STEP_M, 0).round().astype(np.uint16)
    packed = np.stack([steps & 255, steps >> 8, np.zeros_like(steps)], axis=-1).astype(np.uint8)
    Image.fromarray(packed).save(path, compress_level=1)
