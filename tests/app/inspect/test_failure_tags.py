"""Tags and notes that survive, and selections that others can read."""

from __future__ import annotations

import csv
import json

import h5py
import numpy as np
import pytest
from PIL import Image
from test_failures_model import make_results

from explorer_app.inspect.model import failure_export
from explorer_app.inspect.model.failure_table import FailureTable
from explorer_app.inspect.model.filters import Filters
from explorer_app.inspect.model.tags import Mark, Tags, common_tags, tags_by_frame
from lsps_core.camera import NYU
from lsps_core.data.frame_cameras import FrameCamera, FrameCameras
from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.evaluation import published
from lsps_core.evaluation.protocols import choose
from lsps_core.skeleton import HAND21


def test_marks_are_there_again_and_readable(tmp_path):
    path = tmp_path / "evaluations" / "tags.json"
    tags = Tags(path)
    tags.set_tag("d1", "test", ["a/1", "a/2"], "  wrong label ")
    tags.set_note("d1", "test", "a/2", "thumb is över the palm")
    tags.set_note("d2", "other", "a/1", "fine")
    again = Tags(path)
    assert again.of("d1") == {"a/1": Mark("wrong label"), "a/2": Mark("wrong label", "thumb is över the palm")}
    assert again.of("d2") == {"a/1": Mark(note="fine")}
    assert again.of("d3") == {}
    assert "över" in path.read_text(encoding="utf-8")
    again.set_tag("d1", "test", ["a/1", "a/2"], "")
    assert Tags(path).of("d1") == {"a/2": Mark(note="thumb is över the palm")}
    again.set_note("d2", "other", "a/1", " ")
    assert list(json.loads(path.read_text(encoding="utf-8"))["data"]) == ["d1"]


def test_a_frame_has_several_tags_and_keeps_its_own(tmp_path):
    tags = Tags(tmp_path / "tags.json")
    tags.set_tag("d", "test", ["a"], "blur, wrist,blur ")
    tags.set_tag("d", "test", ["b"], "blur")
    assert tags.of("d")["a"].tag == "blur, wrist"
    common = common_tags(mark.tag for mark in tags.of("d").values())
    assert common == "blur"
    tags.set_tag("d", "test", ["a", "b"], "occluded", common)  # the user has replaced what both have
    assert {name: mark.tag for name, mark in tags.of("d").items()} == {"a": "wrist, occluded", "b": "occluded"}
    tags.set_tag("d", "test", ["a", "b"], "", "occluded")
    assert {name: mark.tag for name, mark in tags.of("d").items()} == {"a": "wrist"}


def test_each_of_several_tags_finds_its_frames():
    table = FailureTable(make_results([[1, 1, 1]] * 4))
    table.set_tags({0: "blur", 1: "blur, wrist", 3: "wrist"})
    assert table.tags == ["", "blur", "wrist"]
    for tags, rows in (({"blur"}, [0, 1]), ({"wrist"}, [1, 3]), ({""}, [2]), ({"", "wrist"}, [1, 2, 3])):
        table.set_filters(Filters(tags=frozenset(tags)))
        assert table.rows.tolist() == rows
    assert table.is_of("tag", "wrist").tolist() == [False, True, False, True]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": "lsps-tags", "version": 1}', '{"format": "lsps-tags", "version": 9}']
)
def test_a_damaged_file_of_tags_is_one_line_and_stays(tmp_path, content):
    path = tmp_path / "tags.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"tags\.json"):
        Tags(path)
    assert path.read_text() == content


def test_what_cannot_be_written_is_not_kept(tmp_path):
    (tmp_path / "evaluations").write_text("in the way")
    tags = Tags(tmp_path / "evaluations" / "tags.json")
    with pytest.raises(ValueError, match="cannot be written"):
        tags.set_tag("d", "test", ["a"], "odd")
    assert tags.of("d") == {}


def test_tags_find_their_frames_in_a_table():
    table = FailureTable(make_results([[1, 1, 1]] * 3, names=["x", "y", "x"]))
    table.set_tags(tags_by_frame({"x": Mark("odd"), "y": Mark(note="only a note"), "z": Mark("gone")}, ["x", "y", "x"]))
    assert [table.value(frame, "tag") for frame in range(3)] == ["odd", "", "odd"]
    assert tags_by_frame({}, ["x"]) == {}


def test_csv_has_the_frames_in_the_order_of_the_view(tmp_path):
    table = FailureTable(make_results([[1, 2, 3], [9, 1, np.nan], [np.nan] * 3], groups=["a", "b,c", "b,c"]))
    table.sort("mean_mm", is_descending=True)
    failure_export.write_csv(tmp_path / "f.csv", table, table.rows, {"a/0000": Mark(note='a "note", so')})
    with (tmp_path / "f.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["b,c/0001", "a/0000", "b,c/0002"]
    assert (rows[0]["mean_mm"], rows[0]["worst_joint"], rows[0]["index_mm"]) == ("5.0000", "wrist", "")
    assert rows[1]["note"] == 'a "note", so'
    assert (rows[2]["mean_mm"], rows[2]["group"]) == ("", "b,c")
    assert "residual_mm" not in rows[0]
    fitted = FailureTable(make_results([[1, 2, 3]], residual_mm=[1.5]))
    failure_export.write_csv(tmp_path / "g.csv", fitted, fitted.rows)
    with (tmp_path / "g.csv").open(encoding="utf-8", newline="") as file:
        assert [row["residual_mm"] for row in csv.DictReader(file)] == ["1.5000"]


def test_predictions_are_read_back_as_the_joints_they_were(tmp_path, store_path):
    frames = np.array([4, 1])
    poses = np.random.default_rng(0).normal(0, 0.3, (2, 21, 3))
    path = tmp_path / "predictions.txt"
    with FrameStore(store_path) as store:
        protocol = choose(HAND21, store.camera)
        failure_export.write_predictions(path, store, frames, poses, protocol, has_names=False)
        joints_mm = poses * store.half_mm[frames, None, None] + store.center_mm[frames, None]
        found = published.read(path, protocol)
        np.testing.assert_allclose(store.camera.unproject(found.uvd), joints_mm, atol=1e-2)
        with pytest.raises(ValueError, match="cannot be written before numbers"):
            failure_export.write_predictions(path, store, frames, poses, protocol)  # names with spaces


@pytest.mark.parametrize(("frames", "times_s"), [([1, 2, 4], [0.1, 0.2, 0.4]), ([4, 0, 2], None)])
def test_a_store_of_the_selection_has_its_times_unless_they_are_out_of_order(tmp_path, store_path, frames, times_s):
    timed = tmp_path / "timed.h5"
    timed.write_bytes(store_path.read_bytes())
    with h5py.File(timed, "r+") as file:
        file["time_s"] = np.arange(5) / 10
    with FrameStore(timed) as store:
        failure_export.write_store(tmp_path / "selected.h5", store, np.array(frames))
    with FrameStore(tmp_path / "selected.h5") as copy:
        assert (copy.times_s if times_s is None else copy.times_s.tolist()) == times_s


def test_a_store_of_the_selection_has_the_same_frames(tmp_path, store_path):
    path, frames, calls = tmp_path / "selected.h5", np.array([4, 0, 2]), []
    with FrameStore(store_path) as store:
        failure_export.write_store(path, store, frames, lambda *done: calls.append(done))
        with FrameStore(path) as copy:
            assert (copy.domain, copy.camera, copy.skeleton, copy.is_simulated) == (
                store.domain,
                store.camera,
                store.skeleton,
                store.is_simulated,
            )
            for place, index in enumerate(frames):
                one, other = copy.frame(place), store.frame(int(index))
                assert one.name == other.name
                np.testing.assert_array_equal(one.depth_mm, other.depth_mm)
                np.testing.assert_array_equal(one.joints_mm, other.joints_mm)
        assert calls == [(3, 3)]
        with pytest.raises(ValueError, match="exists already"):
            failure_export.write_store(path, store, frames)

        def stop(*_: int) -> None:
            raise InterruptedError

        with pytest.raises(InterruptedError):
            failure_export.write_store(tmp_path / "stopped.h5", store, frames, stop)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["selected.h5"]


def test_a_store_of_the_selection_keeps_the_cameras_of_its_frames(tmp_path):
    one, other = FrameCamera(camera=NYU), FrameCamera.flipped(NYU, 640)
    with FrameWriter(tmp_path / "x.h5", domain="real", camera=NYU, image_size=8) as writer:
        depth = np.zeros((3, 8, 8), np.uint16)
        writer.append(depth_mm=depth, center_mm=np.ones((3, 3)), half_mm=9.0, names=["a", "b", "c"])
        writer.cameras = FrameCameras.of([one, other, one])
    with FrameStore(tmp_path / "x.h5") as store:
        failure_export.write_store(tmp_path / "y.h5", store, np.array([1, 2]))
    with FrameStore(tmp_path / "y.h5") as copy:
        assert [copy.camera_of(frame) for frame in range(2)] == [other, one]


def test_a_sheet_shows_every_picture(tmp_path):
    pictures = [np.full((20, 30, 3), 20 * i, dtype=np.uint8) for i in range(5)]
    captions = ["a", "a very long name that does not fit", "", "ö", "e"]
    failure_export.write_sheet(tmp_path / "sheet.png", pictures, captions, columns=3)
    with Image.open(tmp_path / "sheet.png") as image:
        sheet = np.array(image)
    for value in range(5):
        assert (sheet == 20 * value).all(axis=2).sum() >= 600
    with pytest.raises(ValueError, match="no frame is selected"):
        failure_export.write_sheet(tmp_path / "none.png", [], [])
