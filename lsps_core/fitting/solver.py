"""Levenberg-Marquardt over a batch: every problem has its own damping and keeps a step only where its cost falls."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

_DAMPING = 0.1
"""Of the first step, relative to the matrix's mean diagonal."""
_AFTER_SUCCESS, _AFTER_FAILURE = 0.3, 4.0


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

    def cost(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """unknowns [B, U] -> (cost [B] in mm², residual_mm [B]), the same numbers alone."""
        ...


class Solved(NamedTuple):
    """unknowns [B, U], their cost [B] and residual_mm [B]; trace_mm [B, steps + 1]: the residual before each step and
    at the end."""

    unknowns: Tensor
    cost: Tensor
    residual_mm: Tensor
    trace_mm: Tensor


def minimise(objective: Objective, start: Tensor, steps: int) -> Solved:
    """start [B, U] -> where `steps` steps lead; the cost never rises, and a step that is not finite is not taken."""
    unknowns, now = start, objective(start)
    damping = torch.full_like(now.cost, _DAMPING)
    trace = [now.residual_mm]
    for _ in range(steps):
        scale = damping * now.matrix.diagonal(dim1=1, dim2=2).mean(dim=1)
        root, _ = torch.linalg.cholesky_ex(now.matrix + torch.diag_embed(scale[:, None].expand_as(start)))
        there = unknowns - torch.cholesky_solve(now.gradient[..., None], root)[..., 0]
        then = objective(there)
        is_better = then.cost < now.cost
        unknowns = _where(is_better, there, unknowns)
        now = Evaluated(*(_where(is_better, new, old) for new, old in zip(then, now, strict=True)))
        damping = (damping * torch.where(is_better, _AFTER_SUCCESS, _AFTER_FAILURE)).clamp(1e-6, 1e6)
        trace.append(now.residual_mm)
    return Solved(unknowns, now.cost, now.residual_mm, torch.stack(trace, dim=1))


def best_of(tries: list[Solved]) -> Solved:
    """The one of least cost for each of the B problems; the traces must be of one length."""
    best = torch.stack([solved.cost for solved in tries]).nan_to_num(nan=torch.inf).argmin(dim=0)
    rows = torch.arange(len(best), device=best.device)
    return Solved(*(torch.stack(parts)[best, rows] for parts in zip(*tries, strict=True)))


def _where(choice: Tensor, chosen: Tensor, other: Tensor) -> Tensor:
    return torch.where(choice.view(-1, *[1] * (chosen.dim() - 1)), chosen, other)
