"""The order of a surface fit: from one start, from gestures on the palm that it found, or from the frame before."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lsps_core.fitting import starts, terms
from lsps_core.fitting.objective import SurfaceObjective
from lsps_core.fitting.solver import Solved, best_of, minimise
from lsps_core.inference import Predictor

LOST_MM = 4.0
"""A tracked hand whose residual ends above this is searched for again."""
_FIRST_STEPS = 3
_FIRST = {"silhouette": 0.3, "front": 0.0}
"""The first steps: from far away the front term pushes fingers off the surface that they should come to lie on."""
_GESTURE_POINTS = 150
_GESTURE_STARTS = 2
_COSTS_AT_ONCE = 256  # hands; keeps a step's tensors (8 MB each) near the processor's cache


def search(predictor: Predictor, objective: SurfaceObjective, start: Tensor, steps: int) -> Solved:
    """start [B, U] -> the best of `steps` steps from there and of as many from each of the gestures that suit best.

    A step moves each finger to the nearest points; where those are another finger's, only another start helps.
    """
    first = _from_afar(objective, start, steps)
    gestures = gesture_starts(predictor, objective, first.unknowns)
    count = gestures.shape[1]
    repeated = torch.arange(len(start), device=start.device).repeat_interleave(count)
    others = minimise(objective[repeated], gestures.flatten(0, 1), steps)
    return best_of([first, *(Solved(*(part[place::count] for part in others)) for place in range(count))])


def track(objective: SurfaceObjective, last: Tensor, steps: int, again: Callable[[Tensor], Solved]) -> Solved:
    """last [B, U], the hands of the frames before -> `steps` steps from there.

    again: searches the frames [n] of the batch whose residual ends above LOST_MM.
    """
    found = minimise(objective, last, steps)
    lost = (~(found.residual_mm <= LOST_MM)).nonzero()[:, 0]
    if len(lost):
        better = best_of([Solved(*(part[lost] for part in found)), again(lost)])
        found = Solved(*(part.index_copy(0, lost, new) for part, new in zip(found, better, strict=True)))
    return found


def gesture_starts(
    predictor: Predictor, objective: SurfaceObjective, unknowns: Tensor, count: int = _GESTURE_STARTS
) -> Tensor:
    """unknowns [B, U] -> [B, count, U]: of the simulator's gestures on those hands' palms the ones of least cost."""
    hand, seen = objective.hand, objective.seen
    hands = starts.gesture_joints_mm().to(unknowns.device)
    joints = starts.on_palm(hands, hand.spheres(unknowns, seen.half_mm)[:, :21, :3])
    pose = torch.empty_like(joints)
    pose[:, :, hand.order] = joints / seen.half_mm[:, None, None, None]
    codes = hand.at(predictor.encode_pose(pose.flatten(0, 1)))
    few = objective.with_points(_GESTURE_POINTS)
    frames = torch.arange(len(unknowns), device=unknowns.device).repeat_interleave(len(hands))
    blocks = zip(torch.split(frames, _COSTS_AT_ONCE), torch.split(codes, _COSTS_AT_ONCE), strict=True)
    cost = torch.cat([few[frame].cost(code)[0] for frame, code in blocks]).view(len(unknowns), -1)
    best = cost.argsort(dim=1, stable=True)[:, :count]
    return terms.pick(codes.view(*cost.shape, -1), best)


def _from_afar(objective: SurfaceObjective, start: Tensor, steps: int) -> Solved:
    first = minimise(objective.with_weights(**_FIRST), start, min(_FIRST_STEPS, steps))
    rest = minimise(objective, first.unknowns, steps - min(_FIRST_STEPS, steps))
    return rest._replace(trace_mm=torch.cat([first.trace_mm[:, :-1], rest.trace_mm], dim=1))
