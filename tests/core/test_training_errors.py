"""What ends a run early: numbers that are not finite, and memory that does not suffice."""

from __future__ import annotations

import json

import pytest
import safetensors.torch
import torch
from training_helpers import events, tiny_config

from lsps_core.checkpoint import read_tensors
from lsps_core.config.model import ModelConfig
from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.batch import FrameBatch, TriBatch
from lsps_core.training.errors import MemoryShortageError, NonFiniteError, TrainingError, largest_that_fits
from lsps_core.training.run import Run
from lsps_core.training.stages.depth_stage import DepthStage
from lsps_core.training.stages.posterior_stage import PosteriorStage
from lsps_core.training.stages.stage import PoseStage
from lsps_core.training.stages.update import FiniteGuard
from lsps_core.training.trainer import Trainer


def random_batch(seed: int, bad: str = "") -> TriBatch:
    """Frames with one NaN in `bad`: "image" or "pose" of the synthetic ones."""
    generator = torch.Generator().manual_seed(seed)

    def frames() -> FrameBatch:
        image = torch.rand(2, 1, 128, 128, generator=generator) * 2 - 1
        pose = torch.randn(2, 21, 3, generator=generator) * 0.3
        return FrameBatch(image, pose, torch.tensor([[0.0, 0.0, 5.0]] * 2))

    batch = TriBatch(frames(), frames())
    if bad:
        getattr(batch.synthetic, bad).view(-1)[5] = torch.nan
    return batch


@pytest.mark.parametrize(
    ("stage_class", "bad", "term"),
    [
        (PoseStage, "pose", "pose_reconstruction"),
        (DepthStage, "image", "reconstruction/synthetic"),
        (PosteriorStage, "image", "posterior/synthetic"),
    ],
)
def test_nothing_is_updated_from_a_step_on_that_is_not_finite(stage_class, bad, term):
    torch.manual_seed(0)
    model = TriDomainModel(ModelConfig(joint_count=21, base_channels=4))
    stage = stage_class(model, StageConfig(steps=9, batch_size=2), LossWeights())
    for seed in range(2):
        stage.step(random_batch(seed), torch.Generator().manual_seed(seed))
    assert stage.guard.non_finite_step() is None
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    moments = [entry["step"].clone() for entry in next(iter(stage.optimizers.values())).state.values()]
    stage.step(random_batch(2, bad), torch.Generator().manual_seed(2))
    stage.step(random_batch(3), torch.Generator().manual_seed(3))  # sound again, but the host may not have looked yet
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name]), name
    assert moments == [entry["step"] for entry in next(iter(stage.optimizers.values())).state.values()]
    steps, terms = stage.guard.non_finite_step()
    assert steps == 2
    assert not torch.tensor(terms[term]).isfinite()


def test_a_gradient_that_is_not_finite_counts_as_well():
    torch.manual_seed(0)
    model = TriDomainModel(ModelConfig(joint_count=21, base_channels=4))
    stage = PoseStage(model, StageConfig(steps=9, batch_size=2), LossWeights())
    model.pose_vae.mean.weight.register_hook(lambda gradient: gradient * torch.inf)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    terms = stage.step(random_batch(0), torch.Generator().manual_seed(0))
    assert all(value.isfinite() for value in terms.values())
    assert stage.guard.non_finite_step() is not None
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


@pytest.mark.parametrize("fails", [False, True])
def test_a_term_that_begins_later_is_told_unless_a_step_failed_before(fails):
    guard = FiniteGuard(torch.device("cpu"))
    guard.check(torch.tensor(torch.nan if fails else 1.0))
    guard.end_step({"first": torch.tensor(1.0)})
    guard.check(torch.tensor(torch.nan))
    guard.end_step({"first": torch.tensor(2.0), "second": torch.tensor(3.0)})
    assert guard.non_finite_step() == ((0, {"first": 1.0}) if fails else (1, {"first": 2.0, "second": 3.0}))


def test_the_run_names_step_and_term_and_keeps_the_batch(stores, tmp_path, monkeypatch):
    config = tiny_config(stores)
    run = Run.create(tmp_path / "run", config)
    trainer = Trainer(run, config)
    whole = trainer.data.batch

    def spoilt(stage, settings, step):
        batch = whole(stage, settings, step)
        if (stage, step) == ("depth", 1):
            batch.synthetic.image[0, 0, 7, 9] = torch.nan
        return batch

    monkeypatch.setattr(trainer.data, "batch", spoilt)
    message = r"reconstruction/synthetic is nan.* at step 1 of the depth stage"
    with pytest.raises(NonFiniteError, match=message) as caught:
        trainer.train()
    path = run.path / "nonfinite" / f"{config.pose.steps + 1:08d}.safetensors"
    assert str(path) in str(caught.value)
    header, tensors = read_tensors(path)
    assert json.loads(header["record"])["stage"] == "depth"
    assert tensors["synthetic/image"][0, 0, 7, 9].isnan()
    assert tensors["real/image"].isfinite().all()
    assert events(run.path)[-1]["reason"] == "failed"
    model, _, state = run.latest()
    assert (state["stage"], state["stage_step"]) == ("pose", config.pose.steps)
    assert all(weight.isfinite().all() for weight in model.weights.values())
    assert safetensors.torch.load_file(path).keys() == tensors.keys()


def test_a_stage_that_learns_nothing_ends(stores, tmp_path):
    """A million steps of nothing would be a million steps."""
    config = tiny_config(stores, "pose.steps=120", "weights.pose_reconstruction=0", "weights.pose_kl=0")
    run = Run.create(tmp_path / "run", config)
    with pytest.raises(TrainingError, match="first 100 steps of the pose stage changed no weight"):
        Trainer(run, config).train()
    assert not run.checkpoints()
    assert events(run.path)[-1]["reason"] == "failed"


def test_a_step_that_does_not_fit_names_the_batch_size_that_does(stores, tmp_path, monkeypatch):
    config = tiny_config(stores, "depth.batch_size=12", "depth.extra_annotated=24")
    run = Run.create(tmp_path / "run", config)
    step = DepthStage.step

    def greedy(self, batch, generator):
        if len(batch.synthetic.image) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return step(self, batch, generator)

    monkeypatch.setattr(DepthStage, "step", greedy)
    advice = r"depth.batch_size=12; a step fits with .*depth.batch_size=3 .*depth.extra_annotated=6"
    with pytest.raises(MemoryShortageError, match=advice):
        Trainer(run, config).train()
    assert run.latest() is not None


def test_the_search_ends_where_not_even_one_frame_fits():
    def never(_size: int) -> None:
        raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 99 bytes")

    def wrong(_size: int) -> None:
        raise RuntimeError("shapes do not match")

    assert largest_that_fits(never, 8) is None
    with pytest.raises(RuntimeError, match="shapes"):
        largest_that_fits(wrong, 8)
