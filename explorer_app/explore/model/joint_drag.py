"""Pull a joint: find a plausible latent with that joint at the cursor and the others as before."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import numpy as np
import numpy.typing as npt

from explorer_app.model.latent import LatentCode

FloatArray = npt.NDArray[np.floating]

REST_WEIGHT = 0.03
"""Weight of joints that are neither pulled nor pinned; that of the pulled joint is 1."""
PRIOR_WEIGHT = 2e-5
NEARNESS_WEIGHT = 2e-4
"""Prevents jumps between codes of nearly the same hand."""
LARGEST_NORM = 6.7
"""Contains 999 of 1000 samples of a normal distribution in 20 dimensions."""
STEP_COUNT = 3
_REACH = 1.5
"""No hand in the cube is farther out, but the cursor may be."""
_HARDER = 4.0
_MOST_TRIES = 10


class PoseModel(Protocol):
    """The part of HandModel that a drag uses."""

    def pose_and_jacobian(self, code: LatentCode) -> tuple[FloatArray, FloatArray]: ...


class JointDrag:
    """One pull of one joint, from grab to release.

    Minimises, over the code z in σ, with positions in half cube edges:
    |joint - target|² + Σ |pinned - where it was|² + REST_WEIGHT Σ |other - where it was|² + PRIOR_WEIGHT |z|²
    + NEARNESS_WEIGHT |z - the last z|², by a few Gauss-Newton steps from the last result. If the target is out of
    reach, the weight of the prior grows until the code stays within LARGEST_NORM.
    """

    def __init__(self, model: PoseModel, code: LatentCode, joint: int, pinned: Collection[int] = ()) -> None:
        self.joint = joint
        self.code = code
        self._model = model
        pose, jacobian = model.pose_and_jacobian(code)
        self._pose: FloatArray = pose.astype(np.float64)
        self._jacobian: FloatArray = jacobian.astype(np.float64)
        self._aims = self._pose.copy()
        self._weights = np.full(len(self._pose), REST_WEIGHT)
        self._weights[list(pinned)] = 1.0
        self._weights[joint] = 1.0
        self._largest_norm = max(LARGEST_NORM, float(np.linalg.norm(code.values)))

    @property
    def position(self) -> FloatArray:
        """The joint's current position, [3]."""
        position: FloatArray = self._pose[self.joint]
        return position

    def pull(self, target: npt.ArrayLike) -> LatentCode:
        """The code whose joint is as close as possible to target [3], in half cube edges."""
        self._aims[self.joint] = np.clip(target, -_REACH, _REACH)
        last = np.array(self.code.values)
        code: FloatArray = last
        cost = self._cost(self._pose, last, last)
        for _ in range(STEP_COUNT):
            step = self._solve(code, last) - code
            proposed, pose, jacobian = self._evaluate(code + step)
            proposed_cost = self._cost(pose, proposed, last)
            if proposed_cost >= cost:  # beyond a kink of the decoder: half the step is still better
                proposed, pose, jacobian = self._evaluate(code + 0.5 * step)
                proposed_cost = self._cost(pose, proposed, last)
            if proposed_cost >= cost:
                break
            code, cost, self._pose, self._jacobian = proposed, proposed_cost, pose, jacobian
        self.code = LatentCode(tuple(code.tolist()))
        return self.code

    def _evaluate(self, code: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        pose, jacobian = self._model.pose_and_jacobian(LatentCode(tuple(code.tolist())))
        return code, pose.astype(np.float64), jacobian.astype(np.float64)

    def _cost(self, pose: FloatArray, code: FloatArray, last: FloatArray) -> float:
        misses = self._weights @ np.square(pose - self._aims).sum(axis=1)
        near = NEARNESS_WEIGHT * np.square(code - last).sum()
        return float(misses + PRIOR_WEIGHT * np.square(code).sum() + near)

    def _solve(self, code: FloatArray, last: FloatArray) -> FloatArray:
        """The best code of the linearised problem, within LARGEST_NORM."""
        rows = self._jacobian.reshape(-1, len(code))
        weights = np.repeat(self._weights, 3)
        misses = (self._aims - self._pose).reshape(-1) + rows @ code
        curvature = rows.T @ (weights[:, None] * rows) + NEARNESS_WEIGHT * np.eye(len(code))
        wish = rows.T @ (weights * misses) + NEARNESS_WEIGHT * last
        prior = PRIOR_WEIGHT
        solution = code
        for _ in range(_MOST_TRIES):
            solution = np.linalg.solve(curvature + prior * np.eye(len(code)), wish)
            if np.linalg.norm(solution) <= self._largest_norm:
                break
            prior *= _HARDER
        return solution
