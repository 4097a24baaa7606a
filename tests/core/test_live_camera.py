"""A camera without hardware, by the SDK's software device; what is recorded opens again."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from made_recordings import CAMERA, hand
from software_camera import send, software_camera

from lsps_core.camera import SR305
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.importers.frames import frame_from_depth
from lsps_core.data.recordings import live
from lsps_core.data.recordings.live import RealSenseCamera, open_camera
from lsps_core.data.recordings.opening import open_recording
from lsps_core.data.recordings.write import RecordingWriter
from lsps_core.data.recordings.write_store import StoreRecorder
from lsps_core.data.store import FrameStore
from lsps_core.errors import LspsError
from lsps_core.files import WriteError

RNG = np.random.default_rng(3)


def images(count: int) -> list[np.ndarray]:
    return list(RNG.integers(0, 65536, (count, 48, 64), dtype=np.uint16))


def test_what_is_written_comes_back_bit_for_bit(tmp_path: Path) -> None:
    made, times = images(3), [0.0, 0.05, 1.25]
    writer = RecordingWriter(tmp_path / "a.db3", CAMERA, 0.125)
    for counts, time_s in zip(made, times, strict=True):
        writer.append(counts, time_s)
    assert not (tmp_path / "a.db3").exists()
    writer.close()
    recording = open_recording(tmp_path / "a.db3")
    assert (recording.camera, recording.unit_mm, recording.size_px) == (CAMERA, 0.125, (64, 48))
    assert recording.times_s == pytest.approx(times)
    assert all((frame.counts == counts).all() for frame, counts in zip(recording.frames(), made, strict=True))
    assert list(tmp_path.iterdir()) == [tmp_path / "a.db3"]


def test_a_store_of_a_camera_has_its_crops_their_cameras_and_times(tmp_path: Path) -> None:
    depth_mm = (hand() / 8).astype(np.uint16)
    right, _ = frame_from_depth(depth_mm, SR305)
    flipped = FrameCamera.flipped(SR305, 640)
    left, _ = frame_from_depth(depth_mm[:, ::-1], flipped.camera)
    recorder = StoreRecorder(tmp_path / "a.h5", FrameCamera(camera=SR305))
    for frame, camera, time_s in ((right, FrameCamera(camera=SR305), 0.5), (left, flipped, 1.25), (left, flipped, 1.5)):
        recorder.append(frame, camera, time_s)
    assert not (tmp_path / "a.h5").exists()
    recorder.close()
    with FrameStore(tmp_path / "a.h5") as store:
        assert store.names == ["camera/000001", "camera/000002", "camera/000003"]
        assert store.domain == "real"
        assert [store.camera_of(index) for index in range(2)] == [FrameCamera(camera=SR305), flipped]
        assert store.times_s == pytest.approx([0.5, 1.25, 1.5])
        assert (store.frame(1).depth_mm == left.depth_mm).all()
    assert list(tmp_path.iterdir()) == [tmp_path / "a.h5"]


def test_a_store_without_a_hand_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_text("before")
    StoreRecorder(tmp_path / "a.h5", FrameCamera(camera=SR305)).close()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.h5", "before")]
    with pytest.raises(LspsError, match="folder does not exist"):
        StoreRecorder(tmp_path / "no folder" / "a.h5", FrameCamera(camera=SR305))


def test_a_recording_without_a_frame_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.db3").write_text("before")
    RecordingWriter(tmp_path / "a.db3", CAMERA, 1.0).close()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.db3", "before")]


def test_what_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path, tmp_path / "no folder" / "a.db3"):
        with pytest.raises(WriteError) as caught:
            RecordingWriter(path, CAMERA, 1.0)
        assert str(path) in str(caught.value)
    writer = RecordingWriter(tmp_path / "a.db3", CAMERA, 1.0)
    with pytest.raises(LspsError, match="uint16"):
        writer.append(np.zeros((4, 4), np.float32), 0)
    writer._file.execute("PRAGMA max_page_count = 8")
    with pytest.raises(WriteError, match="full"):
        writer.append(RNG.integers(0, 65536, (480, 640), dtype=np.uint16), 0)
    monkeypatch.setattr(writer, "frame_count", 0)
    writer.close()
    assert not list(tmp_path.iterdir())


def test_a_missing_sdk_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    with pytest.raises(LspsError, match=r"pyrealsense2, which cannot be imported.*lsps-explorer\[realsense\]"):
        open_camera("realsense")
    with pytest.raises(LspsError, match="not a kind of camera"):
        open_camera("webcam")


def test_no_camera_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        sys.modules, "pyrealsense2", SimpleNamespace(context=lambda: SimpleNamespace(query_devices=list))
    )
    with pytest.raises(LspsError, match="no RealSense camera is connected; plug one in"):
        open_camera("realsense")


@pytest.fixture
def rs():
    return pytest.importorskip("pyrealsense2", exc_type=ImportError)


def test_the_newest_image_of_a_device_is_delivered(rs) -> None:
    device, sensor, profile = software_camera(rs, CAMERA, 64, 48, 0.00025)
    camera = RealSenseCamera(rs, device)
    assert (camera.camera, camera.unit_mm) == (CAMERA, 0.25)
    made = images(4)
    for number, counts in enumerate(made[:3], 1):
        send(rs, sensor, profile, counts, number, 0.00025)
    time.sleep(0.2)
    frame = camera.newest()
    assert (frame.counts == made[2]).all()
    assert (frame.unit_mm, frame.time_s) == (0.25, 0)
    send(rs, sensor, profile, made[3], 4, 0.00025)
    frame = camera.newest()
    assert (frame.counts == made[3]).all()
    assert frame.time_s == pytest.approx(1 / 30, abs=1e-3)
    camera.close()
    camera.close()


def test_a_camera_that_stops_or_is_busy_is_one_line(rs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_WAIT_MS", 20)
    device, _, _ = software_camera(rs, CAMERA, 64, 48, 0.001)
    camera = RealSenseCamera(rs, device)
    with pytest.raises(LspsError, match="delivers no images; plug it in again"):
        camera.newest()
    with pytest.raises(LspsError, match="cannot be started"):
        RealSenseCamera(rs, device)
    camera.close()
    with pytest.raises(LspsError, match="was closed"):
        camera.newest()


def test_a_device_without_depth_is_one_line(rs) -> None:
    device = rs.software_device()
    device.add_sensor("Colour")
    with pytest.raises(LspsError, match="no depth stream"):
        RealSenseCamera(rs, device)
