"""Frames a second of the simulator on two CPU threads, noise and pose sampling included.

Run as `python tests/benchmarks/simulate.py`. The best of several runs counts: the machine may be busy with other work.
--cpu-time measures the process's own time instead, on one thread. Frames with things are drawn 1024 at once, since held
things serve so many.
"""

import argparse
from time import perf_counter, process_time

import torch

from lsps_core.simulator.settings import PALM, SimulationSettings
from lsps_core.simulator.simulate import simulate

RUNS, FRAMES = 8, 256
CASES = (
    ("synthetic", PALM),
    ("sensor", PALM),
    ("synthetic", SimulationSettings(views="any")),
    ("sensor", SimulationSettings(views="any", things=1 / 3)),
    ("sensor", SimulationSettings(views="egocentric", things=1 / 3)),
    ("sensor", SimulationSettings(views="any", things=1 / 3, camera="mixed")),
    ("sensor", SimulationSettings(views="any", things=1 / 3, camera="mixed", crop="found")),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Frames a second of the simulator.")
    parser.add_argument("--cpu-time", action="store_true", help="the process's own time, one thread")
    has_cpu_time = parser.parse_args().cpu_time
    clock = process_time if has_cpu_time else perf_counter
    torch.set_num_threads(1 if has_cpu_time else 2)
    for domain, settings in CASES:
        for _ in simulate(domain, 64, settings=settings):  # warm up
            pass
        frames = 4 * FRAMES if settings.things else FRAMES
        runs = RUNS // 2 if settings.things else RUNS
        rates = []
        for run in range(runs):
            start = clock()
            for _ in simulate(domain, frames, seed=run, settings=settings):
                pass
            rates.append(frames / (clock() - start))
        options = ", ".join(
            f"{name} {value:.3g}" if name == "things" else f"{name} {value}"
            for name, value in settings.to_json().items()
        )
        print(f"{domain:>10}: {max(rates):6.0f} frames/s (median {sorted(rates)[runs // 2]:.0f})  {options}")


if __name__ == "__main__":
    main()
