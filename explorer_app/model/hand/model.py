"""A model for the window: numpy in, numpy out. Imports torch, so the window imports it in a thread."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from explorer_app.model import latent as basis
from explorer_app.model.hand import effects
from explorer_app.model.hand.effects import Effects
from explorer_app.model.hand.fit import FrameFit, fit_frame
from explorer_app.model.hand.images import center_of, image_of, images_of, to_mm
from explorer_app.model.hand.prior import HandPrior
from explorer_app.model.latent import Direction, DirectionAxis, LatentBasis, LatentCode, LatentScale
from explorer_app.model.pose_search import closest_code
from explorer_app.model.routes import Routes, compare
from explorer_app.model.wording import model_name
from lsps_core.checkpoint import Checkpoint
from lsps_core.config.model import POSE_LATENT_SIZE, Domain, Prior, other_domain
from lsps_core.data.crop import camera_center
from lsps_core.data.frame import HandFrame
from lsps_core.device import resolve_device
from lsps_core.evaluation.consistency import consistency, route_images
from lsps_core.fitting import Fitted, residuals
from lsps_core.inference import Predictor

SLOW_MS = 40.0
"""A slower decode visibly lags behind the slider."""
_LEAST_GAIN = 1.25
_RUNS = 2


def coarse_predictor(exact: Predictor) -> Predictor | None:
    """The same model in bfloat16; None if the exact one is fast enough or bfloat16 is not faster on this processor.

    Decoding at half the size would be quicker still, but takes the fingers off the hand: 20 mm of error against 0.7.
    """
    exact_ms = decode_ms(exact)
    if exact_ms < SLOW_MS:
        return None
    coarse = Predictor(exact.checkpoint, exact.device, "bfloat16")
    return coarse if decode_ms(coarse) * _LEAST_GAIN < exact_ms else None


def decode_ms(predictor: Predictor) -> float:
    """The minimum over a few runs: the first one also warms up."""
    latent = torch.zeros(1, POSE_LATENT_SIZE)
    times = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        predictor.decode(latent).real.cpu()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


FloatArray = npt.NDArray[np.float32]

# One core is left to the window and other work, such as a training run: OpenMP's threads spin while they wait for one
# that shares its core. On two cores, beside a training, a decode took 320 ms with two threads, 20 with one.
_THREAD_COUNT = torch.get_num_threads() if "OMP_NUM_THREADS" in os.environ else max(1, torch.get_num_threads() - 1)

MEASURED_HANDS = 32


@dataclass(frozen=True, eq=False)
class Pictures:
    """A latent decoded in both depth domains: mm from the cube's centre [S, S], NaN = background.

    `is_coarse`: computed in bfloat16 for speed; exact ones follow.
    `is_blend`: decoded from an interpolated depth latent; `latent` is the pose estimated from it.
    `typicality` of the latent from 0 to 1; None if the model has no fitted prior.
    """

    latent: LatentCode
    real: FloatArray
    synthetic: FloatArray
    decode_ms: float
    is_blend: bool = False
    is_coarse: bool = False
    typicality: float | None = None


@dataclass(frozen=True, eq=False)
class Encoding:
    """The encoding of one frame, read as `domain`: its code and pose [J, 3] at once, its routes later."""

    code: LatentCode
    pose: npt.NDArray[np.float32]
    domain: Domain
    routes: Routes | None = None

    @property
    def reconstruction(self) -> FloatArray | None:
        """mm from the cube's centre [S, S], NaN = no hand."""
        return self.routes.routes["reconstruction"].picture_mm if self.routes is not None else None

    @property
    def translation(self) -> FloatArray | None:
        """The same in the other domain."""
        return self.routes.routes["translation"].picture_mm if self.routes is not None else None


class HandModel:
    """A loaded model file on one device. Methods may be called from any thread."""

    def __init__(self, path: Path, predictor: Predictor, coarse: Predictor | None = None) -> None:
        self.path = path
        self.name = model_name(path)
        self._predictor, self._coarse = predictor, coarse
        checkpoint = predictor.checkpoint
        self.config = checkpoint.config
        self.scale = LatentScale(checkpoint.latent_mean, checkpoint.latent_std)
        self.prior = HandPrior(predictor, self.scale)
        self.skeleton = checkpoint.skeleton
        self.half_mm = checkpoint.half_mm
        self.training: dict[str, Any] = checkpoint.training
        self.parameter_count = sum(weight.numel() for weight in checkpoint.weights.values())
        self.device = str(predictor.device)
        covariance = checkpoint.latent_covariance
        self.principal = None if covariance is None else basis.principal(self.scale, covariance)
        """The principal directions of the training codes; None for older files."""
        self._effects = {each: self._measure(each) for each in (basis.RAW, self.principal) if each is not None}

    @classmethod
    def load(cls, path: Path, device: str = "auto") -> HandModel:
        """Open a model file; ValueError, in one line, for a file or a device that cannot be used."""
        torch.set_num_threads(_THREAD_COUNT)
        predictor = Predictor.load(path, resolve_device(device))
        return cls(path, predictor, coarse_predictor(predictor))

    @property
    def checkpoint(self) -> Checkpoint:
        """The content of the file when it was opened."""
        return self._predictor.checkpoint

    def trace(self, domain: Domain) -> None:
        """Let other threads run while a frame of `domain` is encoded or a latent decoded. Takes a second or more."""
        torch.set_num_threads(_THREAD_COUNT)
        self._predictor.trace(domain)

    @property
    def has_coarse(self) -> bool:
        """Whether exact images are so slow that coarse ones are used during a drag."""
        return self._coarse is not None

    @property
    def is_trained_on_simulated_only(self) -> bool:
        return bool(self.training.get("simulated"))

    def decode_pose(self, code: LatentCode) -> FloatArray:
        """code -> pose [J, 3]; microseconds."""
        return self._predictor.pose_decoder(self.scale.to_latent(code))

    def pose_and_jacobian(self, code: LatentCode) -> tuple[FloatArray, FloatArray]:
        """code -> pose [J, 3] and its Jacobian by the code's σ, [J, 3, 20]; a fraction of a millisecond."""
        latent = self.scale.to_latent(code)
        decoder = self._predictor.pose_decoder
        return decoder(latent), (decoder.jacobian(latent) * self.scale.usable_std()).astype(np.float32)

    def decode(self, code: LatentCode, is_coarse: bool = False) -> Pictures:
        """code -> both images; coarse only if the model has a coarse copy."""
        torch.set_num_threads(_THREAD_COUNT)  # OpenMP keeps this number per calling thread
        start = time.perf_counter()
        coarse = self._coarse if is_coarse else None
        decoded = (coarse or self._predictor).decode(self._latent(code))
        real, synthetic = to_mm(decoded.real, self.half_mm), to_mm(decoded.synthetic, self.half_mm)
        took_ms = (time.perf_counter() - start) * 1000
        (typicality,) = self.prior.typicality([code])
        return Pictures(code, real, synthetic, took_ms, is_coarse=coarse is not None, typicality=typicality)

    def decode_many(self, codes: Sequence[LatentCode]) -> list[Pictures]:
        """codes -> the images of each, in one batch."""
        return self._pictures(codes, self._predictor.map(self._latents(codes)))

    def depth_latents(self, codes: Sequence[LatentCode]) -> FloatArray:
        """codes -> depth_latents [K, C, 32, 32]: M(z)."""
        return self._predictor.map(self._latents(codes)).cpu().numpy()

    def decode_depth_latents(self, depth_latents: FloatArray) -> list[Pictures]:
        """depth_latents [B, C, 32, 32] -> images, each with the code of the pose estimated from its synthetic one."""
        return self._pictures(None, torch.from_numpy(np.float32(depth_latents)))

    def _pictures(self, codes: Sequence[LatentCode] | None, depth_latents: torch.Tensor) -> list[Pictures]:
        torch.set_num_threads(_THREAD_COUNT)
        start = time.perf_counter()
        real = self._predictor.generate(depth_latents, "real")
        synthetic = self._predictor.generate(depth_latents, "synthetic")
        is_blend = codes is None
        if codes is None:
            codes = [self.scale.to_code(z) for z in self._predictor.posterior(synthetic, "synthetic").cpu().numpy()]
        took_ms = (time.perf_counter() - start) * 1000 / len(codes)
        return [
            Pictures(code, to_mm(r[None], self.half_mm), to_mm(s[None], self.half_mm), took_ms, is_blend, typicality=t)
            for code, r, s, t in zip(codes, real, synthetic, self.prior.typicality(codes), strict=True)
        ]

    def encode(self, frame: HandFrame, domain: Domain) -> Encoding:
        """A frame of `domain` -> its code, without the routes."""
        torch.set_num_threads(_THREAD_COUNT)
        latent = self._predictor.posterior(image_of(frame), domain, center_of(frame))
        code = self.scale.to_code(latent[0].cpu().numpy())
        return Encoding(code, self.decode_pose(code), domain)

    def pose_latents(
        self, depth_mm: npt.NDArray[np.uint16], center_mm: FloatArray, half_mm: FloatArray, domain: Domain
    ) -> FloatArray:
        """Frames of `domain`, depth_mm [B, S, S] in cubes center_mm [B, 3] and half_mm [B] -> pose_latent [B, 20]."""
        torch.set_num_threads(_THREAD_COUNT)
        image, centers, halves = images_of(depth_mm, center_mm, half_mm)
        return self._predictor.posterior(image, domain, camera_center(centers, halves)).cpu().numpy()

    def disagreement_mm(
        self, depth_mm: npt.NDArray[np.uint16], center_mm: FloatArray, half_mm: FloatArray, domain: Domain
    ) -> FloatArray:
        """Frames as in `pose_latents` -> [B]: how far the poses by all routes are apart; as slow as `routes`."""
        torch.set_num_threads(_THREAD_COUNT)
        image, centers, halves = images_of(depth_mm, center_mm, half_mm)
        found = consistency(self._predictor, image, domain, camera_center(centers, halves))
        return found.disagreement.cpu().numpy() * half_mm

    def residual_mm(
        self, depth_mm: npt.NDArray[np.uint16], center_mm: FloatArray, half_mm: FloatArray, domain: Domain
    ) -> FloatArray:
        """Frames as in `pose_latents` -> [B]: how far the hands that P reads are from the measured depth."""
        torch.set_num_threads(_THREAD_COUNT)
        return residuals(self._predictor, *images_of(depth_mm, center_mm, half_mm), domain=domain).cpu().numpy()

    def decode_poses(self, pose_latents: FloatArray) -> FloatArray:
        """pose_latents [B, 20] -> poses [B, J, 3]."""
        return self._predictor.decode_pose(torch.from_numpy(np.float32(pose_latents))).cpu().numpy()

    def encode_poses(self, poses: FloatArray) -> FloatArray:
        """poses [B, J, 3] -> pose_latents [B, 20]."""
        return self._predictor.encode_pose(torch.from_numpy(np.float32(poses))).cpu().numpy()

    def code_of(self, pose: npt.NDArray[np.floating]) -> LatentCode:
        """The code whose joints are nearest to those of a pose [J, 3]; a few milliseconds."""
        return closest_code(self, pose, self.scale.to_code(self.encode_poses(pose[None])[0]))

    def routes(self, frame: HandFrame, encoding: Encoding) -> Routes:
        """All routes of an encoded frame; tens of times slower than `encode`."""
        torch.set_num_threads(_THREAD_COUNT)
        predictor, image = self._predictor, image_of(frame)
        domain, other = encoding.domain, other_domain(encoding.domain)
        found = route_images(predictor, image, domain, center_of(frame), self._latent(encoding.code))
        pictures = {
            name: (
                to_mm(picture, frame.half_mm),
                other if name == "translation" else domain,
                found.poses[name][0].cpu().numpy(),
            )
            for name, picture in found.images.items()
        }
        by_domain = {domain: found.images["reconstruction"], other: predictor.reconstruct(image, other)}
        fit_mm = {d: float((i.cpu() - image).abs().mean()) * frame.half_mm for d, i in by_domain.items()}
        return compare(frame, to_mm(image, frame.half_mm), self.decode_pose(encoding.code), pictures, fit_mm)

    def fit(self, frame: HandFrame, encoding: Encoding, last: Fitted | None = None) -> FrameFit:
        """Lay the hand on the depth of an encoded frame. last: the fit of the frame before, to start from."""
        torch.set_num_threads(_THREAD_COUNT)
        return fit_frame(self._predictor, self.scale, frame, image_of(frame), encoding.domain, encoding.code, last)

    def sample(self, seed: int, temperature: float = 1.0, prior: Prior = "fitted") -> LatentCode:
        """One sample of the prior; without a fitted one, of N(0, temperature² I)."""
        return self.prior.sample(seed, temperature, prior)

    def direction_axis(self, direction: Direction) -> DirectionAxis:
        """A direction of this model's codes as a slider."""
        return direction.axis(self.checkpoint.latent_covariance, self.scale)

    def effects(self, basis: LatentBasis) -> Effects:
        """The effects of the axes of `RAW` or `principal`, measured when the model was loaded."""
        return self._effects[basis]

    def _measure(self, basis: LatentBasis) -> Effects:
        hands = [self.sample(seed) for seed in range(MEASURED_HANDS)]
        return effects.measure(self._joints_mm, hands, basis, self.skeleton)

    def _joints_mm(self, codes: list[LatentCode]) -> FloatArray:
        latents = torch.from_numpy(np.stack([self.scale.to_latent(code) for code in codes]))
        return self._predictor.decode_pose(latents).cpu().numpy() * np.float32(self.half_mm)

    def _latents(self, codes: Sequence[LatentCode]) -> torch.Tensor:
        return torch.cat([self._latent(code) for code in codes])

    def _latent(self, code: LatentCode) -> torch.Tensor:
        return torch.from_numpy(self.scale.to_latent(code))[None]
