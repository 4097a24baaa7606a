"""One optimiser's update of a step: weighted sum, gradient, the mean over all processes, and the finite guard."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from lsps_core.config.training import StageConfig
from lsps_core.training.process_group import ProcessGroup

Terms = dict[str, Tensor]


class FiniteGuard:
    """Skips every update from the first one whose sum or gradient is not finite, without synchronising the host.

    `failed` is 0 or 1 on the device, where fused Adam looks before it changes anything.
    """

    def __init__(self, device: torch.device) -> None:
        self.failed = torch.zeros((), device=device)
        self._had_failed = torch.zeros((), device=device)
        self._sound_steps = torch.zeros((), device=device)
        self._names: tuple[str, ...] = ()
        self._values: Tensor | None = None

    def check(self, *values: Tensor) -> None:
        is_bad = ~torch.stack(values).isfinite().all()
        self.failed.copy_(torch.maximum(self.failed, is_bad))

    def end_step(self, terms: Terms) -> None:
        """Keep the terms; permanently if this step is the first that failed."""
        names, values = tuple(terms), torch.stack(list(terms.values()))
        if self._values is not None:
            if names == self._names:
                values = torch.where(self._had_failed > 0, self._values, values)
            elif self._had_failed.item():  # the set of terms changed: the host waits once
                names, values = self._names, self._values
        self._names, self._values = names, values
        self._sound_steps += 1 - self.failed
        self._had_failed.copy_(self.failed)

    def non_finite_step(self) -> tuple[int, dict[str, float]] | None:
        """(steps before the one that failed, its terms), or None; waits for the device."""
        if not self.failed.item() or self._values is None:
            return None
        return int(self._sound_steps.item()), dict(zip(self._names, self._values.tolist(), strict=True))


class Updater:
    """One Adam step on the weighted sum of terms. A term's weight has its name, or the part of it before the slash."""

    def __init__(
        self, optimizer: torch.optim.Adam, weights: dict[str, float], guard: FiniteGuard, group: ProcessGroup
    ) -> None:
        self.optimizer, self.weights, self.guard, self.group = optimizer, weights, guard, group

    def __call__(self, terms: Terms) -> Terms:
        """One update; returns the terms detached."""
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.stack([self._weight(name) * term for name, term in terms.items()]).sum()
        total.backward()  # type: ignore[no-untyped-call]
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        total = total.detach()
        self.group.average([*gradients, total])
        self.guard.check(total, nn.utils.get_total_norm(gradients))
        self.optimizer.found_inf = self.guard.failed  # type: ignore[attr-defined]  # as torch.amp.GradScaler sets it
        self.optimizer.step()
        return {name: term.detach() for name, term in terms.items()}

    def _weight(self, term: str) -> float:
        return self.weights[term if term in self.weights else term.partition("/")[0]]


def adam(
    parameters: Iterable[nn.Parameter] | list[dict[str, Any]], config: StageConfig, beta1: float
) -> torch.optim.Adam:
    """The paper's Adam. The stages with a GAN take β1 = 0.5 (Radford et al. 2016); the paper does not give it."""
    return torch.optim.Adam(parameters, lr=config.learning_rate, betas=(beta1, 0.999), fused=True)


def optimizer_tensors(optimizers: Mapping[str, torch.optim.Optimizer]) -> dict[str, Tensor]:
    """Adam's moments and step counts as `optimizer/parameter/name` tensors."""
    return {
        f"{name}/{index}/{key}": value
        for name, optimizer in optimizers.items()
        for index, entry in optimizer.state_dict()["state"].items()
        for key, value in entry.items()
    }


def load_optimizer_tensors(optimizers: Mapping[str, torch.optim.Optimizer], tensors: dict[str, Tensor]) -> None:
    """Restore optimisers from `optimizer_tensors`.

    Moments get the memory layout of their parameters, which files do not keep: fused Adam takes both element by element
    as they lie in memory.
    """
    for name, optimizer in optimizers.items():
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            owner, _, rest = key.partition("/")
            if owner == name:
                index, entry = rest.split("/")
                state.setdefault(int(index), {})[entry] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        for parameter, values in optimizer.state.items():
            for entry, value in values.items():
                if value.shape == parameter.shape:
                    values[entry] = torch.empty_like(parameter).copy_(value)


def learning_rate(settings: StageConfig, step: int) -> float:
    """Constant for the first half of a stage, then a half cosine down to its final share."""
    progress = max(0.0, 2 * step / max(settings.steps, 1) - 1)
    share = settings.final_learning_rate + (1 - settings.final_learning_rate) * (1 + math.cos(math.pi * progress)) / 2
    return settings.learning_rate * share


def set_learning_rate(optimizers: Iterable[torch.optim.Adam], rate: float) -> None:
    """Of every optimiser; a group with a `rate` multiplies it."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("rate", 1.0)


def train_only(model: nn.Module, *networks: nn.Module) -> None:
    """Compute gradients for these parameters only."""
    model.requires_grad_(False)
    for network in networks:
        network.requires_grad_(True)


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Compute no gradients for the network's parameters; its inputs still get theirs."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)


def noisy(mean: Tensor, generator: torch.Generator) -> Tensor:
    """A draw of N(mean, I)."""
    return mean + torch.randn(mean.shape, generator=generator, dtype=mean.dtype, device=mean.device)
