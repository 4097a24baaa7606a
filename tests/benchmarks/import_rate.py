"""How fast NYU and ICVL frames are imported, beside decoding their PNGs alone in the same number of processes.

Run: PYTHONPATH=. python tests/benchmarks/import_rate.py [FRAMES] [JOBS]
Both rates are of whole calls, processes started and, for the import, the store written.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter

from PIL import Image

from lsps_core.data.importers.icvl import plan_icvl
from lsps_core.data.importers.nyu import plan_nyu
from lsps_core.data.importing.plan import ImportPlan
from lsps_core.data.importing.run import run_import

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))
from made_sets import make_icvl, make_nyu

BLOCK, ROUNDS = 64, 3


def decode(paths: tuple[Path, ...]) -> int:
    for path in paths:
        with Image.open(path) as picture:
            picture.load()
    return len(paths)


def decoding_rate(paths: list[Path], jobs: int) -> float:
    start = perf_counter()
    blocks = [tuple(paths[start : start + BLOCK]) for start in range(0, len(paths), BLOCK)]
    if jobs == 1:
        done = sum(map(decode, blocks))
    else:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
            done = sum(pool.map(decode, blocks))
    return done / (perf_counter() - start)


def import_rate(plan: ImportPlan, out: Path, jobs: int) -> float:
    start = perf_counter()
    report = run_import(out, plan, jobs=jobs, overwrite=True)
    return report.frame_count / (perf_counter() - start)


def main() -> None:
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    most_jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_nyu(folder, frames, 0)
        make_icvl(folder, frames, 0, quirks=False)
        plans = {
            "NYU": partial(plan_nyu, folder, split="train", domain="real"),
            "ICVL": partial(plan_icvl, folder, split="train", with_rotated=True),
        }
        print(f"{frames} frames, best of {ROUNDS}\n set  jobs  decoding/s  import/s  share")
        for jobs in sorted({1, most_jobs}):
            for label, make_plan in plans.items():
                plan = make_plan()
                paths = [shot.path for shot in plan.shots]
                rounds = [(decoding_rate(paths, jobs), import_rate(plan, folder / "o.h5", jobs)) for _ in range(ROUNDS)]
                decoding, importing = (max(rates) for rates in zip(*rounds, strict=True))
                print(f"{label:>4} {jobs:5d} {decoding:11.0f} {importing:9.0f} {importing / decoding:6.0%}")


if __name__ == "__main__":
    main()
