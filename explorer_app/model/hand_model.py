"""A model as the window uses it: numpy in, numpy out. Imports torch, so the window has it imported by a thread."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from explorer_app.model.latent import LatentCode, LatentScale
from lsps_core.config import IMAGE_SIZE, Domain
from lsps_core.data.crop import FAR_FACE, normalise
from lsps_core.data.frame import HandFrame
from lsps_core.device import resolve_device
from lsps_core.inference import Predictor

FloatArray = npt.NDArray[np.float32]

# One core stays with the window and whatever else runs, a training for instance: OpenMP's threads spin while they wait
# for one that shares its core. On two cores, beside a training, a decode took 320 ms with two threads, 20 with one.
_THREAD_COUNT = torch.get_num_threads() if "OMP_NUM_THREADS" in os.environ else max(1, torch.get_num_threads() - 1)


@dataclass(frozen=True, eq=False)
class Pictures:
    """What a latent looks like in both depth domains: mm from the cube's centre [S, S], NaN = background."""

    latent: LatentCode
    real: FloatArray
    synthetic: FloatArray
    decode_ms: float


@dataclass(frozen=True, eq=False)
class Encoding:
    """What the model makes of one frame: its code, and its picture there and back and as the other domain's (mm)."""

    code: LatentCode
    reconstruction: FloatArray
    translation: FloatArray
    domain: Domain


class HandModel:
    """A loaded model file on one device. Methods may be called from any thread."""

    def __init__(self, path: Path, predictor: Predictor) -> None:
        self.path = path
        self.name = path.stem
        self._predictor = predictor
        checkpoint = predictor.checkpoint
        self.config = checkpoint.config
        self.scale = LatentScale(checkpoint.latent_mean, checkpoint.latent_std)
        self.skeleton = checkpoint.skeleton
        self.half_mm = checkpoint.half_mm
        self.training: dict[str, Any] = checkpoint.training
        self.parameter_count = sum(weight.numel() for weight in checkpoint.weights.values())
        self.device = str(predictor.device)

    @classmethod
    def load(cls, path: Path, device: str = "auto") -> HandModel:
        """Open a model file; ValueError with one line for a file or a device that cannot be used."""
        return cls(path, Predictor.load(path, resolve_device(device)))

    @property
    def is_trained_on_simulated_only(self) -> bool:
        return bool(self.training.get("simulated"))

    def decode_pose(self, code: LatentCode) -> FloatArray:
        """code -> pose [J, 3]; microseconds."""
        return self._predictor.decode_pose(self._latent(code))[0].cpu().numpy()

    def decode(self, code: LatentCode) -> Pictures:
        """code -> both pictures."""
        torch.set_num_threads(_THREAD_COUNT)  # OpenMP keeps this number per calling thread
        start = time.perf_counter()
        decoded = self._predictor.decode(self._latent(code))
        real, synthetic = _to_mm(decoded.real, self.half_mm), _to_mm(decoded.synthetic, self.half_mm)
        return Pictures(code, real, synthetic, (time.perf_counter() - start) * 1000)

    def encode(self, frame: HandFrame, domain: Domain) -> Encoding:
        """A frame of `domain` -> what the model makes of it."""
        torch.set_num_threads(_THREAD_COUNT)
        image = _image_of(frame)
        return Encoding(
            code=self.scale.to_code(self._predictor.posterior(image, domain)[0].cpu().numpy()),
            reconstruction=_to_mm(self._predictor.reconstruct(image, domain), frame.half_mm),
            translation=_to_mm(self._predictor.translate(image, domain), frame.half_mm),
            domain=domain,
        )

    def sample(self, seed: int) -> LatentCode:
        """One draw of the prior N(0, I)."""
        return self.scale.to_code(self._predictor.sample_prior(1, seed)[0].cpu().numpy())

    def _latent(self, code: LatentCode) -> torch.Tensor:
        return torch.from_numpy(self.scale.to_latent(code))[None]


def _image_of(frame: HandFrame) -> torch.Tensor:
    """A frame as the networks see it: [1, 1, 128, 128]."""
    depth_mm = torch.from_numpy(frame.depth_mm.astype(np.float32))[None]
    if depth_mm.shape[-1] != IMAGE_SIZE:  # nearest: a depth between a finger and the wall behind it exists nowhere
        depth_mm = torch.nn.functional.interpolate(depth_mm[None], size=(IMAGE_SIZE, IMAGE_SIZE))[0]
    return normalise(depth_mm, torch.from_numpy(frame.center_mm)[None], torch.tensor([frame.half_mm]))


def _to_mm(image: torch.Tensor, half_mm: float) -> FloatArray:
    values = image[0, 0].cpu().numpy()
    return np.where(values >= FAR_FACE, np.float32(np.nan), values * np.float32(half_mm))
