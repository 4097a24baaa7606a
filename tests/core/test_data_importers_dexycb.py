"""DexYCB: two people, two cameras, a left hand; labels that are missing, damaged or would run code."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from made_dexycb import CAMERAS, FRAMES, LEFT, RIGHT, SERIALS, make_dexycb, shown
from made_hands21 import check_joints_are_in_the_hand, joints_of

from lsps_core.cli import main
from lsps_core.config.presets import PAPER_NETWORKS
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.importers.dexycb import SERIALS as ALL_SERIALS
from lsps_core.data.importers.dexycb import SPLITS
from lsps_core.data.store import FrameStore

SEEN = FRAMES - 1
COUNT = 2 * 2 * SEEN


@pytest.fixture(scope="module")
def hands():
    return {RIGHT: shown(False, 1), LEFT: shown(True, 5)}


@pytest.fixture(scope="module")
def made(make_once, hands) -> Path:
    return make_once("dexycb", lambda folder: make_dexycb(folder / "set", hands)) / "set"


@pytest.fixture
def own(tmp_path, hands) -> Path:
    """A set of the right hand that a test may damage."""
    make_dexycb(tmp_path / "set", {RIGHT: hands[RIGHT]})
    return tmp_path / "set"


def lsps(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_frame_is_of_its_camera_and_a_right_hand(made, hands, tmp_path, capsys, jobs):
    assert lsps("import", "dexycb", made, tmp_path / "o.h5", "--jobs", jobs) == 0
    said = capsys.readouterr()
    assert f"{COUNT} frames, 0 skipped" in said.out
    assert "4 frames without a hand in sight are left out" in said.err
    with FrameStore(tmp_path / "o.h5") as store:
        pictures = [each for sequence in (RIGHT, LEFT) for serial in SERIALS for each in hands[sequence][serial]]
        np.testing.assert_allclose(store.joints_mm, [joints_of(picture) for picture in pictures], atol=1e-3)
        np.testing.assert_allclose(store.center_mm, store.joints_mm.mean(axis=1), atol=1e-3)
        expected = [FrameCamera(camera=CAMERAS[serial]) for serial in SERIALS]
        expected += [FrameCamera.flipped(CAMERAS[serial], 640) for serial in SERIALS]
        assert [store.camera_of(index) for index in range(COUNT)] == [each for each in expected for _ in range(SEEN)]
        assert store.groups["hand"].tolist() == ["right"] * (2 * SEEN) + ["left"] * (2 * SEEN)
        assert store.groups["view"].tolist() == [serial for _ in range(2) for serial in SERIALS for _ in range(SEEN)]
        assert set(store.groups["object"]) == {"bowl"}
        assert set(store.groups["sequence"]) == {RIGHT, LEFT}
        assert store.provenance["without_a_hand"] == 4
        assert store.names[SEEN] == f"{RIGHT}/{SERIALS[1]}/000000#{4 * FRAMES}"  # the toolkit counts all eight cameras
        check_joints_are_in_the_hand(store)


def test_info_shows_the_cameras(made, tmp_path, capsys):
    assert lsps("import", "dexycb", made, tmp_path / "o.h5", "--jobs", "1") == 0
    capsys.readouterr()
    assert lsps("info", tmp_path / "o.h5", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert [(each["frames"], each["mirrored"]) for each in facts["cameras"]] == [(SEEN, False)] * 2 + [(SEEN, True)] * 2
    assert facts["divisions"]["hand"] == {"right": 2 * SEEN, "left": 2 * SEEN}


def test_damaged_labels_are_skipped_and_named(own, tmp_path):
    view, other = own / RIGHT / SERIALS[0], own / RIGHT / SERIALS[1]
    arrays = {
        "is float32 [1, 21, 2]": np.zeros((1, 21, 2), np.float32),
        "joint_3d is not of one hand": np.zeros((4000, 21, 3), np.float32),
        "not in front of the camera": np.full((1, 21, 3), np.nan, np.float32),
    }
    for number, joints in enumerate(arrays.values()):
        np.savez(view / f"labels_{number:06d}.npz", joint_3d=joints)
    np.savez(view / "labels_000003.npz", seg=np.zeros((480, 640), np.uint8))
    (other / "labels_000000.npz").unlink()
    (other / "labels_000001.npz").write_bytes((other / "labels_000001.npz").read_bytes()[:300])
    (other / "aligned_depth_to_color_000002.png").write_bytes(b"")
    lines = _skipped(own, tmp_path)
    whys = [*arrays, "it has no array joint_3d", "does not exist", "has no labels that can be read", "is empty"]
    assert len(lines) == len(whys) == 7
    for line, why in zip(lines, whys, strict=True):
        assert why in line
        assert "000" in line
        assert "\n" not in line


def _skipped(source: Path, tmp_path: Path) -> list[str]:
    from lsps_core.data.importers.dexycb import plan_dexycb
    from lsps_core.data.importing.blocks import Division

    folder = tmp_path / "blocks"
    folder.mkdir(exist_ok=True)
    lines = []
    blocks = Division(plan_dexycb(source), folder)
    for place in range(len(blocks)):
        blocks[place].make()
        lines += blocks[place].read()["skipped"].tolist()
    return lines


class _Marker:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.path,))


def test_a_pickle_inside_is_refused_without_effect(own, tmp_path):
    view, mark = own / RIGHT / SERIALS[0], tmp_path / "mark"
    joints = np.empty((1, 21, 3), object)
    joints[...] = _Marker(mark)
    np.savez(view / "labels_000000.npz", joint_3d=joints)
    (view / "labels_000001.npz").write_bytes(pickle.dumps(_Marker(mark)))
    lines = _skipped(own, tmp_path)
    assert len(lines) == 2
    assert all("has no labels that can be read" in line for line in lines)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        (f"{RIGHT}/meta.yml", "num_frames: 3\nmano_sides: [both]\nycb_ids: [1]\n", "does not describe a sequence"),
        (f"{RIGHT}/meta.yml", "- 1\n", "does not describe a sequence"),
        (f"{RIGHT}/meta.yml", "num_frames: 1000000000\nmano_sides: [left]\nycb_ids: [1]\n", "does not describe"),
        (f"{RIGHT}/meta.yml", "!!python/object/apply:os.system ['touch mark']\n", "is not a YAML file"),
        (f"{RIGHT}/meta.yml", "[" * 5000, "is not a YAML file"),
        (f"calibration/intrinsics/{SERIALS[0]}_640x480.yml", "color: {fx: -1, fy: 1, ppx: 2, ppy: 3}\n", "a camera"),
        (f"calibration/intrinsics/{SERIALS[0]}_640x480.yml", "depth: {fx: 1}\n", "does not describe a camera"),
    ],
)
def test_a_damaged_description_is_one_line(own, tmp_path, capsys, file, content, why):
    (own / file).write_text(content)
    assert lsps("import", "dexycb", own, tmp_path / "o.h5", "--jobs", "1") == 2
    said = capsys.readouterr().err.strip()
    assert why in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("lacking", ["calibration", "20200709-subject-01"])
def test_a_wrong_folder_is_told_what_it_lacks(own, tmp_path, capsys, lacking):
    (own / lacking).rename(tmp_path / "elsewhere")
    assert lsps("import", "dexycb", own, tmp_path / "o.h5") == 2
    assert lacking in capsys.readouterr().err


def test_the_splits_are_those_of_the_toolkit():
    """Counted by their description: seen people, cameras and objects, or others."""
    sizes = {name: tuple(map(len, split)) for name, split in SPLITS.items()}
    assert sizes["s0-train"] == (10, 80, 8)
    assert (sizes["s0-val"], sizes["s0-test"]) == ((2, 20, 8), (8, 20, 8))
    assert (sizes["s1-train"], sizes["s1-val"], sizes["s1-test"]) == ((7, 100, 8), (1, 100, 8), (2, 100, 8))
    assert (sizes["s2-train"], sizes["s2-val"], sizes["s2-test"]) == ((10, 100, 6), (10, 100, 1), (10, 100, 1))
    assert (sizes["s3-train"], sizes["s3-val"], sizes["s3-test"]) == ((10, 75, 8), (10, 10, 8), (10, 15, 8))
    for setup in ("s0", "s1", "s2", "s3"):
        seen = [
            {(p, s, c) for p in people for s in sequences for c in cameras}
            for people, sequences, cameras in (SPLITS[f"{setup}-{part}"] for part in ("train", "val", "test"))
        ]
        assert sum(map(len, seen)) == len(set.union(*seen)) == 8000
    assert SPLITS["s2-test"][2] == {ALL_SERIALS.index("932122062010")}
    assert 15 in SPLITS["s3-val"][1]
    assert {35, 59, 79} <= SPLITS["s3-test"][1]


def test_a_split_takes_its_people_and_warns_of_an_incomplete_set(made, tmp_path, capsys):
    assert lsps("import", "dexycb", made, tmp_path / "o.h5", "--split", "s0-train", "--jobs", "1") == 0
    assert "20200709-subject-01 has 1 of 100 sequences" in capsys.readouterr().err
    with FrameStore(tmp_path / "o.h5") as store:
        assert len(store) == COUNT
    assert lsps("import", "dexycb", made, tmp_path / "p.h5", "--split", "s1-test", "--jobs", "1") == 2
    assert lsps("import", "dexycb", made, tmp_path / "p.h5", "--split", "s2-train", "--jobs", "1") == 0
    with FrameStore(tmp_path / "p.h5") as store:
        assert set(store.groups["view"]) == set(SERIALS)


def coco(path: Path, hands: dict) -> Path:
    """A file as the field exchanges them: joints in m of the colour camera's frame with y down."""
    images, annotations = [], []
    for sequence, by_camera in hands.items():
        flip = -1 if sequence == LEFT else 1
        for serial, pictures in by_camera.items():
            camera = CAMERAS[serial]
            about = {"focal": [camera.fx, camera.fy], "princpt": [camera.cx, camera.cy]}
            for number, picture in enumerate(pictures):
                joints = joints_of(picture) * (flip, -1, 1) / 1000
                annotation = {"image_id": len(images), "cam_param": about, "joints_coord_cam": joints.tolist()}
                annotations.append(annotation | {"hand_type": "left" if flip < 0 else "right"})
                images.append({"id": len(images), "file_name": f"{sequence}/{serial}/color_{number:06d}.jpg"})
    images[0]["file_name"] = "../../etc/passwd"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return path


def test_coco_files_say_the_same_as_the_labels(made, hands, tmp_path):
    file = coco(tmp_path / "DEX_YCB_s0_train_data.json", hands)
    assert lsps("import", "dexycb", made, tmp_path / "a.h5", "--jobs", "1") == 0
    (tmp_path / "set").mkdir()
    for person in made.glob("2020*"):
        (tmp_path / "set" / person.name).symlink_to(person)  # and no calibration
    assert lsps("import", "dexycb", tmp_path / "set", tmp_path / "b.h5", "--jobs", "1", "--annotation", file) == 0
    with FrameStore(tmp_path / "a.h5") as one, FrameStore(tmp_path / "b.h5") as other:
        assert len(other) == COUNT - 1
        np.testing.assert_allclose(other.joints_mm, one.joints_mm[1:], atol=1e-3)
        np.testing.assert_array_equal(other.depth_mm(slice(None)), one.depth_mm(slice(1, None)))
        assert other.names == [name.partition("#")[0] for name in one.names[1:]]
        assert [other.camera_of(index) for index in range(COUNT - 1)] == [
            one.camera_of(index) for index in range(1, COUNT)
        ]
        for division in ("subject", "sequence", "view", "hand"):
            assert other.groups[division].tolist() == one.groups[division][1:].tolist()
        assert "is not PERSON/SEQUENCE/CAMERA/color_NUMBER.jpg" in other.provenance["skipped"][0]


def test_trained_evaluated_and_scored(made, stores, tmp_path, capsys):
    data, run, result = tmp_path / "o.h5", tmp_path / "run", tmp_path / "result.txt"
    assert lsps("import", "dexycb", made, data, "--jobs", "1") == 0
    settings = [*PAPER_NETWORKS, "base_channels=4", "checkpoint_minutes=1000"]
    settings += [f"{stage}.{key}=2" for stage in ("pose", "depth", "posterior") for key in ("steps", "batch_size")]
    settings += ["depth.extra_annotated=0", "posterior.extra_annotated=0"]
    frames = ["--synthetic", stores["synthetic"], "--real", data, "--labels", "0.5", "--device", "cpu"]
    assert lsps("train", run, *frames, *(part for item in settings for part in ("--set", item))) == 0
    assert lsps("predict", run, data, "--out", result) == 0
    assert "DexYCB-21" in capsys.readouterr().out
    lines = [line.split(",") for line in result.read_text().splitlines()]
    assert {len(line) for line in lines} == {64}
    with FrameStore(data) as store:
        assert [line[0] for line in lines] == [name.rpartition("#")[2] for name in store.names]
    assert lsps("evaluate", run, data, "--json") == 0
    evaluated = json.loads(capsys.readouterr().out)
    result.write_text("\n".join(",".join(line) for line in reversed(lines)))  # the numbers say which frames they are
    assert lsps("score", "dexycb", data, result, "--json") == 0
    scored = json.loads(capsys.readouterr().out)
    assert scored["protocol"] == evaluated["protocol"] == "DexYCB-21"
    for key in ("mean_error_mm", "root_relative_error_mm", "procrustes_error_mm", "auc", "procrustes_auc"):
        assert scored[key] == pytest.approx(evaluated[key], abs=0.0011)
    assert set(scored["divisions"]) == {"subject", "sequence", "object", "view", "hand"}
    left = scored["divisions"]["hand"]["left"]
    assert left["frames"] == 2 * SEEN
    assert left["mean_error_mm"] == pytest.approx(evaluated["divisions"]["hand"]["left"]["mean_error_mm"], abs=0.0011)
