"""A disk that is full at any byte of a save: the old file stays, the message says why, and the next save succeeds.

The kernel fails the write that would go beyond a limit, whichever library makes it: Python, NumPy, HDF5 or safetensors.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from saves import save_config, save_import, save_results, save_store
from write_faults import Save

from explorer_app.explore.model.directions import write_directions
from explorer_app.explore.model.presets import Presets
from explorer_app.inspect.model.tags import Tags
from explorer_app.model.latent import Direction, LatentCode
from explorer_app.model.saved_session import SavedSession
from lsps_core import checkpoint
from lsps_core.checkpoint import Checkpoint
from lsps_core.data.store import FrameStore
from lsps_core.evaluation import published, published_json

resource = pytest.importorskip("resource")
PLACES = 24
"""At which a save of any length is stopped; a shorter one at each of its bytes."""


def save_presets(path: Path, version: int) -> None:
    Presets(path).save("model", "mine", LatentCode((round(1.001 + version / 100, 3),) * 20))


def save_tags(path: Path, version: int) -> None:
    Tags(path).set_tag("digest", "data", ["a/1", "a/2"], f"blur{version}")


def save_directions(path: Path, version: int) -> None:
    write_directions(path, [("mine", Direction((round(1.001 + version / 100, 3),) * 20, (3, 4), "model", "print"))])


def save_session(path: Path, version: int) -> None:
    SavedSession(model_path=path.parent / f"m{version}.safetensors").save(path)


SAVES: dict[str, Save] = {
    "predictions.txt": lambda path, version: published.write(path, np.full((4, 3, 3), 100.0 + version)),
    "predictions.json": lambda path, version: published_json.write_joints(path, np.full((4, 3, 3), 100.0 + version)),
    "store.h5": save_store,
    "config.json": save_config,
    "results.npz": save_results,
    "session.json": save_session,
    "presets.json": save_presets,
    "directions.json": save_directions,
    "tags.json": save_tags,
}


@contextmanager
def full_after(size: int) -> Iterator[None]:
    """No file grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def check_full_disks(path: Path, save: Save, most: int = PLACES) -> None:
    save(path, 1)
    size = path.stat().st_size
    for version, limit in enumerate(np.unique(np.linspace(0, size - 1, most).astype(int)), start=2):
        before = path.read_bytes()
        with pytest.raises((OSError, ValueError)) as failure, full_after(int(limit)):
            save(path, version)
        assert path.read_bytes() == before
        assert [each.name for each in path.parent.iterdir() if not each.name.endswith(".import")] == [path.name]
        assert os.strerror(errno.EFBIG) in str(failure.value)
        assert "\n" not in str(failure.value)
    save(path, most + 9)
    assert path.read_bytes() != before


pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems end the process")


@pytest.mark.parametrize("name", SAVES)
def test_a_disk_that_is_full_at_any_byte_of_a_save(name: str, tmp_path: Path) -> None:
    check_full_disks(tmp_path / name, SAVES[name])


def test_a_disk_that_is_full_at_any_byte_of_a_model(untrained: Checkpoint, tmp_path: Path) -> None:
    def save(path: Path, version: int) -> None:
        checkpoint.save(replace(untrained, half_mm=100.0 + version), path)

    check_full_disks(tmp_path / "m.safetensors", save, 12)
    checkpoint.load(tmp_path / "m.safetensors").build()


def test_a_disk_that_is_full_at_any_byte_of_an_import(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    picture = tmp_path_factory.mktemp("pictures") / "a.npy"
    np.save(picture, np.full((480, 640), 600, np.uint16))
    save = partial(save_import, picture=picture)
    check_full_disks(tmp_path / "o.h5", save)
    with FrameStore(tmp_path / "o.h5") as store:
        assert len(store) == 5
