"""`lsps train` as a shell meets it: what it starts, what it goes on with, what it refuses and in which words."""

from __future__ import annotations

import importlib
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import pytest
from programs import LSPS

from lsps_core import checkpoint
from lsps_core.cli import main
from lsps_core.config.presets import PAPER_NETWORKS, PRESETS
from lsps_core.config.training import STAGES, TrainConfig
from lsps_core.events import Failed, parse
from lsps_core.training.run import Run

SETTINGS = [
    *PAPER_NETWORKS,
    "base_channels=4",
    "pose.steps=20",
    "depth.steps=2",
    "depth.batch_size=2",
    "depth.extra_annotated=0",
]
SETTINGS += ["posterior.steps=2", "posterior.batch_size=2", "posterior.extra_annotated=0"]


def config(stores: dict[str, Path], *settings: str) -> TrainConfig:
    paths = {"synthetic_path": str(stores["synthetic"]), "real_path": str(stores["real"])}
    return TrainConfig(**paths, **PRESETS["compact"]).with_settings([*SETTINGS, *settings])


def flags(stores: dict[str, Path]) -> list[str]:
    return ["--synthetic", str(stores["synthetic"]), "--real", str(stores["real"]), "--preset", "compact"]


def events(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]


def one_line(capsys) -> str:
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


@pytest.fixture(scope="module")
def finished(stores, tmp_path_factory) -> Path:
    """A run that went through all stages, started from a folder with nothing but its config."""
    path = tmp_path_factory.mktemp("runs") / "finished"
    Run.create(path, config(stores))
    assert main(["train", str(path)]) == 0
    return path


@pytest.fixture
def old(finished, tmp_path) -> Path:
    """A copy of the finished run."""
    return Path(shutil.copytree(finished, tmp_path / "old"))


@pytest.fixture
def prepared(stores, tmp_path) -> Path:
    return Run.create(tmp_path / "prepared", config(stores)).path


def test_a_new_run_without_a_preset_is_compact(stores, tmp_path):
    paths = ["--synthetic", str(stores["synthetic"]), "--real", str(stores["real"])]
    settings = [f"--set={stage}.steps=0" for stage in STAGES]
    assert main(["train", str(tmp_path / "run"), *paths, *settings]) == 0
    written = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (written["preset"], written["base_channels"], written["mapping"]) == ("compact", 8, "surface")


def test_a_folder_with_only_a_config_is_started(finished):
    assert events(finished)[-1]["reason"] == "finished"
    assert checkpoint.load(finished / "model.safetensors").training["steps"]["pose"] == 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["new"], "a new run needs --synthetic"),
        (["new", "--change"], "--change needs --resume"),
        (["new", "--resume"], "config.json cannot be read"),
        (["old"], "exists already; choose another folder, or resume with --resume"),
        (["old", "--change"], "exists already"),
        (["prepared", "--seed", "3"], "seed: 0 in the run, 3 requested; leave them out, or add --change"),
        (
            ["prepared", "--real", "none.h5", "--change"],
            "none.h5 does not exist; if it was moved, give its new path with --real",
        ),
        (["old", "--resume", "--labels", "0.5"], "labels: 0.0 in the run, 0.5 requested"),
        (["old", "--resume", "--set", "depth.nonsense=1"], "no such setting"),
        (["old", "--resume", "--change", "--set", "base_channels=8"], "cannot be changed on resume"),
        (["old", "--resume", "--change", "--set", "pose_hidden=8"], "cannot be changed on resume"),
        (["old", "--resume", "--change", "--set", "mapping=latent"], "cannot be changed on resume"),
        (["old", "--resume", "--change", "--preset", "paper"], "preset: compact in the run, paper requested"),
        (["old", "--resume", "--change", "--set", "pose.steps=30"], "that stage is finished"),
        (["old", "--resume", "--change", "--set", "posterior.steps=1"], "2 are already done"),
    ],
)
def test_what_cannot_be_started_is_one_line_and_nothing_changes(
    finished, prepared, tmp_path, capsys, arguments, message
):
    folders = {"new": tmp_path / "new", "old": finished, "prepared": prepared}
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    name, *rest = arguments
    assert main(["train", str(folders[name]), *rest]) == 2
    assert message in one_line(capsys)
    assert {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "new").exists()
    assert sorted(path.name for path in prepared.iterdir() if path.name != ".lock") == ["config.json"]


def test_every_difference_is_named_before_anything_is_refused(finished, capsys):
    settings = ["--set", "depth.steps=9000", "--set", "posterior.learning_rate=1", "--seed", "3"]
    assert main(["train", str(finished), "--resume", *settings]) == 2
    line = one_line(capsys)
    for difference in ("depth.steps: 2 in the run, 9000", "posterior.learning_rate: 0.002 in the run, 1.0", "seed: 0"):
        assert difference in line


def test_the_same_command_with_resume_goes_on(old, stores, capsys):
    settings = [part for setting in SETTINGS for part in ("--set", setting)]
    assert main(["train", str(old), *flags(stores), "--seed", "0", *settings, "--device", "cpu", "--resume"]) == 0
    assert "changed" not in capsys.readouterr().err


def test_a_change_that_is_asked_for_is_made_and_told(old, capsys):
    arguments = ["--resume", "--change", "--set", "posterior.steps=3", "--set", "posterior.learning_rate=0.001"]
    assert main(["train", str(old), *arguments]) == 0
    message = "changed: posterior.steps from 2 to 3, posterior.learning_rate from 0.002 to 0.001"
    assert message in capsys.readouterr().err
    assert message in [event.get("message") for event in events(old)]
    assert Run(old).config().posterior.steps == 3
    training = checkpoint.load(old / "model.safetensors").training
    assert training["steps"]["posterior"] == 3
    assert "--change" in training["commands"][-1]


def test_stores_of_another_skeleton_are_refused(finished, stores, tmp_path, capsys):
    others = {name: Path(shutil.copy(path, tmp_path)) for name, path in stores.items()}
    for path in others.values():
        with h5py.File(path, "r+") as file:
            skeleton = json.loads(file.attrs["skeleton"])
            file.attrs["skeleton"] = json.dumps(skeleton | {"name": "other"})
    assert main(["train", str(finished), "--resume", "--change", *flags(others)]) == 2
    assert "has the skeleton other, the run's model hand21" in one_line(capsys)


def test_two_processes_never_train_one_run(finished, capsys):
    with Run(finished).locked():
        assert main(["train", str(finished), "--resume"]) == 2
    assert "being trained by another process" in one_line(capsys)


def test_a_second_interrupt_does_not_break_the_save(programs, stores, tmp_path):
    run = Run.create(tmp_path / "run", config(stores, "pose.steps=1000000"))
    with programs.start(LSPS, "train", run.path) as process:
        for line in process.stdout:
            if json.loads(line)["kind"] == "step":
                break
        process.send_signal(signal.SIGINT)
        while process.poll() is None and not list((run.path / "checkpoints").glob(".*.part")):
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate()
    assert process.returncode == 0
    assert json.loads(output.splitlines()[-1])["reason"] == "stopped"
    assert events(run.path)[-1]["reason"] == "stopped"
    assert run.latest() is not None


def test_a_reader_that_dies_does_not_end_the_training_and_a_signal_saves_and_exits_0(programs, stores, tmp_path):
    run = Run.create(tmp_path / "run", config(stores, "pose.steps=1000000"))
    with programs.start(LSPS, "train", run.path) as process:
        process.stdout.readline()
        process.stdout.close()
        written = run.path / "events.jsonl"
        while process.poll() is None and written.read_text().count('"step"') < 3:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        error = process.stderr.read()
    assert process.returncode == 0
    assert events(run.path)[-1]["reason"] == "stopped"
    assert run.latest() is not None
    assert "Error" not in error


def test_a_full_disk_is_one_line_and_leaves_the_last_checkpoint(old):
    resource = pytest.importorskip("resource", reason="files cannot be limited in size here")
    whole = {path: path.read_bytes() for path in (old / "checkpoints").iterdir()}
    limit = max(len(data) for data in whole.values()) // 2

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    changed = ["--resume", "--change", "--set", "posterior.steps=3"]
    command = [sys.executable, "-m", "lsps_core.cli", "train", old, *changed]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=no_room)
    assert ended.returncode == 2
    line = ended.stderr.strip().splitlines()[-1]
    assert "cannot be written" in line
    assert f"checkpoint {Run(old).checkpoints()[-1].name} is unchanged" in line
    assert json.loads(ended.stdout.splitlines()[-1])["reason"] == "failed"
    assert {path: path.read_bytes() for path in (old / "checkpoints").iterdir()} == whole
    assert main(["train", str(old), "--resume"]) == 0  # there is room again
    assert checkpoint.load(old / "model.safetensors").training["steps"]["posterior"] == 3


KILLED = """
import os, signal, sys
from lsps_core import cli
from lsps_core.training.trainer import Trainer
step = Trainer._try_step
def killed(self, settings):
    if self.step == 23:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, settings)
Trainer._try_step = killed
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_a_killed_run_ends_bit_for_bit_as_one_that_was_not(programs, finished, prepared, monkeypatch):
    """Killed in the posterior stage, a step after the last checkpoint; kill_resume.py kills at any moment."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    kill_resume = importlib.import_module("kill_resume")
    killed = programs.run(KILLED, "train", prepared)
    assert killed.returncode == -signal.SIGKILL
    assert [int(path.stem) for path in Run(prepared).checkpoints()][-1] == 22
    assert main(["train", str(prepared), "--resume"]) == 0
    assert kill_resume.compare_weights(Run(finished), Run(prepared)) == []
    assert kill_resume.check_told(Run(finished), Run(prepared)) == []


def test_a_quiet_training_writes_nothing_but_its_error(stores, tmp_path, capsys):
    paths = ["--synthetic", str(stores["synthetic"]), "--real", str(stores["synthetic"])]
    assert main(["train", str(tmp_path / "run"), *paths, "--quiet"]) == 2
    (line,) = capsys.readouterr().out.splitlines()
    failed = parse(line)
    assert isinstance(failed, Failed)
    assert failed.error.field == "real_path"
    assert not (tmp_path / "run").exists()
