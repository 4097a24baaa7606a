from __future__ import annotations

import dataclasses
import errno
import json
import os

import pytest
import safetensors.torch
import torch

from lsps_core import checkpoint
from lsps_core.checkpoint import CheckpointError


def test_a_model_survives_its_file(untrained, tmp_path):
    path = tmp_path / "model.safetensors"
    checkpoint.save(untrained, path)
    loaded = checkpoint.load(path)
    assert {k: v for k, v in vars(loaded).items() if k != "weights"} == {
        k: v for k, v in vars(untrained).items() if k != "weights"
    }
    for name, weight in untrained.weights.items():
        torch.testing.assert_close(loaded.weights[name], weight, rtol=0, atol=0)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def damaged(path, untrained, **changes):
    checkpoint.save(untrained, path)
    metadata, weights = checkpoint.read_tensors(path)
    safetensors.torch.save_file(weights, path, {k: v for k, v in (metadata | changes).items() if v is not None})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": "7"}, "format version 7, this program reads 1"),
        ({"format": "other"}, "not an LSPS model"),
        ({"config": "{"}, "damaged model header"),
        ({"config": json.dumps({"joint_count": 21, "colour": 1})}, "damaged model header"),
        ({"half_mm": None}, "damaged model header"),
        ({"latent_std": "[1.0]"}, "20 means and deviations"),
        ({"latent_covariance": "[[1.0]]"}, "20 rows of 20"),
        ({"latent_covariance": json.dumps([[float("nan")] * 20] * 20)}, "not finite"),
    ],
)
def test_a_wrong_header_is_one_clear_line(untrained, tmp_path, changes, message):
    path = tmp_path / "model.safetensors"
    damaged(path, untrained, **changes)
    with pytest.raises(CheckpointError, match=message) as caught:
        checkpoint.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_covariance_is_kept_and_may_be_missing(untrained, tmp_path):
    covariance = tuple(tuple(0.1 * row + column / 3 for column in range(20)) for row in range(20))
    path = tmp_path / "model.safetensors"
    checkpoint.save(dataclasses.replace(untrained, latent_covariance=covariance), path)
    assert checkpoint.load(path).latent_covariance == covariance
    checkpoint.save(untrained, path)
    assert "latent_covariance" not in checkpoint.read_tensors(path)[0]
    assert checkpoint.load(path).latent_covariance is None


def test_the_priors_codes_are_kept_and_may_be_missing(untrained, tmp_path):
    codes = torch.randn(30, 20, generator=torch.Generator().manual_seed(0))
    path = tmp_path / "model.safetensors"
    checkpoint.save(dataclasses.replace(untrained, prior_codes=codes), path)
    found = checkpoint.load(path)
    assert torch.equal(found.prior_codes, codes)
    assert found.weights.keys() == untrained.weights.keys()
    found.build()
    checkpoint.save(untrained, path)
    assert checkpoint.load(path).prior_codes is None


@pytest.mark.parametrize(
    ("codes", "message"),
    [(torch.zeros(1, 20), "2 poses"), (torch.zeros(3, 19), "2 poses"), (torch.full((3, 20), torch.inf), "not finite")],
)
def test_codes_that_give_no_prior_are_refused(untrained, tmp_path, codes, message):
    path = tmp_path / "model.safetensors"
    checkpoint.save(untrained, path)
    header, weights = checkpoint.read_tensors(path)
    checkpoint.write_tensors(path, weights | {"prior.codes": codes}, header)
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(path)


def test_weights_of_another_shape_are_refused(untrained, tmp_path):
    path = tmp_path / "model.safetensors"
    damaged(path, untrained, config=json.dumps({"joint_count": 21, "base_channels": 8, "pose_hidden": 30}))
    with pytest.raises(CheckpointError, match="do not fit"):
        checkpoint.load(path).build()


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_another_file_is_one_clear_line(tmp_path, content):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="not a") as caught:
        checkpoint.load(path)
    assert "\n" not in str(caught.value)


def test_a_truncated_model_is_refused(untrained, tmp_path):
    path = tmp_path / "model.safetensors"
    checkpoint.save(untrained, path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match="truncated"):
        checkpoint.load(path)


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        checkpoint.load(tmp_path / "none.safetensors")
    with pytest.raises(CheckpointError, match="is a folder"):
        checkpoint.load(tmp_path)


def test_a_full_disk_leaves_the_old_model(untrained, tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    checkpoint.save(untrained, path)
    before = path.read_bytes()

    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match="No space left"):
        checkpoint.save(untrained, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_folder_that_cannot_be_made_is_named(untrained, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot be written"):
        checkpoint.save(untrained, tmp_path / "file" / "model.safetensors")
