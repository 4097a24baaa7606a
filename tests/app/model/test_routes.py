from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from explorer_app.model.hand.model import HandModel
from explorer_app.model.open_data import open_store
from explorer_app.model.pose_error import difference, picture_pixels
from explorer_app.model.routes import INPUT, ROUTE_NAMES
from lsps_core.config.model import IMAGE_SIZE, other_domain

NAN = np.nan


def test_a_difference_is_signed_and_knows_where_only_one_has_a_hand() -> None:
    found = difference(np.array([[5.0, NAN, 1.0, NAN]]), np.array([[2.0, NAN, 2.0, 7.0]]))
    np.testing.assert_array_equal(found.mm, [[3.0, NAN, -1.0, NAN]])
    assert found.is_in_one_only.tolist() == [[False, False, False, True]]
    assert found.mean_mm == pytest.approx(2.0)
    assert found.one_only_share == pytest.approx(1 / 3)
    assert found.line == "2.0 mm, 33 % in one only"


def test_hands_without_a_common_pixel_have_no_mean_difference() -> None:
    apart = difference(np.array([[5.0, NAN]]), np.array([[NAN, 1.0]]))
    assert (apart.mean_mm, apart.one_only_share, apart.line) == (None, 1.0, "100 % in one only")
    empty = difference(np.full((2, 2), NAN), np.full((2, 2), NAN))
    assert (empty.mean_mm, empty.one_only_share) == (None, 0.0)


def test_joints_lie_where_a_picture_shows_them() -> None:
    corners = picture_pixels(np.array([[0, 0, 0], [1, 1, 0], [-1, -1, 0], [0.5, 0, -1], [0.5, 0, 1]]), 125, 128)
    np.testing.assert_allclose(corners[:3], [[63.5, 63.5], [127.5, -0.5], [-0.5, 127.5]])
    assert corners[3, 0] > 95.5 > corners[4, 0]  # what is near seems large


@pytest.mark.parametrize("domain", ["real", "synthetic"])
def test_the_routes_are_those_of_the_predictor(model: HandModel, store_path, domain) -> None:
    frame = open_store(store_path).data.view(0).frame
    encoding = model.encode(frame, domain)
    assert encoding.reconstruction is None
    found = model.routes(frame, encoding)
    assert tuple(found.routes) == ROUTE_NAMES
    assert list(found.poses) == [INPUT, *ROUTE_NAMES]
    domains = {name: route.domain for name, route in found.routes.items()}
    assert domains == dict.fromkeys(ROUTE_NAMES, domain) | {"translation": other_domain(domain)}
    np.testing.assert_allclose(found.poses[INPUT], model.decode_pose(encoding.code), atol=1e-6)
    of_pose = getattr(model.decode(encoding.code), domain)
    np.testing.assert_allclose(found.routes["image of the pose"].picture_mm, of_pose, atol=1e-3)
    assert all(route.picture_mm.shape == (IMAGE_SIZE, IMAGE_SIZE) for route in found.routes.values())
    assert set(found.fit_mm) == {"real", "synthetic"}
    assert found.fit_mm[found.better_domain] == min(found.fit_mm.values())


def test_annotated_frames_have_an_error_by_each_route(model: HandModel, store_path) -> None:
    frame = open_store(store_path).data.view(0).frame
    found = model.routes(frame, model.encode(frame, "real"))
    expected = np.linalg.norm(found.poses["cycle"] * 125 + frame.center_mm - frame.joints_mm, axis=1).mean()
    assert found.errors_mm["cycle"] == pytest.approx(expected, rel=1e-4)
    pairs = [np.linalg.norm(one - other, axis=1).mean() for one, other in combinations(found.poses.values(), 2)]
    assert found.disagreement_mm == pytest.approx(125 * np.mean(pairs))
