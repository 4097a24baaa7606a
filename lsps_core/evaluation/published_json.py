"""HO-3D's JSON files of joints: m of OpenGL's axes (z towards the viewer), a frame after the other, without names.

A result file is [joints, vertices] of all frames, as the challenge takes it; the released labels are the joints alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from lsps_core.evaluation.metrics import FloatArray
from lsps_core.files import read_json, replacing

_MOST_BYTES = 1_500_000_000  # 20 137 frames with all vertices of a hand's mesh
_TO_OURS = np.array([1000.0, 1000.0, -1000.0])
_NO_MESH = [[0.0, 0.0, 0.0]]
_MOST_MM = 1e6


def read_joints(path: Path, joint_count: int) -> FloatArray:
    """The joints [N, J, 3] of a result or label file in mm of our axes, in its order; ValueError for another file."""
    content: Any = read_json(path, _MOST_BYTES)
    if _depth(content) == 4:
        content = content[0]
    try:
        joints = np.asarray(content, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("its joints are not numbers, or some frames have more than others") from error
    if joints.ndim != 3 or joints.shape[1:] != (joint_count, 3) or not len(joints):
        raise ValueError(f"it has numbers of the shape {list(joints.shape)}, not frames of {joint_count} points")
    is_joint = np.abs(joints * _TO_OURS) < _MOST_MM  # False for NaN as well
    if not is_joint.all():
        raise ValueError(f"frame {np.argmin(is_joint.all(axis=(1, 2)))} has a joint that is too far away, or NaN")
    found: FloatArray = joints * _TO_OURS
    return found


def write_joints(path: Path, joints_mm: FloatArray) -> None:
    """Write a result file of joints_mm [N, J, 3] in its order; as it has no mesh, a vertex at 0 for each frame."""
    joints = (np.asarray(joints_mm, np.float64) / _TO_OURS).round(9).tolist()
    with replacing(path) as temporary:
        temporary.write_text(json.dumps([joints, [_NO_MESH] * len(joints)]), encoding="utf-8")


def _depth(content: Any) -> int:
    """How deep the first element is nested."""
    depth = 0
    while isinstance(content, list) and content and depth < 5:
        content, depth = content[0], depth + 1
    return depth
