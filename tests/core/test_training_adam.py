"""The optimiser against the formulas of Kingma & Ba 2015, in float64."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lsps_core.config import StageConfig
from lsps_core.training.adam import Adam

CONFIG = StageConfig(steps=9, batch_size=2, learning_rate=0.01)
GOES_WELL, FAILED = torch.tensor(0.0), torch.tensor(1.0)


def parameters() -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(size, generator=generator)) for size in ((3, 4), (5,), (2,))]


def gradients(step: int) -> list[Tensor | None]:
    """The last parameter gets none."""
    generator = torch.Generator().manual_seed(1 + step)
    return [torch.randn(size, generator=generator) for size in ((3, 4), (5,))] + [None]


def update(optimizer: Adam, step: int, failed: Tensor = GOES_WELL) -> None:
    optimizer.zero_grad()
    for parameter, gradient in zip(optimizer.parameters, gradients(step), strict=True):
        parameter.grad = gradient
    optimizer.step(failed)


def test_updates_are_those_of_the_paper():
    first, second, without = parameters()
    optimizer = Adam([{"params": [first]}, {"params": [second, without], "rate": 3.0}], CONFIG, beta1=0.5)
    expected = [first.detach().double(), second.detach().double()]
    moments = [(torch.zeros_like(weight), torch.zeros_like(weight)) for weight in expected]
    for step in range(1, 5):
        optimizer.set_learning_rate(0.02 / step)
        update(optimizer, step)
        for weight, (mean, square), gradient, rate in zip(expected, moments, gradients(step), (1, 3), strict=False):
            mean.mul_(0.5).add_(0.5 * gradient)
            square.mul_(0.999).add_(0.001 * gradient.double() ** 2)
            weight -= rate * 0.02 / step * (mean / (1 - 0.5**step)) / ((square / (1 - 0.999**step)).sqrt() + 1e-8)
    torch.testing.assert_close(first.double(), expected[0], rtol=0, atol=1e-6)
    torch.testing.assert_close(second.double(), expected[1], rtol=0, atol=1e-6)
    assert torch.equal(without, parameters()[2])


def test_a_failed_step_changes_nothing():
    optimizer = Adam(parameters(), CONFIG, beta1=0.9)
    update(optimizer, 0)
    weights = [parameter.detach().clone() for parameter in optimizer.parameters]
    state = {key: value.clone() for key, value in optimizer.tensors().items()}
    update(optimizer, 1, FAILED)
    assert all(torch.equal(*pair) for pair in zip(weights, optimizer.parameters, strict=True))
    assert all(torch.equal(value, state[key]) for key, value in optimizer.tensors().items())


def test_a_restored_state_goes_on_bit_for_bit():
    whole, resumed = Adam(parameters(), CONFIG, beta1=0.9), Adam(parameters(), CONFIG, beta1=0.9)
    for step in range(3):
        update(whole, step)
    state = whole.tensors()
    assert sorted(state) == [f"{index}/{name}" for index in (0, 1) for name in ("exp_avg", "exp_avg_sq", "step")]
    with torch.no_grad():
        for mine, its in zip(resumed.parameters, whole.parameters, strict=True):
            mine.copy_(its)
    resumed.load_tensors(state)
    update(whole, 3)
    update(resumed, 3)
    assert all(torch.equal(*pair) for pair in zip(whole.parameters, resumed.parameters, strict=True))
    assert all(torch.equal(value, whole.tensors()[key]) for key, value in resumed.tensors().items())
