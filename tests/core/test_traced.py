"""Traced functions: the same results in one call, and eager where a trace cannot be made or does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from lsps_core import checkpoint
from lsps_core.inference import Predictor
from lsps_core.networks import traced as traced_module
from lsps_core.networks.traced import Tensors, Traced

MODEL = Path(__file__).resolve().parents[2] / "resources" / "models" / "compact.safetensors"


@pytest.fixture(autouse=True)
def _no_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced_module, "_MADE", {})


def _traced(function: Callable[..., Tensors], example: Tensor, check: Tensor, kind: str = "") -> tuple[Traced, bool]:
    """It, and whether it was traced."""
    traced = Traced(function, nn.Module(), torch.empty(0), kind)
    return traced, traced.trace((example,), (check,), lambda: Traced(function, nn.Module(), torch.empty(0), kind))


def _double(x: Tensor) -> tuple[Tensor]:
    return (2 * x,)


def test_a_trace_is_used_for_inputs_of_its_shapes_alone() -> None:
    calls: list[int] = []

    def function(x: Tensor) -> tuple[Tensor]:
        calls.append(len(x))
        return _double(x)

    traced, is_traced = _traced(function, torch.ones(1, 3), torch.zeros(1, 3))
    assert is_traced
    calls.clear()
    assert traced(torch.full((1, 3), 2.0))[0].tolist() == [[4.0] * 3]
    assert calls == []
    assert traced(torch.ones(2, 3))[0].shape == (2, 3)
    assert calls == [2]


def test_a_function_whose_steps_depend_on_values_stays_eager() -> None:
    def function(x: Tensor) -> tuple[Tensor]:
        return (x + 1,) if float(x.sum()) > 0 else (x - 1,)

    traced, is_traced = _traced(function, torch.ones(1), -torch.ones(1))
    assert not is_traced
    assert traced(-torch.ones(1))[0].tolist() == [-2.0]


def test_without_torchscript_a_function_stays_eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.jit, "trace")
    traced, is_traced = _traced(_double, torch.ones(1), torch.ones(1))
    assert not is_traced
    assert traced(torch.ones(1))[0].tolist() == [2.0]


def test_a_trace_that_fails_on_other_values_gives_way() -> None:
    def function(x: Tensor) -> tuple[Tensor]:
        return (torch.stack([part.sum() for part in torch.split(x.nonzero(), 2)]),)

    example, check = torch.tensor([1.0, 1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 1.0, 0.0])
    traced, is_traced = _traced(function, example, check)
    assert is_traced
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
        read = [each.posterior(expected.real, "real", center) for each in (predictor, eager)]
        torch.testing.assert_close(read[0], read[1])


def test_models_of_one_architecture_share_their_traces() -> None:
    """What is traced is never freed: each model that was opened cost 87 MB."""
    source = checkpoint.load(MODEL)
    other = {name: 1.01 * value if value.is_floating_point() else value for name, value in source.weights.items()}
    other |= {name: value for name, value in source.weights.items() if name.startswith("pose_vae.decoder.frames")}
    first, second, eager = Predictor(source), Predictor(replace(source, weights=other)), Predictor(source)
    for predictor in (first, second):
        predictor.trace("real")
    assert len(traced_module._MADE) == 2
    assert second._decoding._trace is first._decoding._trace is not None
    code = eager.sample_prior(1, 0)
    torch.testing.assert_close(first.decode(code).real, eager.decode(code).real)
    torch.testing.assert_close(second.decode(code).real, Predictor(replace(source, weights=other)).decode(code).real)
    assert not torch.allclose(first.decode(code).real, second.decode(code).real)


def test_beyond_a_few_architectures_functions_stay_eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced_module, "_MOST_MADE", 2)
    ones = torch.ones(1)
    assert [_traced(_double, ones, ones, kind)[1] for kind in ("a", "b", "c", "a")] == [True, True, False, True]
