"""SIGKILL at every step of a save: the old file or the new one is there, whole, and the next save succeeds.

    python tests/faults/kill_saves.py             at every opening, write, flush and renaming that Python makes
    python tests/faults/kill_saves.py --system    at every system call that changes files, by strace

Prints a line for each save. The process is forked for each kill. Linux.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # forked processes have one thread
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from saves import save_checkpoint, save_import, save_results, save_store, small_model  # noqa: E402
from write_faults import Fault, Save, faulty  # noqa: E402

from explorer_app.explore.model.presets import Presets  # noqa: E402
from explorer_app.model.latent import LatentCode  # noqa: E402
from explorer_app.model.saved_session import SavedSession  # noqa: E402
from lsps_core.data.store import FrameStore  # noqa: E402
from lsps_core.evaluation import frame_results  # noqa: E402
from lsps_core.finetuning.labels import Label, read_labels, write_labels  # noqa: E402
from lsps_core.skeleton import HAND21  # noqa: E402
from lsps_core.training.run import Run  # noqa: E402

CALLS = (
    *("openat", "write", "pwrite64", "writev", "fsync", "fdatasync", "ftruncate", "close"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "rmdir"),
)

Killed = Callable[[Callable[[], object], int], bool]
"""Runs a save in a process that is killed at its step of a number; False if it has fewer."""


@dataclass(frozen=True)
class Case:
    """save: writes a version into a folder. read: the version there, all of it; raises if it is damaged."""

    save: Save
    read: Callable[[Path], float]


class Kill(Fault):
    """Ends the process before the n-th step."""

    def step(self) -> None:
        self.count += 1
        if self.count == self.number:
            os.kill(os.getpid(), signal.SIGKILL)


def _store(path: Path) -> float:
    with FrameStore(path / "a.h5") as store:
        depth = store.depth_mm(slice(0, len(store)))
        assert (depth == depth[0, 0, 0]).all()
        return float(depth[0, 0, 0])


def _checkpoint(path: Path) -> float:
    latest = Run(path).latest()
    assert latest is not None
    model, tensors, state = latest
    assert (tensors["moment"] == state["stage_step"]).all()
    assert model.half_mm == 100 + state["stage_step"]
    return float(state["stage_step"])


def _results(path: Path) -> float:
    found = frame_results.load(path / "a.npz")
    return float(found.pose_latent[0, 0])


def _save_labels(path: Path, version: int) -> None:
    with FrameStore(path.parent / "frames.h5") as store:
        frame, camera = store.frame(0), store.camera_of(0)
    joints_mm = np.full((21, 3), 400.0 + version, np.float32)
    about = {"camera": camera, "skeleton": HAND21, "how": "read", "author": "a", "time": "2026"}
    label = Label(frame=type(frame)(**(vars(frame) | {"joints_mm": joints_mm})), **about)
    write_labels(path / "a.labels.h5", {label.name: label}, is_simulated=True, source="s")


def _labels(path: Path) -> float:
    (label,) = read_labels(path / "a.labels.h5").values()
    assert label.frame.joints_mm is not None
    return float(label.frame.joints_mm[0, 0]) - 400


def _session(path: Path) -> float:
    return SavedSession.load(path / "a.lsps.json").index


def _import(path: Path) -> float:
    with FrameStore(path / "a.h5") as store:
        assert len(store) == 5
        return float(store.provenance["version"])


def cases(folder: Path) -> dict[str, Case]:
    """folder: for what the saves read."""
    save_store(folder / "frames.h5", 500)
    np.save(folder / "a.npy", np.full((480, 640), 600, np.uint16))
    model = small_model()
    picture = folder / "a.npy"
    return {
        "session": Case(lambda path, n: SavedSession(index=n).save(path / "a.lsps.json"), _session),
        "presets": Case(
            lambda path, n: Presets(path / "a.json").save("m", "a", LatentCode((n / 100,) * 20)),
            lambda path: round(100 * Presets(path / "a.json").of("m")["a"].values[0]),
        ),
        "labels": Case(_save_labels, _labels),
        "store": Case(lambda path, n: save_store(path / "a.h5", n), _store),
        "evaluation": Case(lambda path, n: save_results(path / "a.npz", n), _results),
        "checkpoint": Case(lambda path, n: save_checkpoint(Run(path), n, model), _checkpoint),
        "import": Case(lambda path, n: save_import(path / "a.h5", n, picture), _import),
    }


def fork(work: Callable[[], object]) -> int:
    process = os.fork()
    if process == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return process


def was_killed(process: int) -> bool:
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"the save failed: {status}"
    return os.WIFSIGNALED(status)


def killed_by_python(save: Callable[[], object], number: int) -> bool:
    """Run the save in a process that is killed at its step `number`; False if it has fewer."""

    def work() -> None:
        with pytest.MonkeyPatch.context() as patch:
            faulty(patch, Kill(number, 0))
            save()

    return was_killed(fork(work))


def killed_by_system(call: str, save: Callable[[], object], number: int) -> bool:
    """Run the save in a process that is killed at its system call `number` of a kind; False if it makes fewer."""
    source, target = os.pipe()

    def work() -> None:
        os.read(source, 1)
        save()

    process = fork(work)
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"]
    tracer = subprocess.Popen(["strace", "-f", "-o", "/dev/null", "-p", str(process), *inject], stderr=subprocess.PIPE)
    assert tracer.stderr is not None
    line = tracer.stderr.readline()
    assert b"attached" in line, line
    os.write(target, b"x")
    is_killed = was_killed(process)
    tracer.communicate()
    os.close(source)
    os.close(target)
    return is_killed


def check(case: Case, folder: Path, killed: Killed) -> int:
    """The number of kills until a save ends by itself."""
    version, number = 1, 0
    was_killed(fork(partial(case.save, folder, version)))
    while True:
        number += 1
        is_killed = killed(partial(case.save, folder, version + 1), number)
        found = case.read(folder)
        assert found in (version, version + 1), f"kill {number} left {found}, not {version} or {version + 1}"
        assert is_killed or found == version + 1
        version += 2
        was_killed(fork(partial(case.save, folder, version)))  # as the next start of the program
        assert case.read(folder) == version
        left = [each for each in folder.rglob(".*") if re.search(r"\.part$", each.name)]
        assert not left, f"kill {number} left {left}"
        if not is_killed:
            return number - 1


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill a process at every step of a save.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="some of the saves")
    parser.add_argument("--system", action="store_true", help="at every system call, by strace")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        known = cases(Path(folder))
        for name in arguments.names or known:
            kills: dict[str, Killed] = {call: partial(killed_by_system, call) for call in CALLS}
            counts = {}
            for call, killed in (kills if arguments.system else {"step": killed_by_python}).items():
                path = Path(folder) / f"{name}-{call}"
                path.mkdir()
                counts[call] = check(known[name], path, killed)
            told = ", ".join(f"{count} {call}" for call, count in counts.items() if count)
            print(f"{name}: {sum(counts.values())} kills ({told}): old or new each time", flush=True)


if __name__ == "__main__":
    main()
