"""The model that ships: that it does what the README and its card say, on simulated frames it never saw."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lsps_core.config import DOMAINS
from lsps_core.data.device_frames import DeviceFrames
from lsps_core.data.store import FrameStore
from lsps_core.inference import Predictor

ROOT = Path(__file__).parents[2]
SAMPLES = {"synthetic": "synthetic.h5", "real": "sensor.h5"}


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load(ROOT / "resources" / "models" / "compact.safetensors")


@pytest.fixture(scope="module")
def frames():
    """(image, pose) of 64 sample frames, by domain."""
    batches = {}
    for domain, name in SAMPLES.items():
        with FrameStore(ROOT / "resources" / "samples" / name) as store:
            batches[domain] = DeviceFrames(store, "cpu", limit=64).batch(torch.arange(64))[:2]
    return batches


def l1(a, b):
    return float((a - b).abs().mean())


def error_mm(predictor, pose, truth) -> float:
    return float((pose - truth).norm(dim=2).mean()) * predictor.checkpoint.half_mm


def test_it_was_trained_on_other_frames_than_the_samples(predictor):
    training = predictor.checkpoint.training
    assert training["simulated"] is True
    seeds = {entry["seed"] for entry in training["data"].values()}
    for name in SAMPLES.values():
        with FrameStore(ROOT / "resources" / "samples" / name) as store:
            assert store.provenance["seed"] not in seeds


def test_readme_and_model_card_quote_the_figures_of_its_record(predictor):
    readme = (ROOT / "README.md").read_text()
    card = (ROOT / "resources" / "models" / "README.md").read_text()
    evaluations = predictor.checkpoint.training["evaluations"]
    assert {entry["domain"] for entry in evaluations} == set(DOMAINS)
    for entry in evaluations:
        for page in (readme, card):
            assert f"{entry['mean_error_mm']:.1f} mm" in page
            assert f"{entry['within_40mm_percent']:.1f} %" in page
        assert entry["data"]["command"] in card


def test_the_posterior_beats_the_mean_pose_in_both_domains(predictor, frames):
    for domain in DOMAINS:
        image, pose = frames[domain]
        guess = pose.mean(dim=0, keepdim=True).expand_as(pose)
        assert error_mm(predictor, predictor.predict_pose(image, domain), pose) < 0.8 * error_mm(predictor, guess, pose)


def test_the_pose_vae_is_accurate_to_a_few_millimetres(predictor, frames):
    for domain in DOMAINS:
        pose = frames[domain][1]
        assert error_mm(predictor, predictor.decode_pose(predictor.encode_pose(pose)), pose) < 8


def test_a_translation_shows_the_same_hand(predictor, frames):
    for domain in DOMAINS:
        image = frames[domain][0]
        translated = predictor.translate(image, domain)
        own = (translated - image).abs().mean(dim=(1, 2, 3))
        other = (translated - image.roll(1, dims=0)).abs().mean(dim=(1, 2, 3))
        assert float((own < other).float().mean()) > 0.8


def test_a_pose_is_drawn_as_its_own_frame(predictor, frames):
    image, pose = frames["synthetic"]
    picture = predictor.picture(pose, "synthetic")
    own = (picture - image).abs().mean(dim=(1, 2, 3))
    other = (picture - image.roll(1, dims=0)).abs().mean(dim=(1, 2, 3))
    assert float((own < other).float().mean()) > 0.8


def test_both_pictures_follow_every_slider(predictor):
    checkpoint = predictor.checkpoint
    mean, std = torch.tensor(checkpoint.latent_mean), torch.tensor(checkpoint.latent_std)
    for axis in range(20):
        ends = mean.repeat(2, 1)
        ends[:, axis] += std[axis] * torch.tensor([-3.0, 3.0])
        decoded = predictor.decode(ends)
        assert error_mm(predictor, decoded.pose[:1], decoded.pose[1:]) > 3
        for domain in DOMAINS:
            low, high = getattr(decoded, domain)
            assert l1(low, high) > 0.005, f"slider {axis + 1}, {domain}"
