"""How a store divides its frames into groups: by some of DIVISIONS, such as view, thing, camera or person.

On disk, `groups` is uint16 [N, D], a column for each division: the place of a frame's group in that division's list of
names. The attribute `groups` holds the lists by the divisions' names, as JSON, in the order of the columns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from lsps_core.data.hdf5 import CheckedDataset, find_dataset
from lsps_core.data.protocol import DIVISIONS
from lsps_core.data.store_format import FrameStoreError, reason
from lsps_core.files import parse_json

_MOST_GROUPS = 1 << 16
Texts = npt.NDArray[np.str_]


def write_groups(path: Path, file: h5py.File, groups: Mapping[str, Sequence[str]], frame_count: int) -> None:
    """Add the group of each frame by division to an unfinished store; FrameStoreError if they do not fit."""
    columns, names = [], {}
    for division, texts in groups.items():
        if division not in DIVISIONS:
            raise FrameStoreError(f"{path}: frames are not divided by {division!r}; use one of {', '.join(DIVISIONS)}")
        if len(texts) != frame_count:
            raise FrameStoreError(f"{path}: {len(texts)} groups of {division} were given for {frame_count} frames")
        known = sorted(set(texts))
        if len(known) > _MOST_GROUPS:
            raise FrameStoreError(f"{path}: {len(known)} groups of {division} are more than {_MOST_GROUPS}")
        codes = {text: code for code, text in enumerate(known)}
        columns.append(np.fromiter((codes[text] for text in texts), np.uint16, frame_count))
        names[division] = known
    file.create_dataset("groups", data=np.stack(columns, axis=1))
    file.attrs["groups"] = np.bytes_(json.dumps(names))


def read_groups(path: Path, file: h5py.File) -> dict[str, Texts]:
    """The group of each frame [N] by division; empty for a store without. FrameStoreError if they do not fit."""
    if "groups" not in file:
        return {}
    try:
        dataset, listed = find_dataset(file, "groups"), parse_json(file.attrs["groups"])
        if dataset is None:
            raise ValueError("they are not a dataset")
        names = {str(division): np.array(texts, dtype=np.str_) for division, texts in listed.items()}
        fits = dataset.dtype == "uint16" and dataset.shape == (len(file["half_mm"]), len(names))
        if not fits or any(texts.ndim != 1 for texts in names.values()):  # before it is read: it may declare anything
            raise ValueError(f"{dataset.dtype} {list(dataset.shape)} for {len(names)} divisions")
        codes = CheckedDataset(dataset).rows(0, len(dataset))
        return {division: texts[codes[:, place]] for place, (division, texts) in enumerate(names.items())}
    except (OSError, KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError) as error:
        raise FrameStoreError(f"{path}: its groups cannot be read ({reason(error)}); write the store again") from error
