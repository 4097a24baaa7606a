"""A run as its user meets it: the files it leaves, stopping, going on, and what it refuses."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
import torch
from training_helpers import TINY, events, tiny_config

from lsps_core import checkpoint
from lsps_core.cli import main
from lsps_core.events import Event
from lsps_core.training.data import TrainingData
from lsps_core.training.errors import NonFiniteError
from lsps_core.training.run import Run, RunError, newest_model
from lsps_core.training.stages.update import learning_rate
from lsps_core.training.trainer import Trainer


def arguments(run: Path, stores: dict[str, Path], *settings: str) -> list[str]:
    command = ["train", str(run), "--synthetic", str(stores["synthetic"]), "--real", str(stores["real"])]
    return [*command, "--device", "cpu", *(part for item in (*TINY, *settings) for part in ("--set", item))]


@pytest.fixture
def tiny_run(stores, make_once) -> Path:
    """A run of `TINY` settings that was never stopped."""

    def train(folder: Path) -> None:
        assert main(arguments(folder / "run", stores)) == 0

    return make_once("tiny_run", train) / "run"


def test_a_run_leaves_what_its_user_needs(trained_run):
    kinds = [event["kind"] for event in events(trained_run)]
    assert kinds[0] == "started"
    assert kinds[-1] == "end"
    assert events(trained_run)[-1]["reason"] == "finished"
    assert {"step", "validation", "checkpoint", "preview"} <= set(kinds)
    assert len(list((trained_run / "previews").glob("*.png"))) == 3
    rows = list(csv.DictReader((trained_run / "metrics.csv").read_text().splitlines()))
    assert {"pose", "depth", "posterior"} == {row["stage"] for row in rows}
    assert all(float(row["value"]) == float(row["value"]) for row in rows)
    model = checkpoint.load(trained_run / "model.safetensors")
    assert model.training["steps"] == {"pose": 300, "depth": 25, "posterior": 200}
    assert model.training["simulated"] is True
    assert model.training["data"]["real"]["domain"] == "sensor"
    assert "/" not in model.training["config"]["synthetic_path"]
    assert torch.tensor(model.latent_std).min() > 0.01
    torch.testing.assert_close(torch.tensor(model.latent_covariance).diag().sqrt(), torch.tensor(model.latent_std))


def test_at_most_two_checkpoints_are_kept_and_they_go_together(trained_run):
    files = sorted(path.name for path in (trained_run / "checkpoints").iterdir())
    assert len(files) == 4
    assert [name.replace(".state", "") for name in files[::2]] == files[::2]
    assert newest_model(trained_run) == trained_run / "model.safetensors"


def test_a_stopped_run_goes_on_and_ends_as_if_never_stopped(stores, tiny_run, tmp_path):
    parts = tmp_path / "parts"
    config = tiny_config(stores)
    asked = [0]

    def after_some_reports() -> bool:
        asked[0] += 1
        return asked[0] % 2 == 0

    run = Run.create(parts, config)
    reasons = [Trainer(run, config, "test", after_some_reports).train()]
    while reasons[-1] == "stopped":
        reasons.append(Trainer(Run(parts), config, "test", after_some_reports).train())
    assert reasons[-1] == "finished"
    assert len(reasons) > 1
    first, second = (checkpoint.load(path / "model.safetensors") for path in (tiny_run, parts))
    for name, weight in first.weights.items():
        assert torch.equal(weight, second.weights[name]), name
    assert second.training["commands"] == ["test"] * len(reasons)


def test_a_stopped_run_of_other_networks_in_another_layout_ends_as_if_never_stopped(stores, tmp_path):
    """Moments must come back in the layout of their weights, and the normalisation and the teacher as they were."""
    settings = ["channels_last=true", "posterior_kind=residual", "posterior_width=8", "pose.steps=2", "depth.steps=1"]
    config = tiny_config(stores, *settings, "posterior.steps=12", "posterior.degrade=true", "zoom_percent=5")
    whole, parts = Run.create(tmp_path / "whole", config), Run.create(tmp_path / "parts", config)
    assert Trainer(whole, config).train() == "finished"
    trainer = Trainer(parts, config)
    trainer._should_stop = lambda: trainer.stage_name == "posterior"
    assert trainer.train() == "stopped"
    assert trainer.stage_step == 1
    assert Trainer(Run(parts.path), config).train() == "finished"
    first, second = (checkpoint.load(run.model_path).weights for run in (whole, parts))
    assert all(torch.equal(weight, second[name]) for name, weight in first.items())


def test_a_stopped_run_leaves_a_p_that_is_ready_for_use(stores, tmp_path):
    """The statistics of its normalisation are those of its weights, not of the weights before the last step."""
    few = ["pose.steps=0", "depth.steps=0", "posterior.steps=4", "posterior_kind=residual", "posterior_width=8"]
    config = tiny_config(stores, *few, "posterior.learning_rate=0.01")
    run = Run.create(tmp_path / "run", config)
    trainer = Trainer(run, config, should_stop=lambda: True)
    assert trainer.train() == "stopped"
    network = run.latest()[0].build().residual_posterior
    saved = {name: buffer.clone() for name, buffer in network.named_buffers() if buffer.is_floating_point()}
    for module in network.modules():
        module.momentum = 1.0
    batch = trainer.data.batch("posterior", config.posterior, 1)
    network.train()(torch.cat(trainer.stage._read_images(batch)))
    found = dict(network.named_buffers())
    assert saved
    for name, buffer in saved.items():
        torch.testing.assert_close(buffer, found[name])


def test_a_stop_file_saves_and_ends(stores, tmp_path):
    config = tiny_config(stores, "pose.steps=1000000")
    run = Run.create(tmp_path / "run", config, lambda _event: (tmp_path / "run" / "stop").touch())
    assert Trainer(run, config).train() == "stopped"
    assert events(run.path)[-1]["reason"] == "stopped"
    assert len(run.checkpoints()) == 1
    run.clear_stop(before_s=0.0)
    assert run.stop_requested()  # a younger one stands
    run.clear_stop()
    assert not run.stop_requested()


def test_a_stop_is_heard_though_checkpoints_are_written_more_often_than_reports(stores, tmp_path, monkeypatch):
    monkeypatch.setattr("lsps_core.training.trainer.REPORT_SECONDS", 0.1)
    config = tiny_config(stores, "pose.steps=1000", "checkpoint_minutes=0.001")
    trainer = Trainer(Run.create(tmp_path / "run", config), config, should_stop=lambda: trainer.step > 1)
    assert trainer.train() == "stopped"
    assert trainer.step < 1000


def test_a_run_with_a_damaged_checkpoint_resumes_from_the_one_before(tiny_run, tmp_path, capsys):
    path = Path(shutil.copytree(tiny_run, tmp_path / "run"))
    (path / "model.safetensors").unlink()
    newest = Run(path).checkpoints()[-1]
    newest.write_bytes(newest.read_bytes()[:-100])  # as a full disk on another machine's copy may leave it
    assert main(["train", str(path), "--resume"]) == 0
    assert (path / "model.safetensors").exists()
    note, started = map(json.loads, capsys.readouterr().out.splitlines()[:2])
    assert newest.name in note["message"]
    assert started["step"] == 22
    assert newest.with_name(newest.name + ".damaged").exists()


def test_an_existing_run_is_never_overwritten(trained_run, stores, capsys):
    before = sorted(trained_run.rglob("*"))
    assert main(arguments(trained_run, stores)) == 2
    assert "--resume" in capsys.readouterr().err
    assert sorted(trained_run.rglob("*")) == before


def test_a_folder_that_is_no_run_is_named(tmp_path, capsys):
    assert main(["train", str(tmp_path), "--resume"]) == 2
    assert "config.json" in capsys.readouterr().err
    with pytest.raises(RunError, match="without a model"):
        newest_model(tmp_path)


def test_a_loss_that_is_no_number_ends_the_run_and_names_the_term(stores, tmp_path):
    config = tiny_config(stores, "pose.learning_rate=1e15")
    run = Run.create(tmp_path / "run", config)
    with pytest.raises(NonFiniteError, match="pose_"):
        Trainer(run, config).train()
    assert events(run.path)[-1]["reason"] == "failed"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda stores: {"synthetic": stores["real"]}, "exchange --synthetic and --real"),
        (lambda stores: {"real": stores["real"].with_name("none.h5")}, "none.h5"),
    ],
)
def test_wrong_stores_are_one_line_and_leave_no_run(stores, tmp_path, capsys, change, message):
    assert main(arguments(tmp_path / "run", stores | change(stores))) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1
    assert message in error[0]
    assert not (tmp_path / "run").exists()


def test_labels_use_their_share_of_the_real_frames(stores, tmp_path):
    path = tmp_path / "run"
    assert main([*arguments(path, stores), "--labels", "0.1"]) == 0
    terms = {name for event in events(path) if event["kind"] == "step" for name in event["terms"]}
    assert {"posterior/real", "mapping/real"} <= terms


def test_one_annotated_frame_alone_trains(stores, tmp_path):
    path = tmp_path / "run"
    config = tiny_config(stores, "annotations=real", "labels=0.001", "depth.steps=0", "weights.feature_matching=0")
    run = Run.create(path, config.with_settings(["weights.posterior_translated=0", "weights.posterior_consistency=0"]))
    assert Trainer(run, run.config()).train() == "finished"
    assert set(checkpoint.load(run.model_path).latent_std) == {1.0}


@pytest.mark.parametrize(("share", "counts"), [(0.0, {"synthetic": 6}), (0.1, {"synthetic": 6, "real": 6})])
def test_p_gets_as_many_annotated_real_frames_as_synthetic_ones(stores, share, counts):
    config = tiny_config(stores, f"labels={share}", "posterior.extra_annotated=4")
    frames = TrainingData(config, torch.device("cpu")).batch("posterior", config.posterior, 0).annotated()
    assert {domain: len(part.pose) for domain, part in frames.items()} == counts


@pytest.mark.parametrize("start", ["random", "discriminator"])
def test_the_posterior_stage_starts_p_at_random_or_from_the_discriminators(stores, tmp_path, start):
    config = tiny_config(stores, f"posterior_start={start}", "posterior.learning_rate=1e-20")
    run = Run.create(tmp_path / "run", config)
    drawn = Trainer(run, config).model.discriminator.state_dict()
    Trainer(run, config).train()
    weights = checkpoint.load(run.model_path).weights
    is_as_drawn = {name: torch.equal(weights[f"discriminator.{name}"], weight) for name, weight in drawn.items()}
    assert set(is_as_drawn.values()) == {start == "random"}


def test_a_run_without_a_posterior_stage_keeps_the_discriminators_that_it_trained(stores, tmp_path):
    """Rows of an experiment that start P from the discriminators go on from such a run, made with the same preset."""
    config = tiny_config(stores, "posterior_start=random", "posterior.steps=0")
    run = Run.create(tmp_path / "run", config)
    drawn = Trainer(run, config).model.discriminator.state_dict()
    Trainer(run, config).train()
    weights = checkpoint.load(run.model_path).weights
    assert not any(torch.equal(weights[f"discriminator.{name}"], weight) for name, weight in drawn.items())


@pytest.mark.parametrize("depth_steps", [0, 2])
def test_a_trained_p_goes_on_unless_a_depth_stage_comes_between(stores, trained_run, tmp_path, depth_steps):
    """depth.learning_rate is too small to change anything by itself."""
    path = trained_run / "model.safetensors"
    config = tiny_config(stores, f"initial_path={path}", "pose.steps=0", f"depth.steps={depth_steps}")
    config = config.with_settings(["posterior.learning_rate=1e-20", "depth.learning_rate=1e-20"])
    run = Run.create(tmp_path / "run", config)
    Trainer(run, config).train()
    before, after = (checkpoint.load(path).weights for path in (path, run.model_path))
    learned = ("discriminator.own.synthetic", "discriminator.shared")  # from annotated frames, which are synthetic
    names = [name for name in before if name.startswith(learned)]
    assert {torch.equal(before[name], after[name]) for name in names} == {depth_steps == 0}


def test_the_learning_rate_is_constant_then_falls_to_its_end():
    settings = tiny_config({"synthetic": Path("s"), "real": Path("r")}, "depth.steps=4").depth
    rates = [learning_rate(settings, step) for step in range(settings.steps + 1)]
    assert rates[0] == rates[1] == rates[2] == settings.learning_rate
    assert rates[-1] == pytest.approx(settings.learning_rate * settings.final_learning_rate)
    assert rates == sorted(rates, reverse=True)


def test_every_event_is_on_disk_before_anybody_hears_of_it(stores, tmp_path):
    config = tiny_config(stores)
    heard: list[dict] = []

    def listen(event: Event) -> None:
        heard.append(json.loads(event.line()))
        assert events(tmp_path / "run") == heard

    Trainer(Run.create(tmp_path / "run", config, listen), config).train()
    assert heard[-1]["reason"] == "finished"


@pytest.mark.parametrize("is_emulated", [True, False])
def test_a_cpu_that_emulates_bfloat16_is_named_in_a_note(stores, tmp_path, monkeypatch, is_emulated):
    monkeypatch.setattr("lsps_core.training.trainer.emulates_bfloat16", lambda _device: is_emulated)
    assert main(arguments(tmp_path / "run", stores, "precision=bfloat16", "depth.steps=0", "posterior.steps=0")) == 0
    notes = [event["message"] for event in events(tmp_path / "run") if event["kind"] == "note"]
    assert len(notes) == is_emulated
    assert all("float32" in note for note in notes)
