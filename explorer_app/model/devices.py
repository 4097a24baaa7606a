"""The devices for a model."""

from __future__ import annotations

import sys


def devices() -> list[str]:
    """The available devices; before torch is imported only the CPU."""
    found = ["auto", "cpu"]
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "cuda"):  # not yet, or half imported in a thread
        return found
    found += [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return found + (["mps"] if torch.backends.mps.is_available() else [])
