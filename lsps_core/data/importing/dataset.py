"""The description of a data set that can be imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lsps_core.data.importing.options import CUBE_MM, LIMIT, Option
from lsps_core.data.importing.plan import ImportPlan
from lsps_core.data.protocol import Protocol


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A data set, as `lsps import` and the Import dialog offer it.

    title: the name in the dialog. help: what is in it, in a few words. origin: where people get it, and its terms.
    plan: called as `plan(folder, **values)` with a value for every option; ValueError if the folder is not that of the
    set. find: called likewise, the part of `plan` that takes a moment: LspsError if a file or folder is missing without
    which nothing can be imported. own_options: besides `--cube-mm` and `--limit`, which every set has. protocol: how
    `lsps score` and `lsps evaluate` measure it; None if it has none.
    """

    title: str
    help: str
    origin: str = ""
    plan: Callable[..., ImportPlan]
    find: Callable[..., object] | None = None
    own_options: tuple[Option, ...] = ()
    protocol: Protocol | None = None

    @property
    def options(self) -> tuple[Option, ...]:
        return (*self.own_options, CUBE_MM, LIMIT)
