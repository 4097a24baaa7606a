"""HANDS2017, BigHand2.2M, HANDS2019 and FPHA: imported, trained on for a few steps, evaluated and scored."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from made_hands21 import THEIRS, hands, joints_of, make_bighand, make_fpha, make_hands17, make_hands19, our_name, save

from lsps_core.camera import HANDS_SR300
from lsps_core.cli import main
from lsps_core.config.presets import PAPER_NETWORKS
from lsps_core.data.crop import crop_pixels
from lsps_core.data.importers.fpha import TEST_OBJECTS
from lsps_core.data.importers.registry import load
from lsps_core.data.store import FrameStore
from lsps_core.evaluation import published
from lsps_core.skeleton import HAND21

FRAMES, TESTS = 12, 8
SEQUENCES = ("Subject_1/put_salt/1", "Subject_2/put_salt/2", "Subject_2/close_milk/4", "Subject_4/use_flash/1")
VIEWS = (("Subject_1", "1 75"), ("Subject_1", "76 150"), ("Subject_10", "ego 1"))

ACTIONS = """
charge_cell_phone clean_glasses close_juice_bottle close_liquid_soap close_milk close_peanut_butter drink_mug flip_pages
flip_sponge give_card give_coin handshake high_five light_candle open_juice_bottle open_letter open_liquid_soap
open_milk open_peanut_butter open_soda_can open_wallet pour_juice_bottle pour_liquid_soap pour_milk pour_wine prick
put_salt put_sugar put_tea_bag read_letter receive_coin scoop_spoon scratch_sponge sprinkle squeeze_paper squeeze_sponge
stir take_letter_from_enveloppe tear_paper toast_wine unfold_glasses use_calculator use_flash wash_sponge write
"""
"""The folders of FPHA."""


@pytest.fixture(scope="module")
def shown():
    """Simulated hands; the first FRAMES for training, the others for tests."""
    return hands(FRAMES + TESTS, 7)


@pytest.fixture(scope="module")
def sets(make_once, shown) -> Path:
    def make(folder: Path) -> None:
        train, test = shown[:FRAMES], shown[FRAMES:]
        make_hands17(folder / "hands17", train, test)
        make_hands19(folder / "hands19", train, test)
        make_bighand(folder / "bighand", dict(zip(VIEWS, (train[:6], train[6:], test[:2]), strict=True)))
        make_fpha(folder / "fpha", {each: shown[4 * k : 4 * k + 4] for k, each in enumerate(SEQUENCES)})

    return make_once("hands21_sets", make)


def lsps(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def import_set(out: Path, name: str, source: Path, *options: object) -> FrameStore:
    assert lsps("import", name, source, out, *options, "--jobs", "1") == 0
    return FrameStore(out)


def check_hands(store: FrameStore, expected: list[np.ndarray]) -> None:
    """The joints are those of the simulation, and lie inside the hands in the crops."""
    np.testing.assert_allclose(store.joints_mm, expected, atol=1e-4)
    assert store.skeleton.joints == HAND21.joints
    assert store.camera == HANDS_SR300
    for index in range(len(store)):
        frame = store.frame(index)
        pixels = crop_pixels(frame.joints_mm, store.camera, frame.center_mm, frame.half_mm).round().astype(int)
        is_in = ((pixels >= 0) & (pixels < 128)).all(axis=1)
        columns, rows = pixels[is_in].T
        surface = frame.depth_mm[rows, columns].astype(float)
        behind = frame.joints_mm[is_in, 2] - np.where(surface > 0, surface, np.nan)
        assert np.isfinite(behind).mean() > 0.9
        assert np.nanmin(behind) > -1
        assert 2 < np.nanmedian(behind) < 30


@pytest.mark.parametrize("name", ["hands17", "hands19"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_challenges_training_frames(sets, shown, tmp_path, capsys, name, jobs):
    out = tmp_path / "o.h5"
    assert lsps("import", name, sets / name, out, "--split", "train", "--jobs", jobs) == 0
    said = capsys.readouterr()
    assert f"{out}: {FRAMES} frames, 5 skipped" in said.out
    with FrameStore(out) as store:
        check_hands(store, [joints_of(picture) for picture in shown[:FRAMES]])
        assert store.names == [f"image_D{number:08d}.png" for number in range(1, FRAMES + 1)]
        np.testing.assert_allclose(store.center_mm, store.joints_mm.mean(axis=1), atol=1e-3)
        assert set(store.half_mm.tolist()) == {125}
        skipped = store.provenance["skipped"]
    outside, short, elsewhere, missing, empty = skipped
    assert f"line {FRAMES + 3}: a joint is outside the image" in outside
    assert f"line {FRAMES + 4}: 60 numbers, not 63 for 21 joints" in short
    assert f"line {FRAMES + 5}: '../image_D00000105.png' is not the name of a picture" in elsewhere
    assert "image_D00000101.png does not exist" in missing
    assert "image_D00000102.png: nothing is inside the cube" in empty
    assert all(line in said.err for line in skipped)


def test_a_frame_with_a_joint_outside_is_kept_on_request(sets, tmp_path):
    options = ["--split", "train", "--with-outside", "--cube-mm", 400]
    with import_set(tmp_path / "o.h5", "hands17", sets / "hands17", *options) as store:
        assert store.names[-1] == "image_D00000103.png"
        assert store.camera.project(store.joints_mm[-1])[:, 0].max() > 639
        assert set(store.half_mm.tolist()) == {200}
        assert not any("outside the image" in line for line in store.provenance["skipped"])


@pytest.mark.parametrize("name", ["hands17", "hands19"])
def test_test_frames_are_found_in_their_boxes(sets, shown, tmp_path, name):
    with import_set(tmp_path / "o.h5", name, sets / name, "--split", "test") as store:
        assert store.names == [f"image_D{number:08d}.png" for number in range(1, TESTS + 1)]
        truth = np.array([joints_of(picture) for picture in shown[FRAMES:]])
        assert np.linalg.norm(store.center_mm - truth.mean(axis=1), axis=1).max() < 60
        assert store.skeleton == load(name).protocol.skeleton
        assert np.isnan(store.joints_mm).all()


BOXED = {"hands17": (make_hands17, "frame/images"), "hands19": (make_hands19, "Task 1/test_images")}


@pytest.mark.parametrize("name", BOXED)
@pytest.mark.parametrize("side", ["left", "right"])
def test_only_what_is_in_the_box_counts(shown, tmp_path, name, side):
    """A nearer object beside the box does not draw the cube to it."""
    make, images = BOXED[name]
    make(tmp_path / "set", shown[:3], shown[FRAMES : FRAMES + 1])
    depth = shown[FRAMES].depth_mm.copy()
    seen = np.flatnonzero(np.isfinite(depth).any(axis=0))
    depth[:, slice(seen[0] - 10) if side == "left" else slice(seen[-1] + 11, None)] = 260
    save(tmp_path / "set" / images / "image_D00000001.png", depth)
    with import_set(tmp_path / "o.h5", name, tmp_path / "set", "--split", "test") as store:
        assert store.center_mm[0, 2] > 380


def test_wrong_boxes_are_refused(shown, tmp_path):
    make_hands17(tmp_path / "set", shown[:3], shown[FRAMES : FRAMES + 1])
    (tmp_path / "set" / "frame" / "BoundingBox.txt").write_text("image_D00000001.png 5 5 -3 2\nimage_D00000001.png 5\n")
    assert lsps("import", "hands17", tmp_path / "set", tmp_path / "p.h5", "--split", "test") == 2


def test_released_test_annotation_is_taken_along(shown, tmp_path):
    make_hands17(tmp_path / "set", shown[:3], shown[FRAMES:], is_released=True)
    with import_set(tmp_path / "o.h5", "hands17", tmp_path / "set", "--split", "test") as store:
        np.testing.assert_allclose(store.joints_mm, [joints_of(picture) for picture in shown[FRAMES:]], atol=1e-4)


def test_bighand(sets, shown, tmp_path, capsys):
    expected = [joints_of(picture) for picture in (*shown[:FRAMES], *shown[FRAMES : FRAMES + 2])]
    with import_set(tmp_path / "o.h5", "bighand", sets / "bighand") as store:
        check_hands(store, expected)
        assert store.names[0] == "Subject_1/1_75/image_D00009999.png"
        assert store.names[1] == "Subject_1/1_75/image_D00010001.png"
        assert store.names[-1] == "Subject_10/ego_1/image_D00010001.png"
        assert store.groups["subject"].tolist() == ["Subject_1"] * 12 + ["Subject_10"] * 2
        assert (
            store.groups["sequence"].tolist()
            == ["Subject_1/1_75"] * 6 + ["Subject_1/76_150"] * 6 + ["Subject_10/ego_1"] * 2
        )
        assert store.provenance["repeated_left_out"] == 3
    assert "3 frames repeat the joints of the frame before" in capsys.readouterr().err
    with import_set(tmp_path / "p.h5", "bighand", sets / "bighand", "--subjects", "10", "--limit", 1) as store:
        assert store.names == ["Subject_10/ego_1/image_D00009999.png"]


def test_fpha(sets, shown, tmp_path, capsys):
    with import_set(tmp_path / "o.h5", "fpha", sets / "fpha") as store:
        check_hands(store, [joints_of(shown[index]) for index in (*range(8), *range(12, 16))])
        assert store.names[5] == "Subject_2/put_salt/2/depth_0001.png"
        assert list(store.groups) == ["subject", "sequence", "action"]
        assert store.groups["action"].tolist() == ["put_salt"] * 8 + ["use_flash"] * 4
        assert set(store.groups["sequence"]) == set(SEQUENCES) - {"Subject_2/close_milk/4"}
    assert "close_milk/4/skeleton.txt: the annotation does not belong" in capsys.readouterr().err
    for split, subjects in {"train": {"Subject_1", "Subject_4"}, "test": {"Subject_2"}}.items():
        with import_set(tmp_path / f"{split}.h5", "fpha", sets / "fpha", "--split", split) as store:
            assert set(store.groups["subject"]) == subjects
    for split, actions in {"object-train": {"put_salt"}, "object-test": {"use_flash"}}.items():
        with import_set(tmp_path / f"{split}.h5", "fpha", sets / "fpha", "--split", split) as store:
            assert set(store.groups["action"]) == actions


def test_the_tested_objects_of_fpha_are_those_of_its_page():
    """A misspelt folder would move an action to the training frames."""
    found = {action for of_object in TEST_OBJECTS.values() for action in of_object}
    assert found < set(ACTIONS.split())
    assert (len(TEST_OBJECTS), len(found), len(ACTIONS.split())) == (12, 20, 45)


@pytest.mark.parametrize(
    ("name", "options", "lacking"),
    [
        ("hands17", ["--split", "train"], "none of training/Training_Annotation.txt"),
        ("hands17", ["--split", "test"], "none of frame/BoundingBox.txt"),
        ("hands19", ["--split", "train"], "none of Task 1/training_joint_annotation.txt"),
        ("bighand", [], "no folder full_annotation"),
        ("fpha", [], "no folder Hand_pose_annotation_v1_1"),
    ],
)
def test_a_wrong_folder_is_told_what_it_lacks(tmp_path, capsys, name, options, lacking):
    (tmp_path / "set").mkdir()
    assert lsps("import", name, tmp_path / "set", tmp_path / "o.h5", *options) == 2
    assert lacking in capsys.readouterr().err
    assert lsps("import", name, tmp_path / "missing", tmp_path / "o.h5", *options) == 2


def test_an_annotation_that_is_a_pipe_is_refused(tmp_path, capsys):
    (tmp_path / "training").mkdir()
    os.mkfifo(tmp_path / "training" / "Training_Annotation.txt")
    assert lsps("import", "hands17", tmp_path, tmp_path / "o.h5", "--split", "train") == 2
    assert "Training_Annotation.txt" in capsys.readouterr().err


def test_numbers_that_no_joint_has_are_refused(shown, tmp_path):
    make_hands17(tmp_path / "set", shown[:3], shown[:1])
    path = tmp_path / "set" / "training" / "Training_Annotation.txt"
    lines = path.read_text().splitlines()[:3]
    for word, value in {5: "1e300", 6: "nan", 7: "1e-46"}.items():
        words = lines[0].split("\t")
        words[word if word != 7 else 3] = value
        lines.append("\t".join(words))
    path.write_text("\n".join(lines))
    with import_set(tmp_path / "o.h5", "hands17", tmp_path / "set", "--split", "train") as store:
        assert len(store) == 3
        assert [line.rpartition(": ")[2] for line in store.provenance["skipped"]] == [
            "a joint that is not in front of the camera"
        ] * 3


def test_the_joints_of_a_result_file_are_in_the_challenges_order():
    for name in ("hands17", "bighand", "hands19", "fpha"):
        assert load(name).protocol.joints == tuple(our_name(joint) for joint in THEIRS)


def train(stores: dict[str, Path], data: Path, run: Path) -> Path:
    """A few steps on simulated and imported frames."""
    settings = [*PAPER_NETWORKS, "base_channels=4", "checkpoint_minutes=1000"]
    settings += [f"{stage}.{key}=2" for stage in ("pose", "depth", "posterior") for key in ("steps", "batch_size")]
    settings += ["depth.extra_annotated=0", "posterior.extra_annotated=0"]
    options = [part for item in settings for part in ("--set", item)]
    frames = ["--synthetic", stores["synthetic"], "--real", data, "--labels", "0.5", "--device", "cpu"]
    assert lsps("train", run, *frames, *options) == 0
    return run


@pytest.mark.parametrize("name", ["hands17", "hands19", "bighand", "fpha"])
def test_trained_evaluated_and_scored(sets, stores, tmp_path, capsys, name):
    split = ["--split", "train"] if name.startswith("hands") else []
    import_set(tmp_path / "o.h5", name, sets / name, *split).close()
    trained = train(stores, tmp_path / "o.h5", tmp_path / "run")
    assert lsps("predict", trained, tmp_path / "o.h5", "--out", tmp_path / "result.txt") == 0
    first = (tmp_path / "result.txt").read_text().splitlines()[0].split("\t")
    capsys.readouterr()
    assert lsps("evaluate", trained, tmp_path / "o.h5", "--json") == 0
    evaluated = json.loads(capsys.readouterr().out)
    assert lsps("score", name, tmp_path / "o.h5", tmp_path / "result.txt", "--json") == 0
    scored = json.loads(capsys.readouterr().out)
    with FrameStore(tmp_path / "o.h5") as store:
        assert (first[0], len(first)) == (store.names[0], 64)
        labels = published.labels_of(store, load(name).protocol)
    assert scored["protocol"] == evaluated["protocol"] == load(name).protocol.name
    for key in ("mean_error_mm", "median_error_mm", "max_error_mm"):
        assert scored[key] == pytest.approx(evaluated[key], abs=0.001)
    assert scored["per_joint_mm"] == pytest.approx(evaluated["per_joint_mm"], abs=0.0011)  # both are rounded
    if name == "hands17":  # the set's own annotation is a label file as well
        annotation = sets / "hands17" / "training" / "Training_Annotation.txt"
        lines = [line for line in annotation.read_text().splitlines() if len(line.split()) == 64]
        (tmp_path / "labels.txt").write_text("\n".join(lines))
        read = published.read(tmp_path / "labels.txt", load(name).protocol)
        np.testing.assert_allclose(read.uvd[:FRAMES], labels.uvd, atol=1e-3)
        assert lsps("score", name, tmp_path / "labels.txt", tmp_path / "result.txt", "--json") == 0
        again = json.loads(capsys.readouterr().out)
        assert again["frames"] == FRAMES
        assert again["mean_error_mm"] == pytest.approx(evaluated["mean_error_mm"], abs=0.001)


def test_test_frames_without_annotation_are_predicted(sets, trained_run, tmp_path, capsys):
    import_set(tmp_path / "o.h5", "hands17", sets / "hands17", "--split", "test").close()
    assert lsps("predict", trained_run, tmp_path / "o.h5", "--out", tmp_path / "result.txt") == 0
    assert "HANDS17-21, x y z in mm" in capsys.readouterr().out
    assert len((tmp_path / "result.txt").read_text().splitlines()) == TESTS
    assert lsps("evaluate", trained_run, tmp_path / "o.h5") == 2
    assert "no annotated frame" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["frame/images/", "frame\\images\\"])
def test_published_results_may_name_the_folder_of_the_frames(sets, tmp_path, capsys, folder):
    """As those of A2J and Region Ensemble do; frames are found by their names, in any order."""
    with import_set(tmp_path / "o.h5", "hands17", sets / "hands17", "--split", "train") as store:
        published.write_joints(
            tmp_path / "r.txt",
            store.joints_mm + np.array([0, 3, 4]),
            store,
            load("hands17").protocol,
            tuple(store.names),
        )
    lines = [f"{folder}{line}\t" for line in (tmp_path / "r.txt").read_text().splitlines()]
    (tmp_path / "r.txt").write_text("\n".join(reversed(lines)))
    capsys.readouterr()
    assert lsps("score", "hands17", tmp_path / "o.h5", tmp_path / "r.txt", "--json") == 0
    scored = json.loads(capsys.readouterr().out)
    assert scored["frames"] == FRAMES
    assert scored["mean_error_mm"] == pytest.approx(5, abs=0.001)
    assert lsps("score", "hands19", tmp_path / "o.h5", tmp_path / "r.txt") == 2  # only HANDS2017's


def test_an_interrupted_import_resumes(sets, tmp_path, capsys):
    """The blocks that an import left are used again."""
    from lsps_core.data.importers.hands_challenges import HANDS17
    from lsps_core.data.importing.blocks import Division

    plan = HANDS17.plan(sets / "hands17", split="train")
    folder = tmp_path / ".o.h5.import"
    folder.mkdir()
    Division(plan, folder)[0].make()
    import_set(tmp_path / "o.h5", "hands17", sets / "hands17", "--split", "train").close()
    assert "4 images were done before" in capsys.readouterr().err
