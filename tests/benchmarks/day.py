"""A day of work in one window, round after round: what it holds, and how it answers, at the end as at the beginning.

A round opens data and a model, steps through frames, drags a slider, fits a frame, plays, reads all frames, keeps
labels, exports a walk, evaluates and looks at failures, and trains a small run beside it. The window's own memory, open
files and threads are counted after each round, at rest; `answer` is the median time from a new latent to its pictures.

Run: python tests/benchmarks/day.py [--minutes 480] [--out day.csv]
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import event_loop
import psutil
from app_window import open_window, percentile, used_bytes, wait_ms, wait_until

from explorer_app.resources import resource
from explorer_app.shell.main_window import MainWindow
from lsps_core.config.presets import PRESETS
from lsps_core.config.training import TrainConfig
from lsps_core.simulator.simulate_store import simulate_store
from lsps_core.training.run import Run

COLUMNS = ("minutes", "memory MB", "files", "threads", "children", "answer ms")
STORE_FRAMES, STEPS, FAILURES, LABELS, ANSWERS = 80, 20, 40, 5, 15
SMALL = ["base_channels=4", "pose.steps=50", "depth.steps=4", "depth.batch_size=1", "posterior.steps=20"]
FIRST_MINUTES = 10


def work(window: MainWindow, folder: Path, number: int) -> None:
    """One round."""
    run_path = train(window, folder, number)
    sample = folder / ("sensor.h5", "synthetic.h5")[number % 2]
    for _ in range(2):
        window.open_paths([folder / "model.safetensors", sample])
        wait_until(lambda: window.session.data is not None and not window.background.is_busy)
    wait_until(lambda: window.session.data.title == sample.name and window.session.view is not None)
    event_loop.encode(window, STEPS)
    event_loop.drag(window)
    fit(window)
    event_loop.play(window)
    if number % 4 == 0:
        event_loop.read_all(window)
    label(window)
    event_loop.export(window, folder)
    inspect(window)
    window.opener.save_session(str(folder / "day.lsps.json"))
    wait_until(lambda: not window.background.is_busy)
    finish_training(window, run_path)


def train(window: MainWindow, folder: Path, number: int) -> Path:
    """Start a small run beside the window, as its dialog does."""
    path = folder / f"run{number}"
    stores = {
        f"{name}_path": str(folder / f"{file}.h5") for name, file in (("synthetic", "synthetic"), ("real", "sensor"))
    }
    Run.create(path, TrainConfig(**stores, **PRESETS["compact"]).with_settings(SMALL))
    window.train.runs.start(path)
    return path


def finish_training(window: MainWindow, path: Path) -> None:
    window.workspaces.go("Train")
    wait_until_each_second(lambda: path in window.train.runs.views and not window.train.runs.views[path].is_alive)
    window.train.runs.forget(path)
    window.workspaces.go("Explore")
    wait_until_each_second(lambda: path not in window.train.runs.views)
    shutil.rmtree(path)


def fit(window: MainWindow) -> None:
    fitting = window.explore.fitting
    fitting.toggle()
    wait_until_each_second(lambda: not fitting.is_under_way and not window.background.is_busy)


def label(window: MainWindow) -> None:
    """Keep labels, and take them back."""
    for index in range(LABELS):
        window.session.set_index(index)
        wait_until(lambda: window.session.encoding is not None and window.session.view.index == window.session.index)
        window.explore.labelling.keep()
    for _ in range(LABELS):
        window.session.undo_stack.undo()
    wait_until(lambda: not window.background.is_busy)


def inspect(window: MainWindow) -> None:
    """Evaluate from the beginning, and go through the worst."""
    window.evaluate()
    wait_until_each_second(lambda: window.evaluation.is_complete and window.evaluation.job is None)
    for row in range(FAILURES):
        window.failures.select([row])
        wait_ms(event_loop.DRAG_INTERVAL_MS)
    wait_until(lambda: not window.background.is_busy)
    window.workspaces.go("Explore")


def wait_until_each_second(is_done: Callable[[], bool]) -> None:
    """For what no event of the window's ends."""
    while not is_done():
        wait_ms(200)


def counts(window: MainWindow, started: float) -> list[float]:
    """COLUMNS, at rest."""
    wait_until(lambda: not window.background.is_busy)
    answers = [answer_ms(window, seed) for seed in range(ANSWERS)]
    process = psutil.Process()
    return [
        round((time.monotonic() - started) / 60, 1),
        round(used_bytes() / 1e6, 1),
        process.num_fds(),
        process.num_threads(),
        len(process.children(recursive=True)),
        round(percentile(answers, 50), 1),
    ]


def answer_ms(window: MainWindow, seed: int) -> float:
    session = window.session
    code = session.model.sample(seed)
    started = time.perf_counter()
    session.set_latent(code)
    wait_until(lambda: session.pictures is not None and session.pictures.latent == session.latent)
    return 1000 * (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=480.0)
    parser.add_argument("--out", type=Path, default=Path("day.csv"), metavar="FILE.csv")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes beside it
    with tempfile.TemporaryDirectory() as name, arguments.out.open("w", buffering=1) as file:
        folder, rows = Path(name), csv.writer(file)
        shutil.copy(resource("models", "compact.safetensors"), folder / "model.safetensors")
        for domain in ("sensor", "synthetic"):
            store = folder / f"{domain}.h5"
            simulate_store(store, domain, STORE_FRAMES, provenance={}, on_progress=lambda _done: None)
        rows.writerow(COLUMNS)
        with open_window(folder / "model.safetensors") as window:
            started, number, found = time.monotonic(), 0, []
            while time.monotonic() - started < 60 * arguments.minutes:
                work(window, folder, number)
                number += 1
                found.append(counts(window, started))
                rows.writerow(found[-1])
    early = [row for row in found if row[0] <= FIRST_MINUTES] or found[:1]
    print(f"{number} rounds; {', '.join(COLUMNS)}\nafter {early[-1]}\nat the end {found[-1]}")


if __name__ == "__main__":
    main()
