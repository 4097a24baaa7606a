"""A fault at every step of a save, one by one: the old or the new file is there, and the next save succeeds."""

from __future__ import annotations

import contextlib
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
from saves import save_config, save_evaluation, save_import, save_results, save_store
from write_faults import MOST_STEPS, Fault, Save, check_every_step, faulty

from lsps_core import checkpoint
from lsps_core.checkpoint import Checkpoint
from lsps_core.data.store import FrameStore
from lsps_core.evaluation import published, report
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


def test_a_fault_at_every_step_of_an_evaluations_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the four is the old one or the new one, and nothing lies beside them."""
    for draw in ("_draw_success", "_draw_joints"):
        monkeypatch.setattr(report, draw, lambda *_: None)  # of a hundred steps each would be drawn twice
    whole = []
    for version in (1, 2):
        save_evaluation(tmp_path / "whole", version)
        whole.append({path.name: path.read_bytes() for path in (tmp_path / "whole").iterdir()})
    old, new = whole
    assert len(old) == 4
    assert not [name for name in old if old[name] == new[name]]
    for number in range(1, MOST_STEPS):
        folder, fault = tmp_path / str(number), Fault(number, errno.ENOSPC)
        save_evaluation(folder, 1)
        with pytest.MonkeyPatch.context() as patch:
            faulty(patch, fault)
            with contextlib.suppress(OSError, ValueError):
                save_evaluation(folder, 2)
        found = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert found.keys() == old.keys()
        assert not [name for name, content in found.items() if content not in (old[name], new[name])]
        if fault.count < number:
            assert found == new
            assert number > 12
            return
    raise AssertionError("it never ends")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it forks a process for each kill")
def test_a_kill_at_every_step_of_a_save_leaves_the_old_file_or_the_new_one() -> None:
    names = ["session", "labels", "store", "checkpoint"]
    command = [sys.executable, str(Path(write_faults.__file__).with_name("kill_saves.py")), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    kills = [int(count) for count in re.findall(r": (\d+) kills", done.stdout)]
    assert len(kills) == len(names)
    assert min(kills) >= 3
