"""The data sets that can be imported. Their names need no import; a description is imported when it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from lsps_core.errors import LspsError

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


_MOST_NEAR = 100  # folders beside and in a wrong one that are tried


def check_folder(name: str, source: Path, values: Mapping[str, Any]) -> None:
    """LspsError if `source` lacks what an import of the set needs, with the folder that has it, if that is near.

    values: of the set's options.
    """
    dataset = load(name)
    try:
        _find(dataset, source, values)
    except LspsError as error:
        raise LspsError(error.what, _advice(name, source, values) or error.remedy) from error


def _find(dataset: Dataset, source: Path, values: Mapping[str, Any]) -> None:
    try:
        if dataset.find is not None:
            dataset.find(source, **values)
    except OSError as error:
        raise LspsError(f"{source} cannot be read ({error.strerror})", "check who may access it") from error


def _advice(name: str, source: Path, values: Mapping[str, Any]) -> str:
    """What to do with a folder that lacks something: empty if nothing better is known than the set's own remedy."""
    if not source.is_dir():
        return ""
    for folder in _near(source):
        if _has(load(name), folder, values):
            return f"give {folder}"
    for split in _splits(load(name)):
        if _has(load(name), source, {**values, **split}):
            return f"it has the split {split['split']}: choose that, or unpack the other"
    for other, dataset in datasets().items():
        if other != name and any(_has(dataset, source, _defaults(dataset) | split) for split in _splits(dataset)):
            return f"it is that of {dataset.title}: import {other}, or give another folder"
    return ""


def _has(dataset: Dataset, source: Path, values: Mapping[str, Any]) -> bool:
    try:
        _find(dataset, source, values)
    except LspsError:
        return False
    return dataset.find is not None


def _near(source: Path) -> Iterator[Path]:
    """The folders in a folder, and the two above it."""
    try:
        yield from sorted(islice((path for path in source.iterdir() if path.is_dir()), _MOST_NEAR))
    except OSError:
        return
    yield from source.absolute().parents[:2]


def _splits(dataset: Dataset) -> list[dict[str, str]]:
    """The values of the option `split`, or one without."""
    option = next((option for option in dataset.options if option.name == "split"), None)
    return [{}] if option is None else [{"split": value} for value, _ in option.choices]


def _defaults(dataset: Dataset) -> dict[str, Any]:
    return {option.name: option.choices[0][0] if option.is_required else option.default for option in dataset.options}
