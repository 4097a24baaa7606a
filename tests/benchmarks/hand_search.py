"""How far the search for a hand is off, and how often it takes something else, by camera and view.

Run as `python tests/benchmarks/hand_search.py [--frames 128] [--things SHARE]`. Simulated scenes, searched as `lsps
simulate --crop found` does. `off` is from the hand's visible middle to the found centre, in mm, where the hand was
found; `lost` is the share of frames whose found centre is more than 80 mm away, or that have none.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from lsps_core.simulator.cameras.registry import CAMERAS
from lsps_core.simulator.found import find_hands
from lsps_core.simulator.people import draw_people
from lsps_core.simulator.scene import draw_scene
from lsps_core.simulator.settings import VIEWS, SimulationSettings
from lsps_core.simulator.shots import HALF_MM, LOST_MM, camera_look, visible_center_mm
from lsps_core.simulator.things.pool import draw_held_things


@torch.no_grad()
def off_mm(settings: SimulationSettings, frame_count: int) -> tuple[np.ndarray, int]:
    """(distances of the found centres [N], NaN without one; how many are lost)."""
    generator = torch.Generator().manual_seed(7)
    people = draw_people(settings, True, 8, generator)
    held = draw_held_things(people, 128, generator) if settings.things else None
    scene = draw_scene(settings, True, people, frame_count, generator, held)
    center = visible_center_mm(scene.hand, scene.joints_mm.mean(dim=1), torch.full((frame_count,), HALF_MM))
    found, is_found = find_hands(scene, center[:, 2], camera_look(scene, generator, settings)[0])
    off = (found - center).norm(dim=1).masked_fill(~is_found, torch.inf).numpy()
    return off[off < LOST_MM], int((off >= LOST_MM).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description="Errors of the search for a hand, by camera and view.")
    parser.add_argument("--frames", type=int, default=128, help="of each camera and view")
    parser.add_argument("--things", type=float, default=0.0, metavar="SHARE", help="share of frames with an object")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'camera':8}{'view':12}{'off, median':>12}{'90 %':>8}{'lost':>8}")
    for camera in CAMERAS:
        for views in VIEWS:
            settings = SimulationSettings(views=views, camera=camera, crop="found", things=arguments.things)
            off, lost = off_mm(settings, arguments.frames)
            share = 100 * lost / arguments.frames
            print(f"{camera:8}{views:12}{np.median(off):12.1f}{np.quantile(off, 0.9):8.1f}{share:7.1f}%")


if __name__ == "__main__":
    main()
