from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from lsps_core.checkpoint import Checkpoint
from lsps_core.config.model import ModelConfig
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import HAND21
from lsps_core.training import validation


@pytest.fixture(scope="session", autouse=True)
def _small_previews() -> Iterator[None]:
    """Sheets of one frame, where runs train in this process: drawing twelve takes longer than a tiny run's steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validation, "PREVIEW_FRAMES", 1)
        yield


@pytest.fixture
def untrained() -> Checkpoint:
    """A tiny model of hand21 with random weights."""
    torch.manual_seed(0)
    model = TriDomainModel(ModelConfig(joint_count=21, base_channels=4))
    return Checkpoint(
        config=model.config,
        skeleton=HAND21,
        half_mm=125.0,
        latent_mean=tuple(0.01 * i for i in range(20)),
        latent_std=(0.9,) * 20,
        weights=model.state_dict(),
        training={"simulated": True},
    )


@pytest.fixture(scope="session")
def trained_run(stores: dict[str, Path], make_once: Callable[..., Path]) -> Path:
    """A run of a tiny model that went through all stages: a few hundred steps on 64 frames or so of each domain."""
    from lsps_core.cli import main
    from lsps_core.config.presets import PAPER_NETWORKS

    settings = [*PAPER_NETWORKS, "base_channels=4", "rotation_degrees=0", "translation_mm=0", "pose.steps=300"]
    settings += ["pose.learning_rate=0.003", "depth.steps=25", "depth.batch_size=2", "depth.extra_annotated=4"]
    settings += ["depth.learning_rate=0.004", "posterior.steps=200", "posterior.batch_size=2"]
    settings += ["posterior.extra_annotated=14", "posterior.learning_rate=0.003", "weights.feature_matching=0"]
    settings += ["weights.posterior_translated=0", "weights.posterior_consistency=0"]  # else every step draws images
    settings += ["checkpoint_minutes=1000"]  # one a stage, on a slow machine too
    options = ["--synthetic", str(stores["synthetic"]), "--real", str(stores["real"]), "--device", "cpu"]
    options += [part for item in settings for part in ("--set", item)]

    def train(folder: Path) -> None:
        assert main(["train", str(folder / "trained"), *options]) == 0
        assert (folder / "trained" / "model.safetensors").exists()  # else it was stopped, which is no error

    return make_once("trained_run", train) / "trained"
