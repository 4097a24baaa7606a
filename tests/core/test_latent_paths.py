"""Ways between codes through hands, turns in the image, and typical codes, on a trained model."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from lsps_core import checkpoint, latent_paths
from lsps_core.cli import main
from lsps_core.data.augmentation.moves import rotate_pose
from lsps_core.data.store import FrameStore
from lsps_core.errors import LspsError
from lsps_core.inference import Predictor
from lsps_core.latent_paths import through_hands, turned, typical_near
from lsps_core.pose_paths import rotation_angles


@pytest.fixture(scope="module")
def predictor(trained_run) -> Predictor:
    return Predictor.load(trained_run / "model.safetensors")


@pytest.fixture(scope="module")
def old(trained_run, tmp_path_factory):
    """A file from before there was a fitted prior."""
    path = tmp_path_factory.mktemp("old") / "old.safetensors"
    checkpoint.save(replace(checkpoint.load(trained_run / "model.safetensors"), prior_codes=None), path)
    return path


def test_a_trained_model_keeps_codes_of_its_poses_and_draws_around_them(predictor):
    codes = predictor.checkpoint.prior_codes
    assert codes.shape[1] == 20
    assert len(codes) > 50
    assert predictor.prior == "fitted"
    drawn = predictor.sample_prior(200, seed=1)
    nearest = torch.cdist(drawn / codes.std(dim=0), codes / codes.std(dim=0)).amin(dim=1)
    assert nearest.max() < 1.5
    torch.testing.assert_close(drawn, predictor.sample_prior(200, seed=1))
    assert predictor.sample_prior(200, 1, prior="normal").std() == pytest.approx(1, abs=0.05)


def test_typicality_tells_training_codes_from_others(predictor):
    codes = predictor.checkpoint.prior_codes
    assert predictor.typicality(codes).mean() > 0.5
    assert predictor.typicality(codes + 20 * codes.std(dim=0)).max() == 0


def test_an_older_file_draws_from_the_normal_prior_and_says_so(old, tmp_path, capsys):
    predictor = Predictor.load(old)
    assert predictor.prior == "normal"
    assert predictor.sample_prior(500, 1).std() == pytest.approx(1, abs=0.05)
    for ask in (
        lambda: predictor.sample_prior(1, 1, prior="fitted"),
        lambda: predictor.typicality(torch.zeros(1, 20)),
        lambda: typical_near(predictor, torch.zeros(20)),
    ):
        with pytest.raises(LspsError, match="no fitted prior"):
            ask()
    generate = ["generate", str(old), str(tmp_path / "made.h5"), "--frames", "2", "--device", "cpu"]
    assert main(generate) == 0
    assert "no fitted prior" in capsys.readouterr().err
    assert main([*generate, "--overwrite", "--prior", "fitted"]) == 2
    assert "choose the normal prior" in capsys.readouterr().err


def test_generated_frames_name_their_prior(trained_run, tmp_path, capsys):
    model = str(trained_run / "model.safetensors")
    for prior, options in (("fitted", []), ("normal", ["--prior", "normal"])):
        out = tmp_path / f"{prior}.h5"
        assert main(["generate", model, str(out), "--frames", "2", "--device", "cpu", *options]) == 0
        with FrameStore(out) as store:
            assert store.provenance["prior"] == prior
    assert "no fitted prior" not in capsys.readouterr().err


def test_a_way_through_hands_begins_and_ends_at_its_codes(predictor):
    start, end = predictor.checkpoint.prior_codes[:2]
    way = through_hands(predictor, start, end, torch.linspace(0, 1, 9))
    torch.testing.assert_close(way[0], start, atol=1e-4, rtol=0)
    torch.testing.assert_close(way[-1], end, atol=1e-4, rtol=0)
    assert way.shape == (9, 20)


def test_a_turned_code_is_the_code_of_the_turned_pose(predictor):
    code = predictor.checkpoint.prior_codes[:3]
    angle = torch.tensor([0.0, math.pi / 2, -1.0])
    expected = predictor.encode_pose(rotate_pose(predictor.decode_pose(code), angle))
    torch.testing.assert_close(turned(predictor, code, angle), expected)


def test_the_typical_code_has_the_orientation_of_where_one_is(predictor):
    code = predictor.checkpoint.prior_codes[5]
    near = typical_near(predictor, code)
    pose, found = predictor.decode_pose(torch.stack([code, near]))
    assert rotation_angles(pose, found[None], predictor.skeleton).item() < 0.36
    density = predictor.fitted_prior.log_density(torch.stack([code, near]))
    assert density[1] >= density[0]


def test_the_typical_code_is_the_densest_of_those_that_are_turned_the_same_way(predictor, monkeypatch):
    codes = predictor.fitted_prior.typical(len(predictor.fitted_prior.codes))
    poses = predictor.decode_pose(codes)
    for block in (256, 16):
        monkeypatch.setattr(latent_paths, "_BLOCK", block)
        for code, pose in zip(codes, poses, strict=True):
            angles = rotation_angles(pose, poses, predictor.skeleton)
            expected = codes[(angles < math.radians(20.05)).nonzero()[0, 0]]
            assert torch.equal(typical_near(predictor, code), expected)
    monkeypatch.setattr(latent_paths, "_NEAR_RAD", -1.0)
    for code in codes[:20]:
        assert torch.equal(typical_near(predictor, code), code)
