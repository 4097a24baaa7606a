"""Stores whose frames are of several cameras, some of them mirrored: format version 2."""

import json
from functools import partial

import h5py
import numpy as np
import pytest

from lsps_core.camera import ICVL, NYU, SR305, Camera
from lsps_core.cli import main
from lsps_core.data.frame_cameras import FrameCamera, FrameCameras
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan, Shot
from lsps_core.data.importing.run import run_import
from lsps_core.data.store import FrameStore, FrameStoreError, FrameWriter
from lsps_core.evaluation import published
from lsps_core.evaluation.pairing import compare
from lsps_core.evaluation.protocols import SIMULATED_21
from lsps_core.fitting.fit_store import fit_store
from lsps_core.inference import Predictor
from lsps_core.skeleton import HAND21

RIGHT, LEFT, OTHER = FrameCamera(camera=NYU), FrameCamera.flipped(NYU, 640), FrameCamera.flipped(SR305, 600)
OF_FRAMES = [RIGHT, LEFT, RIGHT, OTHER, OTHER, LEFT]


def write(path, cameras=OF_FRAMES):
    """Six annotated frames, by default of three cameras."""
    random = np.random.default_rng(2)
    center = random.normal([-20, 30, 500], 20, (6, 3))
    depth = (center[:, 2, None, None] + random.integers(-90, 90, (6, 128, 128))).astype(np.uint16)
    joints = center[:, None] + random.normal(0, 25, (6, 21, 3))
    with FrameWriter(path, domain="real", camera=ICVL, skeleton=HAND21) as writer:
        writer.append(depth_mm=depth, center_mm=center, half_mm=125.0, names=list("abcdef"), joints_mm=joints)
        if cameras:
            writer.cameras = FrameCameras.of(cameras)
    return path


def test_each_frame_has_its_camera(tmp_path):
    with FrameStore(write(tmp_path / "x.h5")) as store:
        assert [store.camera_of(frame) for frame in range(6)] == OF_FRAMES
        assert store.cameras.table == (RIGHT, LEFT, OTHER)
        assert store.cameras.is_mirrored.tolist() == [False, True, False, True, True, True]
        assert (store.camera, store.is_mirrored) == (NYU, False)
        some = store.cameras[np.array([4, 3])]
        assert (some.table, some.index.tolist()) == ((OTHER,), [0, 0])
    with h5py.File(tmp_path / "x.h5") as file:
        assert file.attrs["format_version"] == 2
        assert (file["camera"].dtype, file["camera"].shape) == ("uint16", (6,))


def test_a_mirrored_camera_knows_its_original():
    assert LEFT.camera == Camera(fx=NYU.fx, fy=NYU.fy, cx=319.0, cy=240.0)
    assert (LEFT.source, RIGHT.source) == (NYU, NYU)
    unknown = FrameCamera(camera=LEFT.camera, is_mirrored=True)
    assert unknown.source == LEFT.camera


@pytest.mark.parametrize("camera", [RIGHT, OTHER])
def test_a_store_of_one_camera_keeps_format_1(tmp_path, camera):
    with FrameStore(write(tmp_path / "x.h5", [camera] * 6)) as store:
        assert (store.camera, store.is_mirrored) == (camera.camera, camera.is_mirrored)
        assert store.cameras.table == (camera,)
        assert store.camera_of(5) == camera
    with h5py.File(tmp_path / "x.h5") as file:
        assert file.attrs["format_version"] == 1
        assert "camera" not in file
        assert Camera.from_json(json.loads(file.attrs["camera"])) == camera.camera


def test_a_store_of_format_1_is_read_as_a_table_of_one(tmp_path):
    with FrameStore(write(tmp_path / "x.h5", [])) as store:
        assert store.cameras.table == (FrameCamera(camera=ICVL),)
        assert store.cameras.index.tolist() == [0] * 6


def test_cameras_of_other_frames_are_refused_and_no_store_is_left(tmp_path):
    with pytest.raises(FrameStoreError, match=r"cameras is \[2\], not \[6\]"):
        write(tmp_path / "x.h5", OF_FRAMES[:2])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.__delitem__("camera"),
        lambda file: file.__delitem__("camera") or file.create_dataset("camera", data=np.zeros(6, np.int64)),
        lambda file: file.__delitem__("camera") or file.create_dataset("camera", shape=(1 << 40,), dtype=np.uint16),
        lambda file: file.__delitem__("camera") or file.create_group("camera"),
        lambda file: file["camera"].__setitem__(2, 3),
        lambda file: file.attrs.__setitem__("cameras", np.bytes_("[]")),
        lambda file: file.attrs.__setitem__("cameras", np.bytes_("[1, 2, 3]")),
        lambda file: file.attrs.__setitem__("cameras", np.bytes_('{"fx": 1}')),
        lambda file: file.attrs.__setitem__("cameras", np.bytes_(file.attrs["cameras"].replace(b"588.03", b"-588.03"))),
    ],
)
def test_damaged_cameras_are_one_line(tmp_path, change):
    path = write(tmp_path / "x.h5")
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(FrameStoreError, match="its description cannot be read") as caught:
        FrameStore(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_predictions_are_written_in_the_pixels_of_each_frames_own_image(tmp_path):
    frames = np.array([5, 0, 3])
    with FrameStore(write(tmp_path / "x.h5")) as store:
        published.write_joints(
            tmp_path / "some.txt", store.joints_mm[frames], store, SIMULATED_21, tuple("fad"), frames
        )
        labels = published.labels_of(store, SIMULATED_21)
        points = store.joints_mm.astype(np.float64)
    expected = [
        NYU.project(points[5] * (-1, 1, 1)),  # of a left hand, as it was recorded
        NYU.project(points[0]),
        SR305.project(points[3] * (-1, 1, 1)),
    ]
    file = published.read(tmp_path / "some.txt", SIMULATED_21)
    np.testing.assert_allclose(file.uvd, expected, atol=1e-3)
    table = compare(labels, file, SIMULATED_21)
    assert table.frames == ("a", "d", "f")
    assert table.errors_mm.max() < 1e-3

    farther = np.array([0, 0, 5])
    moved = published.PoseFile(path=file.path, uvd=file.uvd + farther, camera=file.camera, names=file.names)
    off = compare(labels, moved, SIMULATED_21).errors_mm
    for row, (camera, place) in enumerate([(NYU, 1), (SR305, 2), (NYU, 0)]):  # in the order of the labels
        step = camera.unproject(expected[place] + farther) - camera.unproject(expected[place])
        np.testing.assert_allclose(off[row], np.linalg.norm(step, axis=-1), atol=1e-3)


def test_a_fitted_store_keeps_the_cameras(tmp_path, trained_run):
    predictor = Predictor.load(trained_run / "model.safetensors")
    with FrameStore(write(tmp_path / "x.h5")) as store:
        about = {"steps": 1, "accept_mm": 5.0, "provenance": {}, "on_progress": lambda _: None}
        fit_store(predictor, store, tmp_path / "fitted.h5", frames=3, **about)
    with FrameStore(tmp_path / "fitted.h5") as fitted:
        chosen = ["abcdef".index(name) for name in fitted.names]
        assert [fitted.camera_of(frame) for frame in range(3)] == [OF_FRAMES[frame] for frame in chosen]


def test_info_lists_several_cameras(tmp_path, capsys):
    assert main(["info", str(write(tmp_path / "x.h5")), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["cameras"]
    assert [(each["frames"], each["mirrored"], each["width_px"]) for each in found] == [
        (2, False, None),
        (2, True, 640),
        (2, True, 600),
    ]
    assert found[2]["cx"] == pytest.approx(599 - SR305.cx)
    assert main(["info", str(write(tmp_path / "y.h5", [])), "--json"]) == 0
    assert "cameras" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_import_crops_each_shot_by_its_own_camera(tmp_path, jobs):
    """The same as one import for each camera; a flipped one shows the other half of the picture."""
    random = np.random.default_rng(0)
    shots = []
    for number in range(12):
        np.save(tmp_path / f"{number}.npy", random.integers(400, 600, (480, 640)).astype(np.uint16))
        camera = (RIGHT, LEFT, FrameCamera(camera=SR305))[number % 3]
        center = np.array([60.0, -20.0, 500.0])
        path = tmp_path / f"{number}.npy"
        groups = (f"view {number % 3}", f"sequence {number // 4}")
        shots.append(Shot(path=path, name=str(number), half_mm=50, center_mm=center, camera=camera, groups=groups))
    (tmp_path / "7.npy").write_bytes(b"damaged")
    plan = ImportPlan(shots=tuple(shots), read=read_depth, camera=ICVL, settings={}, divisions=("view", "sequence"))
    report = run_import(tmp_path / "all.h5", plan, jobs=jobs)
    assert (report.frame_count, len(report.skipped)) == (11, 1)
    one = partial(ImportPlan, read=read_depth, settings={})
    alone = {
        RIGHT: one(shots=(), camera=NYU),
        LEFT: one(shots=(), camera=NYU.mirrored(640), mirrored_width_px=640),
        FrameCamera(camera=SR305): one(shots=(), camera=SR305),
    }
    kept = [shot for shot in shots if shot.name != "7"]
    with FrameStore(tmp_path / "all.h5") as store:
        for index, shot in enumerate(kept):
            bare = Shot(path=shot.path, name=shot.name, half_mm=50, center_mm=shot.center_mm)
            np.testing.assert_array_equal(store.frame(index).depth_mm, alone[shot.camera].frame(bare).depth_mm)
            assert store.camera_of(index) == shot.camera
        assert store.names == [shot.name for shot in kept]
        assert store.groups["view"].tolist() == [shot.groups[0] for shot in kept]
        assert store.groups["sequence"].tolist() == [shot.groups[1] for shot in kept]
