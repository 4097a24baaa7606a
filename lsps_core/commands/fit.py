"""`lsps fit`: a store whose annotations are the poses that a fit makes of a model's."""

from __future__ import annotations

import argparse
from pathlib import Path

from lsps_core.commands.numbers import MOST_FRAMES, MOST_STEPS, at_most, number
from lsps_core.commands.progress import add_events, progress
from lsps_core.config.fits import FIT_ACCEPT_MM, FIT_STEPS


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)
    parser.add_argument("data", type=Path, metavar="STORE.h5", help="annotated or not; its annotations are not used")
    parser.add_argument("out", type=Path, metavar="OUT.h5")
    parser.add_argument("--model", type=Path, required=True, metavar="MODEL", help="a .safetensors file or a run")
    parser.add_argument(
        "--frames", type=at_most(MOST_FRAMES), metavar="N", help="this many, spread evenly over the store; default: all"
    )
    parser.add_argument(
        "--steps", type=at_most(MOST_STEPS), default=FIT_STEPS, metavar="N", help=f"after the starts; {FIT_STEPS}"
    )
    parser.add_argument(
        "--accept",
        type=number,
        default=FIT_ACCEPT_MM,
        metavar="MM",
        help=f"largest residual of a fit that becomes an annotation; {FIT_ACCEPT_MM}",
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing OUT.h5")
    add_events(parser)


def run(arguments: argparse.Namespace) -> None:
    from lsps_core.data.store import FrameStore
    from lsps_core.device import resolve_device
    from lsps_core.fitting.fit_store import fit_store
    from lsps_core.inference import Predictor
    from lsps_core.training.run import newest_model

    path = newest_model(arguments.model)
    predictor = Predictor.load(path, resolve_device(arguments.device))
    with FrameStore(arguments.data) as store:
        count = len(store) if arguments.frames is None else min(arguments.frames, len(store))
        with progress(arguments.out, count, tells=arguments.events) as shown:
            accepted = fit_store(
                predictor,
                store,
                arguments.out,
                frames=arguments.frames,
                steps=arguments.steps,
                accept_mm=arguments.accept,
                provenance={"command": arguments.command_line, "model": path.name, "source": store.provenance},
                overwrite=arguments.overwrite,
                on_progress=shown.advance,
            )
    if arguments.events:
        shown.end("finished", frames=count)
    else:
        share = 100 * accepted / count
        print(f"{arguments.out}: {count} frames, {accepted} ({share:.0f} %) annotated by a fit of {path.name}")
