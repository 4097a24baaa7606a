"""How fast frames of each data set are imported, beside decoding their images alone in one process, by turns.

Run: PYTHONPATH=. python tests/benchmarks/import_rate.py [FRAMES] [--background]
Times are the process's own, of whole calls: labels of each frame, its crop, and the store written. The images are of
the sets' size and show a hand alone, or before a noisy wall, which takes the longest to decode.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from time import process_time

import numpy as np
from PIL import Image

from lsps_core.camera import HANDS_SR300
from lsps_core.data.importers.bighand import plan_bighand
from lsps_core.data.importers.dexycb import plan_dexycb
from lsps_core.data.importers.fpha import plan_fpha
from lsps_core.data.importers.frames import plan_frames
from lsps_core.data.importers.hands_challenges import HANDS17, HANDS19
from lsps_core.data.importers.ho3d import plan_ho3d
from lsps_core.data.importers.icvl import plan_icvl
from lsps_core.data.importers.msra import plan_msra, read_msra_depth
from lsps_core.data.importers.nyu import plan_nyu
from lsps_core.data.importing.plan import ImportPlan
from lsps_core.data.importing.run import run_import

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))
from made_dexycb import FRAMES as DEXYCB_FRAMES
from made_dexycb import LEFT, RIGHT, make_dexycb, shown
from made_hands21 import hands, make_bighand, make_fpha, make_hands17, make_hands19
from made_ho3d import make_ho3d
from made_sets import ICVL_NO_READING_MM, NYU_BACKGROUND_MM, make_icvl, make_msra, make_nyu

ROUNDS = 3
WALL_MM, NOISE_MM = 1200, 2


def decode(paths: list[Path]) -> None:
    for path in paths:
        if path.suffix == ".bin":
            read_msra_depth(path)
        else:
            with Image.open(path) as picture:
                picture.load()


def own_ms(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return 1000 * (process_time() - start)


def add_wall(path: Path) -> None:
    """Fill the pixels without a reading, in the code of the file's set."""
    with Image.open(path) as picture:
        values = np.asarray(picture).astype(np.uint16)
    is_packed, is_ho3d = values.ndim == 3, "ho3d" in path.parts
    low, high = (0, 1) if is_ho3d else (2, 1)
    depth = values[..., low] + 256 * values[..., high] if is_packed else values
    is_empty = np.isin(depth, (0, NYU_BACKGROUND_MM, ICVL_NO_READING_MM))
    wall = np.random.default_rng(0).normal(WALL_MM, NOISE_MM, depth.shape).round() * (8 if is_ho3d else 1)
    depth = np.where(is_empty, wall, depth).astype(np.uint16)
    if is_packed:
        values[..., low], values[..., high] = depth & 255, depth >> 8
    Image.fromarray(values.astype(np.uint8) if is_packed else depth).save(path, compress_level=1)


def make_plans(folder: Path, frames: int) -> dict[str, Callable[[], ImportPlan]]:
    """The plans of all sets, of made folders with `frames` frames each; of DexYCB a few, repeated in its shots."""
    make_nyu(folder, frames, 0)
    make_icvl(folder, frames, 0, quirks=False)
    make_msra(folder / "msra", frames, 0)
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
        "MSRA15": partial(plan_msra, folder / "msra"),
        "HANDS17": partial(HANDS17.plan, folder / "hands17", split="train"),
        "HANDS17 test": partial(HANDS17.plan, folder / "hands17", split="test"),
        "HANDS19": partial(HANDS19.plan, folder / "hands19", split="train"),
        "BigHand": partial(plan_bighand, folder / "bighand"),
        "FPHA": partial(plan_fpha, folder / "fpha"),
        "DexYCB": partial(_repeated_dexycb, folder / "dexycb", frames),
        "HO-3D": partial(plan_ho3d, folder / "ho3d", split="train"),
        "images": partial(plan_frames, sorted((folder / "hands17" / "frame" / "images").iterdir()), HANDS_SR300),
    }


def _repeated_dexycb(folder: Path, frames: int) -> ImportPlan:
    plan = plan_dexycb(folder)
    seen = [shot for shot in plan.shots if int(shot.path.stem[-6:]) < DEXYCB_FRAMES - 1]
    return replace(plan, shots=tuple(islice(cycle(seen), frames)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=int, nargs="?", default=400)
    parser.add_argument("--background", action="store_true", help="before a noisy wall")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plans = make_plans(folder, options.frames)
        if options.background:
            for path in folder.rglob("*.png"):
                add_wall(path)
        print(f"{'set':>12}  ms to decode  ms to import  times  decoding/s  import/s; best of {ROUNDS}")
        for label, make_plan in plans.items():
            plan = make_plan()
            paths = [shot.path for shot in plan.shots if shot.path.exists()]
            store = partial(run_import, folder / "o.h5", plan, overwrite=True)
            rounds = [(own_ms(partial(decode, paths)), own_ms(store)) for _ in range(ROUNDS)]
            decoding, importing = (min(times) / len(paths) for times in zip(*rounds, strict=True))
            figures = f"{decoding:13.2f} {importing:13.2f} {importing / decoding:6.1f}"
            print(f"{label:>12} {figures} {1000 / decoding:11.0f} {1000 / importing:9.0f}", flush=True)


if __name__ == "__main__":
    main()
