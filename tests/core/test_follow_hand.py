"""A hand followed from frame to frame is found where the whole search finds it."""

from __future__ import annotations

import numpy as np
import pytest
from test_data_frames import DATA, SR305_HANDS, needs_data, person

from lsps_core.camera import SR305
from lsps_core.data.crop import cube_window
from lsps_core.data.hand_search import find_hand
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.recordings.follow import follow_hand

STEPS_MM = [(0, 0, 0), (40, 0, 0), (0, -40, 0), (-20, 20, 30), (0, 0, -40)]


@pytest.mark.parametrize("step", STEPS_MM)
def test_a_hand_that_moved_is_found_near_where_it_was(step: tuple[int, int, int]) -> None:
    depth, _ = person()
    whole = find_hand(depth, SR305)
    found = follow_hand(depth, SR305, whole.center_mm - np.array(step))
    assert np.linalg.norm(found.center_mm - whole.center_mm) < 25  # the coarse window may see another finger as its end
    assert found.box_px == cube_window(SR305, found.center_mm, found.half_mm)
    assert depth[int(found.end_px[1]), int(found.end_px[0])] < 650


@needs_data
@pytest.mark.parametrize("name", SR305_HANDS)
def test_real_hands_are_followed(name: str) -> None:
    depth = read_depth(DATA / "sr305" / f"{name}.png", unit_mm=0.125)
    whole = find_hand(depth, SR305).center_mm
    for step in STEPS_MM:
        assert np.linalg.norm(follow_hand(depth, SR305, whole + np.array(step)).center_mm - whole) < 4


def test_gaps_may_be_nan() -> None:
    depth, _ = person()
    whole = find_hand(depth, SR305).center_mm
    gaps = np.where(depth > 0, depth, np.nan)
    assert follow_hand(gaps, SR305, whole).center_mm == pytest.approx(follow_hand(depth, SR305, whole).center_mm)


@pytest.mark.parametrize("last", [(400, 300, 600), (-60, -30, 1100), (5000, 0, 500)])
def test_a_hand_elsewhere_is_lost(last: tuple[int, int, int]) -> None:
    """Far to the side, far behind, and outside of the image."""
    depth = np.where(person()[0] < 700, person()[0], 0)
    with pytest.raises(ValueError, match=r"hand|reading"):
        follow_hand(depth, SR305, np.array(last))
