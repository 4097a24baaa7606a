"""Adam without what a run does not need: the same bits as torch's own, found much sooner."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lsps_core.training.adam import Adam

ALONE = """
import sys
import torch
from lsps_core.training.adam import Adam
parameter = torch.nn.Parameter(torch.ones(2))
parameter.grad = torch.ones(2)
Adam([parameter], 0.1).step()
sys.exit("torch._dynamo" in sys.modules)
"""


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_it_is_torchs_adam_to_the_bit(weight_decay):
    torchs = torch.optim.AdamW if weight_decay else torch.optim.Adam

    def train(make) -> list[torch.Tensor]:
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 4, 3)).to(memory_format=torch.channels_last)
        optimizer = make([{"params": network[0].parameters()}, {"params": network[1].parameters(), "lr": 0.1}])
        for step in range(6):
            optimizer.zero_grad()
            network(torch.randn(2, 3, 9, 9)).square().mean().backward()
            optimizer.found_inf = torch.tensor(float(step == 3))
            optimizer.step()
        steps = [state["step"] for state in optimizer.state.values()]
        assert steps == [5] * 4
        return list(network.parameters())

    ours = train(lambda groups: Adam(groups, 0.01, (0.5, 0.999), weight_decay))
    settings = {"lr": 0.01, "betas": (0.5, 0.999), "weight_decay": weight_decay, "fused": True}
    theirs = train(lambda groups: torchs(groups, **settings))
    assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_it_imports_no_compiler(programs):
    assert programs.run(ALONE).returncode == 0
