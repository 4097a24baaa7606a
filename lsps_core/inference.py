"""Every route between the three domains, over frozen networks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from lsps_core import checkpoint
from lsps_core.checkpoint import Checkpoint
from lsps_core.config.model import DOMAINS, IMAGE_SIZE, POSE_LATENT_SIZE, Domain, Prior, other_domain
from lsps_core.config.training import Precision
from lsps_core.data.augmentation.moves import rotate_pose, rotated_copies
from lsps_core.data.crop import BACKGROUND
from lsps_core.data.look_at import look_at, usual_center
from lsps_core.errors import LspsError
from lsps_core.networks.camera_noise import camera_noise
from lsps_core.networks.mapping import LatentMapping
from lsps_core.networks.matrix import with_matrix_products
from lsps_core.networks.numpy_decoder import numpy_pose_decoder
from lsps_core.networks.residual import fuse_normalisation
from lsps_core.networks.traced import Traced, flattened
from lsps_core.prior import FittedPrior
from lsps_core.skeleton import Skeleton


class Decoded(NamedTuple):
    """One latent in all three domains: pose [B, J, 3], real and synthetic image [B, 1, 128, 128] in [-1, 1]."""

    pose: Tensor
    real: Tensor
    synthetic: Tensor


class TurnedReading(NamedTuple):
    """What P reads of rotated copies: the code of the image itself and that of the mean pose, each [B, 20].

    poses [N, B, J, 3]: of each copy, in the image's axes; the image's own comes first.
    """

    code: Tensor
    mean_code: Tensor
    poses: Tensor


class Predictor:
    """Frozen networks and the routes of the paper's figure 1: one frame or a batch, on one device.

    Shapes: pose [B, J, 3], pose_latent [B, 20], image [B, 1, 128, 128], depth_latent [B, 4c, 32, 32], all float32.
    Inputs may be on any device; results are on `device`.

    precision: dtype of the image networks; poses are always float32. bfloat16 needs half the time or less
    on a CPU that supports it; its images differ from float32's by less than a millimetre on average.
    """

    def __init__(
        self, source: Checkpoint, device: torch.device | str = "cpu", precision: Precision = "float32"
    ) -> None:
        self.checkpoint = source
        self.device = torch.device(device)
        self.precision = precision
        self.model = source.build().to(self.device).eval().requires_grad_(False)
        if source.config.posterior_kind == "residual":
            fuse_normalisation(self.model.residual_posterior)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from torch's stubs
        if self.device.type == "cpu" and isinstance(self.model.mapping, LatentMapping):
            self.model.mapping.layers = with_matrix_products(self.model.mapping.layers)
        self._noise: dict[Domain, Tensor | None] = {
            "synthetic": None,
            "real": camera_noise(IMAGE_SIZE).to(self.device),
        }
        self._can_trace = self.device.type == "cpu" and precision == "float32"
        weights = flattened(self.model) if self._can_trace else torch.empty(0)
        traced = partial(Traced, networks=self.model, weights=weights)
        self._readings = {domain: traced(self._reading_of(domain), kind=(source.config, domain)) for domain in DOMAINS}
        self._decoding = traced(self._decoded, kind=(source.config, "decode"))
        self.pose_decoder = numpy_pose_decoder(self.model.pose_vae)
        codes = source.prior_codes
        is_folded = source.config.pose_decoder == "linear"
        recode = self.model.pose_vae.recode
        self.fitted_prior = None if codes is None else FittedPrior(codes.to(self.device), recode, is_folded=is_folded)
        if precision == "bfloat16":
            for name, network in self.model.named_children():
                if name != "pose_vae":
                    network.bfloat16()

    @classmethod
    def load(cls, path: Path, device: torch.device | str = "cpu", precision: Precision = "float32") -> Predictor:
        """Open a model file; CheckpointError, in one line, for any other file."""
        return cls(checkpoint.load(path), device, precision)

    @property
    def skeleton(self) -> Skeleton:
        return self.checkpoint.skeleton

    @torch.inference_mode()
    def encode_pose(self, pose: Tensor) -> Tensor:
        """pose -> pose_latent: the one whose decoded pose is nearest, by a search from the mean of q(z_y | y)."""
        pose_vae, pose = self.model.pose_vae, pose.to(self.device)
        return pose_vae.nearest(pose, start=pose_vae.encode(pose).mean)

    @torch.inference_mode()
    def decode_pose(self, pose_latent: Tensor) -> Tensor:
        """pose_latent -> pose: G_y(z_y)."""
        return self.model.pose_vae.decode(pose_latent.to(self.device))

    def posterior(self, image: Tensor, domain: Domain, center: Tensor | None = None, turns: int = 1) -> Tensor:
        """image of `domain` -> pose_latent: P(x).

        center [B, 3]: `data.crop.camera_center` of the cubes: P reads the view of a camera that looks there, and the
        code is that of the pose in the frame's own axes. Without it the image is read as it is, like those that are
        drawn without a frame. turns: P also reads copies of the image that are rotated about the optical axis, so many
        with itself, and the code is that of the mean of their poses: nearer to the truth, in `turns` times the time.
        """
        if turns < 1:
            raise ValueError(f"turns is {turns}: it must be 1 or more")
        if turns == 1:
            return self._read(image, domain, center)
        return self.read_turned(image, domain, center, turns).mean_code

    @torch.inference_mode()
    def read_turned(self, image: Tensor, domain: Domain, center: Tensor | None, turns: int) -> TurnedReading:
        """What P reads of `turns` copies, evenly rotated about the optical axis. center: as of `posterior`."""
        image = self._image(image)
        place = usual_center(image) if center is None else center.to(image)
        codes, poses = [], []
        for copy, at, angle in rotated_copies(image, place, turns):
            codes.append(self._read(copy, domain, None if center is None else at))
            poses.append(rotate_pose(self.decode_pose(codes[-1]), -angle))
        each = torch.stack(poses)
        return TurnedReading(codes[0], self.model.pose_vae.nearest(each.mean(dim=0), start=codes[0]), each)

    @torch.inference_mode()
    def _read(self, image: Tensor, domain: Domain, center: Tensor | None) -> Tensor:
        image = self._image(image)
        if center is None:
            return self._nearest_code(image, domain)
        (code,) = self._readings[domain](image, center.to(image))
        return code

    def _reading_of(self, domain: Domain) -> Callable[[Tensor, Tensor], tuple[Tensor]]:
        """(image [B, 1, 128, 128] of `domain`, center [B, 3]) -> its pose_latent."""

        def read(image: Tensor, center: Tensor) -> tuple[Tensor]:
            view, rotation = look_at(image, center)
            return (self._nearest_code(view, domain, rotation),)

        return read

    def _nearest_code(self, view: Tensor, domain: Domain, rotation: Tensor | None = None) -> Tensor:
        """What P reads, in the axes that `rotation` [B, 3, 3] leads from: the code that is nearest to its pose."""
        with self._computing():
            estimate = self.model.estimate(view, domain).float()
        pose, code = self.model.pose_of(estimate), self.model.code_of(estimate)
        return self.model.pose_vae.nearest(pose if rotation is None else pose @ rotation.mT, start=code)

    def predict_pose(self, image: Tensor, domain: Domain, center: Tensor | None = None, turns: int = 1) -> Tensor:
        """image of `domain` -> pose: G_y(P(x)). center, turns: as of `posterior`."""
        return self.decode_pose(self.posterior(image, domain, center, turns))

    @torch.inference_mode()
    def map(self, pose_latent: Tensor, center: Tensor | None = None) -> Tensor:
        """pose_latent -> depth_latent: M(z_y). center: as of `posterior`, so that a picture lies on a frame."""
        with self._computing():
            return self.model.map(pose_latent.to(self.device), self._center(center)).float()

    @torch.inference_mode()
    def encode(self, image: Tensor, domain: Domain) -> Tensor:
        """image of `domain` -> depth_latent: the mean of q(z_x | x)."""
        with self._computing():
            depth_latent: Tensor = self.model.encoder(self._image(image), domain)
        return depth_latent.float()

    @torch.inference_mode()
    def generate(self, depth_latent: Tensor, domain: Domain) -> Tensor:
        """depth_latent -> image of `domain`: G(z_x)."""
        return self._drawn(depth_latent, domain)[domain]

    @torch.inference_mode()
    def generate_both(self, depth_latent: Tensor) -> dict[Domain, Tensor]:
        """depth_latent -> the images of both domains; the shared block is computed once."""
        return self._drawn(depth_latent, *DOMAINS)

    def _drawn(self, depth_latent: Tensor, *domains: Domain) -> dict[Domain, Tensor]:
        generator = self.model.generator
        with self._computing():
            begun = generator.shared(self._depth_latent(depth_latent))
            return {domain: generator.draw(begun, domain, self._noise[domain]).float() for domain in domains}

    def picture(self, pose: Tensor, domain: Domain) -> Tensor:
        """pose -> image of `domain`: G(M(z_y)) of its code."""
        return self.generate(self.map(self.encode_pose(pose)), domain)

    def reconstruct(self, image: Tensor, domain: Domain) -> Tensor:
        """image of `domain` -> its reconstruction from its depth latent: G_r(E_r(x_r)) or G_s(E_s(x_s))."""
        return self.generate(self.encode(image, domain), domain)

    def translate(self, image: Tensor, domain: Domain) -> Tensor:
        """image of `domain` -> image of the other domain: G_s(E_r(x_r)) or G_r(E_s(x_s))."""
        return self.generate(self.encode(image, domain), other_domain(domain))

    def cycle(self, image: Tensor, domain: Domain) -> Tensor:
        """image of `domain` -> there and back: G_r(E_s(G_s(E_r(x_r)))) or the same with the domains exchanged."""
        return self.translate(self.translate(image, domain), other_domain(domain))

    @torch.inference_mode()
    def decode(self, pose_latent: Tensor) -> Decoded:
        """pose_latent -> all three domains; used by the latent sliders."""
        return Decoded(*self._decoding(pose_latent.to(self.device)))

    def _decoded(self, pose_latent: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        images = self.generate_both(self.map(pose_latent))
        return self.decode_pose(pose_latent), images["real"], images["synthetic"]

    def trace(self, domain: Domain) -> None:
        """Let other threads run while a single frame of `domain` is read or a single latent decoded; see `Traced`.

        Takes about a second, and on a CPU in float32 alone it does anything.
        """
        if not self._can_trace:
            return
        empty = torch.full((1, 1, IMAGE_SIZE, IMAGE_SIZE), BACKGROUND).contiguous(memory_format=torch.channels_last)
        code, center = torch.zeros(1, POSE_LATENT_SIZE), usual_center(empty)
        self._decoding.trace((code,), (code + 0.5,), lambda: self._spare()._decoding)
        decoded = self.decode(code)
        drawn = decoded.real if domain == "real" else decoded.synthetic
        self._readings[domain].trace((empty, center), (drawn, center + 0.5), lambda: self._spare()._readings[domain])

    def _spare(self) -> Predictor:
        """The same with networks of its own."""
        return Predictor(self.checkpoint)

    def decode_depth_latent(self, depth_latent: Tensor, pose_domain: Domain = "synthetic") -> Decoded:
        """depth_latent -> all three domains; its pose is that of its own image in `pose_domain`, G_y(P(G(z_x))).

        There is no mapping from z_x to z_y, so the pose is estimated from an image.
        """
        images = self.generate_both(depth_latent)
        return Decoded(self.predict_pose(images[pose_domain], pose_domain), images["real"], images["synthetic"])

    @property
    def prior(self) -> Prior:
        """The prior that `sample_prior` draws from by default: "fitted", unless the file is older than that."""
        return "normal" if self.fitted_prior is None else "fitted"

    def sample_prior(self, count: int, seed: int, temperature: float = 1.0, prior: Prior | None = None) -> Tensor:
        """[count, 20] draws, the same on every device: of the density of training codes, or of N(0, temperature² I).

        LspsError for the fitted prior of a file that has none.
        """
        generator = torch.Generator().manual_seed(seed)
        if (prior or self.prior) == "fitted":
            return self._require_prior().sample(count, generator, temperature).to(self.device)
        return (temperature * torch.randn(count, POSE_LATENT_SIZE, generator=generator)).to(self.device)

    @torch.inference_mode()
    def typicality(self, pose_latent: Tensor) -> Tensor:
        """pose_latent -> [B] in 0 to 1, see `FittedPrior.typicality`; LspsError for a file without a fitted prior."""
        return self._require_prior().typicality(pose_latent.to(self.device))

    def _require_prior(self) -> FittedPrior:
        if self.fitted_prior is None:
            remedy = "choose the normal prior, or a model of a newer version"
            raise LspsError("the model has no fitted prior", remedy, field="prior")
        return self.fitted_prior

    def _center(self, center: Tensor | None) -> Tensor | None:
        return None if center is None else center.to(self.device)

    def _image(self, image: Tensor) -> Tensor:
        return image.to(self.device, torch.float32).contiguous(memory_format=torch.channels_last)

    def _depth_latent(self, depth_latent: Tensor) -> Tensor:
        return depth_latent.to(self.device).contiguous(memory_format=torch.channels_last)

    def _computing(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16")


def interpolate(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """[...] and [...] -> [steps, ...] on the straight line between two latents of either kind, both ends included."""
    if steps < 2:
        raise ValueError(f"an interpolation needs at least 2 steps, not {steps}")
    weight = torch.linspace(0, 1, steps, device=start.device).view(-1, *[1] * start.dim())
    return torch.lerp(start.expand(steps, *start.shape), end.expand(steps, *end.shape), weight)
