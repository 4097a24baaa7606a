"""The frames of one training step."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lsps_core.config.model import Domain


class FrameBatch(NamedTuple):
    """image [B, 1, 128, 128] in [-1, 1], empty if only poses are needed, and pose [B, J, 3].

    center [B, 3]: of the cube, from the camera, in half cubes; NaN where only poses are needed.
    """

    image: Tensor
    pose: Tensor
    center: Tensor


class TriBatch(NamedTuple):
    """One step's frames. Of `real` only the images are used; `labelled` are annotated real frames, if any.

    `extra` are more synthetic frames, only for the images of M and for P. Unless `synthetic_is_annotated`, synthetic
    poses must not be used.
    """

    synthetic: FrameBatch
    real: FrameBatch
    labelled: FrameBatch | None = None
    extra: FrameBatch | None = None
    synthetic_is_annotated: bool = True

    def image(self, domain: Domain) -> Tensor:
        return self.real.image if domain == "real" else self.synthetic.image

    def annotated(self) -> dict[Domain, FrameBatch]:
        """The frames whose pose may be used, by domain; the step's own synthetic ones come before the extra ones."""
        frames: dict[Domain, FrameBatch] = {}
        if self.synthetic_is_annotated:
            parts = [self.synthetic] if self.extra is None else [self.synthetic, self.extra]
            frames["synthetic"] = FrameBatch(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))
        if self.labelled is not None:
            frames["real"] = self.labelled
        return frames

    def tensors(self) -> dict[str, Tensor]:
        """All tensors as `field/image` and `field/pose`, to save them for inspection."""
        fields = {"synthetic": self.synthetic, "real": self.real, "labelled": self.labelled, "extra": self.extra}
        present = {name: frames for name, frames in fields.items() if frames is not None}
        return {f"{name}/{key}": value for name, frames in present.items() for key, value in frames._asdict().items()}
