"""What a model can compute on."""

from __future__ import annotations

import sys


def devices() -> list[str]:
    """What a model can compute on; those besides the CPU are known once a model has brought torch along."""
    found = ["auto", "cpu"]
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "cuda"):  # not yet, or half imported in a thread
        return found
    found += [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return found + (["mps"] if torch.backends.mps.is_available() else [])
