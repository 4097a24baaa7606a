"""Labels to and from COCO keypoints, other labels stores and patches; corrected copies of stores."""

from __future__ import annotations

import json
from dataclasses import replace

import h5py
import numpy as np
import pytest

from lsps_core.cli import main
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.store import FrameStore
from lsps_core.finetuning.labels import Label, read_labels, write_labels
from lsps_core.skeleton import HAND21

FRAMES = (1, 4)
MOVED_MM = 7.0


@pytest.fixture
def source(stores):
    return stores["real"]


@pytest.fixture
def labels_path(source, tmp_path):
    """Of two frames, in each of which one joint was moved."""
    path = tmp_path / "sensor.labels.h5"
    with FrameStore(source) as store:
        labels = {store.names[index]: _label(store, index) for index in FRAMES}
    write_labels(path, labels, is_simulated=True, source=source.name)
    return path


def _label(store, index):
    joints_mm = store.joints_mm[index].copy()
    joints_mm[index] += (0, MOVED_MM, 0)
    return Label(
        frame=replace(store.frame(index), joints_mm=joints_mm),
        camera=store.camera_of(index),
        skeleton=HAND21,
        how="pulled",
        author="Ada",
        time="2026-11-29T05:00:00",
        model="compact",
        latent=(0.5,) * 20,
    )


def lsps(*arguments):
    return main(["labels", *map(str, arguments)])


def test_coco_has_what_other_programs_read_and_comes_back(labels_path, source, tmp_path):
    coco, back = tmp_path / "labels.json", tmp_path / "back.labels.h5"
    assert lsps("export", labels_path, coco) == 0
    about = json.loads(coco.read_text())
    label = next(iter(read_labels(labels_path).values()))
    assert about["categories"][0]["keypoints"] == list(HAND21.joints)
    assert about["images"][0]["file_name"] == label.name
    first = about["annotations"][0]
    px = label.camera.camera.project(label.frame.joints_mm)[:, :2]
    np.testing.assert_allclose(np.reshape(first["keypoints"], (21, 3))[:, :2], px, atol=0.01)
    assert first["num_keypoints"] == 21
    np.testing.assert_allclose(first["bbox"][:2], px.min(axis=0), atol=0.01)
    assert lsps("import", coco, source, back) == 0
    for name, found in read_labels(back).items():
        np.testing.assert_allclose(found.frame.joints_mm, read_labels(labels_path)[name].frame.joints_mm, atol=1e-3)
        assert (found.how, found.author) == ("imported", "Ada")


def test_a_flipped_image_is_described_as_it_was_recorded(labels_path, tmp_path):
    labels = read_labels(labels_path)
    label = next(iter(labels.values()))
    flipped = FrameCamera.flipped(label.camera.camera, 640)
    write_labels(labels_path, {label.name: replace(label, camera=flipped)}, is_simulated=True, source="s")
    coco = tmp_path / "labels.json"
    assert lsps("export", labels_path, coco) == 0
    about = json.loads(coco.read_text())
    in_flipped = flipped.camera.project(label.frame.joints_mm)[:, 0]
    np.testing.assert_allclose(about["annotations"][0]["keypoints"][::3], 639 - in_flipped, atol=0.01)
    assert about["images"][0]["width"] == 640


def test_the_order_of_foreign_keypoints_and_other_categories_do_not_matter(labels_path, source, tmp_path):
    coco, back = tmp_path / "labels.json", tmp_path / "back.labels.h5"
    lsps("export", labels_path, coco)
    about = json.loads(coco.read_text())
    about["categories"][0]["keypoints"].reverse()
    for annotation in about["annotations"]:
        annotation["joints_mm"].reverse()
    about["categories"].append({"id": 7, "name": "dog"})
    about["annotations"].append({"image_id": 1, "category_id": 7})
    coco.write_text(json.dumps(about))
    assert lsps("import", coco, source, back) == 0
    for name, found in read_labels(back).items():
        np.testing.assert_allclose(found.frame.joints_mm, read_labels(labels_path)[name].frame.joints_mm, atol=1e-3)


def test_a_patch_corrects_a_copy_and_nothing_else(labels_path, source, tmp_path):
    patch, out, before = tmp_path / "patch.json", tmp_path / "out.h5", source.read_bytes()
    assert lsps("diff", labels_path, source, patch) == 0
    about = json.loads(patch.read_text())
    assert [each["frame"] for each in about["frames"]] == list(FRAMES)
    assert lsps("patch", patch, source, out) == 0
    with FrameStore(source) as old, FrameStore(out) as new:
        moved_mm = np.linalg.norm(new.joints_mm - old.joints_mm, axis=2)
        assert sorted(zip(*np.nonzero(moved_mm > 0.01), strict=True)) == [(index, index) for index in FRAMES]
        np.testing.assert_allclose(moved_mm[moved_mm > 0.01], MOVED_MM, atol=0.01)
        assert new.names == old.names
        assert {key: list(value) for key, value in new.groups.items()} == {k: list(v) for k, v in old.groups.items()}
        np.testing.assert_array_equal(new.depth_mm(slice(None)), old.depth_mm(slice(None)))
        assert new.provenance["corrected"]["frames"] == len(FRAMES)
    assert source.read_bytes() == before


def test_a_patched_copy_has_the_times(source, labels_path, tmp_path):
    timed, patch, out = tmp_path / source.name, tmp_path / "patch.json", tmp_path / "out.h5"
    timed.write_bytes(source.read_bytes())
    with h5py.File(timed, "r+") as file:
        file["time_s"] = times_s = np.arange(len(file["name"])) / 15
    assert lsps("diff", labels_path, timed, patch) == 0
    assert lsps("patch", patch, timed, out) == 0
    with FrameStore(out) as store:
        np.testing.assert_array_equal(store.times_s, times_s)


def test_a_patch_becomes_labels_beside_the_store(labels_path, source, tmp_path):
    patch, back = tmp_path / "patch.json", tmp_path / "back.labels.h5"
    lsps("diff", labels_path, source, patch)
    assert lsps("import", patch, source, back) == 0
    for name, found in read_labels(back).items():
        np.testing.assert_allclose(found.frame.joints_mm, read_labels(labels_path)[name].frame.joints_mm, atol=1e-3)


def test_a_patch_is_refused_for_another_store_and_a_second_time(labels_path, source, stores, tmp_path, capsys):
    patch, out = tmp_path / "patch.json", tmp_path / "out.h5"
    lsps("diff", labels_path, source, patch)
    assert lsps("patch", patch, stores["synthetic"], out) == 2
    assert "has other frames" in capsys.readouterr().err
    assert lsps("patch", patch, source, out) == 0
    assert lsps("patch", patch, out, tmp_path / "again.h5") == 2
    assert "other joints than the patch replaces" in capsys.readouterr().err


def test_no_input_is_overwritten(labels_path, source, tmp_path, capsys):
    patch, before = tmp_path / "patch.json", source.read_bytes()
    lsps("diff", labels_path, source, patch)
    assert lsps("patch", patch, source, source, "--overwrite") == 2
    assert "is an input, which is not changed" in capsys.readouterr().err
    assert source.read_bytes() == before
    assert lsps("diff", labels_path, source, patch) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert lsps("diff", labels_path, source, patch, "--overwrite") == 0


def test_labels_that_correct_nothing_make_no_patch(source, tmp_path, capsys):
    path = tmp_path / "same.labels.h5"
    with FrameStore(source) as store:
        label = replace(_label(store, 1), frame=store.frame(1))
        write_labels(path, {label.name: label}, is_simulated=True, source=source.name)
    assert lsps("diff", path, source, tmp_path / "patch.json") == 2
    assert "no label differs" in capsys.readouterr().err
    assert not (tmp_path / "patch.json").exists()


def test_frames_that_are_not_there_are_left_out_and_named(labels_path, source, tmp_path, capsys):
    coco, back = tmp_path / "labels.json", tmp_path / "back.labels.h5"
    lsps("export", labels_path, coco)
    about = json.loads(coco.read_text())
    about["images"][0]["file_name"] = "elsewhere"
    coco.write_text(json.dumps(about))
    assert lsps("import", coco, source, back) == 0
    assert "has no frame elsewhere" in capsys.readouterr().err
    assert len(read_labels(back)) == 1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda about: about["annotations"][0].pop("joints_mm"), "annotation 1: no joints_mm"),
        (lambda about: about["annotations"][1]["joints_mm"].pop(), "annotation 2: not 21 joints"),
        (lambda about: about["annotations"][0]["joints_mm"].__setitem__(0, None), "not every joint is known"),
        (lambda about: about["annotations"][0]["joints_mm"].__setitem__(0, [0, 0, -1]), "not in front of the camera"),
        (
            lambda about: about["annotations"][0]["joints_mm"].__setitem__(0, [0, 0, 1e300]),
            "not in front of the camera",
        ),
        (lambda about: about["annotations"][1].update(image_id=1), "two hands in the image"),
        (lambda about: about["categories"][0]["keypoints"].pop(), "no annotation has them"),
        (lambda about: about.pop("images"), "it lacks 'images'"),
        (lambda about: about.update(format="lsps-patch"), "is not a patch"),
    ],
)
def test_a_bad_file_is_one_line(labels_path, source, tmp_path, capsys, change, complaint):
    coco = tmp_path / "labels.json"
    lsps("export", labels_path, coco)
    about = json.loads(coco.read_text())
    change(about)
    coco.write_text(json.dumps(about))
    capsys.readouterr()
    assert lsps("import", coco, source, tmp_path / "back.labels.h5") == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1
    assert not (tmp_path / "back.labels.h5").exists()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_one_line(source, tmp_path, capsys, content):
    path = tmp_path / "labels.json"
    path.write_bytes(content)
    assert lsps("import", path, source, tmp_path / "back.labels.h5") == 2
    said = capsys.readouterr().err
    assert "labels.json" in said
    assert said.count("\n") == 1
