"""Levenberg-Marquardt over a batch: every problem has its own damping and keeps a step only where its cost falls."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

_DAMPING = 0.1
"""Of the first step, relative to the matrix's mean diagonal."""
_AFTER_SUCCESS, _AFTER_FAILURE = 0.3, 4.0
_MOST_DAMPING = 1e3
CONVERGED = 3e-3
"""Share of a cost; a step that gains less is the last one."""


class Evaluated(NamedTuple):
    """Of B problems with U unknowns: cost [B], mm²; residual_mm [B], the root of twice its part that the data has;
    gradient [B, U] of the cost, and Gauss-Newton's matrix [B, U, U] in place of its second derivative."""

    cost: Tensor
    residual_mm: Tensor
    gradient: Tensor
    matrix: Tensor


class Objective(Protocol):
    """What a fit makes small, of B frames."""

    def __call__(self, unknowns: Tensor) -> Evaluated:
        """unknowns [B, U] -> cost and derivatives."""
        ...

    def __getitem__(self, index: Tensor) -> Objective:
        """The same for some of the frames."""
        ...

    def cost(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """unknowns [B, U] -> (cost [B] in mm², residual_mm [B]), the same numbers alone."""
        ...


class Solved(NamedTuple):
    """unknowns [B, U], their cost [B] and residual_mm [B]; trace_mm [B, steps + 1] and trace [B, steps + 1, U]: the
    residual and the unknowns before each step and at the end."""

    unknowns: Tensor
    cost: Tensor
    residual_mm: Tensor
    trace_mm: Tensor
    trace: Tensor

    def with_trace(self, length: int) -> Solved:
        """The same with traces of this length, at least theirs; see `continued`."""
        return self._replace(trace_mm=continued(self.trace_mm, length), trace=continued(self.trace, length))


def minimise(objective: Objective, start: Tensor, steps: int) -> Solved:
    """start [B, U] -> where at most `steps` steps lead; the cost never rises, and no step that is not finite counts.

    A problem rests once a step gains less than CONVERGED of its cost, or several in a row gain nothing.
    """
    now = Evaluated(*(part.clone() for part in objective(start)))
    unknowns, damping = start.clone(), torch.full_like(now.cost, _DAMPING)
    trace_mm, trace = [now.residual_mm.clone()], [unknowns.clone()]
    at_work = torch.arange(len(start), device=start.device)
    for _ in range(steps):
        if len(at_work):
            old = Evaluated(*(part[at_work] for part in now))
            there = unknowns[at_work] - _step(old, damping[at_work])
            then = objective[at_work](there)
            is_better = then.cost < old.cost
            better = at_work[is_better]
            unknowns[better] = there[is_better]
            for part, new in zip(now, then, strict=True):
                part[better] = new[is_better]
            damping[at_work] *= torch.where(is_better, _AFTER_SUCCESS, _AFTER_FAILURE)
            gain = torch.where(is_better, old.cost - then.cost, old.cost)
            at_work = at_work[(gain > CONVERGED * old.cost) & (damping[at_work] < _MOST_DAMPING)]
        trace_mm.append(now.residual_mm.clone())
        trace.append(unknowns.clone())
    return Solved(unknowns, now.cost, now.residual_mm, torch.stack(trace_mm, dim=1), torch.stack(trace, dim=1))


def _step(at: Evaluated, damping: Tensor) -> Tensor:
    """What to take off the unknowns: [B, U]; damping [B], relative to the matrix's mean diagonal."""
    added = damping * at.matrix.diagonal(dim1=1, dim2=2).mean(dim=1)
    root, _ = torch.linalg.cholesky_ex(at.matrix + torch.diag_embed(added[:, None].expand_as(at.gradient)))
    return torch.cholesky_solve(at.gradient[..., None], root)[..., 0]


def best_of(tries: list[Solved]) -> Solved:
    """The one of least cost for each of the B problems. Shorter traces are continued with their last value."""
    best = torch.stack([solved.cost for solved in tries]).nan_to_num(nan=torch.inf).argmin(dim=0)
    rows = torch.arange(len(best), device=best.device)
    longest = max(solved.trace_mm.shape[1] for solved in tries)
    parts = zip(*(solved.with_trace(longest) for solved in tries), strict=True)
    return Solved(*(torch.stack(part)[best, rows] for part in parts))


def continued(trace: Tensor, length: int) -> Tensor:
    """trace [B, T, ...] -> [B, length, ...], with its last value repeated."""
    last = trace[:, -1:]
    return torch.cat([trace, last.expand(-1, length - trace.shape[1], *last.shape[2:])], dim=1)
