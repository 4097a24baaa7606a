"""The order of a surface fit: from what P reads, from gestures on the palm found there, or from the frame before."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lsps_core.fitting import starts, terms
from lsps_core.fitting.objective import SurfaceObjective
from lsps_core.fitting.solver import Solved, best_of, minimise
from lsps_core.inference import Predictor
from lsps_core.skeleton import HAND21

LOST_MM = 3.0
"""A tracked hand whose residual ends above this is searched for again."""
BAD_MM = 1.8
"""A frame whose residual ends above this has its fingers tried one by one. Good ones end near 1.5, at sensor noise."""
_FIRST_STEPS = 3
_FIRST = {"silhouette": 0.3, "front": 0.0}
"""The first steps: from far away the front term pushes fingers off the surface that they should come to lie on."""
_FEW_POINTS, _SOME_POINTS = 150, 400
"""By which starts are compared, and from which steps are taken before the last ones, which take all points."""
_STARTS = 2
_COSTS_AT_ONCE = 256  # hands; keeps a step's tensors (8 MB each) near the processor's cache


def search(predictor: Predictor, objective: SurfaceObjective, read: Tensor, steps: int) -> Solved:
    """read [B, K, U], what P reads of rotated copies with their mean first -> the best of several starts.

    They are the mean and the copy of least cost; then, on the palm that was found, the simulator's gestures that suit
    best; then, where the residual is still bad, other fingers. A step moves each finger to the nearest points; where
    those are another finger's, only another start helps.
    """
    every, objective = objective, objective.with_points(_SOME_POINTS)
    begin = torch.stack([read[:, 0], cheapest(objective, read, 1)[:, 0]], dim=1)
    found = _best_start(begin, lambda some, start: _from_afar(objective[some], start, steps))
    found = _tried(predictor, objective, found, steps, lambda joints: starts.on_palm(_gestures(joints), joints))
    bad = (found.residual_mm > BAD_MM).nonzero()[:, 0]
    if len(bad):
        old = Solved(*(part[bad] for part in found))
        new = _tried(predictor, objective[bad], old, steps, starts.with_other_fingers)
        found = Solved(*(part.index_copy(0, bad, some) for part, some in zip(found, new, strict=True)))
    return _then(found, minimise(every, found.unknowns, steps))


def track(objective: SurfaceObjective, last: Tensor, steps: int, again: Callable[[Tensor], Solved]) -> Solved:
    """last [B, U], the hands of the frames before -> `steps` steps from there.

    again: searches the frames [n] of the batch whose residual ends above LOST_MM.
    """
    found = minimise(objective, last, steps)
    lost = (~(found.residual_mm <= LOST_MM)).nonzero()[:, 0]
    if len(lost):
        old = Solved(*(part[lost] for part in found))
        better = best_of([old, again(lost)])
        found = found.with_trace(better.trace.shape[1])
        found = Solved(*(part.index_copy(0, lost, new) for part, new in zip(found, better, strict=True)))
    return found


def cheapest(objective: SurfaceObjective, unknowns: Tensor, count: int) -> Tensor:
    """unknowns [B, K, U] -> [B, count, U]: of each frame's K hands those of least cost, by a part of the points."""
    few = objective.with_points(_FEW_POINTS)
    frames = torch.arange(len(unknowns), device=unknowns.device).repeat_interleave(unknowns.shape[1])
    blocks = zip(torch.split(frames, _COSTS_AT_ONCE), torch.split(unknowns.flatten(0, 1), _COSTS_AT_ONCE), strict=True)
    cost = torch.cat([few[frame].cost(hand)[0] for frame, hand in blocks]).view(unknowns.shape[:2])
    return terms.pick(unknowns, cost.argsort(dim=1, stable=True)[:, :count])


def _tried(
    predictor: Predictor, objective: SurfaceObjective, found: Solved, steps: int, hands_of: Callable[[Tensor], Tensor]
) -> Solved:
    """The best of what was found [B] and of the cheapest of other hands.

    hands_of: joints_mm [B, 21, 3] of what was found -> those of K other hands a frame [B, K, 21, 3].
    """
    hand, half_mm = objective.hand, objective.seen.half_mm
    spheres = hand.spheres(found.unknowns, half_mm)
    joints = hands_of(spheres[:, : HAND21.joint_count, :3])
    pose = torch.empty_like(joints)
    pose[:, :, hand.order] = joints / half_mm[:, None, None, None]
    codes = hand.at(predictor.encode_pose(pose.flatten(0, 1))).view(*joints.shape[:2], -1)
    begin = cheapest(objective, codes, _STARTS)
    return best_of([found, _best_start(begin, lambda some, start: minimise(objective[some], start, steps))])


def _best_start(begin: Tensor, solve: Callable[[Tensor, Tensor], Solved]) -> Solved:
    """begin [B, K, U] -> for each frame the best of its K starts. solve: frames [n] and their starts [n, U]."""
    batch, count, _ = begin.shape
    solved = solve(torch.arange(batch, device=begin.device).repeat_interleave(count), begin.flatten(0, 1))
    return best_of([Solved(*(part[place::count] for part in solved)) for place in range(count)])


def _from_afar(objective: SurfaceObjective, start: Tensor, steps: int) -> Solved:
    first = minimise(objective.with_weights(**_FIRST), start, min(_FIRST_STEPS, steps))
    return _then(first, minimise(objective, first.unknowns, steps - min(_FIRST_STEPS, steps)))


def _then(first: Solved, rest: Solved) -> Solved:
    """Steps that began where the first ones ended."""
    trace_mm = torch.cat([first.trace_mm[:, :-1], rest.trace_mm], dim=1)
    return rest._replace(trace_mm=trace_mm, trace=torch.cat([first.trace[:, :-1], rest.trace], dim=1))


def _gestures(joints_mm: Tensor) -> Tensor:
    return starts.gesture_joints_mm().to(joints_mm.device)
