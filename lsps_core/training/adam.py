"""Adam by torch's fused function.

`torch.optim.Optimizer` imports `torch.compile` when the first one is made: about two seconds at the start of every run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adam import adam as update


class Adam:
    """The arithmetic of `torch.optim.Adam(..., fused=True)`, or of AdamW with a decay of the weights.

    param_groups: each with its parameters, `params`, and its learning rate, `lr`. state: of each parameter that had a
    gradient its number of steps, `step`, and its moments, `exp_avg` and `exp_avg_sq`. found_inf: a tensor on the
    device; while it is 1, a step changes nothing.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        learning_rate: float,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
    ) -> None:
        groups = [item if isinstance(item, dict) else {"params": [item]} for item in parameters]
        self.param_groups = [{"lr": learning_rate, **group, "params": list(group["params"])} for group in groups]
        self.state: dict[nn.Parameter, dict[str, Tensor]] = {}
        self.found_inf: Tensor | None = None
        self._betas, self._weight_decay = betas, weight_decay

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Of all groups, in their order."""
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def zero_grad(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            self._step(group)

    def _step(self, group: dict[str, Any]) -> None:
        moved = [parameter for parameter in group["params"] if parameter.grad is not None]
        states = [self.state.get(parameter) or self._begin(parameter) for parameter in moved]
        update(
            moved,
            [parameter.grad for parameter in moved],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            fused=True,
            found_inf=self.found_inf,
            decoupled_weight_decay=True,
            amsgrad=False,
            beta1=self._betas[0],
            beta2=self._betas[1],
            lr=group["lr"],
            weight_decay=self._weight_decay,
            eps=1e-8,
            maximize=False,
        )

    def _begin(self, parameter: nn.Parameter) -> dict[str, Tensor]:
        moments = {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
        self.state[parameter] = {"step": torch.zeros((), device=parameter.device), **moments}
        return self.state[parameter]
