"""A function of tensors as one call, during which other threads run Python code.

In eager mode each operation gives up Python's lock and takes it again. Beside a window that draws, every one of some
hundred small operations then waits for its turn: a decode of 28 ms took 107. A traced function holds no lock until it
ends. TorchScript is deprecated, but nothing else in torch does that without a C++ compiler; without it, or where a
trace is wrong, the function stays eager.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor

Tensors = tuple[Tensor, ...]
_CLOSE = 1e-4
"""What a trace and its function may differ by."""


class Traced:
    """Calls `function`, or its trace where that was made for inputs of these shapes."""

    def __init__(self, function: Callable[..., Tensors]) -> None:
        self._function = function
        self._trace: Callable[..., Tensors] | None = None
        self._shapes: list[torch.Size] = []

    def __call__(self, *inputs: Tensor) -> Tensors:
        trace = self._trace
        if trace is not None and [each.shape for each in inputs] == self._shapes:
            try:
                with _as_it_is():
                    return trace(*inputs)
            except RuntimeError:  # it needs other steps, such as a drawing of more tiles
                pass
        return self._function(*inputs)

    @torch.inference_mode()
    def trace(self, example: Tensors, check: Tensors) -> bool:
        """Trace it with one example, and compare it on another of the same shapes; whether that worked. Slow."""

        def function(*inputs: Tensor) -> Tensors:  # a method cannot be traced
            return self._function(*inputs)

        try:
            _ignore_warnings()
            made = torch.jit.trace(function, example, check_trace=False)  # type: ignore[no-untyped-call]
            with _as_it_is():
                pairs = zip(made(*check), self._function(*check), strict=True)
                is_right = all(bool(((one - other).abs() <= _CLOSE).all()) for one, other in pairs)
        except (RuntimeError, AttributeError):  # a step that cannot be traced, or a torch without TorchScript
            return False
        if is_right:
            self._shapes, self._trace = [each.shape for each in example], made
        return is_right


def _ignore_warnings() -> None:
    """Those of a trace, for good: `catch_warnings` would meanwhile change what other threads may warn of."""
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # type: ignore[attr-defined]
    warnings.filterwarnings("ignore", "`torch.jit.trace` is deprecated", DeprecationWarning)


def _as_it_is() -> AbstractContextManager[None]:
    """Without optimisation, for which the first calls would take seconds."""
    context: AbstractContextManager[None] = torch.jit.optimized_execution(False)  # type: ignore[attr-defined]
    return context
