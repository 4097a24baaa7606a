"""HO-3D: two sequences before two cameras; frames without annotation, damaged ones, and one that would run code."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from made_hands21 import check_joints_are_in_the_hand, joints_of
from made_ho3d import CAMERAS, hands, make_ho3d, save_meta, their_joints

from lsps_core.cli import main
from lsps_core.config.presets import PAPER_NETWORKS
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.importing.pictures import Window, read_ho3d_depth
from lsps_core.data.store import FrameStore

TRAIN = {"ABF10": 6, "MC1": 5}
COUNT = sum(TRAIN.values())
TESTS = 3


@pytest.fixture(scope="module")
def shown():
    return {sequence: hands(sequence, count, 3 + count) for sequence, count in TRAIN.items()}


@pytest.fixture(scope="module")
def made(make_once, shown) -> Path:
    def make(folder: Path) -> None:
        make_ho3d(folder, "train", shown)
        make_ho3d(folder, "evaluation", {"MC1": shown["MC1"][:TESTS]})

    return make_once("ho3d", make)


@pytest.fixture
def own(tmp_path, shown) -> Path:
    """A set that a test may damage."""
    make_ho3d(tmp_path / "set", "train", {name: pictures[:3] for name, pictures in shown.items()})
    return tmp_path / "set"


def lsps(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_frame_is_of_its_sequences_camera(made, shown, tmp_path, jobs):
    assert lsps("import", "ho3d", made, tmp_path / "o.h5", "--split", "train", "--jobs", jobs) == 0
    with FrameStore(tmp_path / "o.h5") as store:
        pictures = [picture for of_sequence in shown.values() for picture in of_sequence]
        np.testing.assert_allclose(store.joints_mm, [joints_of(picture) for picture in pictures], atol=1e-3)
        np.testing.assert_allclose(store.center_mm, store.joints_mm.mean(axis=1), atol=1e-3)
        assert set(store.half_mm.tolist()) == {140}
        expected = [FrameCamera(camera=CAMERAS[name]) for name, count in TRAIN.items() for _ in range(count)]
        assert [store.camera_of(index) for index in range(COUNT)] == expected
        assert store.groups["sequence"].tolist() == [name for name, count in TRAIN.items() for _ in range(count)]
        assert set(store.groups["object"]) == {"021_bleach_cleanser"}
        assert store.names[:2] == ["ABF10/0000", "ABF10/0001"]
        check_joints_are_in_the_hand(store)


def test_depth_is_in_steps_of_the_set(made, shown):
    path, expected = made / "train" / "ABF10" / "depth" / "0000.png", shown["ABF10"][0].depth_mm
    depth = read_ho3d_depth(path)
    assert depth.dtype == np.float32
    np.testing.assert_allclose(depth, np.where(np.isfinite(expected), expected, 0), atol=0.07)
    part = read_ho3d_depth(path, Window(300, 200, 340, 260))
    np.testing.assert_array_equal(part[200:260, 300:340], depth[200:260, 300:340])
    assert part.shape == depth.shape


def test_evaluation_frames_have_the_joints_that_were_released(made, shown, tmp_path):
    assert lsps("import", "ho3d", made, tmp_path / "o.h5", "--split", "evaluation", "--jobs", "1") == 0
    with FrameStore(tmp_path / "o.h5") as store:
        truth = np.array([joints_of(picture) for picture in shown["MC1"][:TESTS]])
        np.testing.assert_allclose(store.joints_mm, truth, atol=1e-3)
        assert np.linalg.norm(store.center_mm - truth.mean(axis=1), axis=1).max() < 110
        np.testing.assert_allclose(store.center_mm[:, 2], truth[:, 0, 2], atol=1e-2)


def test_evaluation_frames_without_them_are_cut_by_their_boxes(shown, tmp_path, capsys):
    make_ho3d(tmp_path / "set", "evaluation", {"MC1": shown["MC1"][:TESTS]}, is_released=False)
    options = ["--split", "evaluation", "--jobs", "1"]
    assert lsps("import", "ho3d", tmp_path / "set", tmp_path / "o.h5", *options) == 0
    assert "there is no evaluation_xyz.json" in capsys.readouterr().err
    with FrameStore(tmp_path / "o.h5") as store:
        assert np.isnan(store.joints_mm).all()
        truth = np.array([joints_of(picture).mean(axis=0) for picture in shown["MC1"][:TESTS]])
        assert np.linalg.norm(store.center_mm - truth, axis=1).max() < 110


def test_a_truth_of_other_frames_is_noticed(shown, tmp_path):
    make_ho3d(tmp_path / "set", "evaluation", {"MC1": shown["MC1"][:TESTS]})
    path = tmp_path / "set" / "evaluation_xyz.json"
    truth = json.loads(path.read_text())
    path.write_text(json.dumps([truth[1], truth[1], [[1, 2]]]))
    options = ["--split", "evaluation", "--jobs", "1"]
    assert lsps("import", "ho3d", tmp_path / "set", tmp_path / "o.h5", *options) == 0
    with FrameStore(tmp_path / "o.h5") as store:
        assert store.names == ["MC1/0001"]
        shape, other = store.provenance["skipped"]
    assert "evaluation.txt, line 3: joints of the shape [1, 2]" in shape
    assert "its wrist is not that of evaluation_xyz.json" in other


class _Command:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple:
        return (os.system, (self.command,))


def test_damaged_frames_are_named_and_code_is_not_run(own, tmp_path, capsys):
    meta, mark = own / "train" / "ABF10" / "meta", tmp_path / "mark"
    camera = np.full((3, 3), np.nan)
    save_meta(meta / "0000.pkl", {"camMat": camera, "handJoints3D": _Command(f"touch {mark}")})
    save_meta(meta / "0001.pkl", {"camMat": None, "handJoints3D": None})
    other = own / "train" / "MC1" / "meta"
    save_meta(other / "0000.pkl", {"camMat": camera, "handJoints3D": np.zeros((21, 2))})
    save_meta(other / "0001.pkl", [1, 2])
    with (own / "train.txt").open("a") as lines:
        lines.write("../etc/passwd\nSM1/0000\nMC1/0009\n")
    assert lsps("import", "ho3d", own, tmp_path / "o.h5", "--split", "train", "--jobs", "1") == 0
    said = capsys.readouterr()
    assert not mark.exists()
    assert "2 frames, 6 skipped" in said.out
    assert "1 frames without a hand" in said.err
    with FrameStore(tmp_path / "o.h5") as store:
        assert store.names == ["ABF10/0002", "MC1/0002"]
        assert [store.camera_of(index).camera for index in (0, 1)] == list(CAMERAS.values())  # not that of NaN
        skipped = store.provenance["skipped"]
    whys = [
        "is not SEQUENCE/NUMBER",
        "has no frame with a camera",
        "ABF10/meta/0000.pkl is not a pickle of plain values",
    ]
    whys += ["joints of the shape [21, 2]", "MC1/meta/0001.pkl is not a dict", "MC1/meta/0009.pkl does not exist"]
    for why, line in zip(whys, skipped, strict=True):
        assert why in line


def coco(path: Path, shown: dict, *, order: str, is_evaluation: bool = False) -> Path:
    """A file as the field exchanges them: joints in m with y down, in HAND21's or MANO's order."""
    images, annotations = [], []
    for sequence, pictures in shown.items():
        camera = CAMERAS[sequence]
        for number, picture in enumerate(pictures):
            joints = joints_of(picture) * (1, -1, 1) / 1000
            theirs = their_joints(picture) * (1, -1, -1)
            about = {"focal": [camera.fx, camera.fy], "princpt": [camera.cx, camera.cy]}
            annotation = {"id": len(images), "image_id": len(images), "cam_param": about}
            if is_evaluation:
                rows, columns = np.nonzero(np.isfinite(picture.depth_mm))
                box = [columns.min(), rows.min(), np.ptp(columns), np.ptp(rows)]
                annotation |= {"root_joint_cam": joints[0].tolist(), "bbox": [float(value) for value in box]}
            else:
                annotation["joints_coord_cam"] = (joints if order == "hand21" else theirs).tolist()
            images.append({"id": len(images), "file_name": f"{sequence}/rgb/{number:04d}.png"})
            annotations.append(annotation)
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return path


@pytest.mark.parametrize("order", ["hand21", "mano"])
def test_coco_files_say_the_same_as_the_meta_files(made, shown, tmp_path, order):
    file = coco(tmp_path / "HO3D_train_data.json", shown, order=order)
    options = ["--split", "train", "--jobs", "1"]
    assert lsps("import", "ho3d", made, tmp_path / "a.h5", *options) == 0
    assert lsps("import", "ho3d", made, tmp_path / "b.h5", *options, "--annotation", file) == 0
    with FrameStore(tmp_path / "a.h5") as one, FrameStore(tmp_path / "b.h5") as other:
        np.testing.assert_allclose(other.joints_mm, one.joints_mm, atol=1e-3)
        np.testing.assert_array_equal(other.depth_mm(slice(None)), one.depth_mm(slice(None)))
        assert other.names == one.names
        assert [other.camera_of(index) for index in range(COUNT)] == [one.camera_of(index) for index in range(COUNT)]


def test_a_coco_file_of_the_evaluation_has_boxes(made, shown, tmp_path):
    file = coco(tmp_path / "eval.json", {"MC1": shown["MC1"][:TESTS]}, order="", is_evaluation=True)
    options = ["--split", "evaluation", "--jobs", "1", "--annotation", file]
    assert lsps("import", "ho3d", made, tmp_path / "o.h5", *options) == 0
    with FrameStore(tmp_path / "o.h5") as store:
        assert np.isnan(store.joints_mm).all()
        truth = np.array([joints_of(picture) for picture in shown["MC1"][:TESTS]])
        np.testing.assert_allclose(store.center_mm[:, 2], truth[:, 0, 2], atol=1e-2)
        assert np.linalg.norm(store.center_mm - truth.mean(axis=1), axis=1).max() < 110


def test_damaged_coco_files(made, shown, tmp_path, capsys):
    file = coco(tmp_path / "c.json", shown, order="mano")
    about = json.loads(file.read_text())
    about["annotations"][0]["joints_coord_cam"] = [[1, 2, 3]]
    about["annotations"][1]["cam_param"] = {"focal": [-1, 1], "princpt": [1, 1]}
    del about["annotations"][2]["cam_param"]
    about["annotations"][3]["image_id"] = 999
    about["images"][4]["file_name"] = "../../etc/passwd"
    about["annotations"][5] = "a hand"
    file.write_text(json.dumps(about))
    options = ["--split", "train", "--jobs", "1", "--annotation", file]
    assert lsps("import", "ho3d", made, tmp_path / "o.h5", *options) == 0
    with FrameStore(tmp_path / "o.h5") as store:
        assert store.names == [f"MC1/{number:04d}" for number in range(TRAIN["MC1"])]
        skipped = store.provenance["skipped"]
    whys = ["the shape [1, 3]", "focal lengths must be positive", "it lacks 'cam_param'", "it lacks 999"]
    for why, line in zip([*whys, "is not SEQUENCE/rgb/NUMBER.png", "annotation 6"], skipped, strict=True):
        assert why in line
    for content, why in {"{": "is not JSON", "[1]": "as COCO has them", '{"images": 1}': "as COCO has them"}.items():
        file.write_text(content)
        assert lsps("import", "ho3d", made, tmp_path / "p.h5", *options) == 2
        assert why in capsys.readouterr().err.splitlines()[-1]


def test_a_wrong_folder_is_told_what_it_lacks(tmp_path, capsys):
    assert lsps("import", "ho3d", tmp_path, tmp_path / "o.h5", "--split", "train") == 2
    assert "has none of train.txt" in capsys.readouterr().err


def test_trained_evaluated_and_scored(made, stores, tmp_path, capsys):
    data, run = tmp_path / "o.h5", tmp_path / "run"
    assert lsps("import", "ho3d", made, data, "--split", "train", "--jobs", "1") == 0
    settings = [*PAPER_NETWORKS, "base_channels=4", "checkpoint_minutes=1000"]
    settings += [f"{stage}.{key}=2" for stage in ("pose", "depth", "posterior") for key in ("steps", "batch_size")]
    settings += ["depth.extra_annotated=0", "posterior.extra_annotated=0"]
    options = ["--synthetic", stores["synthetic"], "--real", data, "--labels", "0.5", "--device", "cpu"]
    assert lsps("train", run, *options, *(part for item in settings for part in ("--set", item))) == 0
    assert lsps("import", "ho3d", made, tmp_path / "test.h5", "--split", "evaluation", "--jobs", "1") == 0
    for store, result in ((data, "result.txt"), (tmp_path / "test.h5", "pred.json")):
        assert lsps("predict", run, store, "--out", tmp_path / result) == 0
        capsys.readouterr()
        assert lsps("evaluate", run, store, "--json") == 0
        evaluated = json.loads(capsys.readouterr().out)
        labels = [store] if result == "result.txt" else [store, made / "evaluation_xyz.json"]
        for label in labels:
            assert lsps("score", "ho3d", label, tmp_path / result, "--json") == 0
            scored = json.loads(capsys.readouterr().out)
            assert scored["protocol"] == evaluated["protocol"] == "HO3D-21"
            for key in ("mean_error_mm", "procrustes_error_mm", "root_relative_error_mm"):
                assert scored[key] == pytest.approx(evaluated[key], abs=0.0011)
    joints, vertices = json.loads((tmp_path / "pred.json").read_text())
    assert (len(joints), len(vertices)) == (TESTS, TESTS)
    assert np.mean(joints, axis=(0, 1))[2] < -0.3  # m, towards the viewer


def test_a_json_file_that_cannot_be_used_is_one_line(made, trained_run, tmp_path, capsys):
    labels, result = made / "evaluation_xyz.json", tmp_path / "pred.json"
    truth = json.loads(labels.read_text())
    near = [[point[0], point[1], 1e9] for point in truth[0]]
    contents = {"{": "Expecting", "[[1, 2]]": "the shape [1, 2]", "[]": "the shape [0]", "null": "not"}
    contents[json.dumps([truth[0][:20]])] = "frames of 21 points"
    contents[json.dumps([truth[0], near])] = "frame 1 has a joint that is too far away, or NaN"
    contents[json.dumps([[truth[0], [["x"]]], []])] = "not numbers"
    contents[json.dumps([truth[:2], []])] = "has 2 frames"
    for content, why in contents.items():
        result.write_text(content)
        assert lsps("score", "ho3d", labels, result) == 2
        said = capsys.readouterr().err.strip()
        assert why in said.splitlines()[-1], content[:40]
        assert "Traceback" not in said
    assert lsps("score", "nyu", labels, result) == 2  # only HO-3D has such files
    other = tmp_path / "set"
    make_ho3d(other, "evaluation", {"MC1": hands("MC1", 3, 1)})
    truth = json.loads((other / "evaluation_xyz.json").read_text())
    (other / "evaluation_xyz.json").write_text(json.dumps([truth[0], [[1, 2]], truth[2]]))
    assert lsps("import", "ho3d", other, tmp_path / "o.h5", "--split", "evaluation", "--jobs", "1") == 0
    assert lsps("predict", trained_run, tmp_path / "o.h5", "--out", tmp_path / "new.json") == 2
    assert "frames of the list are missing" in capsys.readouterr().err
    assert not (tmp_path / "new.json").exists()
