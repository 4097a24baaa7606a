"""Which device to compute on."""

from __future__ import annotations

import torch

from lsps_core.errors import LspsError


def resolve_device(name: str = "auto") -> torch.device:
    """ "auto" (the first GPU, else the CPU), "cpu", "cuda", "cuda:1", "mps"; LspsError if it is not available."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        what = f"device {name!r} cannot be used here ({reason})"
        raise LspsError(what, "try {device} cpu", field="device", settings={"device": "cpu"}) from error
    return device
