"""BVH read back by forward kinematics of its own: the same joints, whatever the skeleton and however they turn."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from explorer_app.explore.model.bvh import to_bvh
from lsps_core.skeleton import HAND21, ICVL16, NYU36, Skeleton

RNG = np.random.default_rng(3)
MM = np.array([10, 10, -10])
"""cm, z towards the camera -> mm, z away."""
_ELEMENTARY = {
    "X": lambda c, s: [[1, 0, 0], [0, c, -s], [0, s, c]],
    "Y": lambda c, s: [[c, 0, s], [0, 1, 0], [-s, 0, c]],
    "Z": lambda c, s: [[c, -s, 0], [s, c, 0], [0, 0, 1]],
}


def read_bvh(text: str) -> tuple[list[dict[str, np.ndarray]], float]:
    """The places of all joints in each frame, ends by their parent's name and "end"; and the seconds of a frame."""
    structure, motion = text.split("MOTION\n")
    words = structure.split()[1:]
    lines = motion.splitlines()
    seconds = float(re.fullmatch(r"Frame Time: (.*)", lines[1])[1])
    assert int(re.fullmatch(r"Frames: (\d+)", lines[0])[1]) == len(lines) - 2
    return [_places(words, [float(value) for value in line.split()]) for line in lines[2:]], seconds


def _places(words: list[str], values: list[float]) -> dict[str, np.ndarray]:
    """One frame: walks through the file word by word, as a reader of BVH does."""
    places: dict[str, np.ndarray] = {}
    stack: list[tuple[str, np.ndarray]] = [("", np.eye(4))]
    words, values, name = list(words), list(values), ""
    while words:
        word = words.pop(0)
        if word in ("ROOT", "JOINT"):
            name = words.pop(0)
        elif word == "End":
            name = f"{stack[-1][0]} end"
            words.pop(0)
        elif word == "{":
            stack.append((name, stack[-1][1].copy()))
        elif word == "OFFSET":
            shift = np.eye(4)
            shift[:3, 3] = [float(words.pop(0)) for _ in range(3)]
            stack[-1] = (name, stack[-1][1] @ shift)
            places[name] = stack[-1][1][:3, 3]
        elif word == "CHANNELS":
            local = np.eye(4)
            for _ in range(int(words.pop(0))):
                channel, value = words.pop(0), values.pop(0)
                change = np.eye(4)
                if channel.endswith("position"):
                    change["XYZ".index(channel[0]), 3] = value
                else:
                    angle = math.radians(value)
                    change[:3, :3] = _ELEMENTARY[channel[0]](math.cos(angle), math.sin(angle))
                local = local @ change
            stack[-1] = (name, stack[-1][1] @ local)
            places[name] = stack[-1][1][:3, 3]
        elif word == "}":
            stack.pop()
    assert not values
    return places


def joints_in(places: dict[str, np.ndarray], skeleton: Skeleton) -> np.ndarray:
    """[J, 3] in mm of the camera's frame; tips are the ends of the joints before them."""
    found = []
    for joint, (name, parent) in enumerate(zip(skeleton.joints, skeleton.parents, strict=True)):
        if joint in skeleton.parents:
            found.append(places[name])
            continue
        before = skeleton.joints[parent]
        found.append(places[f"{before} end" if f"{before} end" in places else f"{before}_to_{name} end"])
    return np.array(found) * MM


def moving(skeleton: Skeleton, frames: int = 12) -> np.ndarray:
    """joints_mm [N, J, 3] of bones of fixed length that turn at random, all of them and by any angle."""
    lengths = RNG.uniform(5, 60, skeleton.joint_count)
    joints = np.zeros((frames, skeleton.joint_count, 3))
    joints[:, skeleton.parents.index(-1)] = RNG.normal(0, 50, (frames, 3)) + np.array([0, 0, 500])
    todo = [bone for bone in skeleton.bones if skeleton.parents[bone[0]] < 0]
    while todo:
        parent, child = todo.pop()
        directions = RNG.normal(size=(frames, 3))
        joints[:, child] = joints[:, parent] + lengths[child] * directions / np.linalg.norm(directions, axis=1)[:, None]
        todo += [bone for bone in skeleton.bones if bone[0] == child]
    return joints


@pytest.mark.parametrize("skeleton", [HAND21, ICVL16, NYU36], ids=lambda skeleton: skeleton.name)
def test_bones_of_fixed_length_come_back_exactly(skeleton: Skeleton) -> None:
    joints = moving(skeleton)
    motion = to_bvh(skeleton, joints, 1 / 30)
    frames, seconds = read_bvh(motion.text)
    assert seconds == pytest.approx(1 / 30, abs=1e-6)
    found = np.stack([joints_in(places, skeleton) for places in frames])
    assert np.linalg.norm(found - joints, axis=2).max() < 0.01
    assert motion.off_mm < 0.01


def test_a_bone_that_turns_right_round_comes_back() -> None:
    chain = Skeleton(name="chain", joints=("a", "b", "c"), parents=(-1, 0, 1), fingers=("palm",) * 3)
    ways = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1], [-1, 1e-9, 0], [1, 0, 0]])
    joints = np.stack([np.zeros_like(ways), 30 * ways, 30 * ways - 20 * ways[::-1]], axis=1)
    frames, _ = read_bvh(to_bvh(chain, joints, 0.1).text)
    assert np.stack([joints_in(places, chain) for places in frames]) == pytest.approx(joints, abs=0.01)


def test_what_bones_of_varying_length_lose_is_measured() -> None:
    joints = moving(HAND21)
    joints[::2] = joints[::2, :1] + 1.1 * (joints[::2] - joints[::2, :1])
    motion = to_bvh(HAND21, joints, 1 / 30)
    found = np.stack([joints_in(places, HAND21) for places in read_bvh(motion.text)[0]])
    assert motion.off_mm > 2
    assert np.linalg.norm(found - joints, axis=2).max() == pytest.approx(motion.off_mm, abs=0.01)
    towards = found[:, HAND21.joints.index("index_tip")] - found[:, HAND21.joints.index("index_dip")]
    before = joints[:, HAND21.joints.index("index_tip")] - joints[:, HAND21.joints.index("index_dip")]
    cosines = np.einsum("ni,ni->n", towards, before) / np.linalg.norm(towards, axis=1) / np.linalg.norm(before, axis=1)
    assert cosines == pytest.approx(1, abs=1e-6)


def test_a_bone_of_no_length_and_bones_that_are_not_one_tree() -> None:
    joints = moving(HAND21)
    joints[:, 1:5] -= joints[:, 1, None] - joints[:, 0, None]
    found = np.stack([joints_in(places, HAND21) for places in read_bvh(to_bvh(HAND21, joints, 1 / 30).text)[0]])
    assert found == pytest.approx(joints, abs=0.01)
    two = Skeleton(name="two", joints=("a", "b"), parents=(-1, -1), fingers=("palm",) * 2)
    with pytest.raises(ValueError, match="one tree"):
        to_bvh(two, joints[:, :2], 1 / 30)
