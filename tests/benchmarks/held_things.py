"""How well things are held: by thing, how many, how deep fingers reach into them, how far touching fingers are off.

Run as `python tests/benchmarks/held_things.py`. Depths are of spheres along the phalanges, 16 a phalanx, against the
thing's signed distance; a finger counts as touching from 5 mm on.
"""

import argparse
from time import process_time

import torch

from lsps_core.simulator.hand import HandPose, forward_kinematics
from lsps_core.simulator.people import sample_people
from lsps_core.simulator.settings import THINGS
from lsps_core.simulator.things.pool import HeldThings, draw_held_things
from lsps_core.simulator.things.touch import finger_spheres


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description="How well simulated hands hold things.")
    parser.add_argument("--frames", type=int, default=210)
    count = parser.parse_args().frames
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    people = sample_people(16, generator)
    start = process_time()
    held = draw_held_things(people, count, generator)
    print(f"{len(held)} of {count} held, {(process_time() - start) * 1e3 / len(held):.1f} ms each (processor time)")
    shape = people[held.person]
    gap = gaps_mm(held, forward_kinematics(shape, pose_of(held)), shape.radii_mm)
    print(f"{'':12}{'held':>6}{'deepest':>9}{'99 %':>7}{'touching gap, median':>22}{'fingers':>9}")
    for index, name in [*enumerate(THINGS[1:], start=1), (0, "all")]:
        own = gap[held.thing == index] if index else gap
        depth, touching = (-own).clamp(min=0), own[own < 5]
        print(
            f"{name:12}{len(own):6}{depth.max():9.2f}{depth.flatten().quantile(0.99):7.2f}{touching.median():22.2f}"
            f"{(own < 5).float().sum(dim=1).mean():9.1f}"
        )


def pose_of(held: HeldThings) -> HandPose:
    count = len(held)
    return HandPose(
        finger_angles_rad=held.finger_angles_rad,
        wrist_angles_rad=torch.zeros(count, 2),
        rotation=torch.eye(3).expand(count, 3, 3),
        wrist_mm=torch.zeros(count, 3),
    )


def gaps_mm(held: HeldThings, joints_mm: torch.Tensor, radii_mm: torch.Tensor) -> torch.Tensor:
    """[P, 5]: each finger's distance to its thing, negative where it is inside."""
    centers, radii = finger_spheres(joints_mm, radii_mm, samples=16)
    return (held.solids.distance_mm(centers.flatten(1, 3)).view(radii.shape) - radii).amin(dim=(2, 3))


if __name__ == "__main__":
    main()
