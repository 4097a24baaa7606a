"""A fault at every step of a save, one by one: the old or the new file is there, and the next save succeeds."""

from __future__ import annotations

import errno
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import write_faults
from saves import save_config, save_import, save_results, save_store
from write_faults import Save, check_every_step

from lsps_core import checkpoint
from lsps_core.checkpoint import Checkpoint
from lsps_core.data.store import FrameStore
from lsps_core.evaluation import published
from lsps_core.files import write_whole

SAVES: dict[str, Save] = {
    "a.json": lambda path, version: write_whole(path, str(version)),
    "a.txt": lambda path, version: published.write(path, np.full((2, 3, 3), version)),
    "a.h5": save_store,
    "config.json": save_config,
    "results.npz": save_results,
}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES], ids=errno.errorcode.get)
@pytest.mark.parametrize("name", SAVES)
def test_a_fault_at_every_step_of_a_save(name: str, code: int, tmp_path: Path) -> None:
    assert check_every_step(tmp_path / name, SAVES[name], code) >= 3
    if name == "a.h5":
        with FrameStore(tmp_path / name) as store:
            assert len(store) == 2


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_fault_at_every_step_of_saving_a_model(untrained: Checkpoint, code: int, tmp_path: Path) -> None:
    def save(path: Path, version: int) -> None:
        checkpoint.save(replace(untrained, half_mm=float(version)), path)

    assert check_every_step(tmp_path / "m.safetensors", save, code) >= 3
    checkpoint.load(tmp_path / "m.safetensors").build()


def test_a_fault_at_every_step_of_an_import(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    picture = tmp_path_factory.mktemp("pictures") / "a.npy"
    np.save(picture, np.full((480, 640), 600, np.uint16))
    save = partial(save_import, picture=picture)
    assert check_every_step(tmp_path / "o.h5", save, errno.EIO, others=".*.import") >= 5
    assert [each.name for each in tmp_path.iterdir()] == ["o.h5"]
    with FrameStore(tmp_path / "o.h5") as store:
        assert len(store) == 5


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it forks a process for each kill")
def test_a_kill_at_every_step_of_a_save_leaves_the_old_file_or_the_new_one() -> None:
    names = ["session", "labels", "store", "checkpoint"]
    command = [sys.executable, str(Path(write_faults.__file__).with_name("kill_saves.py")), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    kills = [int(count) for count in re.findall(r": (\d+) kills", done.stdout)]
    assert len(kills) == len(names)
    assert min(kills) >= 3
