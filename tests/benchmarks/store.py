"""A store of the size of NYU: how long it takes to open, to read a frame at random, and to load for training.

Run: PYTHONPATH=. python tests/benchmarks/store.py [FRAMES]
A few hundred simulated frames are repeated; the file lies in a temporary folder and is warm.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from lsps_core.camera import NYU
from lsps_core.data.device_frames import DeviceFrames
from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.simulator.simulate import simulate
from lsps_core.skeleton import NYU36

BATCH = 256
READS = 2000


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def write(path: Path, frames: int) -> None:
    batch = next(simulate("sensor", BATCH, batch_size=BATCH))
    joints = np.resize(batch.joints_mm, (BATCH, NYU36.joint_count, 3))
    with FrameWriter(path, domain="real", camera=NYU, skeleton=NYU36) as writer:
        for start in range(0, frames, BATCH):
            count = min(BATCH, frames - start)
            writer.append(
                depth_mm=batch.depth_mm[:count],
                center_mm=batch.center_mm[:count],
                half_mm=batch.half_mm[:count],
                joints_mm=joints[:count],
                names=[f"subject1/depth_1_{start + index:07d}.png" for index in range(count)],
            )


def main() -> None:
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 80_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.h5"
        start = perf_counter()
        write(path, frames)
        seconds = perf_counter() - start
        print(f"{frames} frames written at {frames / seconds:.0f}/s, {path.stat().st_size / 1e6:.0f} MB")
        start = perf_counter()
        store = FrameStore(path)
        print(f"opened in {1000 * (perf_counter() - start):.1f} ms, peak {peak_mb():.0f} MB")
        start = perf_counter()
        store.frame(0)
        print(f"first frame, with everybody's joints: {1000 * (perf_counter() - start):.1f} ms")
        times = []
        for index in np.random.default_rng(0).integers(0, frames, READS):
            start = perf_counter()
            store.frame(int(index))
            times.append(1000 * (perf_counter() - start))
        print(f"a random frame: median {np.median(times):.2f} ms, 99 % within {np.quantile(times, 0.99):.2f} ms")
        before, start = peak_mb(), perf_counter()
        DeviceFrames(store, "cpu")
        print(f"loaded for training in {perf_counter() - start:.1f} s, peak {before:.0f} -> {peak_mb():.0f} MB")
        store.close()


if __name__ == "__main__":
    main()
