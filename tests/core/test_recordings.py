"""Recordings of depth cameras: bit for bit back, and one line for whatever cannot be read."""

from __future__ import annotations

import os
import pickle
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from made_recordings import CAMERA, STREAM, UNITS, text, uncompressed, write_db3
from refusals import check_refusal
from test_data_frames import person

from lsps_core.camera import ICVL, NYU, SR305
from lsps_core.cli import main
from lsps_core.data.crop import crop
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.importers.frames import import_frames
from lsps_core.data.importing.pictures import to_mm
from lsps_core.data.recordings.opening import open_recording
from lsps_core.data.recordings.realsense import RealSenseRecording
from lsps_core.data.recordings.source import DepthSource, RecordedSource
from lsps_core.data.recordings.untimed import ImageFiles, StoreCrops
from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.errors import LspsError

RNG = np.random.default_rng(0)


def images(count: int = 4, height: int = 48, width: int = 64) -> list[np.ndarray]:
    return list(RNG.integers(0, 65536, (count, height, width), dtype=np.uint16))


def hands(count: int = 3) -> list[np.ndarray]:
    """A person in counts of 0.125 mm, a little farther away in every image."""
    depth, _ = person()
    return [np.where(depth > 0, 8 * (depth + 5 * index), 0).astype(np.uint16) for index in range(count)]


@pytest.mark.parametrize("is_compressed", [True, False])
def test_a_recording_comes_back_bit_for_bit(tmp_path: Path, is_compressed: bool) -> None:
    made = images()
    recording = open_recording(write_db3(tmp_path / "a.db3", made, seconds=0.5, is_compressed=is_compressed))
    assert (recording.camera, recording.unit_mm, recording.size_px) == (CAMERA, 0.125, (64, 48))
    assert recording.times_s == pytest.approx([0, 0.5, 1, 1.5])
    frames = list(recording.frames())
    assert [frame.name for frame in frames] == ["a.db3 1", "a.db3 2", "a.db3 3", "a.db3 4"]
    for frame, counts in zip(frames, made, strict=True):
        assert frame.counts.dtype == np.uint16
        assert (frame.counts == counts).all()
        assert frame.depth_mm == pytest.approx(counts * 0.125)
    assert [frame.time_s for frame in frames] == list(recording.times_s)
    assert (recording.frame(2).counts == made[2]).all()
    assert list(tmp_path.iterdir()) == [tmp_path / "a.db3"]


def test_frames_in_whole_mm_stay_whole(tmp_path: Path) -> None:
    made = images(1)
    recording = open_recording(write_db3(tmp_path / "a.db3", made, unit_m="0.001"))
    depth = recording.frame(0).depth_mm
    assert depth.dtype == np.uint16
    assert (depth == made[0]).all()


def test_messages_in_any_order_are_sorted_by_time(tmp_path: Path) -> None:
    made = images(3)
    path = write_db3(tmp_path / "a.db3", made)
    change(path, "UPDATE messages SET timestamp = -timestamp")
    recording = open_recording(path)
    assert [int(frame.counts[0, 0]) for frame in recording.frames()] == [int(each[0, 0]) for each in reversed(made)]
    assert recording.times_s[0] == 0
    assert (np.diff(recording.times_s) > 0).all()


def test_a_recording_can_be_sent_to_another_process(tmp_path: Path) -> None:
    made = images(2)
    recording = pickle.loads(pickle.dumps(open_recording(write_db3(tmp_path / "a.db3", made))))  # noqa: S301 - our own
    assert (recording.counts(1) == made[1]).all()


def test_the_second_stream_is_read_if_the_first_is_empty(tmp_path: Path) -> None:
    path = write_db3(tmp_path / "a.db3", images(1))
    change(path, "INSERT INTO topics VALUES (99, '/device_0/sensor_0/Depth_0/image/data', 'x', 'cdr', '')")
    assert len(open_recording(path)) == 1


def test_a_path_with_odd_characters(tmp_path: Path) -> None:
    path = write_db3(tmp_path / "50% of #1? é.db3", images(1))
    assert len(open_recording(path)) == 1


def test_import_takes_camera_and_unit_from_the_recording(tmp_path: Path) -> None:
    path = write_db3(tmp_path / "a.db3", hands(), camera=SR305)
    assert main(["import", "frames", str(tmp_path / "o.h5"), str(path), "--jobs", "1"]) == 0
    _, palm = person()
    with FrameStore(tmp_path / "o.h5") as store:
        assert store.names == ["a/000001", "a/000002", "a/000003"]
        assert store.camera == SR305
        assert store.provenance["unit_mm"] is None
        assert np.linalg.norm(store.center_mm - palm, axis=1).max() < 75
        assert (np.diff(store.center_mm[:, 2]) > 2).all()


def test_import_keeps_the_times_of_a_recording(tmp_path: Path) -> None:
    """Also of those frames that come after one without a hand; those of two recordings have no common time."""
    first, last = hands(2)
    path = write_db3(tmp_path / "a.db3", [first, np.zeros_like(first), last], camera=SR305, seconds=0.25)
    import_frames(tmp_path / "o.h5", [path])
    import_frames(tmp_path / "two.h5", [path, path])
    with FrameStore(tmp_path / "o.h5") as store, FrameStore(tmp_path / "two.h5") as two:
        assert store.times_s == pytest.approx([0, 0.5])
        assert StoreCrops(store).times_s == pytest.approx([0, 0.5])
        assert two.times_s is None


@pytest.mark.parametrize("center", [[], ["--center", "270,250,600"]])
def test_import_flips_a_left_hand(tmp_path: Path, center: list[str]) -> None:
    (image,) = hands(1)
    np.save(tmp_path / "a.npy", image)
    made = [write_db3(tmp_path / "a.db3", [image], camera=SR305), tmp_path / "a.npy"]
    camera = ["--camera", f"{SR305.fx},{SR305.fy},{SR305.cx},{SR305.cy}", "--unit-mm", "0.125", *center, "--jobs", "1"]
    for name, flag in (("plain.h5", []), ("flipped.h5", ["--mirrored"])):
        assert main(["import", "frames", str(tmp_path / name), *map(str, made), *camera, *flag]) == 0
    with FrameStore(tmp_path / "plain.h5") as plain, FrameStore(tmp_path / "flipped.h5") as flipped:
        for index in range(2):
            camera_of = flipped.camera_of(index)
            assert camera_of == FrameCamera.flipped(SR305, 640)
            assert flipped.center_mm[index] == pytest.approx(plain.center_mm[index] * (-1, 1, 1), abs=2)
            cut = crop(to_mm(image, 0.125)[:, ::-1], camera_of.camera, flipped.center_mm[index], 125.0)
            assert (flipped.frame(index).depth_mm == cut).all()


def test_flipped_images_of_another_width_are_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (image,) = hands(1)
    np.save(tmp_path / "a.npy", image)
    np.save(tmp_path / "b.npy", image[:, :600])
    paths = [str(tmp_path / name) for name in ("a.npy", "b.npy")]
    options = ["--camera", "475,475,315,245", "--unit-mm", "0.125", "--mirrored", "--jobs", "1"]
    assert main(["import", "frames", str(tmp_path / "o.h5"), *paths, *options]) == 0
    assert "b.npy: it is 600 px wide, not 640 as the first" in capsys.readouterr().err


def test_import_with_a_given_camera_and_unit(tmp_path: Path) -> None:
    path = write_db3(tmp_path / "a.db3", hands(1), camera=SR305, unit_m="0.001")
    import_frames(tmp_path / "o.h5", [path], ICVL, unit_mm=0.125, center_uvd=(270, 250, 600))
    with FrameStore(tmp_path / "o.h5") as store:
        assert store.camera == ICVL
        assert store.center_mm[0] == pytest.approx(ICVL.unproject(np.array([270.0, 250, 600])))


def test_import_of_recordings_of_two_cameras_and_an_image(tmp_path: Path) -> None:
    first = write_db3(tmp_path / "a.db3", hands(1), camera=SR305)
    second = write_db3(tmp_path / "b.db3", hands(1), camera=NYU)
    import_frames(tmp_path / "o.h5", [first, second])
    with FrameStore(tmp_path / "o.h5") as store:
        assert [store.camera_of(index).camera for index in (0, 1)] == [SR305, NYU]
    np.save(tmp_path / "c.npy", person()[0].astype(np.float32))
    with pytest.raises(LspsError, match=r"c\.npy does not say which camera.*--camera"):
        import_frames(tmp_path / "p.h5", [first, tmp_path / "c.npy"])


def test_a_frame_that_cannot_be_used_is_skipped_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_db3(tmp_path / "a.db3", [*hands(1), np.zeros((480, 640), np.uint16)])
    assert main(["import", "frames", str(tmp_path / "o.h5"), str(path)]) == 0
    assert f"skipped {path}, a/000002: no reading" in capsys.readouterr().err


def test_folders_and_stores_are_sources_as_well(tmp_path: Path) -> None:
    made = images(2)
    for index, counts in enumerate(made):
        np.save(tmp_path / f"{index}.npy", counts)
    files: RecordedSource = ImageFiles(sorted(tmp_path.glob("*.npy")), NYU, unit_mm=0.5)
    assert (files.frame(1).counts == made[1]).all()
    assert files.frame(1).depth_mm == pytest.approx(made[1] * 0.5)
    source: DepthSource = files
    assert [frame.time_s for frame in source.frames()] == pytest.approx([0, 1 / 30])


def test_a_crop_of_a_store_is_an_image_of_its_own_camera(tmp_path: Path) -> None:
    """Cut out of the crop again, the cube has the same pixels."""
    depth, palm = person()
    center = np.float32([palm, palm + np.array([20, 30, 0])])
    cut = np.stack([crop(depth.astype(np.uint16), SR305, each, 125.0, 96) for each in center])
    with FrameWriter(tmp_path / "s.h5", domain="real", camera=SR305, image_size=96) as writer:
        writer.append(depth_mm=cut, center_mm=center, half_mm=125.0, names=["a", "b"])
    with FrameStore(tmp_path / "s.h5") as store:
        source: RecordedSource = StoreCrops(store)
        for index, frame in enumerate(source.frames()):
            assert (crop(frame.depth_mm, frame.camera, center[index], 125.0, 96) == cut[index]).all()
            assert frame.camera.project(center[index])[:2] == pytest.approx([47.5, 47.5], abs=1e-3)
        assert source.times_s == pytest.approx([0, 1 / 30])


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        for statement in statements:
            file.execute(statement)
        file.commit()


def truncated(path: Path) -> None:
    write_db3(path, images())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without(*topics: str) -> Callable[[Path], None]:
    return lambda path: write_db3(path, images(1), texts=dict.fromkeys(topics)) and None


def changed(*statements: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        write_db3(path, images(1))
        change(path, *statements)

    return make


def endless(path: Path) -> None:
    """Rows that a view makes up, without end."""
    write_db3(path, images(1))
    rows = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 1 topic_id, i timestamp, '' data FROM n"
    )
    change(path, "DROP TABLE messages", f"CREATE VIEW messages AS {rows}")


def computed(path: Path) -> None:
    """A column that is computed when it is read."""
    write_db3(path, images(1))
    change(
        path,
        "DROP TABLE messages",
        "CREATE TABLE messages(topic_id, timestamp, data AS (zeroblob(1000000000)))",
        "INSERT INTO messages VALUES (1, 0)",
    )


def rowids(path: Path) -> None:
    """A column in the place of SQLite's row number, computed at length when it is read."""
    write_db3(path, images(1))
    change(
        path,
        "DROP TABLE messages",
        "CREATE TABLE messages(topic_id, timestamp, data, rowid AS (length(hex(zeroblob(20000000)))))",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) INSERT INTO messages"
        " SELECT 1, i, x'00' FROM n",
    )


def renamed(path: Path) -> None:
    """A view under the name that the list of tables has for a table."""
    write_db3(path, images(1))
    rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 1 topic_id, i timestamp, x'' data"
    change(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'messages(', 'others(') WHERE name = 'messages'",
        f"INSERT INTO sqlite_master VALUES ('view', 'v', 'v', 0, 'CREATE VIEW messages AS {rows} FROM n')",
    )


def with_a_trigger(path: Path) -> None:
    """It would insert without end, but nothing is written."""
    write_db3(path, images(1))
    change(
        path,
        "CREATE TRIGGER t AFTER INSERT ON messages"
        " BEGIN INSERT INTO messages SELECT NULL, 1, 1, data FROM messages; END",
        "DELETE FROM messages WHERE length(data) > 2000",
    )


def with_a_huge_message(path: Path) -> None:
    write_db3(path, images(1))
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE messages SET data = zeroblob(70000000) WHERE length(data) > 2000")
        file.commit()


def with_another_text(topic: str, content: str) -> Callable[[Path], None]:
    return lambda path: write_db3(path, images(1), texts={topic: content}) and None


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.touch(), "not an SQLite file"),
    "text": (lambda path: path.write_text("hello"), "not an SQLite file"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "missing": (Path.absolute, "does not exist"),
    "a foreign database": (lambda path: change(path, "CREATE TABLE a(b)"), "no plain table of topics"),
    "truncated": (truncated, "cut off or damaged"),
    "a view": (endless, "no plain table of messages"),
    "a computed column": (computed, "no plain table of messages"),
    "a computed row number": (rowids, "no plain table of messages"),
    "a view with a table's name": (renamed, "cut off or damaged"),
    "a trigger": (with_a_trigger, "no depth images"),
    "a huge name": (changed("INSERT INTO topics VALUES (98, zeroblob(1000000), 'x', 'cdr', '')"), "damaged"),
    "no depth": (changed("UPDATE topics SET name = 'x' WHERE name LIKE '%compressedDepth'"), "no depth images"),
    "no messages": (changed("DELETE FROM messages WHERE length(data) > 2000"), "no depth images"),
    "no camera": (without(f"{STREAM}/camera_info"), "does not say which camera"),
    "an endless camera": (with_another_text(f"{STREAM}/camera_info", "width=6;height=4;fx=1e999"), "which camera"),
    "no unit": (without(UNITS), "does not say what unit"),
    "a unit of nothing": (with_another_text(UNITS, "nan"), "does not say what unit"),
    "texts as times": (changed("UPDATE messages SET timestamp = 'x'"), "no depth images"),
    "a text instead of a message": (changed("UPDATE messages SET data = 'x' WHERE length(data) < 300"), "damaged"),
}
"""What opening refuses, and how."""


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_not_a_recording_is_one_line(tmp_path: Path, what: str) -> None:
    make, says = BAD[what]
    path = tmp_path / "bad.db3"
    make(path)
    check_refusal(path, says)


FRAMES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a huge message": (with_a_huge_message, "cut off or damaged"),
    "half a PNG": (changed("UPDATE messages SET data = substr(data, 1, 900) WHERE length(data) > 2000"), "cut off"),
    "no image": (changed("UPDATE messages SET data = x'00010000' WHERE length(data) > 2000"), "not a depth image"),
    "the message is gone": (lambda path: write_db3(path, images(1)), "a message is missing"),
    "another size": (with_another_text(f"{STREAM}/camera_info", "width=6;height=4;fx=1;fy=1;ppx=1;ppy=1"), "shape"),
}


@pytest.mark.parametrize("what", FRAMES)
def test_a_frame_that_cannot_be_read_is_one_line(tmp_path: Path, what: str) -> None:
    make, says = FRAMES[what]
    path = tmp_path / "bad.db3"
    make(path)
    recording = open_recording(path)
    if what == "the message is gone":
        change(path, "DELETE FROM messages")
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its text is compared below
        recording.frame(0)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_uncompressed_images_of_other_kinds_are_refused(tmp_path: Path) -> None:
    image = images(1)[0]
    path = write_db3(tmp_path / "a.db3", [image], is_compressed=False)
    for message in (uncompressed(image, "rgb8"), uncompressed(image)[:-1], text("x" * 3000)):
        with closing(sqlite3.connect(path)) as file:
            file.execute("UPDATE messages SET data = ? WHERE length(data) > 2000", (message,))
            file.commit()
        with pytest.raises(LspsError, match="frame 1, is not a depth image"):
            open_recording(path).frame(0)


def test_a_recording_that_is_not_ended_is_refused(tmp_path: Path) -> None:
    path = write_db3(tmp_path / "a.db3", images(1))
    (tmp_path / "a.db3-wal").write_bytes(b"x")
    with pytest.raises(LspsError, match="being recorded"):
        open_recording(path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pipes as Linux has them")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.db3")
    with pytest.raises(LspsError, match="pipe"):
        open_recording(tmp_path / "a.db3")


def test_what_the_sdk_records_comes_back_bit_for_bit(tmp_path: Path) -> None:
    sdk = pytest.importorskip("pyrealsense2", exc_type=ImportError)
    from software_camera import record

    made = images(5, 480, 640)
    record(sdk, tmp_path / "a.db3", made, CAMERA, unit_m=0.00025)
    recording = RealSenseRecording.open(tmp_path / "a.db3")
    assert (recording.camera, recording.unit_mm, len(recording)) == (CAMERA, 0.25, 5)
    assert all((frame.counts == counts).all() for frame, counts in zip(recording.frames(), made, strict=True))
