"""Options of an import, described once: for the command line, for its help, and for the rows of the Import dialog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from lsps_core.data.crop import DEFAULT_CUBE_MM

_MOST = 10_000_000
_MOST_PX = 1e6
Kind = Literal["choice", "switch", "text", "number", "length", "file"]


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option of a data set: a flag of `lsps import NAME`, a row of the dialog, and a keyword of the plan function.

    name: of the keyword; the flag is `--name`, with dashes.
    kind: one of `choices` (value and title), a switch, a text (read by `parse`, which may raise
        ValueError), a whole number from `least` up, a length in mm, or a file.
    help: of the flag, and the tooltip of the row.
    label: of the row, & before its mnemonic; without one the dialog leaves the option out.
    default: what the plan function gets if the option is not given.
    empty: what the row shows then; for a switch the text beside its box.
    group: options of one group exclude each other.
    """

    name: str
    kind: Kind
    help: str
    label: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    default: Any = None
    is_required: bool = False
    metavar: str | None = None
    empty: str = ""
    parse: Callable[[str], Any] = str
    least: int = 0
    group: str = ""

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    def value(self, text: str) -> Any:
        """The plan function's value for `text`; ValueError, in one line, if it is not valid."""
        if self.kind == "number":
            return _whole(text, self.least)
        if self.kind == "length":
            return _length(text)
        return Path(text) if self.kind == "file" else self.parse(text)

    def arguments(self, text: str) -> list[str]:
        """The command-line arguments for a row's text; "" leaves the option out, and any text sets a switch."""
        if not text.strip():
            return []
        return [self.flag] if self.kind == "switch" else [f"{self.flag}={text.strip()}"]


def names(text: str) -> tuple[str, ...]:
    """`P0, P1` -> ("P0", "P1")"""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _whole(text: str, least: int) -> int:
    number = int(text)
    if not least <= number <= _MOST:
        raise ValueError(f"{text.strip()[:20]} is not a number from {least} to {_MOST:,}")
    return number


def _length(text: str) -> float:
    number = float(text)
    if not 0 < number < 10_000:
        raise ValueError(f"{text[:20]} mm is not a valid edge of a hand's cube")
    return number


def split_option(*parts: str) -> Option:
    """`--split`, one of the parts of a data set."""
    choices = tuple((part, part) for part in parts)
    return Option(
        name="split", kind="choice", choices=choices, is_required=True, label="S&plit", help="which part of the set"
    )


DOMAIN = Option(
    name="domain",
    kind="choice",
    choices=(("real", "real: recorded by a camera"), ("synthetic", "synthetic: rendered")),
    is_required=True,
    label="Do&main",
    help="which domain the frames belong to",
)
CUBE_MM = Option(
    name="cube_mm",
    kind="length",
    metavar="MM",
    label="Hand cu&be",
    empty="the set’s own",
    help="edge of the crop cube (default: the protocol's)",
)
LIMIT = Option(
    name="limit",
    kind="number",
    least=1,
    metavar="N",
    label="&Limit",
    empty="all frames",
    help="only the first N labelled frames",
)
CENTERS = (
    Option(
        name="centers_uvd",
        kind="file",
        metavar="FILE",
        group="centers",
        help="refined crop centres, u v d on each line",
    ),
    Option(
        name="centers_mm",
        kind="file",
        metavar="FILE",
        group="centers",
        help="the same as x y z in mm, y up (V2V-PoseNet's)",
    ),
)
"""`lsps_core.data.importing.labels.refined_centers` takes both."""


def _center(text: str) -> tuple[float, float, float]:
    try:
        u, v, d = (float(number) for number in text.split(","))
        if not max(abs(u), abs(v), abs(d)) < _MOST_PX:
            raise ValueError("too large, or NaN")
    except ValueError:
        shown = repr(text[:60])
        raise ValueError(f"a centre is U,V,D in px, px and mm, not {shown}; leave it out to search the hand") from None
    return u, v, d


FRAME_OPTIONS = (
    replace(DOMAIN, is_required=False, default="real"),
    Option(
        name="center",
        kind="text",
        parse=_center,
        metavar="U,V,D",
        label="Cube c&entre",
        empty="found in each image, or U,V,D",
        help="cube centre, px px mm; found in each image when left out",
    ),
    Option(
        name="mirrored",
        kind="switch",
        default=False,
        label="Mi&rrored",
        empty="left to right",
        help="flip the images left to right: models expect a right hand",
    ),
    replace(CUBE_MM, default=DEFAULT_CUBE_MM, empty=f"{DEFAULT_CUBE_MM:g} mm", help="edge of the crop cube"),
)
"""Of loose depth images; the camera and the unit are described by the images' own fields."""
