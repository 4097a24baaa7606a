"""Where the hands are in the latent of a model: samples, typical codes and ways between hands, as slider codes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from explorer_app.model.latent import DirectionAxis, LatentCode, LatentScale
from lsps_core.config.model import Prior
from lsps_core.inference import Predictor
from lsps_core.latent_paths import gesture, gesture_names, through_hands, turned, typical_near

_CANDIDATES = 64


class HandPrior:
    """The priors of one model: `fitted` to the codes of its training poses, unless its file is older, and `normal`.

    Methods may be called from any thread.
    """

    def __init__(self, predictor: Predictor, scale: LatentScale) -> None:
        self._predictor, self._scale = predictor, scale

    @property
    def is_fitted(self) -> bool:
        """Whether the model has a fitted prior; else all samples are of N(0, temperature² I)."""
        return self._predictor.fitted_prior is not None

    def sample(self, seed: int, temperature: float, prior: Prior) -> LatentCode:
        return self._samples(1, seed, temperature, prior)[0]

    def candidates(self, seed: int, temperature: float, prior: Prior) -> list[LatentCode]:
        """Many samples of one seed, of which one suits locked sliders best."""
        return self._samples(_CANDIDATES, seed, temperature, prior)

    def typical_near(self, code: LatentCode) -> LatentCode:
        """The most typical code of the same orientation; LspsError without a fitted prior. Takes 1 to 6 ms."""
        latent = torch.from_numpy(self._scale.to_latent(code))
        return self._scale.to_code(typical_near(self._predictor, latent).cpu().numpy())

    @property
    def gesture_names(self) -> tuple[str, ...]:
        """The names of `gesture`; none if the model's joints are not the simulator's."""
        return gesture_names(self._predictor.skeleton)

    def gesture(self, name: str, near: LatentCode | None) -> LatentCode:
        """The code of a named gesture, in the orientation of the hand of `near`; None: palm to the camera."""
        latent = None if near is None else torch.from_numpy(self._scale.to_latent(near))
        return self._scale.to_code(gesture(self._predictor, name, latent).cpu().numpy())

    def typicality(self, codes: Sequence[LatentCode]) -> list[float] | list[None]:
        """For each code the share of training codes that are less typical; None without a fitted prior."""
        if not self.is_fitted:
            return [None] * len(codes)
        latents = torch.from_numpy(np.stack([self._scale.to_latent(code) for code in codes]))
        shares: list[float] = self._predictor.typicality(latents).tolist()
        return shares

    def typicality_of(self, pose_latents: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """pose_latents [N, 20] -> their typicality [N]; LspsError without a fitted prior. 0.07 ms each."""
        shares: npt.NDArray[np.float32] = self._predictor.typicality(torch.from_numpy(pose_latents)).cpu().numpy()
        return shares

    def typicality_along(
        self, code: LatentCode, axes: Sequence[DirectionAxis], places: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float32]:
        """places [M] in σ -> [A, M]: the typicality where one of A coordinates of `code` has that value; tens of ms."""
        moves = places - np.array([axis.coordinate(code) for axis in axes])[:, None]
        codes = np.array(code.values) + moves[:, :, None] * np.stack([axis.unit for axis in axes])[:, None]
        latents = torch.from_numpy(self._scale.to_latents(codes.reshape(-1, codes.shape[-1])))
        shares: npt.NDArray[np.float32] = self._predictor.typicality(latents).cpu().numpy().reshape(moves.shape)
        return shares

    def turned(self, code: LatentCode, angle_rad: float) -> LatentCode:
        """The code of the same hand, turned counter-clockwise in the image; a fraction of a millisecond."""
        latent = torch.from_numpy(self._scale.to_latent(code))[None]
        return self._scale.to_code(turned(self._predictor, latent, torch.tensor([angle_rad]))[0].cpu().numpy())

    def through_hands(self, codes: Sequence[LatentCode], steps: int) -> npt.NDArray[np.float32]:
        """K codes -> pose latents [(K - 1) * steps + 1, 20] on the way from each to the next; about 10 ms each."""
        ends = torch.from_numpy(np.stack([self._scale.to_latent(code) for code in codes]))
        share = torch.arange(steps) / steps
        ways = [through_hands(self._predictor, start, end, share) for start, end in itertools.pairwise(ends)]
        return torch.cat([*ways, ends[-1:].to(ways[0])]).cpu().numpy()

    def _samples(self, count: int, seed: int, temperature: float, prior: Prior) -> list[LatentCode]:
        latents = self._predictor.sample_prior(count, seed, temperature, prior if self.is_fitted else "normal")
        return [self._scale.to_code(latent) for latent in latents.cpu().numpy().astype(np.float64)]
