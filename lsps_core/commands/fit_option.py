"""The option --fit of the commands that predict."""

from __future__ import annotations

import argparse

from lsps_core.commands.numbers import MOST_STEPS, at_most
from lsps_core.config.fits import FIT_STEPS


def add_fit(parser: argparse.ArgumentParser) -> None:
    """Adds --fit [STEPS]: `arguments.fit` is None without it."""
    parser.add_argument(
        "--fit",
        type=at_most(MOST_STEPS),
        nargs="?",
        const=FIT_STEPS,
        metavar="STEPS",
        help=f"fit the hand to each frame, from the pose that the model reads; {FIT_STEPS} steps if left out",
    )
