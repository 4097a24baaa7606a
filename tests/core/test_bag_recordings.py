"""Recordings as ROS 1 bags: bit for bit back, and one line for whatever cannot be read."""

from __future__ import annotations

import pickle
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_bag import IMAGES, INFO, UNITS, assemble, camera_info, chunk_of, compressed, image, record, write_bag
from made_recordings import CAMERA
from refusals import check_refusal
from test_data_frames import person
from test_recordings import hands, images

from lsps_core.camera import SR305
from lsps_core.cli import main
from lsps_core.data.recordings.opening import open_recording
from lsps_core.data.recordings.ros1_bag import open_bag
from lsps_core.data.store import FrameStore
from lsps_core.errors import LspsError

SDK_FILE = Path(__file__).parents[1] / "recordings" / "sdk_2.57.bag"
"""Recorded by the RealSense SDK 2.57.7 over its software device, three images, compressed by LZ4 as it does it."""


def make(path: Path, compression: str = "none", **more: object) -> Path:
    if compression == "lz4":
        pytest.importorskip("lz4")
    return write_bag(path, images(5), compression=compression, **more)


@pytest.mark.parametrize("compression", ["none", "bz2", "lz4"])
def test_a_bag_comes_back_bit_for_bit(tmp_path: Path, compression: str) -> None:
    if compression == "lz4":
        pytest.importorskip("lz4")
    made = images(5)
    recording = open_recording(write_bag(tmp_path / "a.bag", made, seconds=0.5, compression=compression))
    assert (recording.camera, recording.unit_mm, recording.size_px) == (CAMERA, 0.125, (64, 48))
    assert recording.times_s == pytest.approx([0, 0.5, 1, 1.5, 2])
    frames = list(recording.frames())
    assert [frame.name for frame in frames] == [f"a.bag {number}" for number in range(1, 6)]
    assert all((frame.counts == counts).all() for frame, counts in zip(frames, made, strict=True))
    again = pickle.loads(pickle.dumps(recording))  # noqa: S301 - our own
    assert (again.counts(3) == made[3]).all()


def test_what_the_sdk_recorded_comes_back_bit_for_bit() -> None:
    pytest.importorskip("lz4")
    recording = open_recording(SDK_FILE)
    assert (recording.camera, recording.unit_mm, len(recording)) == (CAMERA, 0.25, 3)
    for counts, factor in zip((frame.counts for frame in recording.frames()), (7, 70, 700), strict=True):
        assert (counts == (np.arange(24 * 32) * factor).reshape(24, 32) % 65536).all()


def test_a_compressed_bag_without_the_extra_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lz4", None)
    with pytest.raises(LspsError, match=r"compressed with LZ4.*lsps-explorer\[recordings\]"):
        open_recording(SDK_FILE)


def test_what_rosbags_writes_comes_back_bit_for_bit(tmp_path: Path) -> None:
    rosbag1 = pytest.importorskip("rosbags.rosbag1")
    made = images(3)
    with rosbag1.Writer(tmp_path / "a.bag") as writer:
        for topic, kind, contents in (
            (INFO, "sensor_msgs/msg/CameraInfo", [camera_info(CAMERA, 64, 48)]),
            (UNITS, "std_msgs/msg/Float32", [struct.pack("<f", 0.001)]),
            (IMAGES, "sensor_msgs/msg/Image", [image(counts, "16UC1", is_big=True) for counts in made]),
        ):
            connection = writer.add_connection(topic, kind, msgdef="", md5sum="0" * 32)
            for number, content in enumerate(contents):
                writer.write(connection, number, content)
    recording = open_recording(tmp_path / "a.bag")
    assert recording.unit_mm == 1.0
    assert all((frame.counts == counts).all() for frame, counts in zip(recording.frames(), made, strict=True))


def test_import_takes_camera_and_unit_from_the_bag(tmp_path: Path) -> None:
    path = write_bag(tmp_path / "a.bag", hands(), camera=SR305)
    assert main(["import", "frames", str(tmp_path / "o.h5"), str(path), "--jobs", "1"]) == 0
    _, palm = person()
    with FrameStore(tmp_path / "o.h5") as store:
        assert store.names == ["a/000001", "a/000002", "a/000003"]
        assert store.camera == SR305
        assert np.linalg.norm(store.center_mm - palm, axis=1).max() < 75


def written(content: Callable[[], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content())


def cut(path: Path) -> None:
    make(path)
    path.write_bytes(path.read_bytes()[:-2000])


def with_content(topic: str, content: bytes | None) -> Callable[[Path], object]:
    return lambda path: make(path, contents={topic: content})


def endless_camera() -> bytes:
    focal, endless = struct.pack("<d", CAMERA.fx), struct.pack("<d", np.inf)
    return camera_info(CAMERA, 64, 48).replace(focal, endless)


def listed(repeats: int = 1, is_ended: bool = True) -> bytes:
    numbers = {IMAGES: 0}
    return assemble(
        [chunk_of([(IMAGES, 0, image(images(1)[0]))], numbers, "none")], numbers, repeats=repeats, is_ended=is_ended
    )


def overlapping() -> bytes:
    """A thousand chunks that all skip to the same 100,000 messages."""
    inner = record(4, bytes(12 * 100_000), ver=bytes(4), conn=bytes(4), count=bytes(4))
    head = 8 + len(record(5, b"", compression=b"none", size=bytes(4))) - 8
    chunks = []
    for index in range(1000):
        chunk = bytearray(record(5, b"", compression=b"none", size=bytes(4)))
        chunk[-4:] = struct.pack("<I", (1000 - 1 - index) * head)
        chunks.append(bytes(chunk))
    chunks[-1] += inner
    return assemble(chunks, {IMAGES: 0})


def bomb() -> bytes:
    """A chunk of 40 kB that unpacks to 40 MB, and says that it has 4 GB."""
    content = compressed(bytes(40_000_000), "bz2")
    indexes = [record(4, bytes(12), ver=bytes(4), conn=bytes([number, 0, 0, 0]), count=bytes(4)) for number in (0, 1)]
    chunk = record(5, content, compression=b"bz2", size=b"\xff" * 4)
    return assemble([chunk + b"".join(indexes)], {INFO: 0, IMAGES: 1})


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.touch(), "not a ROS 1 bag"),
    "text": (lambda path: path.write_text("hello"), "not a ROS 1 bag"),
    "the first line only": (written(lambda: b"#ROSBAG V2.0\n"), "cut off or damaged"),
    "another version": (written(lambda: b"#ROSBAG V1.2\n"), "not a ROS 1 bag"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "missing": (Path.absolute, "does not exist"),
    "cut off": (cut, "cut off or damaged"),
    "not ended": (written(lambda: listed(is_ended=False)), "it has no index"),
    "overlapping chunks": (written(overlapping), "its chunks overlap"),
    "a huge chunk": (written(bomb), "4294967295 bytes in one record"),
    "no depth": (written(lambda: assemble([], {INFO: 0})), "no depth images"),
    "no messages": (written(lambda: assemble([], {IMAGES: 0})), "no depth images"),
    "no camera": (with_content(INFO, None), "does not say which camera"),
    "an endless camera": (with_content(INFO, endless_camera()), "does not say which camera"),
    "half a camera": (with_content(INFO, camera_info(CAMERA, 64, 48)[:40]), "does not say which camera"),
    "no unit": (with_content(UNITS, None), "does not say what unit"),
    "a unit of nothing": (with_content(UNITS, struct.pack("<f", np.nan)), "does not say what unit"),
}
"""What opening refuses, and how."""


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_not_a_recording_is_one_line(tmp_path: Path, what: str) -> None:
    make_bad, says = BAD[what]
    path = tmp_path / "bad.bag"
    make_bad(path)
    check_refusal(path, says)


def test_a_chunk_that_is_listed_twice_is_read_once(tmp_path: Path) -> None:
    content = listed(repeats=3)
    (tmp_path / "a.bag").write_bytes(content)
    with pytest.raises(LspsError, match="which camera"):
        open_recording(tmp_path / "a.bag")
    with open_bag(tmp_path / "a.bag") as bag:
        assert len(bag.topics()[IMAGES]) == 1


FRAMES: dict[str, tuple[bytes, str]] = {
    "colour": (image(np.zeros((48, 64), np.uint16), "rgb8"), "not a depth image"),
    "half an image": (image(np.zeros((48, 64), np.uint16))[:2000], "not a depth image"),
    "nothing": (b"", "not a depth image"),
    "another size": (image(np.zeros((40, 64), np.uint16)), "has the shape"),
}


@pytest.mark.parametrize("what", FRAMES)
def test_a_frame_that_cannot_be_read_is_one_line(tmp_path: Path, what: str) -> None:
    content, says = FRAMES[what]
    numbers = {INFO: 0, UNITS: 1, IMAGES: 2}
    first = [(INFO, 0, camera_info(CAMERA, 64, 48)), (UNITS, 0, struct.pack("<f", 0.001)), (IMAGES, 0, content)]
    (tmp_path / "a.bag").write_bytes(assemble([chunk_of(first, numbers, "none")], numbers))
    with pytest.raises(LspsError, match="frame 1,") as caught:
        open_recording(tmp_path / "a.bag").frame(0)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
