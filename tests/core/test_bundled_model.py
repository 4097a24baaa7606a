"""The model that ships: that it does what the README and its card say, on simulated frames it never saw."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lsps_core.config.model import DOMAINS
from lsps_core.data.augmentation.moves import rotate_pose
from lsps_core.data.crop import camera_center
from lsps_core.data.device_frames import DeviceFrames
from lsps_core.data.look_at import rotation_to
from lsps_core.data.store import FrameStore
from lsps_core.evaluation.plausibility import HandMeasure
from lsps_core.inference import Predictor
from lsps_core.latent_paths import gesture, gesture_names, turned
from lsps_core.skeleton import FINGERS, MSRA21, NYU36

ROOT = Path(__file__).parents[2]
SAMPLES = {"synthetic": "synthetic.h5", "real": "sensor.h5"}


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load(ROOT / "resources" / "models" / "compact.safetensors")


@pytest.fixture(scope="module")
def frames():
    """(image, pose, center_mm, half_mm) of 64 sample frames, by domain."""
    batches = {}
    for domain, name in SAMPLES.items():
        with FrameStore(ROOT / "resources" / "samples" / name) as store:
            batches[domain] = DeviceFrames(store, "cpu", limit=64).batch(torch.arange(64))
    return batches


def test_loading_it_imports_no_compiler():
    """torch._dynamo takes longer than torch and all else together."""
    load = "import sys, pathlib, lsps_core.inference as i; i.Predictor.load(pathlib.Path(sys.argv[1]))"
    program = f"{load}; sys.exit('torch._dynamo' in sys.modules)"
    model = ROOT / "resources" / "models" / "compact.safetensors"
    subprocess.run([sys.executable, "-c", program, str(model)], cwd=ROOT, check=True)


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
        image, pose, *cube = frames[domain]
        guess = pose.mean(dim=0, keepdim=True).expand_as(pose)
        read = predictor.predict_pose(image, domain, camera_center(*cube))
        assert error_mm(predictor, read, pose) < 0.8 * error_mm(predictor, guess, pose)


def test_the_pose_vae_is_accurate_to_a_few_millimetres(predictor, frames):
    for domain in DOMAINS:
        pose = frames[domain][1]
        error = error_mm(predictor, predictor.decode_pose(predictor.encode_pose(pose)), pose)
        mean = predictor.model.pose_vae.encode(pose).mean
        assert error < min(4, 0.8 * error_mm(predictor, predictor.decode_pose(mean), pose))


def test_the_code_of_a_tilted_hand_is_found_to_a_fraction_of_a_millimetre(predictor, frames):
    """Hands as they are read, turned as a frame's camera is turned to its cube."""
    pose, center_mm = frames["real"][1:3]
    code = predictor.encode_pose(pose)
    before = predictor.decode_pose(code)
    hands = before @ rotation_to(center_mm).mT
    found = predictor.decode_pose(predictor.model.pose_vae.nearest(hands, start=code))
    assert error_mm(predictor, found, hands) < min(0.5, 0.1 * error_mm(predictor, before, hands))


def test_a_translation_shows_the_same_hand(predictor, frames):
    for domain in DOMAINS:
        image = frames[domain][0]
        translated = predictor.translate(image, domain)
        own = (translated - image).abs().mean(dim=(1, 2, 3))
        other = (translated - image.roll(1, dims=0)).abs().mean(dim=(1, 2, 3))
        assert float((own < other).float().mean()) > 0.8


def test_a_pose_is_drawn_as_its_own_frame(predictor, frames):
    image, pose, *_ = frames["synthetic"]
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


EXTENDED = {
    "Fist": (),
    "Flat hand": ("thumb", "index", "middle", "ring", "little"),
    "Thumb up": ("thumb",),
    "One, point": ("index",),
    "Two, victory": ("index", "middle"),
    "Three": ("index", "middle", "ring"),
    "Four": ("index", "middle", "ring", "little"),
    "Five": ("thumb", "index", "middle", "ring", "little"),
    "OK": ("thumb", "middle", "ring", "little"),
    "Claw": ("thumb",),
    "Horns": ("index", "little"),
    "Call me": ("thumb", "little"),
}
"""The straight fingers of gestures; the others of these bend."""


def straight_fingers(pose) -> tuple[str, ...]:
    """Of a pose [21, 3]: fingers whose end is nearly as far from their base as their bones are long."""
    chains = pose[1:].reshape(5, 4, 3)
    share = (chains[:, 3] - chains[:, 0]).norm(dim=1) / chains.diff(dim=1).norm(dim=2).sum(dim=1)
    return tuple(finger for finger, value in zip(FINGERS, share.tolist(), strict=True) if value > 0.94)


def test_every_named_gesture_is_that_gesture_and_a_hand(predictor):
    names = gesture_names(predictor.skeleton)
    assert len(names) >= 12
    poses = predictor.decode_pose(torch.stack([gesture(predictor, name) for name in names]))
    measure = HandMeasure.of(predictor.decode_pose(predictor.fitted_prior.codes))
    assert measure.is_plausible(poses).all()
    found = {name: straight_fingers(pose) for name, pose in zip(names, poses, strict=True)}
    assert {name: found[name] for name in EXTENDED} == EXTENDED
    for name in ("Pinch", "OK"):
        thumb, index = poses[names.index(name), [4, 8]]
        assert (thumb - index).norm() * predictor.checkpoint.half_mm < 30
    assert (predictor.typicality(predictor.model.pose_vae.encode(poses).mean) > 0).all()


def test_a_gesture_is_turned_like_another_hand(predictor):
    palm_up = gesture(predictor, "Fist")
    turned_by = torch.tensor([0.0, 1.0, 2.5, -2.0])
    shown = turned(predictor, gesture(predictor, "Five").expand(4, 20), turned_by)
    found = predictor.decode_pose(torch.stack([gesture(predictor, "Fist", code) for code in shown]))
    expected = rotate_pose(predictor.decode_pose(palm_up[None]).expand(4, 21, 3), turned_by)
    assert error_mm(predictor, found, expected) < 6
    assert gesture_names(NYU36) == ()
    assert gesture_names(MSRA21) == gesture_names(predictor.skeleton)
