"""What one training step is given."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lsps_core.config import Domain


class FrameBatch(NamedTuple):
    """image [B, 1, 128, 128] in [-1, 1], empty where only poses are needed, and pose [B, J, 3]."""

    image: Tensor
    pose: Tensor


class TriBatch(NamedTuple):
    """One step's frames. Of `real` only the images are used; `labelled` are annotated real frames, where there are.

    `extra` are more synthetic frames, for the picture of M and for P alone.
    """

    synthetic: FrameBatch
    real: FrameBatch
    labelled: FrameBatch | None = None
    extra: FrameBatch | None = None

    def image(self, domain: Domain) -> Tensor:
        return self.real.image if domain == "real" else self.synthetic.image

    def annotated(self) -> dict[Domain, FrameBatch]:
        """The frames whose pose may be used, by domain; the step's own synthetic ones come before the extra ones."""
        synthetic = self.synthetic
        if self.extra is not None:
            synthetic = FrameBatch(*(torch.cat(parts) for parts in zip(synthetic, self.extra, strict=True)))
        frames: dict[Domain, FrameBatch] = {"synthetic": synthetic}
        return frames if self.labelled is None else frames | {"real": self.labelled}
