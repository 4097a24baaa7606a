"""Poses as BVH, the motion format of animation tools: a tree of bones of fixed length, and how each turns.

A joint with several children gets one more joint for each of them, at its own place, or the palm could only be rigid.
So poses of fixed bone lengths are kept as they are. If the lengths vary, BVH cannot hold that: it has their means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lsps_core.skeleton import Skeleton, bone_levels

FloatArray = npt.NDArray[np.floating]

_TO_BVH = np.array([0.1, 0.1, -0.1])
"""mm, z away from the camera -> cm, z towards it: BVH is right-handed, and most tools read cm."""
_LEAST = 1e-9
_MOST_LEVELS = 100
_CHANNELS = "Zrotation Xrotation Yrotation"


@dataclass(frozen=True)
class _Node:
    """A joint of the file. joint: of the skeleton whose place it has; towards: the joint that its bone leads to, which
    is all that it turns; None for one that only holds others. parent: a node, -1 for the root's. depth: in the file.
    """

    name: str
    joint: int
    towards: int | None
    parent: int
    depth: int


@dataclass(frozen=True, eq=False)
class Motion:
    """text: the file. off_mm: how far the joint that is worst off is from where it was, at any time."""

    text: str
    off_mm: float


def to_bvh(skeleton: Skeleton, joints_mm: FloatArray, seconds: float) -> Motion:
    """joints_mm [N, J, 3] in the camera's frame, without NaN; seconds: from one frame to the next.

    The bones have their mean lengths, and the directions of the first frame. ValueError if they are not one tree.
    """
    if len(bone_levels(skeleton.bones, skeleton.joint_count)) > _MOST_LEVELS:
        raise ValueError(f"the skeleton {skeleton.name!r} has chains of more than {_MOST_LEVELS} bones")
    places = np.asarray(joints_mm, dtype=np.float64) * _TO_BVH
    nodes = _nodes(skeleton)
    offsets = _offsets(skeleton, places)
    turns, made = _turns(skeleton, nodes, offsets, places)
    off_mm = float(np.linalg.norm(made - places, axis=2).max()) / _TO_BVH[0]
    rows = _rows(places[:, nodes[0].joint], turns)
    head = ["HIERARCHY", *_hierarchy(skeleton, nodes, offsets)]
    motion = ["MOTION", f"Frames: {len(rows)}", f"Frame Time: {seconds:.8f}", *rows]
    return Motion("\n".join([*head, *motion]) + "\n", off_mm)


def _children(skeleton: Skeleton, joint: int) -> list[int]:
    return [child for child, parent in enumerate(skeleton.parents) if parent == joint]


def _nodes(skeleton: Skeleton) -> list[_Node]:
    """All joints of the file that turn, parents first, depth first as they are written."""
    nodes: list[_Node] = []

    def add(joint: int, parent: int, depth: int) -> None:
        children = _children(skeleton, joint)
        if not children:
            return  # an end
        here = len(nodes)
        towards = children[0] if len(children) == 1 else None
        nodes.append(_Node(skeleton.joints[joint], joint, towards, parent, depth))
        for child in children:
            below, deeper = here, depth + 1
            if len(children) > 1:
                below = len(nodes)
                name = f"{skeleton.joints[joint]}_to_{skeleton.joints[child]}"
                nodes.append(_Node(name, joint, child, here, deeper))
                deeper += 1
            add(child, below, deeper)

    add(skeleton.parents.index(-1), -1, 0)
    return nodes


def _offsets(skeleton: Skeleton, places: FloatArray) -> FloatArray:
    """[J, 3]: from each joint's parent to it in the first frame, at its mean length; 0 for the root."""
    offsets = np.zeros(places.shape[1:])
    for parent, child in skeleton.bones:
        bones = places[:, child] - places[:, parent]
        offsets[child] = _unit(bones[0]) * np.linalg.norm(bones, axis=1).mean()
    return offsets


def _turns(
    skeleton: Skeleton, nodes: list[_Node], offsets: FloatArray, places: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Each node's rotation in its parent's frame [N, K, 3, 3], and where the joints are then [N, J, 3]."""
    count = len(places)
    made = np.zeros_like(places)
    made[:, nodes[0].joint] = places[:, nodes[0].joint]
    world = np.zeros((count, len(nodes), 3, 3))
    turns = np.zeros_like(world)
    for number, node in enumerate(nodes):
        above = np.broadcast_to(np.eye(3), (count, 3, 3)) if node.parent < 0 else world[:, node.parent]
        if node.towards is None:
            children = _children(skeleton, node.joint)
            bones = places[:, children] - places[:, node.joint, None]
            world[:, number] = _best_rotation(offsets[children], bones)
        else:
            bone = places[:, node.towards] - places[:, node.joint]
            carried = above @ offsets[node.towards]
            world[:, number] = _shortest_rotation(_unit(carried), _unit(bone)) @ above
            made[:, node.towards] = made[:, node.joint] + world[:, number] @ offsets[node.towards]
        turns[:, number] = np.swapaxes(above, 1, 2) @ world[:, number]
    return turns, made


def _unit(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(lengths > _LEAST, vectors / np.maximum(lengths, _LEAST), np.array([1.0, 0, 0]))


def _best_rotation(rest: FloatArray, bones: FloatArray) -> FloatArray:
    """rest [K, 3], bones [N, K, 3] -> the rotation [N, 3, 3] that carries all of them best (Kabsch)."""
    u, _, v = np.linalg.svd(np.einsum("nki,kj->nij", bones, rest))
    sign = np.sign(np.linalg.det(u @ v))
    u[:, :, 2] *= np.where(sign == 0, 1.0, sign)[:, None]
    rotation: FloatArray = u @ v
    return rotation


def _shortest_rotation(start: FloatArray, end: FloatArray) -> FloatArray:
    """Unit vectors [N, 3] -> the rotation [N, 3, 3] from one to the other that turns least."""
    from scipy.spatial.transform import Rotation

    axis, cosine = np.cross(start, end), np.einsum("ni,ni->n", start, end)
    other = np.eye(3)[np.argmin(np.abs(start), axis=1)]
    axis = np.where((cosine < -1 + 1e-12)[:, None], _unit(np.cross(start, other)), axis)
    quaternion = np.concatenate([axis, np.maximum(1 + cosine, 0)[:, None]], axis=1)
    rotation: FloatArray = Rotation.from_quat(quaternion).as_matrix()
    return rotation


def _rows(root: FloatArray, turns: FloatArray) -> list[str]:
    """A line for each frame: the root's place, then the angles of all nodes in degrees."""
    from scipy.spatial.transform import Rotation

    count, nodes = turns.shape[:2]
    angles = Rotation.from_matrix(turns.reshape(-1, 3, 3)).as_euler("ZXY", degrees=True).reshape(count, 3 * nodes)
    return [" ".join(f"{value:.6f}" for value in row) for row in np.concatenate([root, angles], axis=1).tolist()]


def _hierarchy(skeleton: Skeleton, nodes: list[_Node], offsets: FloatArray) -> list[str]:
    lines: list[str] = []

    def write(number: int) -> None:
        node = nodes[number]
        indent, is_root = "\t" * node.depth, node.parent < 0
        at_parent = is_root or nodes[node.parent].joint == node.joint
        offset = np.zeros(3) if at_parent else offsets[node.joint]
        channels = f"6 Xposition Yposition Zposition {_CHANNELS}" if is_root else f"3 {_CHANNELS}"
        lines.append(f"{indent}{'ROOT' if is_root else 'JOINT'} {node.name}")
        lines.append(f"{indent}{{")
        lines.append(f"{indent}\tOFFSET {_text(offset)}")
        lines.append(f"{indent}\tCHANNELS {channels}")
        for below, child in enumerate(nodes):
            if child.parent == number:
                write(below)
        if node.towards is not None and not _children(skeleton, node.towards):
            lines.extend([f"{indent}\tEnd Site", f"{indent}\t{{", f"{indent}\t\tOFFSET {_text(offsets[node.towards])}"])
            lines.append(f"{indent}\t}}")
        lines.append(f"{indent}}}")

    write(0)
    return lines


def _text(vector: FloatArray) -> str:
    return " ".join(f"{value:.6f}" for value in vector)
