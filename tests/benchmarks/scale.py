"""What grows with the number of frames: import, info, opening in Inspect, reading, training, evaluation, failure table.

Run: PYTHONPATH=. python tests/benchmarks/scale.py 80000 [--parts import,info,...] [--folder DIR] [--jobs 2]
A store and a folder like HANDS2017's are made of simulated hands: the compressed chunks of 256 repeated, and hard links
to the PNGs of 1024. Each part runs in a process of its own, so that its peak memory is its own; an import's is that of
its parent process, and beside it that of its largest worker. `join` is an import that makes the frames of one block and
repeats them. Evaluation and failure table are without their networks, whose time is that of a frame.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "core"), str(Path(__file__).parents[2])]

import numpy as np  # noqa: E402
from scale_made import make_folder, make_store  # noqa: E402

READS = 3000
STEPS = 40
Figures = dict[str, float]


def plan_part(work: Path, _: argparse.Namespace) -> Figures:
    from lsps_core.data.importers.hands_challenges import HANDS17

    start = time.perf_counter()
    plan = HANDS17.plan(work / "folder", split="train")
    return {"frames": len(plan.shots), "s": time.perf_counter() - start}


def import_part(work: Path, options: argparse.Namespace) -> Figures:
    from lsps_core import cli

    start, out = time.perf_counter(), work / "imported.h5"
    workers_mb: list[float] = []
    threading.Thread(target=watch_workers, args=(workers_mb,), daemon=True).start()
    with redirect_stdout(sys.stderr):
        arguments = ["import", "hands17", work / "folder", out, "--split", "train", "--jobs", options.jobs]
        assert cli.main([str(each) for each in (*arguments, "--overwrite")]) == 0
    seconds, used = time.perf_counter() - start, os.times()
    size = out.stat().st_size / options.frames
    return {
        "frames/s": options.frames / seconds,
        "ms a frame of all processes": 1000 * sum(used[:4]) / options.frames,
        "bytes a frame": size,
        "compression": 2 * 128 * 128 / size,
        "peak MB of a worker": max(workers_mb, default=0),
    }


def watch_workers(found_mb: list[float]) -> None:
    """Append the peak memory of each process of the import, twice a second."""
    while True:
        time.sleep(0.5)
        for child in multiprocessing.active_children():
            with suppress(OSError, StopIteration):
                found_mb.append(peak_mb(str(child.pid)))


def join_part(work: Path, options: argparse.Namespace) -> Figures:
    """All of an import but making its frames: labels, blocks, and the store."""
    from lsps_core.data.importing.blocks import Block

    make, made = Block.make, dict[int, bytes]()

    def repeat(block: Block) -> None:
        size = len(block.plan.shots)  # the last one may be smaller
        if size not in made:
            make(block)
            made[size] = block.path.read_bytes()
        else:
            block.path.write_bytes(made[size])

    Block.make = repeat  # type: ignore[method-assign]
    options.jobs = 1
    return import_part(work, options)


def info_part(work: Path, _: argparse.Namespace) -> Figures:
    from lsps_core.info import describe

    start = time.perf_counter()
    json.dumps(describe(work / "store.h5"))
    return {"s": time.perf_counter() - start}


def read_part(work: Path, options: argparse.Namespace) -> Figures:
    from lsps_core.data.store import FrameStore

    start = time.perf_counter()
    with FrameStore(work / "store.h5") as store:
        opened = time.perf_counter() - start
        store.frame(0)
        times = []
        for index in np.random.default_rng(0).integers(0, options.frames, READS):
            start = time.perf_counter()
            store.frame(int(index))
            times.append(1000 * (time.perf_counter() - start))
    return {
        "opened ms": 1000 * opened,
        "random frame ms": float(np.median(times)),
        "99 % ms": float(np.quantile(times, 0.99)),
    }


def train_part(work: Path, _: argparse.Namespace) -> Figures:
    """Steps of P, with few channels; the real frames are read batch by batch however many there are."""
    from lsps_core.data.store_stream import StreamedFrames, training_frames
    from lsps_core.training import data

    data.training_frames = lambda store, device: (  # type: ignore[assignment]
        StreamedFrames(store.path, device) if store.domain == "real" else training_frames(store, device)
    )
    from lsps_core import cli

    samples = Path(__file__).parents[2] / "resources" / "samples" / "synthetic.h5"
    settings = ["base_channels=4", "pose.steps=2", "depth.steps=2", f"posterior.steps={STEPS}"]
    settings += ["checkpoint_minutes=1000", "depth.batch_size=2", "depth.extra_annotated=0", "posterior.batch_size=32"]
    start, run = time.perf_counter(), work / "run"
    shutil.rmtree(run, ignore_errors=True)
    stores = ["--synthetic", samples, "--real", work / "store.h5", "--labels", "0.1", "--device", "cpu"]
    with Path(os.devnull).open("w") as nothing, redirect_stdout(nothing):
        sets = [part for item in settings for part in ("--set", item)]
        assert cli.main([str(each) for each in ("train", run, "--preset", "compact", *stores, *sets)]) == 0
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    rates = [event["frames_per_s"] for event in events if event.get("stage") == "posterior" and "frames_per_s" in event]
    return {"s in all": time.perf_counter() - start, "frames/s": float(np.median(rates))}


class _Constant:
    """The mean hand, whatever the image."""

    def __init__(self) -> None:
        import torch

        from lsps_core.skeleton import HAND21

        self.skeleton, self.pose = HAND21, torch.zeros(1, HAND21.joint_count, 3)

    def predict_pose(self, image: Any, _domain: str, _center: Any) -> Any:
        return self.pose.expand(len(image), -1, -1)


def evaluate_part(work: Path, options: argparse.Namespace) -> Figures:
    from lsps_core.data.store import FrameStore
    from lsps_core.evaluation.evaluate import evaluate

    start = time.perf_counter()
    with FrameStore(work / "store.h5") as store:
        json.dumps(evaluate(_Constant(), store).to_json())
    return {"frames/s": options.frames / (time.perf_counter() - start)}


def failures_part(work: Path, options: argparse.Namespace) -> Figures:
    """`lsps failures` without reading images; leaves the results for `inspect`."""
    from lsps_core.data.store import FrameStore
    from lsps_core.evaluation.frame_evaluation import FrameEvaluation, Watch
    from lsps_core.evaluation.metrics import joint_errors_mm
    from lsps_core.inference import Predictor

    class Stub(FrameEvaluation):
        def _evaluate(self, part: Any, indices: Any) -> Any:
            zeros = np.zeros(len(indices), np.float32)
            if part == "routes":
                return {"disagreement_mm": zeros, "latent_distance": zeros}
            assert self._labels is not None
            joints = np.repeat(self.store.center_mm[indices][:, None], 21, axis=1)
            scored = list(self.protocol.indices)
            errors = joint_errors_mm(joints[:, scored], self._labels[indices][:, scored]).astype(np.float32)
            return {"pose_latent": np.zeros((len(indices), 20), np.float32), "errors_mm": errors}

    start, model = time.perf_counter(), work / "model.safetensors"
    shutil.copy(Path(__file__).parents[2] / "resources" / "models" / "compact.safetensors", model)
    with FrameStore(work / "store.h5") as store:
        evaluation = Stub(Predictor.load(model), model, store, None)
        assert evaluation.run(Watch()) == "finished"
    return {"frames/s": options.frames / (time.perf_counter() - start)}


def inspect_part(work: Path, _: argparse.Namespace) -> Figures:
    """From File > Open until the table is there, then a sort and a filter; the longest pause of the GUI thread."""
    from app_window import open_window, wait_ms, wait_until
    from event_loop import Probe

    from explorer_app.inspect.model.filters import Filters

    probe = Probe()
    with open_window(work / "model.safetensors") as window:
        before = peak_mb()
        window.workspaces.go("Inspect")
        wait_until(lambda: not window.background.is_busy)
        with probe.watching():
            start = time.perf_counter()
            window.open_paths([work / "store.h5"])
            wait_until(lambda: window.failures.table is not None)
            opened = time.perf_counter() - start
            wait_until(lambda: not window.background.is_busy)
            wait_ms(1000)
            figures = {"opened s": opened, "window alone MB": before, "GUI pause ms": max(probe.waits_ms)}
            start = time.perf_counter()
            window.failures.sort("mean_mm", True)
            wait_until(lambda: not window.failures.is_busy)
            figures["sort s"], start = time.perf_counter() - start, time.perf_counter()
            window.failures.set_filters(Filters(groups=None, divisions={"subject": frozenset({"Subject_3"})}))
            wait_until(lambda: not window.failures.is_busy)
            figures["filter s"] = time.perf_counter() - start
    return figures


PARTS: dict[str, Callable[[Path, argparse.Namespace], Figures]] = {
    "plan": plan_part,
    "import": import_part,
    "join": join_part,
    "info": info_part,
    "read": read_part,
    "train": train_part,
    "evaluate": evaluate_part,
    "failures": failures_part,
    "inspect": inspect_part,
}


def peak_mb(process: str = "self") -> float:
    """Of a process; `getrusage` would begin with that of its parent."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e3


def run_part(name: str, work: Path, options: argparse.Namespace) -> None:
    figures = PARTS[name](work, options)
    print(json.dumps(figures | {"peak MB": peak_mb(), "process s": time.process_time()}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=int)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--folder", type=Path, help="for what is made, 8 KB a frame; default: a temporary folder")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        run_part(options.part, options.folder, options)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        work, parts = Path(name), options.parts.split(",")
        make_store(work / "store.h5", options.frames)
        size = (work / "store.h5").stat().st_size / options.frames
        print(f"store: {size:.0f} bytes a frame, {2 * 128 * 128 / size:.1f} times smaller than its pixels", flush=True)
        if {"plan", "import", "join"} & set(parts):
            make_folder(work / "folder", options.frames)
        for part in parts:
            command = [sys.executable, __file__, str(options.frames), "--folder", name, "--jobs", str(options.jobs)]
            done = subprocess.run([*command, "--part", part], stdout=subprocess.PIPE, text=True, check=True)
            figures = json.loads(done.stdout.splitlines()[-1])
            print(f"{part:9s} " + ", ".join(f"{key} {value:,.4g}" for key, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
