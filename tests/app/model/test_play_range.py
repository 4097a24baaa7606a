from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer_app.model.playing.play_range import PlayRange

TENTHS = PlayRange.of_all(np.arange(11) / 10)


def test_time_follows_the_clock_and_ends_with_the_last_frame() -> None:
    assert TENTHS.moved(0.2, 0.25) == (pytest.approx(0.45), False)
    assert TENTHS.frame_at(0.45) == 4
    assert TENTHS.moved(0.9, 5) == (1.0, True)
    assert TENTHS.frame_at(1.0) == 10


def test_speed() -> None:
    assert replace(TENTHS, speed=4.0).moved(0.1, 0.1) == (pytest.approx(0.5), False)


def test_a_loop_shows_the_last_frame_as_long_as_the_others() -> None:
    loop = replace(TENTHS, first=2, last=4, is_loop=True)
    frames = [loop.frame_at(loop.moved(0.2, step / 10 + 0.05)[0]) for step in range(8)]
    assert frames == [2, 3, 4, 2, 3, 4, 2, 3]


def test_a_range_keeps_the_time_inside() -> None:
    part = replace(TENTHS, first=3, last=6)
    assert part.moved(0.0, 0.1) == (0.3, False)
    assert part.frame_at(0.0) == 3
    assert part.frame_at(2.0) == 6
    assert [part.contains(index) for index in (2, 3, 6, 7)] == [False, True, True, False]
    assert part.rate == pytest.approx(10)
    assert not part.is_whole


def test_frames_at_uneven_times() -> None:
    uneven = PlayRange.of_all(np.array([0, 0.1, 0.5, 0.6]))
    assert [uneven.frame_at(time) for time in (0, 0.09, 0.1, 0.49, 0.5, 0.61)] == [0, 0, 1, 1, 2, 3]


def test_a_long_pause_of_the_recording_is_a_second() -> None:
    paused = PlayRange.of_all(np.array([0, 0.1, 900.0, 900.1]))
    assert paused.times_s == pytest.approx([0, 0.1, 1.1, 1.2])


def test_a_single_frame_and_equal_times_have_no_rate() -> None:
    for times in ([0.0], [0.0, 0.0]):
        still = replace(PlayRange.of_all(np.array(times)), is_loop=True)
        assert still.rate == 0
        assert still.frame_at(still.moved(0, 10)[0]) == len(times) - 1
