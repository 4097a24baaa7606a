"""How fast frames of each data set are imported, beside decoding their PNGs alone in the same number of processes.

Run: PYTHONPATH=. python tests/benchmarks/import_rate.py [FRAMES] [JOBS]
Both rates are of whole calls, processes started and, for the import, the store written.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter

from PIL import Image

from lsps_core.data.importers.bighand import plan_bighand
from lsps_core.data.importers.dexycb import plan_dexycb
from lsps_core.data.importers.fpha import plan_fpha
from lsps_core.data.importers.hands_challenges import HANDS17, HANDS19
from lsps_core.data.importers.ho3d import plan_ho3d
from lsps_core.data.importers.icvl import plan_icvl
from lsps_core.data.importers.nyu import plan_nyu
from lsps_core.data.importing.plan import ImportPlan
from lsps_core.data.importing.run import run_import

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))
from made_dexycb import FRAMES as DEXYCB_FRAMES
from made_dexycb import LEFT, RIGHT, make_dexycb, shown
from made_hands21 import hands, make_bighand, make_fpha, make_hands17, make_hands19
from made_ho3d import make_ho3d
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


def make_plans(folder: Path, frames: int) -> dict[str, Callable[[], ImportPlan]]:
    """The plans of all sets, of made folders with `frames` frames each; of DexYCB a few, repeated in its shots."""
    make_nyu(folder, frames, 0)
    make_icvl(folder, frames, 0, quirks=False)
    pictures = hands(frames, 0)
    make_hands17(folder / "hands17", pictures, pictures)
    make_hands19(folder / "hands19", pictures, pictures[:3])
    make_bighand(folder / "bighand", {("Subject_1", "1 75"): pictures})
    make_fpha(folder / "fpha", {"Subject_1/put_salt/1": pictures})
    make_dexycb(folder / "dexycb", {RIGHT: shown(False, 1), LEFT: shown(True, 5)})
    make_ho3d(folder / "ho3d", "train", {"ABF10": pictures})
    return {
        "NYU": partial(plan_nyu, folder, split="train", domain="real"),
        "ICVL": partial(plan_icvl, folder, split="train", with_rotated=True),
        "HANDS17": partial(HANDS17.plan, folder / "hands17", split="train"),
        "HANDS17 test": partial(HANDS17.plan, folder / "hands17", split="test"),
        "HANDS19": partial(HANDS19.plan, folder / "hands19", split="train"),
        "BigHand": partial(plan_bighand, folder / "bighand"),
        "FPHA": partial(plan_fpha, folder / "fpha"),
        "DexYCB": partial(_repeated_dexycb, folder / "dexycb", frames),
        "HO-3D": partial(plan_ho3d, folder / "ho3d", split="train"),
    }


def _repeated_dexycb(folder: Path, frames: int) -> ImportPlan:
    plan = plan_dexycb(folder)
    seen = [shot for shot in plan.shots if int(shot.path.stem[-6:]) < DEXYCB_FRAMES - 1]
    return replace(plan, shots=tuple(islice(cycle(seen), frames)))


def main() -> None:
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    most_jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plans = make_plans(folder, frames)
        print(f"{frames} frames, best of {ROUNDS}\n{'set':>12}  jobs  decoding/s  import/s  share")
        for jobs in sorted({1, most_jobs}):
            for label, make_plan in plans.items():
                plan = make_plan()
                paths = [shot.path for shot in plan.shots if shot.path.exists()]
                rounds = [(decoding_rate(paths, jobs), import_rate(plan, folder / "o.h5", jobs)) for _ in range(ROUNDS)]
                decoding, importing = (max(rates) for rates in zip(*rounds, strict=True))
                print(f"{label:>12} {jobs:5d} {decoding:11.0f} {importing:9.0f} {importing / decoding:6.0%}")


if __name__ == "__main__":
    main()
