"""Numbers on the command line, within what the program can count."""

from __future__ import annotations

import argparse
from collections.abc import Callable

MOST_FRAMES = 10_000_000
MOST_STEPS = 10_000
"""Of a fit, which ends after a few dozen."""
MOST_TURNS = 64
MOST_JOBS = 1024
MOST_SEED = 2**63 - 1


def at_most(most: int) -> Callable[[str], int]:
    """The `type` of an argument: a whole number from -most to most. The command itself rejects what is too small."""

    def parse(text: str) -> int:
        shown = text if len(text) <= 20 else text[:20] + "…"
        try:
            value = int(text)
        except ValueError:  # also for thousands of digits
            raise argparse.ArgumentTypeError(f"{shown!r} is not a whole number up to {most:,}") from None
        if abs(value) > most:
            raise argparse.ArgumentTypeError(f"{shown} is more than {most:,}")
        return value

    return parse


def number(text: str) -> float:
    """The `type` of an argument: any number but NaN."""
    value = float(text)
    if value != value:
        raise argparse.ArgumentTypeError(f"{text} is not a number")
    return value
