"""Frames a second of the simulator on two CPU threads, noise and pose sampling included.

Run as `python tests/benchmarks/simulate.py`. The best of several runs counts: the machine may be busy with other work.
"""

from time import perf_counter

import torch

from lsps_core.simulator.simulate import simulate

RUNS, FRAMES = 8, 256


def main() -> None:
    torch.set_num_threads(2)
    for domain in ("synthetic", "sensor"):
        for _ in simulate(domain, 64):  # warm up
            pass
        rates = []
        for run in range(RUNS):
            start = perf_counter()
            for _ in simulate(domain, FRAMES, seed=run):
                pass
            rates.append(FRAMES / (perf_counter() - start))
        print(f"{domain:>10}: {max(rates):6.0f} frames/s (median {sorted(rates)[RUNS // 2]:.0f})")


if __name__ == "__main__":
    main()
