"""A fault at every step of every save of the app: the old file stays, the message names it, the next try succeeds."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from failure_helpers import table
from PySide6.QtGui import QImage
from write_faults import Fault, Save, check_every_step, faulty

from explorer_app.explore.model import walk_frames
from explorer_app.explore.model.directions import write_directions
from explorer_app.explore.model.presets import Presets
from explorer_app.explore.model.walk_export import FORMATS, ExportOptions, export_walk
from explorer_app.inspect.model import failure_export
from explorer_app.inspect.model.tags import Tags
from explorer_app.model.hand.model import HandModel, Pictures
from explorer_app.model.latent import Direction, LatentCode
from explorer_app.model.saved_session import SavedSession
from explorer_app.model.walk import WalkPlan
from explorer_app.shell import save_pictures
from explorer_app.shell.main_window import MainWindow
from explorer_app.shell.recovery.files import RecoveryFiles
from explorer_app.train.model.run_process import ProcessRecord
from lsps_core.data.store import FrameStore
from lsps_core.evaluation import protocols
from lsps_core.finetuning.coco_labels import write_coco
from lsps_core.finetuning.labels import Label, write_labels
from lsps_core.finetuning.patches import Patch
from lsps_core.runs.layout import RunLayout

CODES = [errno.ENOSPC, errno.EIO, errno.EACCES]


def code_of(version: int) -> tuple[float, ...]:
    return (round(1.001 + version / 1000, 3),) * 20


def save_picture(path: Path, version: int) -> None:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(version)
    save_pictures._write(image, (), str(path))


def save_recovery(path: Path, version: int) -> None:
    files = RecoveryFiles(path.parents[1], path.name.partition(".")[0])
    try:
        files.keep(SavedSession(model_path=path.parent / f"m{version}.safetensors"))
    finally:
        files.release()


def save_process(path: Path, version: int) -> None:
    ProcessRecord(pid=version, born=1.0, started_time=1.0).write(path.parent)


def save_table(path: Path, version: int) -> None:
    failure_export.write_csv(path, table(9, seed=version), np.arange(9))


def save_sheet(path: Path, version: int) -> None:
    failure_export.write_sheet(path, [np.full((24, 24, 3), version, np.uint8)] * 2, ["a", "b"])


SAVES: dict[str, Save] = {
    "session.lsps.json": lambda path, n: SavedSession(model_path=path.parent / f"{n}.safetensors").save(path),
    "recovery/window.lsps.json": save_recovery,
    "presets.json": lambda path, n: Presets(path).save("model", "mine", LatentCode(code_of(n))),
    "directions.json": lambda path, n: write_directions(path, [("a", Direction(code_of(n), (3, 4), "m", "f"))]),
    "tags.json": lambda path, n: Tags(path).set_tag("digest", "data", ["a/1"], f"blur{n}"),
    "view.png": save_picture,
    "frames.csv": save_table,
    "frames.png": save_sheet,
    RunLayout(Path()).process.name: save_process,
}


@pytest.mark.parametrize("code", CODES, ids=errno.errorcode.get)
@pytest.mark.parametrize("name", SAVES)
def test_a_fault_at_every_step_of_a_save(name: str, code: int, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    assert check_every_step(path, SAVES[name], code, others="*.lock") >= 5


def label_of(store: FrameStore, version: int) -> Label:
    joints_mm = store.joints_mm
    assert joints_mm is not None
    frame, skeleton = replace(store.frame(1), joints_mm=joints_mm[1] + version), store.skeleton
    assert skeleton is not None
    return Label(frame=frame, camera=store.camera_of(1), skeleton=skeleton, how="pulled", author="a", time="2026")


def save_labels(path: Path, store: FrameStore, version: int) -> None:
    label = label_of(store, version)
    write_labels(path, {label.name: label}, is_simulated=True, source="s")


def save_poses(path: Path, store: FrameStore, version: int) -> None:
    assert store.skeleton is not None
    poses = np.full((2, store.skeleton.joint_count, 3), version / 100)
    protocol = protocols.of_store(store, store.skeleton)
    failure_export.write_predictions(path, store, np.arange(2), poses, protocol, has_names=False)


def save_frames(path: Path, store: FrameStore, version: int) -> None:
    failure_export.write_store(path, store, np.arange(version % 3 + 1), overwrite=True)


def save_coco(path: Path, store: FrameStore, version: int) -> None:
    label = label_of(store, version)
    write_coco(path, {label.name: label}, "s")


def save_patch(path: Path, store: FrameStore, version: int) -> None:
    label = label_of(store, version)
    Patch.of(store, {label.name: label}).write(path)


OF_FRAMES: dict[str, Callable[[Path, FrameStore, int], None]] = {
    "frames.labels.h5": save_labels,
    "coco.json": save_coco,
    "labels.patch.json": save_patch,
    "poses.txt": save_poses,
    "selected.h5": save_frames,
}


@pytest.mark.parametrize("name", OF_FRAMES)
def test_a_fault_at_every_step_of_a_save_of_frames(name: str, store_path: Path, tmp_path: Path) -> None:
    with FrameStore(store_path) as store:
        for code in CODES:
            save = OF_FRAMES[name]
            assert check_every_step(tmp_path / name, lambda path, n, save=save: save(path, store, n), code) >= 3


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_fault_at_every_step_of_exporting_a_walk(
    suffix: str, model: HandModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = 0

    def pictures_at(_: object, positions: list[float]) -> list[Pictures]:
        picture = np.full((128, 128), shown % 2 * 80, np.float32)  # mm
        return [Pictures(LatentCode(), picture, picture, decode_ms=1.0)] * len(positions)

    monkeypatch.setattr(walk_frames.WalkFrames, "pictures_at", pictures_at)
    plan = WalkPlan((LatentCode(), LatentCode(code_of(1))), path="linear", ending="once")
    options = ExportOptions(suffix, frames_per_segment=2, views=("real",))

    def save(path: Path, version: int) -> None:
        nonlocal shown
        shown = version
        export_walk(model, plan, options, path, lambda _done, _in_all: None)

    assert check_every_step(tmp_path / f"walk{suffix}", save, errno.ENOSPC) >= 3


def test_the_window_says_which_session_was_not_saved(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "a.lsps.json"
    window.opener.save_session(str(path))
    before = path.read_bytes()
    for number in range(1, 7):
        with pytest.MonkeyPatch.context() as patch:
            faulty(patch, Fault(number, errno.EIO))
            window.opener.save_session(str(path))
        assert window.messages.text == f"{path} cannot be written: {os.strerror(errno.EIO)}; choose another folder"
        assert path.read_bytes() == before
    window.opener.save_session(str(path))
    assert not window.messages.text
