"""HANDS2017, HANDS2019, BigHand2.2M and FPHA on disk, of simulated right hands, with the originals' quirks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from made_sets import Picture, pictures
from PIL import Image

from lsps_core.camera import HANDS_SR300
from lsps_core.data.crop import crop_pixels
from lsps_core.data.store import FrameStore
from lsps_core.skeleton import HAND21

THEIRS = (
    *("Wrist", "TMCP", "IMCP", "MMCP", "RMCP", "PMCP", "TPIP", "TDIP", "TTIP", "IPIP", "IDIP", "ITIP"),
    *("MPIP", "MDIP", "MTIP", "RPIP", "RDIP", "RTIP", "PPIP", "PDIP", "PTIP"),
)
_FINGERS = {"T": "thumb", "I": "index", "M": "middle", "R": "ring", "P": "little"}
_OF_THUMB = {"MCP": "cmc", "PIP": "mcp", "DIP": "ip", "TIP": "tip"}


def our_name(theirs: str) -> str:
    """A joint of theirs by its name in HAND21."""
    if theirs == "Wrist":
        return "wrist"
    finger, joint = _FINGERS[theirs[0]], theirs[1:]
    return f"{finger}_{_OF_THUMB[joint] if finger == 'thumb' else joint.lower()}"


def joints_of(picture: Picture) -> np.ndarray:
    """[21, 3] mm of HAND21."""
    return np.array([picture.joint(name) for name in HAND21.joints])


def numbers(joints_mm: np.ndarray) -> list[str]:
    """joints_mm [21, 3] of HAND21 -> the 63 numbers of a line."""
    return [f"{value:.4f}" for name in THEIRS for value in joints_mm[HAND21.joints.index(our_name(name))] * (1, -1, 1)]


def hands(frames: int, seed: int) -> list[Picture]:
    return list(pictures(HANDS_SR300, (640, 480), 320, (420, 600), frames, seed, arm=False))


def box_of(picture: Picture, *, has_corners: bool) -> list[str]:
    """x y w h around the hand, not in whole px, or left, top, right and bottom."""
    rows, columns = np.nonzero(np.isfinite(picture.depth_mm))
    left, top, right, bottom = columns.min() - 3.4, rows.min() - 2.2, columns.max() + 4, rows.max() + 4
    end = (right, bottom) if has_corners else (right - left, bottom - top)
    return [f"{value:.1f}" for value in (left, top, *end)]


def at_the_edge(picture: Picture) -> tuple[np.ndarray, np.ndarray]:
    """The joints of the hand and its picture, moved to the right until a joint is beside the picture."""
    joints = joints_of(picture)
    step = int(645 - HANDS_SR300.project(joints)[:, 0].max())
    joints[:, 0] += step * joints[:, 2] / HANDS_SR300.fx
    moved = np.full_like(picture.depth_mm, np.inf)
    moved[:, step:] = picture.depth_mm[:, :-step]
    return joints, moved


def save(path: Path, depth_mm: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    depth = np.where(np.isfinite(depth_mm), np.rint(depth_mm), 0).astype(np.uint16)
    Image.fromarray(depth).save(path, compress_level=1)


def make_challenge(
    images: Path, annotation: Path, shown: list[Picture], *, boxes: Path | None = None, quirks: bool = True
) -> None:
    """Pictures image_D00000001.png, ..., and their annotation. boxes: with corners in test_bbs.txt, as HANDS2019's.

    quirks: line 2 ends with a tab, line 3 has spaces; CRLF; then a name without a file, a picture of zeros, a joint
    beside the picture, a line that is too short, and a name of another folder.
    """
    lines = []
    for number, picture in enumerate(shown, start=1):
        save(images / f"image_D{number:08d}.png", picture.depth_mm)
        lines.append("\t".join([f"image_D{number:08d}.png", *numbers(joints_of(picture))]))
    if boxes is not None:
        with boxes.open("w", newline="") as file:
            for number, picture in enumerate(shown, start=1):
                box = box_of(picture, has_corners=boxes.name == "test_bbs.txt")
                file.write(f"image_D{number:08d}.png {' '.join(box)}\r\n")
    if quirks:
        joints = joints_of(shown[0])
        lines[1] += "\t"
        lines[2] = lines[2].replace("\t", " ")
        save(images / "image_D00000102.png", np.zeros((480, 640)))
        cut, cut_depth = at_the_edge(shown[0])
        save(images / "image_D00000103.png", cut_depth)
        for number, points in ((101, joints), (102, joints), (103, cut)):
            lines.append("\t".join([f"image_D{number:08d}.png", *numbers(points)]))
        lines.append("\t".join(["image_D00000104.png", *numbers(joints)[:60]]))
        lines.append("\t".join(["../image_D00000105.png", *numbers(joints)]))
    annotation.parent.mkdir(parents=True, exist_ok=True)
    annotation.write_bytes("\r\n".join([*lines, ""]).encode())


def make_hands17(folder: Path, train: list[Picture], test: list[Picture], *, is_released: bool = False) -> None:
    make_challenge(folder / "training" / "images", folder / "training" / "Training_Annotation.txt", train)
    (folder / "frame").mkdir(parents=True)
    place = folder / "Test_Annotation.txt"
    make_challenge(folder / "frame" / "images", place, test, boxes=folder / "frame" / "BoundingBox.txt", quirks=False)
    if not is_released:
        place.unlink()


def make_hands19(folder: Path, train: list[Picture], test: list[Picture]) -> None:
    task = folder / "Task 1"
    make_challenge(task / "training_images", task / "training_joint_annotation.txt", train)
    (task / "training_mano_annotation.txt").write_text("image_D00000001.png\t1\t2\n")
    place = task / "unreleased.txt"
    make_challenge(task / "test_images", place, test, boxes=task / "test_bbs.txt", quirks=False)
    place.unlink()


def make_bighand(folder: Path, views: dict[tuple[str, str], list[Picture]]) -> None:
    """views: by person and view. Lines have bare numbers; the first of each file ends with an empty column and comes
    twice, with a picture of its own.
    """
    for (person, view), shown in views.items():
        lines = []
        for number, picture in enumerate(shown, start=10_000):
            save(folder / person / view / f"image_D{number:08d}.png", picture.depth_mm)
            lines.append("\t".join([f"{number:08d}", *numbers(joints_of(picture))]))
        save(folder / person / view / "image_D00009999.png", shown[0].depth_mm)
        lines.insert(0, lines[0].replace("00010000", "00009999") + "\t\t")
        place = folder / "full_annotation" / person
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{view}_loc_shift_made_by_qi_20180112_v2.txt").write_text("\n".join(lines) + "\n")
        (place / "README_annotation.txt").write_text("x y z of 21 joints\n")


def make_fpha(folder: Path, sequences: dict[str, list[Picture]], version: str = "v1_1") -> None:
    """sequences: by "Subject_1/put_salt/1"."""
    for sequence, shown in sequences.items():
        lines = []
        for number, picture in enumerate(shown):
            save(folder / "Video_files" / sequence / "depth" / f"depth_{number:04d}.png", picture.depth_mm)
            lines.append(" ".join([str(number), *numbers(joints_of(picture))]))
        place = folder / f"Hand_pose_annotation_{version}" / sequence
        place.mkdir(parents=True)
        (place / "skeleton.txt").write_text("\n".join(lines) + "\n")
    (folder / "data_split_action_recognition.txt").write_text("Training 600\n")


def check_joints_are_in_the_hand(store: FrameStore) -> None:
    """The joints of an imported store lie a finger's depth behind the surface of the crops."""
    for index in range(len(store)):
        frame, camera = store.frame(index), store.camera_of(index).camera
        columns, rows = crop_pixels(frame.joints_mm, camera, frame.center_mm, frame.half_mm).round().astype(int).T
        surface = frame.depth_mm[rows.clip(0, 127), columns.clip(0, 127)].astype(float)
        behind = frame.joints_mm[:, 2] - np.where(surface > 0, surface, np.nan)
        assert np.isfinite(behind).mean() > 0.85
        assert 2 < np.nanmedian(behind) < 30
