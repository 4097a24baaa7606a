from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer_app.explore.model.solids import mesh
from explorer_app.model.colours import DEPTH_TABLE, depth_colours
from explorer_app.model.pose_error import annotated_pose, mean_error_mm, to_joints_mm
from explorer_app.model.scene import (
    CUBE_EDGES,
    OUTLINE,
    PICK_PX,
    PRESETS,
    Figure,
    Orbit,
    far_to_near,
    figure,
    grid,
    strokes,
)
from lsps_core.data.frame import HandFrame
from lsps_core.skeleton import HAND21


def _project(orbit: Orbit, point: list[float]) -> tuple[float, float, float]:
    px, away, _ = orbit.project(np.array([point]), 200, 100)
    return float(px[0, 0]), float(px[0, 1]), float(away[0])


def test_the_default_view_is_the_depth_cameras() -> None:
    middle, right, up = (_project(Orbit(), point) for point in ([0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]))
    assert middle[:2] == (100, 50)
    assert right[0] > middle[0]
    assert up[1] < middle[1]
    assert _project(Orbit(), [0, 0, 1])[2] > _project(Orbit(), [0, 0, -1])[2]


def test_turning_right_brings_the_right_side_near() -> None:
    orbit = Orbit().turned(90, 0)
    assert _project(orbit, [1, 0, 0])[2] < _project(orbit, [-1, 0, 0])[2]
    assert _project(orbit, [0, 0, 1])[0] > 100


def test_the_eye_goes_no_higher_than_the_pole_and_no_nearer_than_the_cube() -> None:
    assert Orbit().turned(0, 500).elevation_deg < 90
    assert Orbit().zoomed(0.001).distance >= 2


ORBITS = st.builds(
    Orbit,
    azimuth_deg=st.floats(-180, 180),
    elevation_deg=st.floats(-90, 90),
    distance=st.floats(2.5, 20),
    pan=st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
    is_orthographic=st.booleans(),
)
POINTS = st.tuples(*[st.floats(-1, 1)] * 3).map(np.array)


@given(ORBITS, POINTS)
def test_unproject_inverts_project(orbit: Orbit, point: np.ndarray) -> None:
    px, away, _ = orbit.project(point[None], 320, 200)
    np.testing.assert_allclose(orbit.unproject(px, away, 320, 200)[0], point, atol=1e-9)


@given(ORBITS, POINTS, st.floats(-100, 100), st.floats(-100, 100))
def test_a_moved_point_follows_the_mouse(orbit: Orbit, point: np.ndarray, right_px: float, down_px: float) -> None:
    moved = orbit.moved(point, right_px, down_px, 320, 200)
    px, away, _ = orbit.project(np.stack([point, moved]), 320, 200)
    np.testing.assert_allclose(px[1] - px[0], [right_px, down_px], atol=1e-6)
    assert away[0] == pytest.approx(away[1])


def test_panning_takes_the_centre_along() -> None:
    px, _, _ = Orbit().panned(30, -20, 320, 200).project(np.zeros((1, 3)), 320, 200)
    np.testing.assert_allclose(px[0], [190, 80])


def test_picking_takes_the_nearest_within_reach_and_no_unknown_joint() -> None:
    points = np.array([[0.0, 0, 0], [0.1, 0, 0], [np.nan] * 3])
    dots, _, _ = Orbit().project(points, 300, 300)
    near = tuple(dots[1] + [2.0, 0.0])
    assert Orbit().pick(points, near, 300, 300) == 1
    assert Orbit().pick(points, tuple(dots[0] - [PICK_PX + 1, 0.0]), 300, 300) is None
    assert Orbit().pick(points[:0], near, 300, 300) is None


def test_orthographic_keeps_lengths_at_every_distance() -> None:
    points = np.array([[0, 0, -1.0], [0.5, 0, -1.0], [0, 0, 1.0], [0.5, 0, 1.0]])
    px, _, _ = Orbit(is_orthographic=True).project(points, 300, 300)
    np.testing.assert_allclose(px[1] - px[0], px[3] - px[2])


@pytest.mark.parametrize(("name", "wall", "side"), [("Camera", 2, 1), ("Top", 1, -1), ("Side", 0, -1)])
def test_the_grid_lies_behind_the_hand_and_counts_centimetres(name: str, wall: int, side: int) -> None:
    lines = grid(125.0, PRESETS[name])
    assert (lines.fine[..., wall] == side).all()
    assert len(lines.fine) == 2 * 25
    assert len(lines.coarse) == 2 * 5
    first, second = lines.fine[0], lines.fine[1]
    assert np.abs(second - first).max() * 125 == pytest.approx(10)


def test_a_cube_has_twelve_edges() -> None:
    assert len(CUBE_EDGES) == 12


def test_unknown_joints_take_their_bones_along() -> None:
    points = np.zeros((21, 3))
    points[4] = np.nan
    drawn = figure(HAND21, points)
    assert 4 not in drawn.known_joints
    assert len(drawn.known_joints) == 20
    assert len(drawn.known_bones) == 19


def test_mesh_normals_are_unit_and_faces_within_range() -> None:
    shape = mesh(figure(HAND21, np.random.default_rng(0).normal(size=(21, 3))), 0.02, 0.03)
    np.testing.assert_allclose(np.linalg.norm(shape.normals, axis=1), 1, atol=1e-5)
    assert shape.faces.max() == len(shape.vertices) - 1
    assert len(shape.colours) == len(shape.vertices)
    assert mesh(figure(HAND21, np.full((21, 3), np.nan)), 0.02, 0.03) is None


def test_near_is_bright_and_nothing_is_the_background() -> None:
    picture = depth_colours(np.array([[-125.0, 125.0, np.nan, -900.0]]), -125, 125, (9, 9, 9))
    assert picture[0, 0, :3].tolist() == DEPTH_TABLE[-1].tolist() == picture[0, 3, :3].tolist()
    assert picture[0, 1, :3].tolist() == DEPTH_TABLE[0].tolist()
    assert picture[0, 2].tolist() == [9, 9, 9, 255]
    brightness = DEPTH_TABLE.astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) > -0.5).all()


def _frame(joints_mm: np.ndarray | None) -> HandFrame:
    return HandFrame(
        depth_mm=np.zeros((4, 4), np.uint16),
        center_mm=np.float32([10, 20, 500]),
        half_mm=100.0,
        joints_mm=joints_mm,
        name="",
    )


def test_the_error_is_the_mean_distance_of_annotated_joints() -> None:
    pose = np.zeros((3, 3))
    joints = to_joints_mm(pose, _frame(None))
    joints[0] += [3, 4, 0]
    joints[2] = np.nan
    assert mean_error_mm(pose, _frame(joints)) == pytest.approx(2.5)
    assert mean_error_mm(pose, _frame(None)) is None
    assert mean_error_mm(pose, _frame(joints[:2])) is None
    assert annotated_pose(_frame(np.full((3, 3), np.nan))) is None


def test_parts_are_drawn_from_far_to_near_and_a_joint_after_its_bone() -> None:
    drawn = Figure(np.zeros((3, 3)), ((0, 1), (1, 2)), ((1, 1, 1),) * 3)
    assert far_to_near(drawn, [5.0, 3.0, 1.0], 0.1) == [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)]


def test_strokes_are_one_outline_and_then_a_group_for_each_colour() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [np.nan, 0.0]])
    drawn = Figure(points, ((0, 1), (0, 2), (1, 3)), ((0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 3, 3)))
    outline, *groups = strokes(drawn, 2.5)
    assert outline == (OUTLINE, 4.5, [(0, 1), (0, 2)])
    assert groups == [((1, 1, 1), 2.5, [(0, 1)]), ((2, 2, 2), 2.5, [(0, 2)])]
