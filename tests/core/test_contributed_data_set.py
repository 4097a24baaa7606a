"""The data set of CONTRIBUTING.md, registered and imported, scored, and named in every help."""

from __future__ import annotations

import numpy as np
import pytest
from contributing_page import add_module, add_row

from lsps_core.camera import SR305
from lsps_core.cli import main
from lsps_core.data.importers.registry import DATASETS
from lsps_core.data.store import FrameStore
from lsps_core.evaluation import published
from lsps_core.evaluation.protocols import choose, protocols

FRAMES = 3


@pytest.fixture(autouse=True)
def ours(monkeypatch):
    add_module(monkeypatch, "lsps_core/data/importers/ours.py")
    assert add_row(monkeypatch, DATASETS, "lsps_core/data/importers/registry.py, in DATASETS") == "ours"


def make_set(folder):
    """Flat hands before a camera; the last training label has no picture, the test label too few numbers."""
    (folder / "train").mkdir(parents=True)
    generator = np.random.default_rng(0)
    lines, joints = [], []
    for index in range(FRAMES + 1):
        points = np.concatenate([generator.uniform(-60, 60, (21, 2)), generator.uniform(510, 530, (21, 1))], axis=1)
        name = f"train/{index:04d}.npy"
        if index < FRAMES:
            depth = np.zeros((480, 640), np.float32)
            u, v, _ = SR305.project(points).mean(axis=0).round().astype(int)
            depth[v - 60 : v + 60, u - 60 : u + 60] = 505
            np.save(folder / name, depth)
            joints.append(points)
        lines.append(" ".join([name, *(f"{value:.4f}" for value in (points * (1, -1, 1)).ravel())]))
    (folder / "labels.txt").write_text("\n".join([*lines, "test/0000.npy 1 2 3"]) + "\n")
    return np.array(joints)


def lsps(*arguments):
    return main([str(argument) for argument in arguments])


def test_the_data_set_of_the_page_is_imported(tmp_path, capsys):
    joints, out = make_set(tmp_path / "set"), tmp_path / "o.h5"
    assert lsps("import", "ours", tmp_path / "set", out, "--split", "train", "--cube-mm", "300", "--jobs", "1") == 0
    assert f"{out}: {FRAMES} frames, 1 skipped" in capsys.readouterr().out
    with FrameStore(out) as store:
        np.testing.assert_allclose(store.joints_mm, joints, atol=1e-3)
        assert store.half_mm.tolist() == [150] * FRAMES
        assert store.names == [f"train/{index:04d}.npy" for index in range(FRAMES)]
        assert choose(store.skeleton, store.camera).name == "OURS-21"
    assert lsps("import", "ours", tmp_path / "set", tmp_path / "p.h5", "--split", "train", "--limit", "2") == 0
    with FrameStore(tmp_path / "p.h5") as store:
        assert len(store) == 2


def test_its_predictions_are_scored(tmp_path, capsys):
    uvd = np.random.default_rng(0).normal([300, 200, 500], 20, (9, 21, 3))
    published.write(tmp_path / "labels.txt", uvd)
    published.write(tmp_path / "theirs.txt", uvd + np.array([0, 0, 5]))
    assert lsps("score", "ours", tmp_path / "labels.txt", tmp_path / "theirs.txt") == 0
    assert "OURS-21, 9 frames" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (["import", "-h"], "Our recordings: 21 joints"),
        (["import", "ours", "-h"], "--split {train,test}"),
        (["score", "-h"], "{nyu,icvl,msra,hands17,bighand,hands19,fpha,dexycb,ho3d,ours,simulated}"),
        (["predict", "-h"], "ho3d21, ours21 or all"),
    ],
)
def test_every_help_names_it(capsys, command, text):
    with pytest.raises(SystemExit):
        main(command)
    assert text in " ".join(capsys.readouterr().out.split())


def test_the_simulators_skeleton_keeps_its_own_protocol():
    from lsps_core.skeleton import HAND21

    assert "ours21" in protocols()
    assert choose(HAND21, SR305).name == "all 21 joints of hand21"
    assert choose(HAND21, SR305, "ours21").name == "OURS-21"
