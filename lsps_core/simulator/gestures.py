"""The gestures that sampled poses are variations of, as joint angles of the average hand in degrees."""

from __future__ import annotations

from collections.abc import Container
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

_Angles = tuple[float, float, float, float]  # first flexion, abduction, second flexion, third flexion

STRAIGHT: _Angles = (2, 0, 5, 3)
CURLED: _Angles = (80, 0, 98, 65)
_RELAXED: _Angles = (22, 0, 32, 21)
_HALF: _Angles = (42, 0, 58, 39)
_NEARLY: _Angles = (12, 0, 18, 12)

_OUT: _Angles = (-12, 0, 0, 0)
_REST: _Angles = (8, 15, 12, 15)
_BESIDE: _Angles = (24, -22, 8, 10)
_ACROSS: _Angles = (46, 25, 55, 60)
_KEY: _Angles = (-7, -15, 38, 38)
# Over the middle phalanx of the first finger, index to little, that is curled.
_TUCKED: tuple[_Angles, ...] = ((20, 35, 44, 50), (22, 21, 40, 39), (30, 18, 43, 40), (38, 17, 50, 43))
# The thumb's tip meets each finger's: (thumb, finger), solved for the average hand.
_PINCHES: tuple[tuple[_Angles, _Angles], ...] = (
    ((21, 26, 15, 30), (50, 0, 50, 33)),
    ((29, 23, 19, 31), (52, 1, 53, 35)),
    ((39, 21, 23, 32), (48, 2, 55, 37)),
    ((45, 14, 33, 33), (46, 3, 54, 36)),
)
_SPREAD: tuple[_Angles, ...] = ((-5, 10, 4, 2), (-5, 2, 4, 2), (-5, -7, 4, 2), (-5, -12, 4, 2))
_WIDEST: tuple[_Angles, ...] = ((-12, 16, 4, 2), (-12, 5, 4, 2), (-12, -8, 4, 2), (-12, -16, 4, 2))
# Index to little against each other, solved for the average hand: flat, bent a little, as a bowl, at a right angle.
_PRESSED: tuple[tuple[_Angles, ...], ...] = (
    ((0, -10, 3, 2), (0, 0, 3, 2), (0, 8, 3, 2), (-3, 15, 3, 2)),
    ((15, -11, 20, 14), (15, 0, 20, 14), (11, 8, 20, 14), (5, 16, 20, 14)),
    ((38, -13, 30, 20), (38, 0, 30, 20), (34, 10, 30, 20), (28, 16, 30, 20)),
    ((58, -14, 12, 8), (62, 0, 12, 8), (58, 12, 12, 8), (52, 16, 12, 8)),
)
_TOGETHER: tuple[_Angles, ...] = ((3, -3, 6, 4), (2, 0, 6, 4), (3, 3, 6, 4), (5, 6, 6, 4))

NAMED_GESTURES: dict[str, tuple[_Angles, ...]] = {
    "Fist": (_TUCKED[0], CURLED, CURLED, CURLED, CURLED),
    "Flat hand": (_BESIDE, *_TOGETHER),
    "Thumb up": (_OUT, CURLED, CURLED, CURLED, CURLED),
    "One, point": (_TUCKED[1], STRAIGHT, CURLED, CURLED, CURLED),
    "Two, victory": (_TUCKED[2], STRAIGHT, STRAIGHT, CURLED, CURLED),
    "Three": (_TUCKED[3], STRAIGHT, STRAIGHT, STRAIGHT, CURLED),
    "Four": (_ACROSS, *_SPREAD),
    "Five": (_OUT, *_SPREAD),
    "Pinch": (*_PINCHES[0], _RELAXED, _RELAXED, _RELAXED),
    "OK": (*_PINCHES[0], STRAIGHT, _SPREAD[2], _SPREAD[3]),
    "Claw": (_OUT, *[(-5.0, 2.0, 62.0, 42.0)] * 4),
    "Hook": (_REST, *[(8.0, 0.0, 88.0, 55.0)] * 4),
    "Horns": (_TUCKED[1], STRAIGHT, CURLED, CURLED, STRAIGHT),
    "Call me": (_OUT, CURLED, CURLED, CURLED, STRAIGHT),
}
"""Gestures that people know by name, each [5, 4] in degrees, in the order of a menu."""


class Gestures(NamedTuple):
    """G gestures."""

    families: tuple[str, ...]
    angles_rad: Tensor  # [G, 5, 4]
    family: Tensor  # [G], index into families


def gestures(families: Container[str]) -> Gestures:
    """The gestures of these families, between which a pose distribution sets its weights."""
    table = {
        "open": [(_OUT, *[STRAIGHT] * 4), (_REST, *[_NEARLY] * 4), (_OUT, *_SPREAD), (_BESIDE, *_TOGETHER)],
        "half": [(_REST, *[_RELAXED] * 4), (_REST, *[_HALF] * 4), (_REST, *_cascade(0.35)), (_OUT, *_cascade(0.6))],
        "bent": [
            (_REST, *[(8.0, 0.0, 88.0, 55.0)] * 4),  # hook
            (_OUT, *[(-5.0, 2.0, 62.0, 42.0)] * 4),  # claw
            (_REST, *[(72.0, 0.0, 10.0, 6.0)] * 4),  # flat fingers at a right angle to the palm
            ((15, 38, 20, 25), *[(38.0, 0.0, 48.0, 32.0)] * 4),  # around a bottle
        ],
        "fist": [(thumb, *[CURLED] * 4) for thumb in (_TUCKED[0], _KEY, _OUT)],
        "point": [(thumb, STRAIGHT, *[CURLED] * 3) for thumb in (_OUT, _KEY, _TUCKED[1])]
        + [(_REST, _NEARLY, *[_HALF] * 3)],
        "pinch": _pinches(),
        "counting": _counting(),
        "pressed": _pressed(),
        "extreme": [
            ((-18, 10, -5, -5), *_WIDEST),
            (_OUT, *[(70.0, angles[1], 30.0, 20.0) for angles in _WIDEST]),
            (_ACROSS, *_WIDEST),
            ((40, 40, 45, 60), *[(88.0, 0.0, 106.0, 75.0)] * 4),
            (_REST, *[(-18.0, 0.0, 100.0, 70.0)] * 4),  # a hook as flat as it gets
            (_REST, (-15, 4, 4, 2), (60, 0, 90, 60), (-10, -3, 5, 3), (75, 0, 95, 60)),
        ],
    }
    table = {name: rows for name, rows in table.items() if name in families}
    angles = torch.tensor([gesture for family in table.values() for gesture in family])
    family = torch.tensor([index for index, family in enumerate(table.values()) for _ in family])
    return Gestures(tuple(table), torch.deg2rad(angles), family)


def _cascade(curl: float) -> list[_Angles]:
    """Every finger a little more curled than its neighbour on the thumb's side, as in a hand at rest."""
    return [(curl * (50 + 12 * k), 0, curl * (65 + 14 * k), curl * (43 + 9 * k)) for k in range(4)]


def _pinches() -> list[tuple[_Angles, ...]]:
    """Thumb to one finger, the others nearly straight or relaxed."""
    rows = []
    for finger, (thumb, bent) in enumerate(_PINCHES):
        for others in (_NEARLY, _RELAXED):
            fingers = [others] * 4
            fingers[finger] = bent
            rows.append((thumb, *fingers))
    return rows


def _pressed() -> list[tuple[_Angles, ...]]:
    """Fingers that lie against each other; the thumb beside them or apart."""
    return [(thumb, *fingers) for fingers in _PRESSED for thumb in (_BESIDE, _REST, _OUT)]


def _counting() -> list[tuple[_Angles, ...]]:
    """Every set of straight fingers but none: one to five, victory, horns; the thumb out or tucked in."""
    rows = []
    for straight in product((False, True), repeat=4):
        if not any(straight):
            continue
        tucked = _ACROSS if all(straight) else _TUCKED[straight.index(False)]
        fingers = [STRAIGHT if is_straight else CURLED for is_straight in straight]
        rows += [(thumb, *fingers) for thumb in (_OUT, tucked)]
    return rows
