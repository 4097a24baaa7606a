"""`lsps simulate`: render annotated frames into a store."""

from __future__ import annotations

import argparse
from pathlib import Path

from lsps_core.commands.numbers import MOST_FRAMES, MOST_JOBS, MOST_SEED, at_most, number
from lsps_core.commands.progress import add_events, progress
from lsps_core.simulator.cameras.registry import CAMERAS, MIXED
from lsps_core.simulator.settings import CROPS, VIEWS, WRISTS, SimulationSettings


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)
    parser.description = (
        "Render annotated depth frames of hands with forearms into a store. Without options: an empty right hand, its "
        "palm to the camera. With --views or --things: people from ten years on, fleshier hands, pressed and stretched "
        "fingers, in the sensor domain also left hands (mirrored); with --things there, sleeves, watches, other arms, "
        "torsos and hands. Not simulated: skin folds, nails, soft things, cloth, rooms, several people, motion."
    )
    parser.add_argument("out", type=Path, metavar="OUT.h5")
    parser.add_argument("--domain", choices=["synthetic", "sensor"], required=True)
    parser.add_argument("--frames", type=at_most(MOST_FRAMES), required=True, metavar="N")
    parser.add_argument(
        "--subjects", type=at_most(MOST_FRAMES), default=8, metavar="K", help="hand shapes of the sensor domain"
    )
    parser.add_argument("--seed", type=at_most(MOST_SEED), default=0)
    parser.add_argument(
        "--views",
        choices=VIEWS,
        default="palm",
        help="sides that hands are seen from: the palm up to 60 degrees off (default), any, or from the owner's eyes",
    )
    parser.add_argument(
        "--things",
        type=number,
        default=0.0,
        metavar="SHARE",
        help="share of frames with a box, cylinder, ball, mug, phone, pen or salt cellar in the hand, 0 to 1",
    )
    parser.add_argument(
        "--camera",
        metavar="NAME",
        help=f"depth camera of the sensor domain: {', '.join(CAMERAS)}, some of them with commas between, or {MIXED}; "
        "each frame draws one, and its parameters within ranges (default: the first model, a structured-light one)",
    )
    parser.add_argument(
        "--crop",
        choices=CROPS,
        default="true",
        help="cube about the hand's visible middle (default), or where the search for a hand in a whole image finds it",
    )
    parser.add_argument(
        "--wrist",
        choices=WRISTS,
        default="free",
        help="bends freely (default), or straight where the forearm does not point to the camera: joints determine it",
    )
    parser.add_argument(
        "--jobs",
        type=at_most(MOST_JOBS),
        metavar="N",
        help="processes on the CPU; they make the same frames (default: with found crops one a core, else 1)",
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing OUT.h5")
    add_events(parser)


def run(arguments: argparse.Namespace) -> None:
    from lsps_core.device import resolve_device
    from lsps_core.simulator.parallel import usual_jobs
    from lsps_core.simulator.simulate_store import simulate_store

    settings = SimulationSettings(
        views=arguments.views,
        things=arguments.things,
        camera=arguments.camera,
        crop=arguments.crop,
        wrist=arguments.wrist,
    )
    jobs = arguments.jobs if arguments.jobs is not None else usual_jobs(settings)
    if jobs < 1:
        raise ValueError(f"--jobs is {jobs}: give 1 or more")
    device = resolve_device(arguments.device)
    with progress(arguments.out, arguments.frames, tells=arguments.events) as shown:
        done = simulate_store(
            arguments.out,
            arguments.domain,
            arguments.frames,
            subjects=arguments.subjects,
            seed=arguments.seed,
            settings=settings,
            device=device,
            provenance={"command": arguments.command_line},
            overwrite=arguments.overwrite,
            jobs=jobs,
            on_progress=shown.advance,
        )
    if arguments.events:
        shown.end("finished", frames=done)
    else:
        print(f"{arguments.out}: {done} {arguments.domain} frames")
