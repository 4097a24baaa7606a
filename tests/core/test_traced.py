"""Traced functions: the same results in one call, and eager where a trace cannot be made or does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from lsps_core.inference import Predictor
from lsps_core.networks.traced import Traced

MODEL = Path(__file__).resolve().parents[2] / "resources" / "models" / "compact.safetensors"


def _double(x: Tensor) -> tuple[Tensor]:
    return (2 * x,)


def test_a_trace_is_used_for_inputs_of_its_shapes_alone() -> None:
    calls: list[int] = []

    def function(x: Tensor) -> tuple[Tensor]:
        calls.append(len(x))
        return _double(x)

    traced = Traced(function)
    assert traced.trace((torch.ones(1, 3),), (torch.zeros(1, 3),))
    calls.clear()
    assert traced(torch.full((1, 3), 2.0))[0].tolist() == [[4.0] * 3]
    assert calls == []
    assert traced(torch.ones(2, 3))[0].shape == (2, 3)
    assert calls == [2]


def test_a_function_whose_steps_depend_on_values_stays_eager() -> None:
    def function(x: Tensor) -> tuple[Tensor]:
        return (x + 1,) if float(x.sum()) > 0 else (x - 1,)

    traced = Traced(function)
    assert not traced.trace((torch.ones(1),), (-torch.ones(1),))
    assert traced(-torch.ones(1))[0].tolist() == [-2.0]


def test_without_torchscript_a_function_stays_eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.jit, "trace")
    traced = Traced(_double)
    assert not traced.trace((torch.ones(1),), (torch.ones(1),))
    assert traced(torch.ones(1))[0].tolist() == [2.0]


def test_a_trace_that_fails_on_other_values_gives_way() -> None:
    def function(x: Tensor) -> tuple[Tensor]:
        return (torch.stack([part.sum() for part in torch.split(x.nonzero(), 2)]),)

    traced = Traced(function)
    assert traced.trace((torch.tensor([1.0, 1.0, 0.0, 0.0]),), (torch.tensor([0.0, 1.0, 1.0, 0.0]),))
    assert traced(torch.ones(4))[0].tolist() == [1, 5]


def test_a_traced_predictor_reads_and_decodes_as_before() -> None:
    predictor, eager = Predictor.load(MODEL), Predictor.load(MODEL)
    predictor.trace("real")
    assert predictor._decoding._trace is not None
    assert predictor._readings["real"]._trace is not None
    codes = eager.sample_prior(20, 0)
    center = torch.tensor([[0.5, -0.5, 4.5]])
    for code in codes.split(1):
        decoded, expected = predictor.decode(code), eager.decode(code)
        for one, other in zip(decoded, expected, strict=True):
            torch.testing.assert_close(one, other)
        torch.testing.assert_close(
            predictor.posterior(expected.real, "real", center), eager.posterior(expected.real, "real", center)
        )
