"""Two launchers of torchrun as on two machines, one process each; one is killed, and the run resumes by itself.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/two_machines.py [--step 156]

Both meet at one endpoint on this machine. Exits with 1 unless the weights are, to the bit, those of a run that was not
killed.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).parents[1] / "core")]

import torch  # noqa: E402
from training_helpers import events, tiny_config  # noqa: E402

from lsps_core import checkpoint, cli  # noqa: E402
from lsps_core.training.run import Run  # noqa: E402

SETTINGS = ["depth.steps=3", "posterior.steps=8", "pose.steps=150", "pose.batch_size=32"]
KILLED = """
import os, signal, sys
from lsps_core import cli
from lsps_core.training.trainer import Trainer
step, mark = Trainer._try_step, sys.argv[2] + ".killed"
def killed(self, settings):
    if self.group.rank == 1 and self.step == int(sys.argv[1]) and not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, settings)
Trainer._try_step = killed
sys.exit(cli.main(["train", sys.argv[2]]))
"""


def train(run: Path, program: list[str]) -> None:
    """Both launchers, until they end."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    meeting = ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{port}", "--rdzv-id", run.name]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1", *meeting]
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
    }
    command = [*launcher, "--max-restarts", "2", *program]
    machines = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [machine.wait() for machine in machines] == [0, 0]


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill one of two processes of two launchers.")
    parser.add_argument("--step", type=int, default=156, help="at which it is killed, of 161")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stores = {domain: folder / f"{domain}.h5" for domain in ("synthetic", "sensor")}
        for domain, path in stores.items():
            cli.main(["simulate", str(path), "--domain", domain, "--frames", "64", "--jobs", "1"])
        config = tiny_config({"synthetic": stores["synthetic"], "real": stores["sensor"]}, *SETTINGS)
        whole, broken = (Run.create(folder / each, config) for each in ("whole", "broken"))
        (folder / "killed.py").write_text(KILLED)
        train(whole.path, ["-m", "lsps_core.cli", "train", str(whole.path)])
        train(broken.path, [str(folder / "killed.py"), str(arguments.step), str(broken.path)])
        starts = [event["step"] for event in events(broken.path) if event["kind"] == "started"]
        one, other = (checkpoint.load(run.model_path).weights for run in (whole, broken))
        equal = sum(torch.equal(one[key], other[key]) for key in one)
    print(f"started at steps {starts}; {equal} of {len(one)} tensors equal to the bit")
    return 0 if len(starts) == 2 and equal == len(one) else 1


if __name__ == "__main__":
    sys.exit(main())
