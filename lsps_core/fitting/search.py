"""The order of a surface fit: from what P reads, from gestures on the palm found there, or from the frame before."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lsps_core.fitting import starts
from lsps_core.fitting.hand import joints_of, skin
from lsps_core.fitting.objective import SurfaceObjective
from lsps_core.fitting.solver import Solved, best_of, minimise
from lsps_core.inference import Predictor

LOST_MM = 3.0
"""A tracked hand whose residual ends above this is searched for again."""
GOOD_MM, BAD_MM = 1.1, 1.4
"""A frame whose residual is below GOOD_MM after the first starts needs no others; one above BAD_MM after gestures has
its fingers tried one by one. Good fits end near 1.0, at sensor noise."""
_FIRST = {"silhouette": 0.3, "front": 0.0}
"""The first steps: from far away the front term pushes fingers off the surface that they should come to lie on."""
_FIRST_STEPS, _THEN_STEPS, _OTHER_STEPS = 3, 3, 4
"""Steps of the first starts, with those weights and then with the usual ones, and of other starts."""
_FEWEST_POINTS, _FEW_POINTS, _SOME_POINTS = 48, 150, 400
"""By which other hands, and of them _KEPT, are compared; and for the steps before the last ones, which take all."""
_KEPT = 24
_STARTS = 2
_COSTS_AT_ONCE = 256  # hands; keeps a step's tensors (8 MB each) near the processor's cache


def search(predictor: Predictor, objective: SurfaceObjective, read: Tensor, steps: int) -> Solved:
    """read [B, K, U], what P reads of rotated copies with their mean first -> the best of several starts.

    They are the mean and the copy of least cost; then, on the palm that was found, the simulator's gestures that suit
    best; then, where the residual is still bad, other fingers. A step moves each finger to the nearest points; where
    those are another finger's, only another start helps. All race for a few steps; the winner takes up to `steps` more.
    """
    every, objective = objective, objective.with_points(_SOME_POINTS)
    begin = torch.stack([read[:, 0], cheapest(objective, read, 1)[:, 0]], dim=1)
    found = best_of(_race(objective, begin, min(_THEN_STEPS, steps), min(_FIRST_STEPS, steps)))
    for limit, hands_of in ((GOOD_MM, _with_gestures), (BAD_MM, starts.with_other_fingers)):
        bad = (~(found.residual_mm <= limit)).nonzero()[:, 0]
        if len(bad):
            found = _with_other_starts(predictor, objective[bad], found, bad, steps, hands_of)
    return _then(found, minimise(every, found.unknowns, steps))


def track(objective: SurfaceObjective, last: Tensor, steps: int, again: Callable[[Tensor], Solved]) -> Solved:
    """last [B, U], the hands of the frames before -> `steps` steps from there.

    again: searches the frames [n] of the batch whose residual ends above LOST_MM.
    """
    found = minimise(objective, last, steps)
    lost = (~(found.residual_mm <= LOST_MM)).nonzero()[:, 0]
    if len(lost):
        old = Solved(*(part[lost] for part in found))
        found = _replaced(found, lost, best_of([old, again(lost)]))
    return found


def cheapest(objective: SurfaceObjective, unknowns: Tensor, count: int) -> Tensor:
    """unknowns [B, K, U] -> [B, count, U]: of each frame's K hands those of least cost, by a part of the points."""
    return _best(objective.with_points(_FEW_POINTS), unknowns, lambda some, hands: some.cost(hands)[0], count)


def _best(
    objective: SurfaceObjective, hands: Tensor, cost: Callable[[SurfaceObjective, Tensor], Tensor], count: int
) -> Tensor:
    """hands [B, K, ...] -> [B, count, ...]: those of least cost."""
    blocks = zip(
        torch.split(_frames(hands), _COSTS_AT_ONCE), torch.split(hands.flatten(0, 1), _COSTS_AT_ONCE), strict=True
    )
    costs = torch.cat([cost(objective[frame], some) for frame, some in blocks]).view(hands.shape[:2])
    order = costs.argsort(dim=1, stable=True)[:, :count]
    return hands[torch.arange(len(hands), device=hands.device)[:, None], order]


def _with_other_starts(
    predictor: Predictor,
    objective: SurfaceObjective,
    found: Solved,
    bad: Tensor,
    steps: int,
    hands_of: Callable[[Tensor], Tensor],
) -> Solved:
    """What was found [B], but for the frames `bad` [n], which objective has, what wins of it and other hands.

    hands_of: joints_mm [n, 21, 3] of what was found -> those of K other hands a frame [n, K, 21, 3].
    """
    hand, half_mm = objective.hand, objective.seen.half_mm
    old = Solved(*(part[bad] for part in found))
    spheres = hand.spheres(old.unknowns, half_mm)
    joints = hands_of(joints_of(spheres))
    radii = spheres[..., 3].repeat_interleave(joints.shape[1], dim=0)
    skins = skin(joints.flatten(0, 1), radii).view(*joints.shape[:2], -1, 4)
    few = objective.with_points(_FEWEST_POINTS)
    joints = joints_of(_best(few, skins, SurfaceObjective.skin_cost, _KEPT))
    pose = torch.empty_like(joints)
    pose[:, :, hand.order] = joints / half_mm[:, None, None, None]
    codes = hand.at(predictor.model.pose_vae.encode(pose.flatten(0, 1)).mean).view(*joints.shape[:2], -1)
    begin = torch.cat([old.unknowns[:, None], cheapest(objective, codes, _STARTS)], dim=1)
    same, *others = _race(objective, begin, min(_OTHER_STEPS, steps))
    return _replaced(found, bad, best_of([_then(old, same), *others]))


def _race(objective: SurfaceObjective, begin: Tensor, steps: int, first_steps: int = 0) -> list[Solved]:
    """begin [B, K, U] -> K times where a start of each frame leads; first_steps: with the weights of `_FIRST`."""
    count = begin.shape[1]
    objective, start = objective[_frames(begin)], begin.flatten(0, 1)
    if first_steps:
        first = minimise(objective.with_weights(**_FIRST), start, first_steps)
        solved = _then(first, minimise(objective, first.unknowns, steps))
    else:
        solved = minimise(objective, start, steps)
    return [Solved(*(part[place::count] for part in solved)) for place in range(count)]


def _frames(hands: Tensor) -> Tensor:
    """hands [B, K, ...] -> the frame [B * K] of each."""
    return torch.arange(len(hands), device=hands.device).repeat_interleave(hands.shape[1])


def _replaced(found: Solved, places: Tensor, new: Solved) -> Solved:
    """found with new [n] at the places [n]."""
    length = max(found.trace_mm.shape[1], new.trace_mm.shape[1])
    parts = zip(found.with_trace(length), new.with_trace(length), strict=True)
    return Solved(*(old.index_copy(0, places, some) for old, some in parts))


def _then(first: Solved, rest: Solved) -> Solved:
    """Steps that began where the first ones ended."""
    trace_mm = torch.cat([first.trace_mm[:, :-1], rest.trace_mm], dim=1)
    return rest._replace(trace_mm=trace_mm, trace=torch.cat([first.trace[:, :-1], rest.trace], dim=1))


def _with_gestures(joints_mm: Tensor) -> Tensor:
    return starts.on_palm(starts.gesture_joints_mm().to(joints_mm.device), joints_mm)
