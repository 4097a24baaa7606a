"""Pull a joint: find a plausible latent with that joint at the cursor and the others as before."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from explorer_app.model.latent import LatentCode
from explorer_app.model.pose_search import FloatArray, PoseModel, PoseSearch

REST_WEIGHT = 0.03
"""Weight of joints that are neither pulled nor pinned; that of the pulled joint is 1."""
STEP_COUNT = 3
_REACH = 1.5
"""No hand in the cube is farther out, but the cursor may be."""


class JointDrag:
    """One pull of one joint, from grab to release: a `PoseSearch` with the other joints where they were.

    pinned: joints with the weight of the pulled one. places [3] by joint: where joints are that the latent does not
    reach; these are pinned there.
    """

    def __init__(
        self,
        model: PoseModel,
        code: LatentCode,
        joint: int,
        pinned: Collection[int] = (),
        places: Mapping[int, npt.ArrayLike] | None = None,
    ) -> None:
        self.joint = joint
        self._search = PoseSearch(model, code)
        self._search.weights[:] = REST_WEIGHT
        for held, place in (places or {}).items():
            self._search.aims[held] = place
        self._search.weights[[*pinned, *(places or {}), joint]] = 1.0

    @property
    def code(self) -> LatentCode:
        return self._search.code

    @property
    def pose(self) -> FloatArray:
        """Of `code`, [J, 3]."""
        return self._search.pose

    @property
    def position(self) -> FloatArray:
        """The joint's current position, [3]."""
        position: FloatArray = self._search.pose[self.joint]
        return position

    @property
    def target(self) -> FloatArray:
        """Where the joint was pulled to last, [3]."""
        target: FloatArray = self._search.aims[self.joint].copy()
        return target

    def pull(self, target: npt.ArrayLike) -> LatentCode:
        """The code whose joint is as close as possible to target [3], in half cube edges."""
        self._search.aims[self.joint] = np.clip(target, -_REACH, _REACH)
        return self._search.improve(STEP_COUNT)
