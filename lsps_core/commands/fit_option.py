"""How the commands that predict read a frame: as it is, at several turns, or with a fit."""

from __future__ import annotations

import argparse

from lsps_core.commands.numbers import MOST_STEPS, MOST_TURNS, at_most
from lsps_core.config.fits import FIT_STEPS


def add_fit_or_turns(parser: argparse.ArgumentParser) -> None:
    """Adds --fit [STEPS] or --turns N: `arguments.fit` is None and `arguments.turns` 1 without them."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--fit",
        type=at_most(MOST_STEPS),
        nargs="?",
        const=FIT_STEPS,
        metavar="STEPS",
        help=f"fit the hand to each frame, from the pose that the model reads; {FIT_STEPS} steps if left out",
    )

    group.add_argument(
        "--turns",
        type=at_most(MOST_TURNS),
        default=1,
        metavar="N",
        help="read each frame at N turns about the optical axis, and take the mean pose; 4 takes four times as long",
    )
