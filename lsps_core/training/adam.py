"""Adam. torch.optim's imports torch._dynamo at its first use, for more than a second of every start of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from lsps_core.config import StageConfig


class Adam:
    """The updates and the state of `torch.optim.Adam(..., fused=True)`, by torch's own function.

    parameters: of one group, or groups: dicts of "params" and, where the learning rate is multiplied, "rate".
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter] | list[dict[str, Any]], config: StageConfig, beta1: float
    ) -> None:
        """The stages with a GAN take β1 = 0.5 (Radford et al. 2016); the paper does not give it."""
        given: list[Any] = list(parameters)
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        self.groups: list[dict[str, Any]] = [{"rate": 1.0, **group, "lr": config.learning_rate} for group in groups]
        self.beta1 = beta1
        self.state: dict[nn.Parameter, dict[str, Tensor]] = {}
        """Step count and moments of each parameter, from its first update on."""

    @property
    def parameters(self) -> list[nn.Parameter]:
        return [parameter for group in self.groups for parameter in group["params"]]

    def set_learning_rate(self, rate: float) -> None:
        for group in self.groups:
            group["lr"] = rate * group["rate"]

    def zero_grad(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, failed: Tensor) -> None:
        """Update every parameter that has a gradient, unless `failed`, 0 or 1 on the device, is 1."""
        for group in self.groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            states = [self._state(parameter) for parameter in parameters]
            adam(
                parameters,
                [parameter.grad for parameter in parameters],
                [state["exp_avg"] for state in states],
                [state["exp_avg_sq"] for state in states],
                [],
                [state["step"] for state in states],
                fused=True,
                found_inf=failed,
                amsgrad=False,
                beta1=self.beta1,
                beta2=0.999,
                lr=group["lr"],
                weight_decay=0.0,
                eps=1e-8,
                maximize=False,
            )

    def tensors(self) -> dict[str, Tensor]:
        """The state as `parameter/name` tensors."""
        return {
            f"{index}/{name}": value
            for index, parameter in enumerate(self.parameters)
            for name, value in self.state.get(parameter, {}).items()
        }

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Restore the state from `tensors`."""
        parameters = self.parameters
        self.state = {}
        for key, value in tensors.items():
            index, _, name = key.partition("/")
            parameter = parameters[int(index)]
            self.state.setdefault(parameter, {})[name] = value.to(parameter.device, copy=True)

    def _state(self, parameter: nn.Parameter) -> dict[str, Tensor]:
        if parameter not in self.state:
            moments = {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
            self.state[parameter] = {"step": torch.zeros((), device=parameter.device), **moments}
        return self.state[parameter]
