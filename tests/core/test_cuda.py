"""Every command and network on a GPU, beside the CPU; skipped where there is none."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from lsps_core import checkpoint
from lsps_core.cli import main
from lsps_core.config.model import DOMAINS
from lsps_core.config.presets import PRESETS
from lsps_core.config.training import STAGES, TrainConfig
from lsps_core.data.crop import camera_center, normalise
from lsps_core.data.store import FrameStore
from lsps_core.fitting.fit import fit
from lsps_core.inference import Predictor
from lsps_core.training.run import Run
from lsps_core.training.trainer import Trainer

DEVICE = "cuda"
RESOURCES = Path(__file__).parents[2] / "resources"
MODEL = RESOURCES / "models" / "compact.safetensors"
FRAMES = 16

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.fixture(scope="module")
def both() -> list[Predictor]:
    return [Predictor.load(MODEL, device) for device in ("cpu", DEVICE)]


@pytest.fixture(scope="module")
def frames() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(image, center_mm, half_mm) of the bundled sensor sample."""
    with FrameStore(RESOURCES / "samples" / "sensor.h5") as store:
        center_mm, half_mm = torch.tensor(store.center_mm[:FRAMES]), torch.tensor(store.half_mm[:FRAMES])
        depth_mm = torch.from_numpy(store.depth_mm(slice(0, FRAMES)).astype("int32"))
    return normalise(depth_mm, center_mm, half_mm), center_mm, half_mm


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Made on the GPU."""
    folder = tmp_path_factory.mktemp("stores")
    paths = {"synthetic": str(folder / "synthetic.h5"), "real": str(folder / "sensor.h5")}
    for path, domain in zip(paths.values(), ("synthetic", "sensor"), strict=True):
        assert main(["simulate", path, "--domain", domain, "--frames", "64", "--device", DEVICE]) == 0
    return paths


def mm(one: torch.Tensor, other: torch.Tensor) -> float:
    """The median, over frames, of the mean distance of two poses' joints."""
    return float(125 * (one.cpu() - other.cpu()).norm(dim=2).mean(dim=1).median())


@pytest.mark.parametrize("turns", [1, 4])
def test_poses_are_read_as_on_the_cpu(both, frames, turns):
    image, center_mm, half_mm = frames
    center = camera_center(center_mm, half_mm)
    read = [predictor.predict_pose(image, "real", center, turns) for predictor in both]
    assert read[1].device.type == DEVICE
    assert mm(*read) < 0.5


def test_pictures_are_drawn_as_on_the_cpu(both):
    latents = [predictor.sample_prior(FRAMES, seed=0) for predictor in both]
    torch.testing.assert_close(latents[1].cpu(), latents[0])
    decoded = [predictor.decode(latent) for predictor, latent in zip(both, latents, strict=True)]
    assert mm(decoded[0].pose, decoded[1].pose) < 0.1
    for name in DOMAINS:
        cpu, gpu = (getattr(each, name) for each in decoded)
        assert float((cpu - gpu.cpu()).abs().mean()) < 0.01
        assert float((cpu - cpu.flip(0)).abs().mean()) > 0.05  # another hand's picture is further off


def test_depth_latents_and_typicality_are_those_of_the_cpu(both, frames):
    for domain in DOMAINS:
        pictures = [predictor.cycle(frames[0], domain).cpu() for predictor in both]
        assert float((pictures[0] - pictures[1]).abs().mean()) < 0.01
    latent = both[0].sample_prior(FRAMES, seed=1)
    torch.testing.assert_close(both[1].typicality(latent).cpu(), both[0].typicality(latent), atol=0.02, rtol=0)


def test_a_fit_finds_the_same_hands(both, frames):
    found = [fit(predictor, *frames, steps=5) for predictor in both]
    assert mm(found[0].pose, found[1].pose) < 1.0


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_stage_trains(tmp_path, stores, preset, precision):
    paths = {"synthetic_path": stores["synthetic"], "real_path": stores["real"]}
    config = TrainConfig(**paths, device=DEVICE, labels=0.5, **PRESETS[preset]).with_settings(
        [f"precision={precision}", *(f"{stage}.steps=3" for stage in STAGES)]
    )
    trainer = Trainer(Run.create(tmp_path / "run", config), config)
    before = copy.deepcopy(trainer.model.state_dict())
    assert trainer.train() == "finished"
    after = checkpoint.load(tmp_path / "run" / "model.safetensors").weights
    assert all(weight.isfinite().all() for weight in after.values())
    changed = {name.partition(".")[0] for name, weight in before.items() if not torch.equal(weight.cpu(), after[name])}
    assert {"pose_vae", "encoder", "generator"} <= changed


def test_every_command_takes_a_gpu(tmp_path, stores):
    device, store = ["--device", DEVICE], stores["real"]
    for arguments in (
        ["evaluate", str(MODEL), store, "--fit", "5"],
        ["predict", str(MODEL), store, "--out", str(tmp_path / "poses.txt"), "--turns", "2"],
        ["fit", "--model", str(MODEL), store, str(tmp_path / "fits.h5"), "--frames", "16"],
        ["generate", str(MODEL), str(tmp_path / "generated.h5"), "--frames", "8", "--seed", "0"],
        ["failures", str(MODEL), store, "--out", str(tmp_path / "failures.npz")],
        [
            "finetune",
            str(MODEL),
            store,
            "--out",
            str(tmp_path / "tuned"),
            "--steps",
            "4",
            "--folds",
            "2",
            "--simulated",
            "64",
        ],
    ):
        assert main([*arguments, *device]) == 0, arguments
