"""Small NYU, ICVL and MSRA15 sets in exactly the originals' formats, rendered, so that joints and depth agree.

The simulated hand is seen by the sets' own cameras, pixel for pixel. Frames differ by seed; nothing is random beyond.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.io
import torch
from PIL import Image

from lsps_core.camera import ICVL, MSRA, NYU, Camera
from lsps_core.data.importing.pictures import NYU_BACKGROUND_MM
from lsps_core.simulator.hand import forearm_direction, forward_kinematics, sample_shapes
from lsps_core.simulator.poses import SENSOR_POSES, sample_poses
from lsps_core.simulator.render import render
from lsps_core.simulator.surface import NODE_NAMES, hand_surface, with_forearm
from lsps_core.skeleton import FINGERS, HAND21, MSRA21

ICVL_NO_READING_MM = 32001
_BATCH = 16


@dataclass(frozen=True)
class Picture:
    """depth_mm float32 [H, W], inf where nothing is; nodes_mm [N, 3] of the hand's surface, the 21 joints first."""

    depth_mm: np.ndarray
    nodes_mm: np.ndarray

    def joint(self, name: str) -> np.ndarray:
        return self.nodes_mm[NODE_NAMES.index(name)]


def pictures(camera: Camera, size: tuple[int, int], window_px: int, distance_mm, frames: int, seed: int, *, arm: bool):
    """`frames` hands in front of `camera`, size (width, height) px; window_px, even, holds the whole hand."""
    generator = torch.Generator().manual_seed(seed)
    poses = replace(SENSOR_POSES, distance_mm=distance_mm)
    for start in range(0, frames, _BATCH):
        people = sample_shapes(_BATCH, generator)
        pose = sample_poses(poses, people, generator)
        pose = replace(pose, wrist_mm=pose.wrist_mm * torch.tensor([0.6, 0.6, 1.0]))  # keep hands off the image's edge
        joints = forward_kinematics(people, pose)
        hand = hand_surface(joints, people.radii_mm)
        shown = with_forearm(hand, joints, forearm_direction(pose)) if arm else hand
        # the renderer's pixels are square: a camera whose are not sees the same in a scene stretched along y
        stretch = torch.tensor([1.0, camera.fy / camera.fx, 1.0])
        z = joints[..., 2].mean(dim=1)
        middle = (torch.from_numpy(camera.project(joints.numpy())[..., :2]).mean(dim=1)).round() - 0.5
        center = torch.stack(
            [(middle[:, 0] - camera.cx) * z / camera.fx, (camera.cy - middle[:, 1]) * z / camera.fx, z], 1
        )
        shown = replace(shown, centers_mm=shown.centers_mm * stretch)
        window = render(shown, center.float(), window_px * z / (2 * camera.fx), size=window_px).numpy()
        corner = (middle + 0.5).int().numpy() - window_px // 2
        nodes = hand.centers_mm.numpy().astype(np.float64)
        for index in range(min(_BATCH, frames - start)):
            yield Picture(_place(window[index], corner[index], size), nodes[index])


def _place(window: np.ndarray, corner: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A window as part of a picture of `size`, whatever of it is inside."""
    side = len(window)
    canvas = np.full((size[1] + 2 * side, size[0] + 2 * side), np.inf, np.float32)
    left, top = (corner + side).clip(0, [size[0] + side, size[1] + side])
    canvas[top : top + side, left : left + side] = window
    return canvas[side:-side, side:-side]


def nyu_joints(picture: Picture) -> np.ndarray:
    """[36, 3] mm: NYU's joints from the simulator's; points between two joints lie halfway."""
    points = []
    for finger in reversed(FINGERS):
        chain = [picture.joint(joint) for joint in HAND21.joints if joint.startswith(finger)]
        base, first, second, tip = chain
        points += [tip, (tip + second) / 2, second, (second + first) / 2, first, (first + base) / 2]
    ulnar, radial = picture.joint("wrist_ulnar"), picture.joint("wrist_radial")
    middle = (picture.joint("middle_base") + picture.joint("middle_mcp")) / 2
    points += [ulnar, radial, middle, picture.joint("index_half"), _palm(picture), picture.joint("palm_edge")]
    return np.array(points)


def _palm(picture: Picture) -> np.ndarray:
    return (picture.joint("index_half") + picture.joint("palm_edge")) / 2


def icvl_joints(picture: Picture) -> np.ndarray:
    """[16, 3] mm: ICVL's joints, palm, then root, middle and tip of every finger."""
    points = [_palm(picture)]
    for finger in FINGERS:
        names = ("mcp", "ip", "tip") if finger == "thumb" else ("pip", "dip", "tip")
        points += [picture.joint(f"{finger}_{name}") for name in names]
    return np.array(points)


def make_nyu(folder: Path, frames: int, seed: int, *, split: str = "train", first: int = 1) -> None:
    """folder/dataset/SPLIT: depth, synthdepth and rgb PNGs of camera 1 from number `first` on, and joint_data.mat.

    The labels of three cameras begin with frame 1, as the original's, whether or not its picture was made.
    """
    place = Path(folder) / "dataset" / split
    place.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    count = first - 1 + frames
    xyz = np.tile(rng.normal((0, 0, 800), 40, (3, 1, 36, 3)), (1, count, 1, 1))
    real = pictures(NYU, (640, 480), 288, (560, 900), frames, seed, arm=True)
    synthetic = pictures(NYU, (640, 480), 288, (560, 900), frames, seed, arm=False)
    for index, (seen, clean) in enumerate(zip(real, synthetic, strict=True), start=first - 1):
        xyz[0, index] = nyu_joints(seen)
        noisy = np.rint(seen.depth_mm + rng.normal(0, 1, seen.depth_mm.shape))
        _save_packed(place / f"depth_1_{index + 1:07d}.png", noisy)
        _save_packed(place / f"synthdepth_1_{index + 1:07d}.png", np.rint(clean.depth_mm))
        if index == first - 1:
            Image.new("RGB", (640, 480)).save(place / f"rgb_1_{index + 1:07d}.png")
    names = np.array([f"joint{number}" for number in range(36)], dtype=object)
    labels = {"joint_names": names, "joint_uvd": NYU.project(xyz), "joint_xyz": xyz}
    scipy.io.savemat(place / "joint_data.mat", labels, do_compression=True)


def _save_packed(path: Path, depth_mm: np.ndarray) -> None:
    depth = np.minimum(depth_mm, NYU_BACKGROUND_MM).astype(np.uint16)
    packed = np.stack([np.zeros_like(depth), depth >> 8, depth & 255], axis=-1).astype(np.uint8)
    Image.fromarray(packed).save(path, compress_level=3)


def make_icvl(folder: Path, frames: int, seed: int, *, split: str = "train", quirks: bool = True) -> None:
    """folder/Training or folder/Testing: 16-bit PNGs under Depth/, label files as the originals with left hands.

    Training: nine of ten frames in 201403121135, the others in rotated folders. Testing: 44 % in test_seq_1, the rest
    in test_seq_2. quirks: some backslashes, trailing blanks, blank lines, and at the end of each file a label without
    a picture.
    """
    root = Path(folder) / ("Training" if split == "train" else "Testing")
    rng = np.random.default_rng(seed)
    lines: dict[str, list[str]] = {}
    camera = ICVL.mirrored(320)  # of the right hand, which is then flipped
    for index, picture in enumerate(pictures(camera, (320, 240), 128, (400, 600), frames, seed, arm=True)):
        place, labels, number = _icvl_place(index, frames, split)
        (root / "Depth" / place).mkdir(parents=True, exist_ok=True)
        noisy = np.rint(picture.depth_mm + rng.normal(0, 1.5, picture.depth_mm.shape))
        depth = np.where(np.isfinite(noisy), noisy, ICVL_NO_READING_MM)
        name = f"{place}/image_{number:04d}.png"
        Image.fromarray(depth[:, ::-1].astype(np.uint16)).save(root / "Depth" / name, compress_level=3)
        uvd = camera.project(icvl_joints(picture))
        uvd[:, 0] = 319 - uvd[:, 0]
        shown = name.replace("/", "\\") if quirks and index % 7 == 3 else name
        lines.setdefault(labels, []).append(f"{shown} " + " ".join(f"{value:.3f}" for value in uvd.ravel()))
    for labels, written in lines.items():
        if quirks:
            gone = written[-1].split(" ", 1)[1]
            place = "201403121135" if split == "train" else Path(labels).stem
            written.append(f"{place}/image_9999.png {gone}")
            written[:] = [line + " " * (number % 3) for number, line in enumerate(written)] + ["", ""]
        (root / labels).write_text("\n".join(written) + "\n")


def _icvl_place(index: int, frames: int, split: str) -> tuple[str, str, int]:
    """Folder, label file and number of a frame."""
    if split == "test":
        in_first = max(1, round(0.44 * frames))
        sequence, number = (1, index) if index < in_first else (2, index - in_first)
        return f"test_seq_{sequence}", f"test_seq_{sequence}.txt", number
    rotated = ("22-5", "45", "-157-5", "180")
    return rotated[index // 10 % len(rotated)] if index % 10 == 9 else "201403121135", "labels.txt", index


def make_msra(
    folder: Path, frames: int, seed: int, *, subjects: tuple[str, ...] = ("P0", "P8"), gestures=("1", "TIP")
) -> None:
    """folder/P0/1/000000_depth.bin, ..., joint.txt: `frames` in all, dealt evenly to subjects and gestures."""
    places = [(subject, gesture) for subject in subjects for gesture in gestures]
    shots = list(pictures(MSRA, (320, 240), 160, (330, 480), frames, seed, arm=False))
    for index, (subject, gesture) in enumerate(places):
        place = Path(folder) / subject / gesture
        place.mkdir(parents=True, exist_ok=True)
        part = shots[index :: len(places)]
        lines = [str(len(part))]
        for number, picture in enumerate(part):
            (place / f"{number:06d}_depth.bin").write_bytes(_msra_bytes(picture.depth_mm))
            joints = np.array([picture.joint(name) for name in MSRA21.joints]) * (1, 1, -1)
            lines.append(" ".join(f"{value:.6f}" for value in joints.ravel()))
        (place / "joint.txt").write_text("\n".join(lines) + "\n")


def _msra_bytes(depth_mm: np.ndarray) -> bytes:
    is_hand = np.isfinite(depth_mm)
    rows, columns = np.flatnonzero(is_hand.any(axis=1)), np.flatnonzero(is_hand.any(axis=0))
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    header = np.array([depth_mm.shape[1], depth_mm.shape[0], left, top, right, bottom], "<i4")
    kept = np.where(is_hand, depth_mm, 0)[top:bottom, left:right]
    return header.tobytes() + kept.astype("<f4").tobytes()
