from __future__ import annotations

import numpy as np
import pytest

from explorer_app.model.hand.effects import measure, name_of, shares
from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import RAW, LatentCode, LatentScale, principal
from lsps_core.skeleton import HAND21, ICVL16, MSRA21, NYU36, Skeleton


def open_hand(skeleton: Skeleton = HAND21) -> np.ndarray:
    """[J, 3] mm: a flat hand that points up, its palm to the camera, the thumb to the right."""
    sideways = {"thumb": 45.0, "index": 25.0, "middle": 8.0, "ring": -8.0, "little": -25.0, "palm": 0.0}
    joints = np.zeros((skeleton.joint_count, 3))
    heights: dict[str, float] = {}
    for joint, finger in enumerate(skeleton.fingers):
        heights[finger] = heights.get(finger, 0.0) + 22.0
        joints[joint] = [sideways[finger], heights[finger] - (80.0 if finger in ("palm", "thumb") else 20.0), 0.0]
    if skeleton is NYU36:  # its fingers are listed from the tip
        joints = np.where((np.array(skeleton.fingers) == "palm")[:, None], joints, joints * [1, -1, 1] + [0, 100, 0])
    return joints


def turned(joints: np.ndarray, axis: int, angle_rad: float) -> np.ndarray:
    first, second = [index for index in range(3) if index != axis]
    rotation = np.eye(3)
    rotation[[first, second], [first, second]] = np.cos(angle_rad)
    rotation[first, second], rotation[second, first] = -np.sin(angle_rad), np.sin(angle_rad)
    return joints @ rotation.T


def bent(joints: np.ndarray, fingers: tuple[str, ...], angle_rad: float, axis: int = 0) -> np.ndarray:
    """Fingers of a HAND21 turned about their bases: about x they curl, about z they go sideways."""
    result = joints.copy()
    for finger in fingers:
        chain = [joint for joint, owner in enumerate(HAND21.fingers) if owner == finger]
        result[chain] = turned(joints[chain] - joints[chain[0]], axis, angle_rad) + joints[chain[0]]
    return result


def name_between(low: np.ndarray, high: np.ndarray, skeleton: Skeleton = HAND21) -> str:
    return name_of(shares(((low + high) / 2)[None], (high - low)[None], skeleton))


@pytest.mark.parametrize("skeleton", [HAND21, NYU36, ICVL16, MSRA21])
@pytest.mark.parametrize("angle_rad", [0.1, 1.5])
@pytest.mark.parametrize(("axis", "name"), [(2, "in-plane turn"), (1, "palm turn"), (0, "tilt")])
def test_turns_by_any_angle_get_their_name(skeleton: Skeleton, angle_rad: float, axis: int, name: str) -> None:
    hand = open_hand(skeleton)
    rng = np.random.default_rng(0)
    hand = hand + rng.normal(0, 3, hand.shape)
    assert name_between(turned(hand, axis, -angle_rad / 2), turned(hand, axis, angle_rad / 2), skeleton) == name


@pytest.mark.parametrize(
    ("shift", "name"), [((9, 0, 0), "side shift"), ((0, 9, 0), "lift"), ((0, 0, 9), "depth shift")]
)
def test_shifts_get_their_name(shift: tuple[int, int, int], name: str) -> None:
    assert name_between(open_hand(), open_hand() + shift) == name


def test_a_hand_that_grows_is_called_so() -> None:
    assert name_between(open_hand() * 0.9, open_hand() * 1.1) == "size"


@pytest.mark.parametrize(
    ("fingers", "axis", "name"),
    [
        (("index",), 0, "index curl"),
        (("thumb",), 2, "thumb across"),
    ],
)
def test_fingers_get_the_name_of_what_they_do(fingers: tuple[str, ...], axis: int, name: str) -> None:
    hand = open_hand()
    assert name_between(bent(hand, fingers, -0.3, axis), bent(hand, fingers, 0.3, axis)) == name


def test_all_fingers_that_spread_are_named_together() -> None:
    hand = open_hand()
    low, high = hand, hand
    for finger, angle in {"index": -0.4, "middle": -0.12, "ring": 0.2, "little": 0.5}.items():
        low, high = bent(low, (finger,), -angle, 2), bent(high, (finger,), angle, 2)
    assert name_between(low, high).endswith(("spread", "across"))


def test_what_stands_out_in_nothing_is_mixed_and_what_does_nothing_says_so() -> None:
    hand = open_hand()
    assert name_between(hand, hand) == "no effect"
    noise = hand + np.random.default_rng(3).normal(0, 5, hand.shape)
    assert name_between(hand, noise).startswith("mixed: ")


def test_shares_add_up_to_one() -> None:
    rng = np.random.default_rng(2)
    parts = shares(rng.normal(0, 40, (6, 21, 3)), rng.normal(0, 3, (6, 21, 3)), HAND21)
    assert sum(parts.values()) == pytest.approx(1)
    assert min(parts.values()) >= -1e-12


def toy_joints(codes: list[LatentCode]) -> np.ndarray:
    """Axis 0 shifts by 5 mm per σ, axis 1 by 2 mm; axis 2 moves joint 4 alone, by 8 mm."""
    hands = np.repeat(open_hand()[None], len(codes), axis=0)
    for hand, code in zip(hands, codes, strict=True):
        hand[:, 0] += 5 * code.values[0] + 2 * code.values[1]
        hand[4, 2] += 8 * code.values[2]
    return hands


def test_effects_are_mm_per_sigma_of_each_joint() -> None:
    effects = measure(toy_joints, [LatentCode(), LatentCode((0.7,) * 20)], RAW, HAND21)
    np.testing.assert_allclose(effects.mm[0], 5)
    np.testing.assert_allclose(effects.mm[1], 2)
    np.testing.assert_allclose(effects.mm[2], 8 * np.eye(21)[4], atol=1e-9)
    assert effects.order[:3] == (0, 1, 2)
    assert effects.names[:2] == ("side shift", "side shift 2")
    assert set(effects.names[3:]) <= {f"no effect{'' if n == 1 else f' {n}'}" for n in range(1, 18)}
    assert effects.weights(2)[4] == 1
    assert effects.part_mm(2)["thumb"] == pytest.approx(2)
    assert effects.part_mm(2)["index"] == 0
    assert "thumb 2.0" in effects.describe(2, "z3")


def test_effects_of_principal_directions_are_those_of_moving_along_them() -> None:
    scale = LatentScale([0.0] * 20, [1.0] * 20)
    matrix = np.eye(20) * 0.1
    matrix[:2, :2] = [[1.0, 0.99], [0.99, 1.0]]
    basis = principal(scale, matrix.tolist())
    effects = measure(toy_joints, [LatentCode()], basis, HAND21)
    np.testing.assert_allclose(effects.mm[0], 7 * np.sqrt(1.99 / 2), rtol=1e-6)


def test_a_model_has_measured_its_effects_when_it_is_loaded(model: HandModel) -> None:
    effects = model.effects(RAW)
    assert effects is model.effects(RAW)
    assert effects.mm.shape == (20, 21)
    assert effects.mm.min() >= 0
    assert model.principal is None
    code = model.sample(0).with_value(3, 0.0)
    ends = [model.decode_pose(code.with_value(3, sigma)) for sigma in (-1.0, 1.0)]
    moved = np.linalg.norm(ends[1] - ends[0], axis=1) / 2 * model.half_mm
    assert 0.3 < moved.mean() / effects.strength_mm[3] < 3
