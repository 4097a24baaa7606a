"""NYU, ICVL and MSRA15 as they lie on disk: what comes out of an import is where the pictures say it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from made_sets import make_icvl, make_msra, make_nyu
from PIL import Image

from lsps_core.camera import ICVL, MSRA, NYU
from lsps_core.cli import main
from lsps_core.data.crop import crop_pixels
from lsps_core.data.importers.nyu import TO_ICVL, plan_nyu
from lsps_core.data.importing.matfile import read_array
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.run import run_import
from lsps_core.data.store import FrameStore
from lsps_core.skeleton import ICVL16, MSRA21, NYU36, SKELETONS

FRAMES = 20


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    make_nyu(folder / "nyu", FRAMES, 1)
    make_nyu(folder / "nyu", 4, 2, split="test", first=2439)
    make_icvl(folder / "icvl", FRAMES, 3)
    make_icvl(folder / "icvl", FRAMES, 4, split="test")
    make_msra(folder / "msra", FRAMES, 5)
    return folder


def import_set(out: Path, *arguments: object) -> FrameStore:
    assert main(["import", *map(str, arguments), "--jobs", "1"]) == 0
    return FrameStore(out)


def depth_behind_surface(store: FrameStore) -> np.ndarray:
    """mm from the surface to each joint that is in the crop, all frames; nan where there is no surface at its pixel."""
    gaps = []
    for index in range(len(store)):
        frame = store.frame(index)
        columns, rows = (
            np.rint(crop_pixels(frame.joints_mm, store.camera, frame.center_mm, frame.half_mm)).astype(int).T
        )
        is_inside = (columns >= 0) & (columns < 128) & (rows >= 0) & (rows < 128)
        is_inside &= np.abs(frame.joints_mm[:, 2] - frame.center_mm[2]) < frame.half_mm - 15
        surface = frame.depth_mm[rows[is_inside], columns[is_inside]].astype(float)
        gaps += list(frame.joints_mm[is_inside, 2] - np.where(surface > 0, surface, np.nan))
    return np.array(gaps)


def check_joints_are_inside_hands(store: FrameStore) -> None:
    gaps = depth_behind_surface(store)
    assert len(gaps) > 0.8 * len(store) * store.skeleton.joint_count
    assert np.isfinite(gaps).mean() > 0.98  # a tip may miss the surface by a pixel
    assert np.nanmin(gaps) > 0  # never in front of what is seen; behind another finger it may be far back
    assert 5 < np.nanmedian(gaps) < 25


def test_nyu_real(sets, tmp_path):
    store = import_set(
        tmp_path / "o.h5", "nyu", sets / "nyu", tmp_path / "o.h5", "--split", "train", "--domain", "real"
    )
    assert (len(store), store.skeleton, store.domain) == (FRAMES, NYU36, "real")
    assert (store.camera, store.is_mirrored, store.is_simulated) == (NYU, False, False)
    assert store.names[4] == "subject1/depth_1_0000005.png"
    np.testing.assert_array_equal(store.half_mm, 150)
    np.testing.assert_array_equal(store.center_mm, store.joints_mm[:, 32])
    labels = scipy.io.loadmat(sets / "nyu" / "dataset" / "train" / "joint_data.mat")
    np.testing.assert_allclose(store.joints_mm, labels["joint_xyz"][0], atol=1e-3)
    np.testing.assert_allclose(NYU.project(store.joints_mm), labels["joint_uvd"][0], atol=1e-3)
    check_joints_are_inside_hands(store)


def test_nyu_synthetic_shows_the_same_poses_without_arms(sets, tmp_path):
    arguments = ["nyu", sets / "nyu", tmp_path / "o.h5", "--split", "train", "--domain", "synthetic", "--limit", 5]
    store = import_set(tmp_path / "o.h5", *arguments)
    assert (len(store), store.domain, store.is_simulated) == (5, "synthetic", True)
    assert store.names[0] == "subject1/synthdepth_1_0000001.png"
    check_joints_are_inside_hands(store)


def test_nyu_joints_for_an_icvl_model(sets, tmp_path):
    options = ["--split", "train", "--domain", "synthetic"]
    whole = import_set(tmp_path / "a.h5", "nyu", sets / "nyu", tmp_path / "a.h5", *options)
    store = import_set(tmp_path / "b.h5", "nyu", sets / "nyu", tmp_path / "b.h5", *options, "--joints", "icvl")
    assert store.skeleton == ICVL16
    np.testing.assert_array_equal(store.half_mm, 175)
    np.testing.assert_array_equal(store.joints_mm, whole.joints_mm[:, TO_ICVL])
    np.testing.assert_array_equal(store.center_mm, store.joints_mm[:, ICVL16.joints.index("palm")])
    fingers = [NYU36.fingers[joint] for joint in TO_ICVL]
    assert tuple(fingers) == ICVL16.fingers


def test_nyus_second_test_subject_is_told_apart(sets, tmp_path, capsys):
    out = tmp_path / "o.h5"
    store = import_set(out, "nyu", sets / "nyu", out, "--split", "test", "--domain", "real")
    assert store.names == [
        *("subject1/depth_1_0002439.png", "subject1/depth_1_0002440.png"),
        *("subject2/depth_1_0002441.png", "subject2/depth_1_0002442.png"),
    ]
    assert store.half_mm.tolist() == [150, 150, 125, 125]
    said = capsys.readouterr()
    assert f"{out}: 4 frames, 2438 skipped" in said.out
    assert "and 2418 more" in said.err
    assert main(["info", str(out), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["groups"] == {"subject1": 2, "subject2": 2}
    assert len(facts["provenance"]["skipped"]) == 2438
    assert "depth_1_0002438.png does not exist" in facts["provenance"]["skipped"][-1]


def test_the_cube_can_be_chosen(sets, tmp_path):
    options = ["--split", "train", "--domain", "real", "--limit", 3, "--cube-mm", 280, "--center-joint", 33]
    store = import_set(tmp_path / "o.h5", "nyu", sets / "nyu", tmp_path / "o.h5", *options)
    np.testing.assert_array_equal(store.half_mm, 140)
    np.testing.assert_array_equal(store.center_mm, store.joints_mm[:, 33])


@pytest.mark.parametrize("unit", ["uvd", "mm"])
def test_refined_centres(sets, tmp_path, unit):
    uvd = read_array(sets / "nyu" / "dataset" / "train" / "joint_data.mat", "joint_uvd")[0, :, 30]
    lines = [" ".join(f"{value:.5f}" for value in (uvd if unit == "uvd" else NYU.unproject(uvd))[i]) for i in range(20)]
    lines[2] = "invalid invalid invalid"
    (tmp_path / "centers.txt").write_text("\r\n".join(lines) + "\r\n\r\n")
    options = ["--split", "train", "--domain", "real", f"--centers-{unit}", tmp_path / "centers.txt"]
    store = import_set(tmp_path / "o.h5", "nyu", sets / "nyu", tmp_path / "o.h5", *options)
    assert len(store) == FRAMES - 1
    np.testing.assert_allclose(store.center_mm, store.joints_mm[:, 30], atol=1e-2)
    assert "frame 3: there is no usable crop centre" in store.provenance["skipped"][0]


def test_icvl_training_is_mirrored_and_upright(sets, tmp_path, capsys):
    out = tmp_path / "o.h5"
    store = import_set(out, "icvl", sets / "icvl", out, "--split", "train")
    said = capsys.readouterr()
    assert "2 rotated copies are left out" in said.err
    assert "image_9999.png does not exist" in said.err
    assert f"{out}: {FRAMES - 2} frames, 1 skipped" in said.out
    assert (store.skeleton, store.is_mirrored, store.camera.cx) == (ICVL16, True, 159.0)
    assert {name.split("/")[0] for name in store.names} == {"201403121135"}
    np.testing.assert_array_equal(store.half_mm, 125)
    np.testing.assert_array_equal(store.center_mm, store.joints_mm[:, 0])
    line = (sets / "icvl" / "Training" / "labels.txt").read_text().splitlines()[0].split()
    uvd = np.array(line[1:], dtype=float).reshape(16, 3)
    np.testing.assert_allclose(store.joints_mm[0], ICVL.unproject(uvd) * (-1, 1, 1), atol=1e-3)
    np.testing.assert_allclose(store.camera.project(store.joints_mm[0])[:, 0], 319 - uvd[:, 0], atol=1e-3)
    check_joints_are_inside_hands(store)


def test_icvl_with_the_rotated_folders(sets, tmp_path):
    store = import_set(
        tmp_path / "o.h5", "icvl", sets / "icvl", tmp_path / "o.h5", "--split", "train", "--with-rotated"
    )
    assert len(store) == FRAMES
    assert {name.split("/")[0] for name in store.names} == {"201403121135", "22-5", "45"}


def test_icvl_test_sequences_are_groups(sets, tmp_path):
    store = import_set(tmp_path / "o.h5", "icvl", sets / "icvl", tmp_path / "o.h5", "--split", "test")
    sequences = [name.split("/")[0] for name in store.names]
    assert sequences == ["test_seq_1"] * 9 + ["test_seq_2"] * 11
    check_joints_are_inside_hands(store)


def test_icvl_labels_of_any_make(sets, tmp_path):
    """Either slash, Windows line ends, a byte order mark, tabs, blank lines and trailing blanks change nothing."""
    folder = tmp_path / "icvl"
    shutil.copytree(sets / "icvl" / "Training", folder / "Training")
    labels = folder / "Training" / "labels.txt"
    plain = import_set(tmp_path / "a.h5", "icvl", folder, tmp_path / "a.h5", "--split", "train")
    text = labels.read_text().replace("/", "\\").replace(" ", "\t").replace("\n", " \r\n\r\n")
    labels.write_bytes(b"\xef\xbb\xbf" + text.encode())
    other = import_set(tmp_path / "b.h5", "icvl", folder, tmp_path / "b.h5", "--split", "train")
    assert other.names == plain.names
    np.testing.assert_array_equal(other.joints_mm, plain.joints_mm)


def test_msra(sets, tmp_path):
    store = import_set(tmp_path / "o.h5", "msra", sets / "msra", tmp_path / "o.h5")
    assert (len(store), store.skeleton, store.camera) == (FRAMES, MSRA21, MSRA)
    people = [name.split("/")[0] for name in store.names]
    assert people == ["P0"] * 10 + ["P8"] * 10
    assert store.names[5:7] == ["P0/TIP_000000_depth.bin", "P0/TIP_000001_depth.bin"]
    np.testing.assert_array_equal(store.half_mm, [120] * 10 + [95] * 10)
    np.testing.assert_array_equal(store.center_mm, store.joints_mm[:, MSRA21.joints.index("middle_mcp")])
    check_joints_are_inside_hands(store)
    assert len(import_set(tmp_path / "p.h5", "msra", sets / "msra", tmp_path / "p.h5", "--subjects", "P8")) == 10
    assert len(import_set(tmp_path / "q.h5", "msra", sets / "msra", tmp_path / "q.h5", "--limit", 7)) == 7


def test_skeletons_are_known_by_name():
    assert {name: skeleton.joint_count for name, skeleton in SKELETONS.items()} == {
        "hand21": 21,
        "nyu36": 36,
        "icvl16": 16,
        "msra21": 21,
    }
    for skeleton in SKELETONS.values():
        assert sum(parent < 0 for parent in skeleton.parents) == 1
        for joint in range(skeleton.joint_count):  # every joint hangs from the root
            for _ in range(skeleton.joint_count):
                joint = skeleton.parents[joint] if joint >= 0 else joint
            assert joint == -1


def test_bad_frames_are_named_and_skipped(sets, tmp_path, capsys):
    folder = tmp_path / "nyu" / "train"
    shutil.copytree(sets / "nyu" / "dataset" / "train", folder)
    (folder / "depth_1_0000002.png").write_bytes(b"no picture")
    (folder / "depth_1_0000004.png").unlink()
    Image.new("RGB", (640, 480), (0, 7, 209)).save(folder / "depth_1_0000006.png")  # 2001: nothing there
    out = tmp_path / "o.h5"
    assert main(["import", "nyu", str(tmp_path / "nyu"), str(out), "--split", "train", "--domain", "real"]) == 0
    said = capsys.readouterr()
    skipped = [line for line in said.err.splitlines() if line.startswith("lsps import: skipped")]
    assert [f"depth_1_000000{number}.png" in line for number, line in zip((2, 4, 6), skipped, strict=True)] == [
        True
    ] * 3
    assert f"{FRAMES - 3} frames, 3 skipped" in said.out
    assert len(FrameStore(out)) == FRAMES - 3


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["nyu", "{none}", "--split", "train", "--domain", "real"], "does not exist"),
        (["nyu", "{empty}", "--split", "train", "--domain", "real"], "joint_data.mat"),
        (["nyu", "{sets}/nyu", "--split", "train", "--domain", "real", "--center-joint", "36"], "no joint 36"),
        (["nyu", "{sets}/nyu", "--split", "train", "--domain", "real", "--centers-mm", "{none}"], "cannot be read"),
        (["nyu", "{sets}/nyu", "--split", "train", "--domain", "real", "--centers-mm", "{lines}"], "1 lines for 20"),
        (["icvl", "{empty}", "--split", "test"], "test_seq_1.txt"),
        (["msra", "{empty}"], "no folder P0 to P8"),
        (["msra", "{sets}/msra", "--subjects", "P0,P3"], "no folder P3"),
        (["msra", "{sets}/msra", "--subjects", "P9"], "no subject 'P9'"),
    ],
)
def test_a_mistake_is_one_line(sets, tmp_path, capsys, command, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "lines.txt").write_text("1 2 3\n")
    places = {"none": tmp_path / "none", "empty": tmp_path / "empty", "sets": sets, "lines": tmp_path / "lines.txt"}
    name, source, *options = (part.format(**places) for part in command)
    assert main(["import", name, source, str(tmp_path / "o.h5"), *options]) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1
    assert message in error[0]
    assert not (tmp_path / "o.h5").exists()


def test_the_real_nyu_frame(real_data, tmp_path):
    """Imported with its published labels: joints on the hand, 3 to 33 mm behind its surface, and back to the pixel."""
    with (real_data / "nyu" / "test_labels_uvd.txt").open() as file:
        labels = np.array(file.readline().split(), dtype=float).reshape(14, 3)
    evaluated = [0, 3, 6, 9, 12, 15, 18, 21, 24, 25, 27, 30, 31, 32]
    uvd = np.tile(labels[-1], (3, 1, 36, 1))
    uvd[0, 0, evaluated] = labels
    folder = tmp_path / "test"
    folder.mkdir()
    shutil.copy(real_data / "nyu" / "depth_1_0000001.png", folder)
    scipy.io.savemat(folder / "joint_data.mat", {"joint_uvd": uvd})
    run_import(tmp_path / "o.h5", plan_nyu(tmp_path, split="test", domain="real"))
    with FrameStore(tmp_path / "o.h5") as store:
        frame = store.frame(0)
        cropped_gaps = depth_behind_surface(store)
        pose = (frame.joints_mm - frame.center_mm) / frame.half_mm
        back = store.camera.project(pose * frame.half_mm + frame.center_mm)[evaluated]
    columns, rows = np.rint(labels[:, :2]).astype(int).T
    gaps = np.rint(labels[:, 2] - read_depth(folder / "depth_1_0000001.png", nyu_packed=True)[rows, columns])
    assert (gaps.min(), gaps.max()) == (3, 33)
    assert len(cropped_gaps) == 36  # the crop's pixels are about two of the picture's wide
    assert cropped_gaps.min() > 0
    assert cropped_gaps.max() < 36
    assert np.abs(back[:, :2] - labels[:, :2]).max() < 0.01
    assert np.abs(back[:, 2] - labels[:, 2]).max() < 0.01
