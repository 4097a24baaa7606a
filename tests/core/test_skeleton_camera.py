from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsps_core.camera import NYU, Camera
from lsps_core.skeleton import FINGERS, HAND21, Skeleton


def test_hand21_is_wrist_then_four_joints_a_finger_from_the_thumb():
    assert HAND21.joint_count == 21
    assert HAND21.joints[0] == "wrist"
    assert [HAND21.fingers[1 + 4 * i] for i in range(5)] == list(FINGERS)
    assert [HAND21.parents[1 + 4 * i : 5 + 4 * i] for i in range(5)] == [
        (0, 1 + 4 * i, 2 + 4 * i, 3 + 4 * i) for i in range(5)
    ]
    assert len(HAND21.bones) == 20


def test_a_skeleton_survives_json():
    assert Skeleton.from_json(HAND21.to_json()) == HAND21


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parents": [-1] * 20}, "one parent"),
        ({"parents": [-1] * 20 + [20]}, "impossible parent"),
        ({"fingers": ["toe"] * 21}, "unknown finger"),
        ({"joints": None}, "not a skeleton"),
    ],
)
def test_a_wrong_skeleton_says_what_is_wrong(change, message):
    with pytest.raises(ValueError, match=message):
        Skeleton.from_json(HAND21.to_json() | change)


coordinate = st.floats(-500, 500)


@given(coordinate, coordinate, st.floats(50, 3000))
def test_unproject_inverts_project(x, y, z):
    point = np.array([x, y, z])
    np.testing.assert_allclose(NYU.unproject(NYU.project(point)), point, atol=1e-6)


def test_y_up_is_row_up():
    above, below = NYU.project(np.array([[0.0, 100, 700], [0, -100, 700]]))
    assert above[1] < NYU.cy < below[1]
    assert above[0] == NYU.cx


def test_a_camera_is_read_as_it_is_published():
    assert Camera.parse("588.03,-587.07,320,240") == NYU
    for text in ("", "1,2,3", "a,b,c,d", "0,1,2,3"):
        with pytest.raises(ValueError, match=r"camera|focal"):
            Camera.parse(text)


@pytest.mark.parametrize("change", [{"fx": 0.0}, {"fy": -587.0}, {"cx": float("nan")}])
def test_an_impossible_camera_is_refused(change):
    with pytest.raises(ValueError, match="focal lengths must be positive"):
        Camera.from_json(NYU.to_json() | change)
