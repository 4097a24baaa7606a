"""Labels as COCO keypoints: `keypoints` in px of the recorded image for other programs, and `joints_mm` for us.

A file of images, annotations and one category, as in https://cocodataset.org/#format-data. `joints_mm` [J, 3] of an
annotation is in mm of the camera of the recorded image, x right, y up, z away; it is what is read. The size of the
images is not in a store: it is twice the middle of their camera.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lsps_core.files import replacing
from lsps_core.finetuning.label_json import (
    LabelFileError,
    OutsideLabel,
    joints_from_json,
    joints_to_json,
    text_of,
)
from lsps_core.finetuning.labels import Label
from lsps_core.skeleton import Skeleton

_LABELLED_AND_VISIBLE = 2
_HAND = 1


def write_coco(path: Path, labels: Mapping[str, Label], source: str) -> None:
    """Replace `path`; WriteError if it cannot be written.

    labels: one or more, of one skeleton. source: the name of their data.
    """
    skeleton = next(iter(labels.values())).skeleton
    about = {
        "info": {"description": f"hand joints of {source}", "contributor": "lsps labels"},
        "categories": [
            {
                "id": _HAND,
                "name": "hand",
                "supercategory": "person",
                "keypoints": list(skeleton.joints),
                "skeleton": [[parent + 1, child + 1] for parent, child in skeleton.bones],
            }
        ],
        "images": [_image(number, label) for number, label in enumerate(labels.values(), start=1)],
        "annotations": [_annotation(number, label) for number, label in enumerate(labels.values(), start=1)],
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(about) + "\n", encoding="utf-8")


def from_json(path: Path, about: dict[str, Any], skeleton: Skeleton) -> dict[str, OutsideLabel]:
    """The hands by the names of their images; other categories are left out.

    LabelFileError, in one line, for what is not COCO keypoints of the skeleton or has no `joints_mm`.
    """
    try:
        names = {image["id"]: _name(image) for image in about["images"]}
        orders = {category["id"]: _order(category, skeleton) for category in about["categories"]}
        annotations = [each for each in about["annotations"] if orders[each["category_id"]] is not None]
        if not annotations:
            raise ValueError("no annotation has them")
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise LabelFileError(f"{path} has no keypoints of {skeleton.name} as COCO has them ({what[:120]})") from error
    found: dict[str, OutsideLabel] = {}
    for number, annotation in enumerate(annotations, start=1):
        try:
            name, order = names[annotation["image_id"]], orders[annotation["category_id"]]
            if "joints_mm" not in annotation:
                raise ValueError("no joints_mm: a label needs joints in mm, keypoints in px are not enough")
            joints_mm = joints_from_json(annotation["joints_mm"], skeleton.joint_count)[order]
            if not np.isfinite(joints_mm).all():
                raise ValueError("not every joint is known")
        except (TypeError, KeyError, ValueError) as error:
            what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            raise LabelFileError(f"{path}, annotation {number}: {what[:120]}", "correct or remove it") from error
        if name in found:
            raise LabelFileError(f"{path} has two hands in the image {name}", "leave one of them")
        found[name] = OutsideLabel(
            joints_mm=joints_mm,
            author=text_of(annotation, "author"),
            time=text_of(annotation, "time"),
            is_recorded=True,
        )
    return found


def _image(number: int, label: Label) -> dict[str, Any]:
    camera = label.camera.source
    width, height = label.camera.width_px or round(2 * camera.cx), round(2 * camera.cy)
    return {
        "id": number,
        "file_name": label.name,
        "width": max(width, 1),
        "height": max(height, 1),
        "camera": camera.to_json(),
    }


def _annotation(number: int, label: Label) -> dict[str, Any]:
    assert label.frame.joints_mm is not None
    joints_mm = label.frame.joints_mm.astype(np.float64)
    if label.camera.is_mirrored and label.camera.width_px:
        joints_mm *= (-1, 1, 1)
    px = label.camera.source.project(joints_mm)[:, :2].round(2)
    low, size = px.min(axis=0), np.ptp(px, axis=0)
    return {
        "id": number,
        "image_id": number,
        "category_id": _HAND,
        "keypoints": [each for u, v in px.tolist() for each in (u, v, _LABELLED_AND_VISIBLE)],
        "num_keypoints": len(px),
        "bbox": [*low.tolist(), *size.round(2).tolist()],
        "area": round(float(size.prod()), 1),
        "iscrowd": 0,
        "joints_mm": joints_to_json(joints_mm),
        "how": label.how,
        "author": label.author,
        "time": label.time,
    }


def _name(image: dict[str, Any]) -> str:
    name = image["file_name"]
    if not isinstance(name, str):
        raise ValueError("the name of an image that is not text")
    name.encode()  # ValueError for unpaired surrogates
    return name


def _order(category: dict[str, Any], skeleton: Skeleton) -> list[int] | None:
    """Where each joint of the skeleton is among the keypoints; None for a category of something else."""
    keypoints = category.get("keypoints")
    if not isinstance(keypoints, list) or sorted(map(str, keypoints)) != sorted(skeleton.joints):
        return None
    return [keypoints.index(joint) for joint in skeleton.joints]
