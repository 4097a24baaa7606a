"""A function of tensors as one call, during which other threads run Python code.

In eager mode each operation gives up Python's lock and takes it again. Beside a window that draws, every one of some
hundred small operations then waits for its turn: a decode of 28 ms took 107. A traced function holds no lock until it
ends. TorchScript is deprecated, but nothing else in torch does that without a C++ compiler; without it, or where a
trace is wrong, the function stays eager.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

Tensors = tuple[Tensor, ...]
Trace = Callable[..., Tensors]
_CLOSE = 1e-4
"""What a trace and its function may differ by."""
_MOST_MADE = 9
_MADE: dict[Hashable, Trace | None] = {}
"""By kind; None where a trace failed. TorchScript never frees what it has traced, 15 to 30 MB each: models of one
architecture share a trace, and after those of three architectures functions stay eager."""


def flattened(networks: nn.Module) -> Tensor:
    """All weights as one tensor, which the networks use from now on.

    A trace waits for Python's lock at each tensor that Python has as well; of many weights that is long. And from other
    addresses than the networks' own, sums would be rounded otherwise.
    """
    weights = list(_weights(networks).values())
    flat = torch.cat([weight.as_strided((weight.numel(),), (1,)) for weight in weights])
    start = 0
    for weight in weights:
        weight.data = flat.as_strided(weight.shape, weight.stride(), start)
        start += weight.numel()
    return flat


class Traced:
    """Calls `function`, or its trace where that was made for inputs of these shapes.

    networks: all that `function` computes with; weights: their `flattened`. kind: equal for those whose traces are the
    same but for the weights.
    """

    def __init__(self, function: Callable[..., Tensors], networks: nn.Module, weights: Tensor, kind: Hashable) -> None:
        self._function, self._networks, self._weights, self._kind = function, networks, weights, kind
        self._trace: Trace | None = None
        self._shapes: list[torch.Size] = []

    def __call__(self, *inputs: Tensor) -> Tensors:
        trace = self._trace
        if trace is not None and [each.shape for each in inputs] == self._shapes:
            try:
                with _as_it_is():
                    return trace(self._weights, *inputs)
            except RuntimeError:  # it needs other steps, such as a drawing of more tiles
                pass
        return self._function(*inputs)

    @torch.inference_mode()
    def trace(self, example: Tensors, check: Tensors, spare: Callable[[], Traced]) -> bool:
        """Trace it with one example, and compare it on another of the same shapes; whether that worked. Slow.

        spare: the same over networks of their own, which are of no use afterwards.
        """
        self._shapes = [each.shape for each in example]
        if self._kind not in _MADE:
            if len(_MADE) == _MOST_MADE:
                return False
            _MADE[self._kind] = spare()._made((self._weights, *example))
        made = _MADE[self._kind]
        self._trace = made if made is not None and self._is_right(made, check) else None
        return self._trace is not None

    def _made(self, inputs: Tensors) -> Trace | None:
        """The trace of (weights, *inputs): with the weights of another model it is that model's. None if it fails."""
        owners = []
        for name, weight in _weights(self._networks).items():
            path, _, last = name.rpartition(".")
            owner = self._networks.get_submodule(path)
            owners.append((owner, last, (weight.shape, weight.stride(), weight.storage_offset())))
            delattr(owner, last)  # a parameter cannot become a tensor
        functions = [self._function]

        def function(weights: Tensor, *given: Tensor) -> Tensors:
            for owner, name, place in owners:
                setattr(owner, name, weights.as_strided(*place))
            return functions[0](*given)

        try:
            _ignore_warnings()
            made: Trace = torch.jit.trace(function, inputs, check_trace=False)  # type: ignore[no-untyped-call]
        except (RuntimeError, AttributeError):  # a step that cannot be traced, or a torch without TorchScript
            return None
        finally:
            owners.clear()  # the trace keeps its function
            functions.clear()
        return made

    def _is_right(self, made: Trace, check: Tensors) -> bool:
        try:
            with _as_it_is():
                pairs = zip(made(self._weights, *check), self._function(*check), strict=True)
                return all(bool(((one - other).abs() <= _CLOSE).all()) for one, other in pairs)
        except RuntimeError:
            return False


def _weights(networks: nn.Module) -> dict[str, Tensor]:
    """Those that differ between models."""
    named = dict(networks.named_parameters()) | dict(networks.named_buffers())
    return {name: weight for name, weight in named.items() if weight.is_floating_point()}


def _ignore_warnings() -> None:
    """Those of a trace, for good: `catch_warnings` would meanwhile change what other threads may warn of."""
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # type: ignore[attr-defined]
    warnings.filterwarnings("ignore", "`torch.jit.trace` is deprecated", DeprecationWarning)


def _as_it_is() -> AbstractContextManager[None]:
    """Without optimisation, for which the first calls would take seconds."""
    context: AbstractContextManager[None] = torch.jit.optimized_execution(False)  # type: ignore[attr-defined]
    return context
