"""Fit a hand to a frame: from the code that P reads to the one whose hand lies on the measured depth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from lsps_core.config.fits import FIT_STEPS
from lsps_core.config.model import IMAGE_SIZE, Domain
from lsps_core.data.crop import BACKGROUND, camera_center
from lsps_core.fitting import starts
from lsps_core.fitting.hand import HandModel, Parameters, joints_of
from lsps_core.fitting.objective import SurfaceObjective, Weights
from lsps_core.fitting.observation import Observation, observe
from lsps_core.fitting.picture import PictureObjective
from lsps_core.fitting.search import search, track
from lsps_core.fitting.solver import Objective, Solved, continued, minimise
from lsps_core.fitting.terms import surface_distances
from lsps_core.inference import Predictor
from lsps_core.simulator.surface import hand_cones

ObjectiveName = Literal["surface", "picture"]
MIN_POINTS = 50
"""A frame with fewer depth points says too little to move a hand."""
MOST_STEPS = 1000
_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """B frames, on the predictor's device.

    pose_latent [B, 20]; pose [B, J, 3] in half cubes, with size and shift applied; size [B], relative to the model's
    hand; shift_mm [B, 3]. is_fitted [B]: False where what P reads stayed, because its residual did not fall or
    the frame has too few points; size is 1 and shift 0 there, and the code that of the mean of what
    P reads of rotated copies, but for tracked frames. residual_mm [B]: the objective's root mean robust distance, and
    start_residual_mm [B] that of P's code of the frame alone; NaN with too few points. points_mm [B, P, 3], relative
    to the cube's centre, and distances_mm [B, P] from the hand's skin, negative inside; NaN where there is no point, or
    no skin since the skeleton is another one. trace_mm [B, T]: the residual before each step and at the end, from the
    best start; trace_latent [B, T, 20]: the codes there.
    """

    pose_latent: Tensor
    pose: Tensor
    size: Tensor
    shift_mm: Tensor
    is_fitted: Tensor
    residual_mm: Tensor
    start_residual_mm: Tensor
    points_mm: Tensor
    distances_mm: Tensor
    trace_mm: Tensor
    trace_latent: Tensor

    @property
    def parameters(self) -> Parameters:
        """What the next frame starts from."""
        return Parameters(self.pose_latent, self.size, self.shift_mm)

    def __getitem__(self, index: slice | Tensor) -> Fitted:
        return Fitted(**{name: value[index] for name, value in vars(self).items()})


def fit(
    predictor: Predictor,
    images: Tensor,
    center_mm: Tensor,
    half_mm: Tensor,
    *,
    domain: Domain = "real",
    steps: int = FIT_STEPS,
    start: Fitted | None = None,
    objective: ObjectiveName | None = None,
    weights: Weights | None = None,
) -> Fitted:
    """images [B, 1, 128, 128] as `normalise` makes them, center_mm [B, 3], half_mm [B] -> the hands that lie on them.

    domain: whose first layers of P read the images. steps: at most, of each start that is tried, and then of the best
    one. start: the fits of the frames before these, to track; without it a search starts from what P reads of rotated
    copies, and then from gestures on the palm found there. objective: "surface" compares the simulator's hand with the
    depth points, "picture" the model's own picture with the image; by default the first where the model has the
    simulator's 21 joints. ValueError for shapes, cubes or settings that do not fit.
    """
    _check(images, center_mm, half_mm, steps, start)
    hand = HandModel.of(predictor)
    name = _objective_name(predictor, hand, objective)
    parts = []
    with torch.no_grad():
        for first in range(0, len(images), _BATCH):
            part = slice(first, first + _BATCH)
            inputs = (values[part].to(predictor.device).float() for values in (images, center_mm, half_mm))
            frames = _Frames.of(predictor, hand, domain, *inputs)
            last = None if start is None else hand.at(*start[part].parameters)
            parts.append(frames.fit(name, weights or Weights(), steps, last))
    longest = max(part.trace_mm.shape[1] for part in parts)
    parts = [
        replace(
            part,
            trace_mm=continued(part.trace_mm, longest),
            trace_latent=continued(part.trace_latent, longest),
        )
        for part in parts
    ]
    return Fitted(**{name: torch.cat([getattr(part, name) for part in parts]) for name in vars(parts[0])})


@torch.no_grad()
def residuals(
    predictor: Predictor, images: Tensor, center_mm: Tensor, half_mm: Tensor, *, domain: Domain = "real"
) -> Tensor:
    """As `fit` -> start_residual_mm [B] alone: of the hands that P reads, without a fit."""
    _check(images, center_mm, half_mm, 1, None)
    hand = HandModel.of(predictor)
    name = _objective_name(predictor, hand, None)
    parts = []
    for first in range(0, len(images), _BATCH):
        part = slice(first, first + _BATCH)
        inputs = (values[part].to(predictor.device).float() for values in (images, center_mm, half_mm))
        parts.append(_Frames.of(predictor, hand, domain, *inputs).residual_mm(name))
    return torch.cat(parts)


@dataclass(frozen=True, kw_only=True)
class _Frames:
    """A batch, and who reads it."""

    predictor: Predictor
    hand: HandModel
    domain: Domain
    image: Tensor
    seen: Observation

    @property
    def center(self) -> Tensor:
        return camera_center(self.seen.center_mm, self.seen.half_mm)

    @classmethod
    def of(
        cls, predictor: Predictor, hand: HandModel, domain: Domain, image: Tensor, center_mm: Tensor, half_mm: Tensor
    ) -> _Frames:
        image = image.nan_to_num(nan=BACKGROUND, posinf=BACKGROUND, neginf=BACKGROUND).clamp(-1, 1)
        return cls(predictor=predictor, hand=hand, domain=domain, image=image, seen=observe(image, center_mm, half_mm))

    def fit(self, name: ObjectiveName, weights: Weights, steps: int, last: Tensor | None) -> Fitted:
        """last [B, U]: the hands to track."""
        if last is None:
            posterior, staying, read = self._read_turned()
        else:
            posterior = staying = self._posterior()
        objective = self._objective(name, weights, staying)
        if isinstance(objective, PictureObjective):
            found = minimise(objective, read[:, 0] if last is None else last, steps)
        elif last is None:
            found = search(self.predictor, objective, read, steps)
        else:
            found = track(objective, last, steps, lambda lost: self._search(objective, lost, steps))
        return self._fitted(objective, posterior, staying, found)

    def residual_mm(self, name: ObjectiveName) -> Tensor:
        """[B]: of P's codes; NaN with too few points."""
        enough = self.seen.is_point.sum(dim=1) >= MIN_POINTS
        posterior = self._posterior()
        before = self._objective(name, Weights(), posterior).cost(self.hand.at(posterior))[1]
        return before.where(enough, torch.nan)

    def _posterior(self) -> Tensor:
        return self.predictor.posterior(self.image, self.domain, self.center)

    def _objective(self, name: ObjectiveName, weights: Weights, read: Tensor) -> SurfaceObjective | PictureObjective:
        """read [B, 20]: the codes that P reads."""
        if name == "surface":
            read_mm = joints_of(self.hand.spheres(self.hand.at(read), self.seen.half_mm))
            return SurfaceObjective(hand=self.hand, seen=self.seen, read_mm=read_mm, weights=weights)
        return PictureObjective(
            predictor=self.predictor,
            hand=self.hand,
            image=self.image,
            half_mm=self.seen.half_mm,
            domain=self.domain,
            weights=weights,
        )

    def _search(self, objective: SurfaceObjective, some: Tensor, steps: int) -> Solved:
        return search(self.predictor, objective[some], self._read_turned(some)[2], steps)

    def _read_turned(self, some: Tensor | slice = slice(None)) -> tuple[Tensor, Tensor, Tensor]:
        """The codes [B, 20] of the frame and of the mean of rotated copies, and the hands [B, K, U] to start from."""
        turned = self.predictor.read_turned(self.image[some], self.domain, self.center[some], starts.COPIES)
        codes = starts.rotated_codes(self.predictor, turned)
        return turned.code, turned.mean_code, self.hand.at(codes.flatten(0, 1)).view(*codes.shape[:2], -1)

    def _fitted(self, objective: Objective, posterior: Tensor, staying: Tensor, found: Solved) -> Fitted:
        """What was found, or the codes `staying` where that is no better; posterior: what P reads."""
        hand, seen = self.hand, self.seen
        read = hand.at(staying)
        enough = seen.is_point.sum(dim=1) >= MIN_POINTS
        before = objective.cost(read)[1]
        is_fitted = enough & (found.residual_mm < before)  # False for NaN as well
        unknowns = torch.where(is_fitted[:, None], found.unknowns, read)
        latent, size, shift_mm = hand.parameters(unknowns)
        distances = torch.full_like(seen.points_mm[..., 0], torch.nan)
        if hand.order is not None:
            spheres = hand.spheres(unknowns, seen.half_mm)
            distances = surface_distances(seen, spheres, hand_cones(spheres.device)).value
        return Fitted(
            pose_latent=torch.where(is_fitted[:, None], latent, staying),
            pose=hand.joints_mm(unknowns, seen.half_mm) / seen.half_mm[:, None, None],
            size=size,
            shift_mm=shift_mm,
            is_fitted=is_fitted,
            residual_mm=torch.where(is_fitted, found.residual_mm, before).where(enough, torch.nan),
            start_residual_mm=objective.cost(hand.at(posterior))[1].where(enough, torch.nan),
            points_mm=seen.points_mm.where(seen.is_point[..., None], torch.nan),
            distances_mm=distances.where(seen.is_point, torch.nan),
            trace_mm=found.trace_mm,
            trace_latent=hand.parameters(found.trace.flatten(0, 1)).pose_latent.view(*found.trace.shape[:2], -1),
        )


def _objective_name(predictor: Predictor, hand: HandModel, asked: ObjectiveName | None) -> ObjectiveName:
    if asked not in (None, "surface", "picture"):
        raise ValueError(f"unknown objective {asked!r}: choose surface or picture")
    if asked == "surface" and hand.order is None:
        raise ValueError(
            f"the model's skeleton {predictor.checkpoint.skeleton.name} lacks joints of the simulator's hand, so there "
            "is no surface to fit; use the objective picture"
        )
    return asked or ("picture" if hand.order is None else "surface")


def _check(images: Tensor, center_mm: Tensor, half_mm: Tensor, steps: int, start: Fitted | None) -> None:
    count = len(images)
    if count == 0 or images.shape[1:] != (1, IMAGE_SIZE, IMAGE_SIZE):
        raise ValueError(
            f"images are {list(images.shape)}; a fit needs at least one, as [B, 1, {IMAGE_SIZE}, {IMAGE_SIZE}]"
        )
    if center_mm.shape != (count, 3) or half_mm.shape != (count,):
        raise ValueError(
            f"the cubes of {count} images are center_mm {list(center_mm.shape)} and half_mm {list(half_mm.shape)}; "
            f"give [{count}, 3] and [{count}]"
        )
    is_cube = center_mm.isfinite().all(dim=1) & (center_mm[:, 2] > 0) & half_mm.isfinite() & (half_mm > 0)
    if not is_cube.all():
        raise ValueError(f"image {int(is_cube.int().argmin())} has an impossible cube; give a finite one with z > 0")
    if not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"steps is {steps}: it must be 1 to {MOST_STEPS}")
    if start is not None and len(start.size) != count:
        raise ValueError(f"start has {len(start.size)} fits for {count} images; give one for each")
