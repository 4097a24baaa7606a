"""DexYCB by a COCO file, such as DEX_YCB_s0_train_data.json of HandOccNet, in place of its own labels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.importing.coco import CocoHand, read_coco
from lsps_core.data.importing.plan import Shot

_PICTURE = re.compile(r"(?:^|/)(\d{8}-[^/]+)/([^/]+)/(\d+)/color_(\d{6})\.(?:jpg|png)$")
_LEFT_TO_RIGHT = np.array([-1.0, 1.0, 1.0])


def coco_shots(source: Path, annotation: Path, width_px: int, cube_mm: float, refused: list[str]) -> Iterator[Shot]:
    """A shot for each annotated hand, left ones mirrored; a line in `refused` for each that cannot be used."""
    for hand in read_coco(annotation):
        if isinstance(hand, str):
            refused.append(hand)
            continue
        found = _PICTURE.search(hand.file_name)
        if found is None or ".." in found.groups():
            wanted = "PERSON/SEQUENCE/CAMERA/color_NUMBER.jpg"
            refused.append(f"{annotation}: {hand.file_name[:80]!r} is not {wanted}")
            continue
        yield _shot(source, hand, width_px, cube_mm, *found.groups())


def _shot(
    source: Path, hand: CocoHand, width_px: int, cube_mm: float, person: str, sequence: str, serial: str, number: str
) -> Shot:
    joints, center = hand.joints_mm, hand.center_mm
    if hand.is_left:
        joints, center = None if joints is None else joints * _LEFT_TO_RIGHT, center * _LEFT_TO_RIGHT
    return Shot(
        path=source / person / sequence / serial / f"aligned_depth_to_color_{number}.png",
        name=f"{person}/{sequence}/{serial}/{number}",
        half_mm=cube_mm / 2,
        center_mm=center,
        joints_mm=np.full((21, 3), np.nan) if joints is None else joints,
        camera=FrameCamera.flipped(hand.camera, width_px) if hand.is_left else FrameCamera(camera=hand.camera),
        groups=(person, f"{person}/{sequence}", "", serial, "left" if hand.is_left else "right"),
    )
