from __future__ import annotations

import numpy as np
import pytest

from explorer_app.explore.model.joint_drag import JointDrag
from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import LatentCode
from explorer_app.model.pose_search import LARGEST_NORM, closest_code
from lsps_core.skeleton import HAND21

TIP = HAND21.joints.index("index_tip")
WRIST = 0


def _far_mm(model: HandModel, a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b)) * model.half_mm


def _reachable(model: HandModel, code: LatentCode, joint: int) -> np.ndarray:
    """Where the joint is in a hand nearby."""
    nearby = LatentCode(tuple(value + 0.5 * (-1) ** axis for axis, value in enumerate(code.values)))
    return model.decode_pose(nearby)[joint]


def test_the_jacobian_is_how_the_pose_moves(model: HandModel) -> None:
    code = model.sample(3)
    pose, jacobian = model.pose_and_jacobian(code)
    np.testing.assert_allclose(pose, model.decode_pose(code), atol=1e-5)
    assert jacobian.shape == (21, 3, 20)
    for axis in (0, 7, 19):
        moved = model.decode_pose(code.with_value(axis, code.values[axis] + 0.005))
        np.testing.assert_allclose(jacobian[..., axis], (moved - pose) / 0.005, atol=2e-3)


@pytest.mark.parametrize("seed", range(4))
def test_a_joint_reaches_what_it_can_reach(model: HandModel, seed: int) -> None:
    code = model.sample(seed)
    drag = JointDrag(model, code, TIP)
    start, target = drag.position.copy(), _reachable(model, code, TIP)
    for share in np.linspace(0.1, 1, 10):
        drag.pull(start + share * (target - start))
    assert _far_mm(model, model.decode_pose(drag.code)[TIP], target) < 3


def test_the_others_stay_nearer_than_the_pulled_joint_moves(model: HandModel) -> None:
    code = model.sample(1)
    drag = JointDrag(model, code, TIP)
    before = model.decode_pose(code)
    target = _reachable(model, code, TIP)
    after = model.decode_pose(drag.pull(target))
    moves = np.linalg.norm(after - before, axis=1)
    assert np.median(moves) < 0.5 * moves[TIP]


def test_a_pull_to_where_it_is_changes_next_to_nothing(model: HandModel) -> None:
    code = model.sample(2)
    drag = JointDrag(model, code, TIP)
    before = model.decode_pose(code)
    after = model.decode_pose(drag.pull(before[TIP]))
    assert np.linalg.norm(after - before, axis=1).max() * model.half_mm < 3


def test_a_pinned_joint_stays_where_it_was(model: HandModel) -> None:
    code = model.sample(1)
    before, target = model.decode_pose(code)[WRIST], _reachable(model, code, TIP)
    moves = []
    for pinned in ((), (WRIST,)):
        drag = JointDrag(model, code, TIP, pinned)
        for _ in range(5):
            drag.pull(target)
        moves.append(_far_mm(model, model.decode_pose(drag.code)[WRIST], before))
        assert _far_mm(model, model.decode_pose(drag.code)[TIP], target) < 5
    assert moves[1] < 0.3 * moves[0]


@pytest.mark.parametrize("distance", [3.0, 1e3])
def test_beyond_reach_the_hand_stays_one(model: HandModel, distance: float) -> None:
    drag = JointDrag(model, model.sample(5), TIP)
    for side in np.eye(3):
        code = drag.pull(distance * side)
        assert np.linalg.norm(code.values) < LARGEST_NORM + 1
        assert np.isfinite(model.decode_pose(code)).all()


def test_the_way_back_leads_back(model: HandModel) -> None:
    code = model.sample(6)
    drag = JointDrag(model, code, TIP)
    start = drag.position.copy()
    for share in (0.5, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0):
        drag.pull(start + share * (_reachable(model, code, TIP) - start))
    assert np.linalg.norm(model.decode_pose(drag.code) - model.decode_pose(code), axis=1).mean() * model.half_mm < 5


def test_the_code_of_a_pose_is_found_again_near_its_joints(model: HandModel) -> None:
    pose = model.decode_pose(model.sample(7))
    near = model.decode_pose(LatentCode(tuple(value + 0.2 for value in model.sample(7).values)))
    found = closest_code(model, pose, model.sample(7).with_value(0, 0.5))
    assert np.linalg.norm(model.decode_pose(found) - pose, axis=1).mean() * model.half_mm < 1
    assert np.linalg.norm(near - pose, axis=1).mean() * model.half_mm > 1


def test_a_joint_that_has_a_place_is_held_there(model: HandModel) -> None:
    code = model.sample(1)
    place, target = _reachable(model, code, WRIST), _reachable(model, code, TIP)
    drag = JointDrag(model, code, TIP, places={WRIST: place})
    for _ in range(5):
        drag.pull(target)
    before = _far_mm(model, model.decode_pose(code)[WRIST], place)
    assert _far_mm(model, model.decode_pose(drag.code)[WRIST], place) < 0.5 * before
