"""What files of labels in JSON have in common: joints, texts, and errors of one line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.errors import LspsError
from lsps_core.files import read_json

FloatArray = npt.NDArray[np.float32]

_MOST_BYTES = 200_000_000
_MOST_MM = 65_536.0
_MOST_TEXT = 200


class LabelFileError(LspsError):
    """A file of labels that cannot be used."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OutsideLabel:
    """joints_mm [J, 3]: of the camera of the frame's crop, or of the image as it was recorded if `is_recorded`."""

    joints_mm: FloatArray
    author: str = ""
    time: str = ""
    is_recorded: bool = False


def read_label_json(path: Path) -> dict[str, Any]:
    """A JSON object; LabelFileError for anything else."""
    try:
        about = read_json(path, _MOST_BYTES)
    except OSError as error:
        raise LabelFileError(f"{path} cannot be read ({error.strerror or error})", "check the path") from error
    except (ValueError, MemoryError) as error:
        raise LabelFileError(f"{path} is not JSON ({error})", "copy it again") from error
    if not isinstance(about, dict):
        raise LabelFileError(f"{path} is not a JSON object", "give COCO keypoints or a patch")
    return about


def joints_from_json(value: Any, count: int) -> FloatArray:
    """[J, 3] in mm, NaN where null; ValueError or TypeError for anything else."""
    if not isinstance(value, list) or len(value) != count:
        raise ValueError(f"not {count} joints")
    rows = [[np.nan] * 3 if each is None else _place(each) for each in value]
    return np.array(rows, np.float32)


def joints_to_json(joints_mm: npt.NDArray[np.floating]) -> list[list[float] | None]:
    return [[round(float(value), 3) for value in joint] if np.isfinite(joint).all() else None for joint in joints_mm]


def _place(value: Any) -> list[float]:
    if not isinstance(value, list) or len(value) != 3 or not all(type(each) in (int, float) for each in value):
        raise ValueError("a joint that is not three numbers")
    if not (all(abs(each) < _MOST_MM for each in value) and value[2] > 0):  # NaN is not either
        raise ValueError("a joint that is not in front of the camera")
    return [float(each) for each in value]


def text_of(about: dict[str, Any], key: str) -> str:
    """A short text, without what neither Qt nor files accept; empty if it is missing."""
    value = about.get(key, "")
    text = value if isinstance(value, str) else ""
    return text.encode("utf-8", "replace").decode("utf-8")[:_MOST_TEXT]
