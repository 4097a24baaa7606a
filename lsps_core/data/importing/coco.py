"""Annotated hands in COCO's JSON, as HandOccNet and its followers exchange those of HO-3D and DexYCB.

{"images": [{"id", "file_name"}], "annotations": [{"image_id", "joints_coord_cam" [21, 3] m with y down, "cam_param":
{"focal" [2], "princpt" [2]}, "hand_type": "left" or "right"}]};
evaluation frames have "root_joint_cam" [3] and "bbox" (x y w h) in place of joints.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera
from lsps_core.data.importing.labels import check_depths
from lsps_core.files import read_json
from lsps_core.skeleton import HAND21

MANO_TO_HAND21 = (0, 13, 14, 15, 16, 1, 2, 3, 17, 4, 5, 6, 18, 10, 11, 12, 19, 7, 8, 9, 20)
"""MANO's joints, then the tips from the thumb to the little finger, in the order of HAND21."""
_MOST_BYTES = 1_000_000_000
_TO_OURS = np.array([1000.0, -1000.0, 1000.0])
_PARENTS, _CHILDREN = (list(ends) for ends in zip(*HAND21.bones, strict=True))

Points = npt.NDArray[np.float64]


class CocoHand(NamedTuple):
    """A hand of an image, with joints_mm [21, 3] of HAND21, None without; center_mm [3]: of its cube.

    is_left: whether it is a left hand; nothing is mirrored.
    """

    file_name: str
    camera: Camera
    joints_mm: Points | None
    center_mm: Points
    is_left: bool = False


def read_coco(path: Path) -> Iterator[CocoHand | str]:
    """The hands in the order of the file, a line for each that cannot be used; ValueError for another kind of file."""
    try:
        about = read_json(path, _MOST_BYTES)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); check the path and who may access it") from error
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}); copy it again") from error
    try:
        names = {image["id"]: str(image["file_name"]) for image in about["images"]}
        annotations = list(about["annotations"])
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} has no images and annotations as COCO has them; give another file") from error
    for place, annotation in enumerate(annotations):
        try:
            yield _hand(names[annotation["image_id"]], annotation)
        except (TypeError, KeyError, ValueError, IndexError, OverflowError) as error:
            what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            yield f"{path}, annotation {place + 1}: {' '.join(what.split())[:120]}"


def _hand(name: str, annotation: dict[str, Any]) -> CocoHand:
    focal, middle = (_numbers(annotation["cam_param"][key], (2,)) for key in ("focal", "princpt"))
    camera = Camera(fx=float(focal[0]), fy=float(focal[1]), cx=float(middle[0]), cy=float(middle[1]))
    is_left = annotation.get("hand_type") == "left"
    if "joints_coord_cam" in annotation:
        joints = in_order(_numbers(annotation["joints_coord_cam"], (HAND21.joint_count, 3)) * _TO_OURS)
        check_depths(joints)
        return CocoHand(name, camera, joints, joints.mean(axis=0), is_left)
    box, root = _numbers(annotation["bbox"], (4,)), _numbers(annotation["root_joint_cam"], (3,)) * _TO_OURS
    check_depths(root)
    center: Points = camera.unproject(np.array([*(box[:2] + box[2:] / 2), root[2]])).astype(np.float64)
    check_depths(center)
    return CocoHand(name, camera, None, center, is_left)


def _numbers(values: Any, shape: tuple[int, ...]) -> Points:
    numbers: Points = np.asarray(values, np.float64)
    if numbers.shape != shape or not np.isfinite(numbers).all():
        raise ValueError(f"numbers of the shape {list(numbers.shape)}, not {list(shape)}")
    return numbers


def in_order(joints: Points) -> Points:
    """joints [21, 3] in HAND21's order or in MANO's -> HAND21's.

    Both are in use and no file says which it has; in the wrong one, bones lead from finger to finger and are longer.
    """
    ordered = (joints, joints[list(MANO_TO_HAND21)])
    lengths = [np.linalg.norm(points[_PARENTS] - points[_CHILDREN], axis=1).sum() for points in ordered]
    return ordered[int(np.argmin(lengths))]
