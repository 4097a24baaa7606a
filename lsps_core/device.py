"""Which device to compute on."""

from __future__ import annotations

import platform

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


def emulates_bfloat16(device: torch.device) -> bool:
    """Whether it is a CPU without instructions for bfloat16, which takes several times as long as float32 there."""
    is_x86 = platform.machine() in ("x86_64", "AMD64")
    return device.type == "cpu" and is_x86 and not torch.backends.cpu.get_cpu_capability().startswith("AVX512")
