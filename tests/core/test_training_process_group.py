"""Several processes do what one does: shares of the same batch, averaged gradients, decisions of process 0."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
import torch
from torch import multiprocessing
from training_helpers import events, tiny_config

from lsps_core import checkpoint
from lsps_core.training.agreement import check_alike, failing_process
from lsps_core.training.data import TrainingData
from lsps_core.training.errors import NonFiniteError, TrainingError
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.run import Run
from lsps_core.training.stages.stage import PoseStage
from lsps_core.training.trainer import Trainer


def test_the_shares_of_all_processes_are_the_batch_of_one(stores):
    config = tiny_config(stores, "labels=0.5")
    cpu = torch.device("cpu")
    whole = TrainingData(config, cpu).batch("depth", config.depth, 3).tensors()
    shares = [
        TrainingData(config, cpu, ProcessGroup(rank, 2)).batch("depth", config.depth, 3).tensors() for rank in range(2)
    ]
    assert {name.partition("/")[0] for name in whole} == {"synthetic", "real", "labelled", "extra"}
    for name, tensor in whole.items():
        woven = torch.stack([share[name] for share in shares], dim=1).flatten(0, 1)
        assert torch.equal(woven, tensor), name


def test_a_batch_that_cannot_be_divided_is_refused(stores):
    config = tiny_config(stores, "depth.batch_size=3")
    with pytest.raises(ValueError, match="3 frames cannot be divided among 2 processes"):
        TrainingData(config, torch.device("cpu"), ProcessGroup(0, 2)).batch("depth", config.depth, 0)


def test_one_process_alone_averages_and_decides_by_itself():
    group, tensor = ProcessGroup(), torch.ones(3)
    group.average([tensor])
    assert torch.equal(tensor, torch.ones(3))
    assert group.decide(True)
    assert not group.decide(False)
    assert group.share(3, "a batch") == slice(0, None, 1)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _in_two(rank: int, port: int, folder: str) -> None:
    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2, timeout=timedelta(minutes=5)
    )
    group = ProcessGroup(rank, 2)
    tensors = [torch.full((2, 3), float(rank)), torch.tensor(10.0 * rank)]
    group.average(tensors)
    decisions = [group.decide(rank == 0), group.decide(rank == 1)]
    said = {"average": [tensor.tolist() for tensor in tensors], "decisions": decisions}
    said["gathered"] = group.gather(torch.tensor([rank, 7])).tolist()
    terms = {"a": 1.0, "b": float("nan") if rank else 2.0}
    said["failing"] = str(failing_process(group, terms))
    model = torch.nn.Linear(2, 2)
    with torch.no_grad():
        model.weight.fill_(1.0)
        model.bias.fill_(0.5)
    check_alike(model, group, 3)
    with torch.no_grad():
        model.bias[1] += 1e-7 * rank
    try:
        check_alike(model, group, 4)
    except TrainingError as error:
        said["differ"] = error.what
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCHELASTIC_RESTART_COUNT", str(rank))  # as on two machines, the second of which has failed
        said["restarts"] = group.restarts()
    said["not finite"] = _not_finite(group, Path(folder) / "run")
    (Path(folder) / f"{rank}.json").write_text(json.dumps(said))
    torch.distributed.destroy_process_group()


def _not_finite(group: ProcessGroup, run: Path) -> str:
    """How a run ends in which process 1 has a pose that is not finite."""
    step, steps = PoseStage.step, count()

    def poisoned(self, batch, generator):
        if next(steps) == 2 and group.rank == 1:
            batch.synthetic.pose.view(-1)[5] = torch.nan
        return step(self, batch, generator)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PoseStage, "step", poisoned)
        try:
            Trainer(Run(run), Run(run).config(), group=group).train()
        except NonFiniteError as error:
            return error.what
    return "finite"


def _as_second(_: int, port: int, folder: str) -> None:
    _in_two(1, port, folder)


def test_two_processes_average_tensors_and_follow_process_0(stores, tmp_path):
    Run.create(tmp_path / "run", tiny_config(stores))
    arguments = (_free_port(), str(tmp_path))
    other = multiprocessing.spawn(_as_second, arguments, join=False)
    _in_two(0, *arguments)  # in this process: one import of torch less
    while not other.join():
        pass
    lines = set()
    for rank in range(2):
        said = json.loads((tmp_path / f"{rank}.json").read_text())
        assert (said["average"], said["decisions"]) == ([[[0.5] * 3] * 2, 5.0], [True, False])
        assert said["gathered"] == [[0, 7], [1, 7]]
        assert said["failing"] == "(1, {'a': 1.0, 'b': nan})"
        assert (
            said["differ"] == "the weights of process 1 differ from those of process 0 at step 4, which was not saved"
        )
        assert said["restarts"] == 1
        lines.add(said["not finite"])
    (line,) = lines  # both end with the same
    assert "in process 1 at step 2 of the pose stage" in line
    assert "\n" not in line


SETTINGS = ["depth.steps=1", "posterior.steps=3", "pose.steps=150", "pose.batch_size=32"]


def torchrun(run: Path, *options: str, program: tuple[str, ...] = ("-m", "lsps_core.cli"), **more):
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *options]
    command = [*launcher, *program, "train", str(run)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def together(small_stores, make_once) -> Path:
    """The folder of a run of two processes that was never killed, and of what they wrote to stdout."""

    def train(folder: Path) -> None:
        done = torchrun(Run.create(folder / "run", tiny_config(small_stores, *SETTINGS)).path)
        (folder / "stdout.jsonl").write_text(done.stdout)

    return make_once("torchrun", train)


KILLED = """
import os, signal, sys, time
from lsps_core import cli
if os.environ["TORCHELASTIC_RESTART_COUNT"] != "0" and os.environ["RANK"] == "1":
    time.sleep(8)  # process 0 looks for it first, and must not find the address of the one that was killed
from lsps_core.training.stages.stage import PoseStage
from lsps_core.training.trainer import Trainer
step = Trainer._try_step
def killed(self, settings):
    if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0" and self.group.rank == 1 and self.step == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, settings)
Trainer._try_step = killed
sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no SIGKILL here")
def test_torchrun_starts_again_after_a_process_was_killed(small_stores, together, tmp_path):
    """It resumes by itself, and ends with the weights to the bit of a run that was never killed."""
    broken = Run.create(tmp_path / "broken", tiny_config(small_stores, *SETTINGS))
    (tmp_path / "killed.py").write_text(KILLED)
    program = (str(tmp_path / "killed.py"), "152")  # within the posterior stage
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    torchrun(broken.path, "--max-restarts", "2", program=program, env=environment)
    starts = [event for event in events(broken.path) if event["kind"] == "started"]
    assert [event["step"] for event in starts] == [0, 151]
    one, other = (checkpoint.load(run.model_path).weights for run in (Run(together / "run"), broken))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_torchrun_ends_where_one_process_does(small_stores, together, tmp_path):
    """The same steps; the same pose VAE but for the noise that each process draws; an error within that noise."""
    config = tiny_config(small_stores, *SETTINGS)
    alone = Run.create(tmp_path / "alone", config)
    Trainer(alone, config).train()
    both = Run(together / "run")
    told = (together / "stdout.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in told] == events(both.path)  # process 0 alone speaks
    first, second = events(alone.path), events(both.path)
    assert (first[-1]["step"], first[-1]["reason"]) == (second[-1]["step"], second[-1]["reason"]) == (154, "finished")
    errors = [[e["mean_error_mm"] for e in run if e["kind"] == "validation"] for run in (first, second)]
    assert errors[1] == pytest.approx(errors[0], rel=0.15)
    steps = [checkpoint.load(run.model_path).training["steps"] for run in (alone, both)]
    assert steps[0] == steps[1]
