"""Recordings of Azure Kinect: bit for bit back, also as FFmpeg reads them, and one line for what cannot be read."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from made_mkv import CAMERA, DEPTH_TRACK, assemble, block, calibration, element, number, track, write_mkv
from refusals import check_refusal

from lsps_core.cli import main
from lsps_core.data.recordings.opening import open_recording
from lsps_core.data.store import FrameStore
from lsps_core.errors import LspsError

RNG = np.random.default_rng(0)


def images(count: int = 5, height: int = 288, width: int = 320) -> list[np.ndarray]:
    return list(RNG.integers(0, 65536, (count, height, width), dtype=np.uint16))


def test_a_recording_comes_back_bit_for_bit(tmp_path: Path) -> None:
    made = images()
    recording = open_recording(write_mkv(tmp_path / "a.mkv", made))
    assert (recording.unit_mm, recording.size_px, len(recording)) == (1.0, (320, 288), 5)
    found = recording.camera
    assert (found.fx, found.fy, found.cx, found.cy) == pytest.approx((CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy))
    assert recording.times_s == pytest.approx(np.arange(5) * 0.033)
    assert all((frame.counts == counts).all() for frame, counts in zip(recording.frames(), made, strict=True))
    assert [frame.name for frame in recording.frames()][:2] == ["a.mkv 1", "a.mkv 2"]
    again = pickle.loads(pickle.dumps(recording))  # noqa: S301 - our own
    assert (again.counts(3) == made[3]).all()


DISTORTION = (6.084146, 4.375491, 0.236186, 6.408734, 6.418296, 1.220292, 0.0, 0.0, 0.01, -0.02)
"""A real camera's k1 to k6, and tangential numbers that can be seen."""


def through_lens(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the lens shows points of the plane at a distance of 1."""
    k1, k2, k3, k4, k5, k6, _, _, p2, p1 = DISTORTION
    r = np.hypot(x, y)
    scale = np.polyval([k3, k2, k1, 1], r**2) / np.polyval([k6, k5, k4, 1], r**2)
    return x * scale + p2 * (r**2 + 2 * x**2) + 2 * p1 * x * y, y * scale + p1 * (r**2 + 2 * y**2) + 2 * p2 * x * y


def test_the_distortion_of_the_lens_is_undone(tmp_path: Path) -> None:
    """A square beside the middle has its own place and size again, to a pixel; as recorded its far edge is 3 px off."""
    x, y = np.meshgrid(np.linspace(0.05, 0.45, 1500), np.linspace(-0.3, 0.1, 1500))
    seen_x, seen_y = through_lens(x, y)
    seen = np.zeros((288, 320), np.uint16)
    columns = (seen_x * CAMERA.fx + CAMERA.cx).round().astype(int)
    seen[(seen_y * CAMERA.fy + CAMERA.cy).round().astype(int), columns] = 600
    path = write_mkv(tmp_path / "a.mkv", [seen], attached=calibration(distortion=DISTORTION))
    recording = open_recording(path)
    assert recording.camera.fx == pytest.approx(CAMERA.fx)
    for counts, most_px in ((recording.counts(0), 1.0), (seen, 6.0)):
        rows, columns = np.nonzero(counts)
        edges = [columns.min() - CAMERA.cx, columns.max() - CAMERA.cx, rows.min() - CAMERA.cy, rows.max() - CAMERA.cy]
        off = np.abs(edges - np.multiply([0.05, 0.45, -0.3, 0.1], [CAMERA.fx] * 2 + [CAMERA.fy] * 2)).max()
        assert most_px - 4 < off <= most_px
    assert set(np.unique(recording.counts(0))) == {0, 600}
    again = pickle.loads(pickle.dumps(recording))  # noqa: S301 - our own
    assert (again.counts(0) == recording.counts(0)).all()


def test_ffmpeg_reads_the_same_from_the_made_file(tmp_path: Path) -> None:
    """So the small writer of these tests makes what other programs take for Matroska."""
    made = images(3)
    with av.open(write_mkv(tmp_path / "a.mkv", made)) as file:
        depth = next(stream for stream in file.streams.video if stream.metadata["title"] == "DEPTH")
        assert depth.codec_context.pix_fmt == "gray16be"
        decoded = [np.frombuffer(bytes(frame.planes[0]), ">u2") for frame in file.decode(depth)]
    assert all((found == counts.ravel()).all() for found, counts in zip(decoded, made, strict=True))


def test_import_takes_the_camera_from_the_recording(tmp_path: Path) -> None:
    hand = np.zeros((288, 320), np.uint16)
    hand[100:190, 120:190] = 500
    path = write_mkv(tmp_path / "a.mkv", [hand] * 2)
    assert main(["import", "frames", str(tmp_path / "o.h5"), str(path), "--jobs", "1"]) == 0
    with FrameStore(tmp_path / "o.h5") as store:
        assert store.names == ["a/000001", "a/000002"]
        assert store.camera.fx == pytest.approx(CAMERA.fx)
        assert store.center_mm[0, 2] == pytest.approx(500, abs=30)


def one_frame(flags: int = 0, attached: bytes | None = None, width: int = 320) -> bytes:
    content = images(1, 288, width)[0].tobytes()
    cluster = element(0x1F43B675, number(0xE7, 0) + block(DEPTH_TRACK, 0, content, flags))
    return assemble(track(DEPTH_TRACK, "DEPTH", width, 288), cluster, calibration() if attached is None else attached)


def written(content: Callable[[], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content())


def cut(path: Path) -> None:
    write_mkv(path, images(3))
    path.write_bytes(path.read_bytes()[:-3000])


def a_million_nothings() -> bytes:
    return one_frame() + 1_000_000 * b"\xec\x80" + b"\0"


def late() -> bytes:
    cluster = element(0x1F43B675, number(0xE7, 2**63) + block(DEPTH_TRACK, 0, b""))
    return assemble(track(DEPTH_TRACK, "DEPTH", 320, 288), cluster, calibration())


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.touch(), "not a Matroska file"),
    "text": (lambda path: path.write_text("hello"), "not a Matroska file"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "missing": (Path.absolute, "does not exist"),
    "the head only": (written(lambda: b"\x1a\x45\xdf\xa3"), "cut off or damaged"),
    "cut off": (cut, "an element is cut off"),
    "no element": (written(a_million_nothings), "no element where one should be"),
    "a huge time": (written(late), "cut off or damaged"),
    "no depth": (lambda path: write_mkv(path, images(1), name="IR"), "no depth images"),
    "laced": (written(lambda: one_frame(flags=2)), "no depth images"),
    "colour": (lambda path: write_mkv(path, images(1), fourcc=b"MJPG"), "not 16-bit grey"),
    "another size": (written(lambda: one_frame(width=322)), "322 x 288"),
    "no calibration": (written(lambda: one_frame(attached=b"")), "does not say which camera"),
    "a calibration of something else": (written(lambda: one_frame(attached=b"[1]")), "does not say which camera"),
    "a deep calibration": (written(lambda: one_frame(attached=b"[" * 100_000)), "does not say which camera"),
    "an endless lens": (
        written(lambda: one_frame(attached=calibration().replace(b"0.0]", b"1e999]"))),
        "does not say which camera",
    ),
    "half a lens": (
        written(lambda: one_frame(attached=calibration(distortion=(0.0,) * 4))),
        "too few numbers",
    ),
    "an endless camera": (
        written(lambda: one_frame(attached=calibration().replace(b"0.49", b"1e999, 0.49"))),
        "does not say which camera",
    ),
}
"""What opening refuses, and how."""


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_not_a_recording_is_one_line(tmp_path: Path, what: str) -> None:
    make, says = BAD[what]
    path = tmp_path / "bad.mkv"
    make(path)
    check_refusal(path, says, seconds=30)


def test_a_frame_of_another_length_or_that_is_gone_is_one_line(tmp_path: Path) -> None:
    cluster = element(0x1F43B675, number(0xE7, 0) + block(DEPTH_TRACK, 0, bytes(100)))
    (tmp_path / "a.mkv").write_bytes(assemble(track(DEPTH_TRACK, "DEPTH", 320, 288), cluster, calibration()))
    with pytest.raises(LspsError, match=r"frame 1, is not a depth image \(100 bytes\)"):
        open_recording(tmp_path / "a.mkv").frame(0)
    recording = open_recording(write_mkv(tmp_path / "b.mkv", images(1)))
    (tmp_path / "b.mkv").write_bytes(b"")
    with pytest.raises(LspsError, match="frame 1, is cut off"):
        recording.frame(0)
