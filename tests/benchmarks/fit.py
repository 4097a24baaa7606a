"""How long a fit takes: steps/s, ms a frame, frames/s in a batch of 64 and while tracking, beside plain autograd.

Frames of the bundled sensor samples, with the bundled model. A step is one evaluation of the surface objective with its
derivatives and the solution for 24 unknowns. Plain: the distances of the same points to 8 spheres along each cone by
`torch.cdist`, their Huber cost by autograd and one step of Adam. "mm from the end" is the median, over frames, of the
mean joint distance to what five times the usual steps find. On a busy machine `--threads 1 --cpu-time` counts the
process's own time.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lsps_core.config.fits import FIT_STEPS
from lsps_core.data.crop import camera_center, normalise
from lsps_core.data.store import FrameStore
from lsps_core.fitting import fit
from lsps_core.fitting.hand import HandModel, joints_of
from lsps_core.fitting.objective import SurfaceObjective
from lsps_core.fitting.observation import observe
from lsps_core.fitting.solver import minimise
from lsps_core.fitting.terms import huber
from lsps_core.inference import Predictor
from lsps_core.simulator.surface import hand_cones

RESOURCES = Path(__file__).parents[2] / "resources"
BATCH = 64


class Stopwatch:
    def __init__(self, is_cpu_time: bool, device: str) -> None:
        self.clock = time.process_time if is_cpu_time else time.perf_counter
        self._device = torch.device(device)

    def seconds(self, work: Callable[[], object], repeats: int = 1) -> float:
        """The median time of one call, after one that warms up."""
        work()
        times = []
        for _ in range(repeats):
            start = self.clock()
            work()
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
            times.append(self.clock() - start)
        return statistics.median(times)


def plain_steps(objective: SurfaceObjective, start: Tensor, steps: int) -> None:
    unknowns = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([unknowns], lr=0.05)
    first, second = hand_cones(start.device).unbind(dim=1)
    share = torch.linspace(0, 1, 8, device=start.device)[:, None, None, None]
    for _ in range(steps):
        spheres = objective.hand.spheres(unknowns, objective.seen.half_mm)
        along = torch.lerp(spheres[:, first], spheres[:, second], share).movedim(0, 1).flatten(1, 2)
        distance = torch.cdist(objective.seen.points_mm, along[..., :3]) - along[:, None, :, 3]
        optimiser.zero_grad()
        huber(distance.amin(dim=2), objective.weights.knee_mm)[0].mean(dim=1).sum().backward()
        optimiser.step()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--cpu-time", action="store_true", help="of the process, in place of the wall's")
    arguments = parser.parse_args()
    seconds = Stopwatch(arguments.cpu_time, arguments.device).seconds
    torch.set_num_threads(arguments.threads)

    predictor = Predictor.load(RESOURCES / "models" / "compact.safetensors", arguments.device)
    with FrameStore(RESOURCES / "samples" / "sensor.h5") as store:
        center, half = torch.from_numpy(store.center_mm[:BATCH]), torch.from_numpy(store.half_mm[:BATCH])
        image = normalise(torch.from_numpy(store.depth_mm(slice(0, BATCH)).astype(np.float32)), center, half)
    frames = tuple(values.to(arguments.device) for values in (image, center, half))
    hand = HandModel.of(predictor)
    start = hand.at(predictor.posterior(image, "real", camera_center(*frames[1:]))).clone()
    read_mm = joints_of(hand.spheres(start, frames[2]))
    objective = SurfaceObjective(hand=hand, seen=observe(*frames), read_mm=read_mm)

    print("| steps/s | one frame | batch of 64 |\n|---|---|---|")
    rates = []
    for count in (1, BATCH):
        some, begin = objective[torch.arange(count, device=start.device)], start[:count]
        with torch.no_grad():  # a step more than counted: the first evaluation
            ours = seconds(lambda some=some, begin=begin: minimise(some, begin, 4), arguments.repeats) / 5
        plain = seconds(lambda some=some, begin=begin: plain_steps(some, begin, 5), arguments.repeats) / 5
        rates.append((ours, plain))
    for place, name in enumerate(("Gauss-Newton, nearest cone", "plain: cdist, autograd, Adam")):
        print(f"| {name} | {1 / rates[0][place]:.0f} | {1 / rates[1][place]:.1f} |")

    end = fit(predictor, *frames, steps=5 * FIT_STEPS)
    one = [tuple(part[place : place + 1] for part in frames) for place in range(8)]
    print("\n| steps | ms, one frame | frames/s, batch of 64 | mm from the end |\n|---|---|---|---|")
    for steps in (1, 2, 3, 5, FIT_STEPS):
        found = fit(predictor, *frames, steps=steps)
        away = ((found.pose - end.pose).norm(dim=2).mean(dim=1) * frames[2]).median()
        single = seconds(lambda steps=steps: [fit(predictor, *frame, steps=steps) for frame in one]) / len(one)
        whole = seconds(lambda steps=steps: fit(predictor, *frames, steps=steps)) / BATCH
        print(f"| {steps} | {1000 * single:.0f} | {1 / whole:.1f} | {away:.2f} |")
    tracked = seconds(
        lambda: [fit(predictor, *frame, start=end[place : place + 1]) for place, frame in enumerate(one)], 1
    )
    print(f"\ntracking: {len(one) / tracked:.1f} frames/s, one after the other")


if __name__ == "__main__":
    main()
