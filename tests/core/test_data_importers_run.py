"""How an import runs: over processes, interrupted, resumed, and never half there."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from programs import LSPS

from lsps_core.camera import SR305
from lsps_core.data.crop import crop
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan, Shot
from lsps_core.data.importing.run import run_import
from lsps_core.data.store import FrameStore, FrameStoreError
from lsps_core.skeleton import HAND21

SHOTS = 50


@pytest.fixture
def plan(tmp_path: Path) -> ImportPlan:
    """Fifty small pictures with joints, of which the ninth is missing."""
    rng = np.random.default_rng(0)
    shots = []
    (tmp_path / "pictures").mkdir()
    for number in range(SHOTS):
        path = tmp_path / "pictures" / f"{number:03d}.npy"
        if number != 9:
            np.save(path, rng.integers(500, 900, (480, 640)).astype(np.uint16)[::8, ::8])
        center = np.array([-350.0, 280.0, 600.0 + number])  # where the first rows and columns are
        joints = center + rng.normal(0, 50, (21, 3))
        shots.append(Shot(path=path, name=f"a/{number}", half_mm=100.0, center_mm=center, joints_mm=joints))
    return ImportPlan(
        shots=tuple(shots),
        read=partial(read_depth, unit_mm=1.0),
        camera=SR305,
        skeleton=HAND21,
        settings={"importer": "test"},
        refused=("line 3: no numbers",),
    )


def interrupt_at(count: int, done: int, _total: int) -> None:
    if done >= count:
        raise KeyboardInterrupt


def content(path: Path) -> tuple[np.ndarray, ...]:
    with FrameStore(path) as store:
        return store.depth_mm(slice(None)), store.joints_mm, store.center_mm, np.array(store.names)


def same(first: Path, second: Path) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(content(first), content(second), strict=True))


def test_frames_keep_their_order_and_values(plan, tmp_path):
    report = run_import(tmp_path / "o.h5", plan)
    assert report.frame_count == SHOTS - 1
    assert report.resumed_count == 0
    assert report.skipped[0] == "line 3: no numbers"
    assert "009.npy does not exist" in report.skipped[1]
    depth, joints, center, names = content(tmp_path / "o.h5")
    usable = [shot for shot in plan.shots if shot.name != "a/9"]
    assert names.tolist() == [shot.name for shot in usable]
    np.testing.assert_array_equal(joints, np.array([shot.joints_mm for shot in usable], np.float32))
    np.testing.assert_array_equal(center, np.array([shot.center_mm for shot in usable], np.float32))
    for index, shot in enumerate(usable):
        np.testing.assert_array_equal(depth[index], plan.frame(shot).depth_mm)


def test_processes_change_nothing(plan, tmp_path):
    seen = []
    run_import(tmp_path / "a.h5", plan)
    report = run_import(tmp_path / "b.h5", plan, jobs=2, progress=lambda done, total: seen.append((done, total)))
    assert same(tmp_path / "a.h5", tmp_path / "b.h5")
    assert len(report.skipped) == 2
    assert seen == sorted(seen)
    assert seen[-1] == (SHOTS, SHOTS)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_import_goes_on_where_it_stopped(plan, tmp_path, jobs):
    out = tmp_path / "o.h5"
    with pytest.raises(KeyboardInterrupt):
        run_import(out, plan, jobs=jobs, progress=partial(interrupt_at, 20))
    assert not out.exists()
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".part"]
    run_import(tmp_path / "whole.h5", plan)
    for shot in plan.shots[:8]:  # done already: not looked at again
        shot.path.unlink()
    report = run_import(out, plan)
    assert report.resumed_count >= 20
    assert same(out, tmp_path / "whole.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.h5", "pictures", "whole.h5"]


def test_another_import_does_not_take_over_the_first_ones_frames(plan, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run_import(tmp_path / "o.h5", plan, progress=partial(interrupt_at, 20))
    narrower = replace(plan, shots=tuple(replace(shot, half_mm=80.0) for shot in plan.shots))
    report = run_import(tmp_path / "o.h5", narrower)
    assert report.resumed_count == 0
    with FrameStore(tmp_path / "o.h5") as store:
        np.testing.assert_array_equal(store.half_mm, 80)


def test_a_picture_mended_meanwhile_is_taken(plan, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run_import(tmp_path / "o.h5", plan, progress=partial(interrupt_at, 20))
    mended = plan.shots[9].path
    mended.write_bytes(plan.shots[8].path.read_bytes())
    os.utime(mended, (time.time() + 5,) * 2)
    assert run_import(tmp_path / "o.h5", plan).frame_count == SHOTS


def test_damaged_blocks_are_made_again(plan, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run_import(tmp_path / "o.h5", plan, progress=partial(interrupt_at, 20))
    for number, block in enumerate(sorted((tmp_path / ".o.h5.import").iterdir())):
        whole = bytearray(block.read_bytes())
        whole[len(whole) // 2] ^= 255
        block.write_bytes([b"", whole[:-300], whole][number % 3])
    run_import(tmp_path / "o.h5", plan)
    run_import(tmp_path / "whole.h5", plan)
    assert same(tmp_path / "o.h5", tmp_path / "whole.h5")


def test_nothing_usable_leaves_nothing(plan, tmp_path):
    for shot in plan.shots:
        shot.path.unlink(missing_ok=True)
    with pytest.raises(FrameStoreError, match="none of 51 images could be used; the first: line 3: no numbers"):
        run_import(tmp_path / "o.h5", plan)
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_an_existing_store_is_kept_unless_told(plan, tmp_path):
    out = tmp_path / "o.h5"
    run_import(out, plan)
    before = out.read_bytes()
    with pytest.raises(FrameStoreError, match="exists already"):
        run_import(out, plan)
    with pytest.raises(KeyboardInterrupt):
        run_import(out, plan, overwrite=True, progress=partial(interrupt_at, 1))
    assert out.read_bytes() == before
    smaller = replace(plan, shots=plan.shots[:3])
    assert run_import(out, smaller, overwrite=True).frame_count == 3
    with pytest.raises(FrameStoreError, match="folder does not exist"):
        run_import(tmp_path / "no" / "o.h5", plan)
    with pytest.raises(ValueError, match="0 processes"):
        run_import(tmp_path / "p.h5", plan, jobs=0)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_a_killed_import_goes_on(programs, tmp_path):
    picture = tmp_path / "a.npy"
    np.save(picture, np.random.default_rng(0).integers(500, 700, (480, 640)).astype(np.uint16))
    out = tmp_path / "o.h5"
    arguments = ["import", "frames", out, *[picture] * 600]
    arguments += ["--camera", "475,475,320,240", "--center", "320,240,600", "--jobs", "2"]
    first = programs.start(LSPS, *arguments)
    deadline = time.monotonic() + 600
    while not list(tmp_path.glob(".o.h5.import/*.npz")) and time.monotonic() < deadline:
        time.sleep(0.02)
    first.kill()
    first.communicate()
    assert not out.exists()
    done = programs.run(LSPS, *arguments)
    assert done.returncode == 0
    assert "were done before the interruption" in done.stderr
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.npy", "o.h5"]
    with FrameStore(out) as store:
        assert len(store) == 600


@pytest.mark.parametrize("mirrored_width_px", [None, 80])
def test_a_frame_is_the_crop_of_the_whole_picture(plan, mirrored_width_px):
    """Readers are told which window matters; wherever it lies, nothing is missing from the crop."""
    plan = replace(plan, mirrored_width_px=mirrored_width_px)
    for center in ((-360.0, 270, 600), (-325.0, 255, 650), (-400.0, 300, 600), (-300.0, 220, 500)):
        shot = replace(plan.shots[0], center_mm=np.array(center, np.float32))
        depth = read_depth(shot.path)
        whole = crop(depth if mirrored_width_px is None else depth[:, ::-1], plan.camera, center, 100.0)
        assert 0 < (whole > 0).mean() < 1
        np.testing.assert_array_equal(plan.frame(shot).depth_mm, whole)


@pytest.mark.parametrize(("is_flipped", "side"), [(False, 1), (True, -1)])
def test_the_hand_is_searched_in_its_bounding_box(tmp_path, is_flipped, side):
    """Two hands: the nearer one is on the left of the picture, the box around the one on the right."""
    depth = np.zeros((480, 640), np.uint16)
    depth[180:300, 80:180], depth[180:300, 460:560] = 450, 600
    np.save(tmp_path / "both.npy", depth)
    shot = Shot(path=tmp_path / "both.npy", name="both", half_mm=125.0)
    plan = ImportPlan(
        shots=(), read=read_depth, camera=SR305, settings={}, mirrored_width_px=640 if is_flipped else None
    )
    assert side * plan.frame(shot).center_mm[0] < 0
    boxed = plan.frame(replace(shot, box_px=(440, 160, 140, 160)))
    assert side * boxed.center_mm[0] > 100
    with pytest.raises(ValueError, match=r"both\.npy"):
        plan.frame(replace(shot, box_px=(250, 0, 100, 480)))
