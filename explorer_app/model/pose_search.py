"""Find the plausible latent whose joints are nearest to given places."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from explorer_app.model.latent import LatentCode

FloatArray = npt.NDArray[np.floating]

PRIOR_WEIGHT = 2e-5
NEARNESS_WEIGHT = 2e-4
"""Prevents jumps between codes of nearly the same hand."""
LARGEST_NORM = 6.7
"""Contains 999 of 1000 samples of a normal distribution in 20 dimensions."""
_HARDER = 4.0
_MOST_TRIES = 10
_ROUNDS, _STEPS = 2, 3


class PoseModel(Protocol):
    """The part of HandModel that a search uses."""

    def pose_and_jacobian(self, code: LatentCode) -> tuple[FloatArray, FloatArray]: ...


class PoseSearch:
    """Minimises, over the code z in σ, with positions in half cube edges:

    Σ weight |joint - aim|² + PRIOR_WEIGHT |z|² + NEARNESS_WEIGHT |z - the last z|², by a few Gauss-Newton steps from
    the last result. If the aims are out of reach, the weight of the prior grows until the code stays within
    LARGEST_NORM.

    aims [J, 3], weights [J]: both may be changed between two calls of `improve`.
    """

    def __init__(self, model: PoseModel, code: LatentCode) -> None:
        self._model, self.code = model, code
        pose, jacobian = model.pose_and_jacobian(code)
        self.pose: FloatArray = pose.astype(np.float64)
        self._jacobian: FloatArray = jacobian.astype(np.float64)
        self.aims = self.pose.copy()
        self.weights = np.ones(len(self.pose))
        self._largest_norm = max(LARGEST_NORM, float(np.linalg.norm(code.values)))

    def improve(self, steps: int) -> LatentCode:
        """A better code, from at most `steps` steps."""
        last = np.array(self.code.values)
        code: FloatArray = last
        cost = self._cost(self.pose, last, last)
        for _ in range(steps):
            step = self._solve(code, last) - code
            proposed, pose, jacobian = self._evaluate(code + step)
            proposed_cost = self._cost(pose, proposed, last)
            if proposed_cost >= cost:  # beyond a kink of the decoder: half the step is still better
                proposed, pose, jacobian = self._evaluate(code + 0.5 * step)
                proposed_cost = self._cost(pose, proposed, last)
            if proposed_cost >= cost:
                break
            code, cost, self.pose, self._jacobian = proposed, proposed_cost, pose, jacobian
        self.code = LatentCode(tuple(code.tolist()))
        return self.code

    def _evaluate(self, code: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        pose, jacobian = self._model.pose_and_jacobian(LatentCode(tuple(code.tolist())))
        return code, pose.astype(np.float64), jacobian.astype(np.float64)

    def _cost(self, pose: FloatArray, code: FloatArray, last: FloatArray) -> float:
        misses = self.weights @ np.square(pose - self.aims).sum(axis=1)
        near = NEARNESS_WEIGHT * np.square(code - last).sum()
        return float(misses + PRIOR_WEIGHT * np.square(code).sum() + near)

    def _solve(self, code: FloatArray, last: FloatArray) -> FloatArray:
        """The best code of the linearised problem, within LARGEST_NORM."""
        rows = self._jacobian.reshape(-1, len(code))
        weights = np.repeat(self.weights, 3)
        misses = (self.aims - self.pose).reshape(-1) + rows @ code
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


def closest_code(model: PoseModel, pose: FloatArray, start: LatentCode) -> LatentCode:
    """The code whose joints are nearest to those of a pose [J, 3]; a few milliseconds.

    start: a code of about this pose, as the encoder of poses finds it; from another hand the search ends elsewhere.
    """
    search = PoseSearch(model, start)
    search.aims[:] = pose
    for _ in range(_ROUNDS):
        search.improve(_STEPS)
    return search.code
