"""The shots of a plan as columns: the same as objects, in a fraction of their memory."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from lsps_core.camera import SR305
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan, Shot
from lsps_core.data.importing.run import run_import
from lsps_core.data.importing.shots import Shots
from lsps_core.data.store import FrameStore
from lsps_core.skeleton import HAND21


def made(number: int) -> Shot:
    """As of a set with everything: a name that is not text, two cameras, groups."""
    rng = np.random.default_rng(number)
    camera = FrameCamera(camera=SR305) if number % 2 else FrameCamera.flipped(SR305, 640)
    return Shot(
        path=Path(f"/sets/people/{number // 100}/image_D{number:08d}\udcff.png"),
        name=f"person{number // 100}/{number}",
        half_mm=125.0 + number % 3,
        center_mm=rng.normal(0, 100, 3).astype(np.float32),
        joints_mm=rng.normal(0, 100, (21, 3)).astype(np.float32),
        box_px=(number, 2, 3, 4) if number % 2 else None,
        camera=camera,
        groups=(f"person{number // 100}", "left" if number % 2 else "right"),
        time_s=number / 30 if number % 2 else None,
    )


def same(one: Shot, other: Shot) -> bool:
    names = ("path", "name", "half_mm", "box_px", "camera", "groups", "time_s")
    arrays = [(getattr(one, name), getattr(other, name)) for name in ("center_mm", "joints_mm")]
    return all(getattr(one, name) == getattr(other, name) for name in names) and all(
        (a is None and b is None) or np.array_equal(a, b) for a, b in arrays
    )


def test_they_are_a_sequence_of_the_same_shots():
    given = [made(number) for number in range(7)]
    shots = Shots(given)
    assert len(shots) == 7
    assert all(same(*pair) for pair in zip(shots, given, strict=True))
    assert same(shots[-1], given[-1])
    assert [shot.name for shot in shots[2:20]] == [shot.name for shot in given[2:]]
    with pytest.raises(IndexError):
        shots[7]


def test_what_a_shot_lacks_stays_none():
    bare = Shot(path=Path("a.png"), name="a", half_mm=100.0)
    shots = Shots([bare, made(1)])
    assert same(shots[0], bare)
    assert same(shots[1], made(1))
    with pytest.raises(ValueError, match=r"the shape \[2, 3\], others of \[21, 3\]"):
        shots.append(Shot(path=Path("b.png"), name="b", half_mm=1.0, joints_mm=np.zeros((2, 3))))


def test_a_shot_takes_less_than_half_a_kilobyte():
    Shots(made(number) for number in range(10))  # what is imported and cached at the first
    tracemalloc.start()
    try:
        shots = Shots(made(number) for number in range(5000))
        gc.collect()  # earlier tests of this process may have left it disabled
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(shots) == 5000
    assert used / len(shots) < 500


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_import_of_many_blocks_keeps_names_cameras_and_groups(tmp_path, jobs):
    np.save(tmp_path / "a.npy", np.full((480, 640), 600, np.uint16))
    cameras = (FrameCamera(camera=SR305), FrameCamera.flipped(SR305, 640))
    shots = Shots(
        Shot(
            path=tmp_path / ("a.npy" if number % 10 else "missing.npy"),
            name=f"{number}",
            half_mm=100.0,
            center_mm=np.array([0, 0, 600.0]),
            joints_mm=np.full((21, 3), 600.0 + number),
            camera=cameras[number % 2],
            groups=(f"person{number // 50}",),
        )
        for number in range(200)
    )
    plan = ImportPlan(shots=shots, read=read_depth, camera=SR305, skeleton=HAND21, settings={}, divisions=("subject",))
    report = run_import(tmp_path / "o.h5", plan, jobs=jobs)
    assert (report.frame_count, len(report.skipped)) == (180, 20)
    with FrameStore(tmp_path / "o.h5") as store:
        kept = [number for number in range(200) if number % 10]
        assert store.names == [str(number) for number in kept]
        assert store.joints_mm[:, 0, 0].tolist() == [600.0 + number for number in kept]
        assert store.groups["subject"].tolist() == [f"person{number // 50}" for number in kept]
        assert [store.camera_of(index) for index in range(180)] == [cameras[number % 2] for number in kept]
