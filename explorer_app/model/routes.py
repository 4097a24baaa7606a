"""All routes of one frame: their images, the difference from the input, and the pose estimated from each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explorer_app.model.pose_error import Difference, difference, mean_error_mm
from lsps_core.config.model import Domain
from lsps_core.data.frame import HandFrame

if TYPE_CHECKING:
    from lsps_core.evaluation.consistency import RouteName

FloatArray = npt.NDArray[np.float32]
ROUTE_NAMES: tuple[RouteName, ...] = ("reconstruction", "translation", "cycle", "image of the pose")
INPUT = "input"
"""The shortest route to a pose: P of the frame itself."""


@dataclass(frozen=True, eq=False)
class Route:
    """An image of the frame in `domain`: mm from the cube's centre [S, S], NaN = no hand, and P's pose of it."""

    picture_mm: FloatArray
    domain: Domain
    pose: FloatArray
    difference: Difference
    """Difference from the input of the networks."""


@dataclass(frozen=True, eq=False)
class Routes:
    """The frame's routes, and the error of its reconstruction as each domain: mean |mm| of all pixels."""

    routes: dict[RouteName, Route]
    poses: dict[str, FloatArray]
    """P's pose of the input and of each route's image, [J, 3]."""
    errors_mm: dict[str, float | None]
    disagreement_mm: float
    fit_mm: dict[Domain, float]

    @property
    def better_domain(self) -> Domain:
        return min(self.fit_mm, key=self.fit_mm.__getitem__)


def compare(
    frame: HandFrame,
    input_mm: FloatArray,
    pose: FloatArray,
    pictures: dict[RouteName, tuple[FloatArray, Domain, FloatArray]],
    fit_mm: dict[Domain, float],
) -> Routes:
    """Compare every route's (image, domain, pose) with the frame's input [S, S], its pose and its annotation."""
    import torch  # not at the top: views import this module before the first paint

    from lsps_core.evaluation.consistency import disagreement

    routes = {
        name: Route(picture_mm, domain, seen, difference(picture_mm, input_mm))
        for name, (picture_mm, domain, seen) in pictures.items()
    }
    poses: dict[str, FloatArray] = {INPUT: pose}
    poses.update((name, route.pose) for name, route in routes.items())
    apart = disagreement(torch.from_numpy(np.stack(list(poses.values())))[:, None])
    return Routes(
        routes=routes,
        poses=poses,
        errors_mm={name: mean_error_mm(seen, frame) for name, seen in poses.items()},
        disagreement_mm=float(apart) * frame.half_mm,
        fit_mm=fit_mm,
    )
