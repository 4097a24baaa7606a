"""DexYCB as it lies on disk, of simulated hands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from made_hands21 import joints_of
from made_sets import Picture, pictures
from PIL import Image

from lsps_core.camera import Camera

SERIALS = ("836212060125", "932122060857")
CAMERAS = {
    SERIALS[0]: Camera(fx=613.1, fy=611.9, cx=313.0, cy=245.0),
    SERIALS[1]: Camera(fx=617.4, fy=616.8, cx=325.5, cy=239.1),
}
RIGHT, LEFT = "20200709-subject-01/20200709_141754", "20200813-subject-02/20200813_145341"
FRAMES = 4
"""Of each sequence and camera, the last without a hand."""


def shown(is_left: bool, seed: int) -> dict[str, list[Picture]]:
    """Hands by camera: right ones, before the camera of the flipped images if they are left ones on disk."""
    size = (640, 480)
    cameras = {serial: camera.mirrored(640) if is_left else camera for serial, camera in CAMERAS.items()}
    return {
        serial: list(pictures(camera, size, 320, (600, 800), FRAMES - 1, seed + place, arm=False))
        for place, (serial, camera) in enumerate(cameras.items())
    }


def make_dexycb(folder: Path, hands: dict[str, dict[str, list[Picture]]]) -> None:
    """hands: by sequence, RIGHT and LEFT, and camera."""
    place = folder / "calibration" / "intrinsics"
    place.mkdir(parents=True)
    for serial, camera in CAMERAS.items():
        color = {"fx": camera.fx, "fy": camera.fy, "ppx": camera.cx, "ppy": camera.cy}
        depth = {"fx": 390.0, "fy": 390.0, "ppx": 320.0, "ppy": 240.0}
        (place / f"{serial}_640x480.yml").write_text(yaml.safe_dump({"color": color, "depth": depth}))
    for sequence, by_camera in hands.items():
        is_left = sequence == LEFT
        for serial, shown_hands in by_camera.items():
            view = folder / sequence / serial
            view.mkdir(parents=True)
            for number, picture in enumerate(shown_hands):
                depth = np.where(np.isfinite(picture.depth_mm), np.rint(picture.depth_mm), 0).astype(np.uint16)
                joints = joints_of(picture) * ((-1 if is_left else 1), -1, 1) / 1000
                save_frame(view, number, depth[:, ::-1] if is_left else depth, joints)
            save_frame(view, FRAMES - 1, np.full((480, 640), 900, np.uint16), np.full((21, 3), -1.0))
        about = {"num_frames": FRAMES, "serials": list(SERIALS), "mano_sides": ["left" if is_left else "right"]}
        about |= {"ycb_ids": [8, 13], "ycb_grasp_ind": 1, "extrinsics": "20200702_151821", "mano_calib": ["x"]}
        (folder / sequence / "meta.yml").write_text(yaml.safe_dump(about))


def save_frame(view: Path, number: int, depth: np.ndarray, joints_m: np.ndarray) -> None:
    Image.fromarray(depth).save(view / f"aligned_depth_to_color_{number:06d}.png", compress_level=1)
    seg = np.zeros((480, 640), np.uint8)
    np.savez_compressed(view / f"labels_{number:06d}.npz", seg=seg, joint_3d=joints_m[None].astype(np.float32))
