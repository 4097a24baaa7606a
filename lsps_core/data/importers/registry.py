"""The data sets that can be imported. Their names need no import; a description is imported when it is used."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsps_core.data.importing.dataset import Dataset

DATASETS = {
    "nyu": "lsps_core.data.importers.nyu:NYU_HANDS",
    "icvl": "lsps_core.data.importers.icvl:ICVL_HANDS",
    "msra": "lsps_core.data.importers.msra:MSRA_HANDS",
    "hands17": "lsps_core.data.importers.hands_challenges:HANDS17",
    "bighand": "lsps_core.data.importers.bighand:BIGHAND",
    "hands19": "lsps_core.data.importers.hands_challenges:HANDS19",
    "fpha": "lsps_core.data.importers.fpha:FPHA",
    "dexycb": "lsps_core.data.importers.dexycb:DEXYCB",
    "ho3d": "lsps_core.data.importers.ho3d:HO3D",
}
"""By the name in `lsps import` and `lsps score`: module and name of the `Dataset`."""


def load(name: str) -> Dataset:
    """The description of one of DATASETS."""
    dataset: Dataset = resolve_name(DATASETS[name])
    return dataset


def datasets() -> dict[str, Dataset]:
    """All descriptions, in the order of the table."""
    return {name: load(name) for name in DATASETS}
