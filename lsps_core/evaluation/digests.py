"""Short hashes that say whether results are of the same model and data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsps_core.checkpoint import Checkpoint


def model_digest(checkpoint: Checkpoint) -> str:
    """Hash of config and weights; names and records do not count."""
    import torch

    parts = [json.dumps(asdict(checkpoint.config), sort_keys=True).encode()]
    for name, weight in sorted(checkpoint.weights.items()):
        parts += [f"{name} {list(weight.shape)}".encode()]
        parts += [weight.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()]
    return digest(*parts)


def digest(*parts: bytes) -> str:
    """Hash of some bytes and of where each part ends."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "little"))
        whole.update(part)
    return whole.hexdigest()[:16]
