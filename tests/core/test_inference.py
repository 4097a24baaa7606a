"""Each route: its shape, and that it means what its name says, on a model that trained for a few hundred steps."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from lsps_core.config.model import DOMAINS, IMAGE_SIZE, other_domain
from lsps_core.data.device_frames import DeviceFrames
from lsps_core.data.look_at import look_at
from lsps_core.data.store import FrameStore
from lsps_core.inference import Predictor, interpolate
from lsps_core.networks.camera_noise import camera_noise
from lsps_core.networks.matrix import MatrixTransposedConv
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import HAND21


@pytest.fixture(scope="module")
def predictor(trained_run) -> Predictor:
    return Predictor.load(trained_run / "model.safetensors")


@pytest.fixture(scope="module")
def frames(stores):
    """(image, pose) of every frame, by domain."""
    batches = {}
    for domain, path in stores.items():
        with FrameStore(path) as store:
            loaded = DeviceFrames(store, "cpu")
        batches[domain] = loaded.batch(torch.arange(64))[:2]
    return batches


def l1(a, b):
    return float((a - b).abs().mean())


@pytest.mark.parametrize("head", ["linear", "dense"])
def test_what_a_residual_p_reads_is_the_code_nearest_to_its_pose(untrained, frames, head):
    """Of a dense head, to its joints; of the others, to the pose of its code, which is that code."""
    torch.manual_seed(0)
    model = TriDomainModel(replace(untrained.config, posterior_kind="residual", posterior_width=8, posterior_head=head))
    predictor = Predictor(replace(untrained, config=model.config, weights=model.state_dict()))
    image, center = frames["synthetic"][0][:4], torch.tensor([[0.5, -0.5, 4.5]]).expand(4, 3)
    view, rotation = look_at(image, center)
    with torch.inference_mode():
        estimate = predictor.model.residual_posterior(view)
        pose = estimate if head == "dense" else predictor.decode_pose(estimate)
        start = predictor.model.posterior(view, "synthetic")
        expected = predictor.model.pose_vae.nearest(pose @ rotation.mT, start=start)
    assert estimate.shape == ((4, 21, 3) if head == "dense" else (4, 20))
    torch.testing.assert_close(predictor.posterior(image, "synthetic", center), expected)
    ahead = predictor.model.pose_vae.nearest(pose, start=start)
    torch.testing.assert_close(predictor.posterior(view, "synthetic"), ahead)


def test_the_shapes_of_every_route(untrained):
    predictor = Predictor(untrained)
    image, pose, latent = torch.zeros(3, 1, 128, 128), torch.zeros(3, 21, 3), torch.zeros(3, 20)
    assert predictor.encode_pose(pose).shape == latent.shape
    assert predictor.decode_pose(latent).shape == pose.shape
    depth_latent = predictor.map(latent)
    assert depth_latent.shape == (3, *untrained.config.depth_latent_shape)
    for domain in DOMAINS:
        assert predictor.posterior(image, domain).shape == latent.shape
        assert predictor.predict_pose(image, domain).shape == pose.shape
        assert predictor.encode(image, domain).shape == depth_latent.shape
        for picture in (
            predictor.generate(depth_latent, domain),
            predictor.picture(pose, domain),
            predictor.reconstruct(image, domain),
            predictor.translate(image, domain),
            predictor.cycle(image, domain),
        ):
            assert picture.shape == image.shape
            assert picture.abs().max() <= 1
    for decoded in (predictor.decode(latent), predictor.decode_depth_latent(depth_latent)):
        assert (decoded.pose.shape, decoded.real.shape, decoded.synthetic.shape) == (
            pose.shape,
            image.shape,
            image.shape,
        )


def test_reconstruction_has_learned_its_frames(predictor, untrained, frames):
    for domain in DOMAINS:
        image = frames[domain][0]
        trained = l1(predictor.reconstruct(image, domain), image)
        assert trained < 0.5 * l1(Predictor(untrained).reconstruct(image, domain), image)
        assert trained < 0.5 * l1(image.mean(dim=0, keepdim=True), image)


def test_the_cycle_comes_back(predictor, frames):
    for domain in DOMAINS:
        image = frames[domain][0]
        assert l1(predictor.cycle(image, domain), image) < l1(image.mean(dim=0, keepdim=True), image)


def test_the_pose_vae_gives_back_its_poses(predictor, frames):
    pose = frames["synthetic"][1]
    decoded = predictor.decode_pose(predictor.encode_pose(pose))
    assert l1(decoded, pose) < 0.5 * l1(pose.mean(dim=0, keepdim=True), pose)


def test_the_posterior_beats_the_mean_pose(predictor, frames):
    image, pose = frames["synthetic"]
    assert l1(predictor.predict_pose(image, "synthetic"), pose) < 0.8 * l1(pose.mean(dim=0, keepdim=True), pose)


def test_the_picture_of_a_pose_is_its_own_frame_rather_than_anothers(predictor, frames):
    image, pose = frames["synthetic"]
    picture = predictor.picture(pose, "synthetic")
    assert l1(picture, image) < 0.9 * l1(picture, image.roll(1, dims=0))


def test_decode_is_made_of_the_single_routes(predictor):
    latent = predictor.sample_prior(2, seed=3)
    decoded = predictor.decode(latent)
    torch.testing.assert_close(decoded.pose, predictor.decode_pose(latent))
    for domain in DOMAINS:
        expected = predictor.generate(predictor.map(latent), domain)
        torch.testing.assert_close(getattr(decoded, domain), expected)


def test_the_pose_of_a_depth_latent_is_read_off_its_picture(predictor, frames):
    image = frames["synthetic"][0][:4]
    depth_latent = predictor.encode(image, "synthetic")
    decoded = predictor.decode_depth_latent(depth_latent)
    torch.testing.assert_close(decoded.pose, predictor.predict_pose(decoded.synthetic, "synthetic"))


def test_translation_and_cycle_pass_through_the_other_domain(predictor, frames):
    for domain in DOMAINS:
        image = frames[domain][0][:2]
        over = predictor.generate(predictor.encode(image, domain), other_domain(domain))
        torch.testing.assert_close(predictor.translate(image, domain), over)
        torch.testing.assert_close(predictor.cycle(image, domain), predictor.translate(over, other_domain(domain)))


def test_a_frame_alone_is_as_in_a_batch(predictor, frames):
    image = frames["real"][0][:4]
    torch.testing.assert_close(
        predictor.reconstruct(image, "real")[2:3], predictor.reconstruct(image[2:3], "real"), atol=1e-4, rtol=1e-3
    )


def test_prior_samples_are_normal_seeded_and_scaled(predictor):
    codes = predictor.sample_prior(4000, seed=5, prior="normal")
    torch.testing.assert_close(codes.mean(dim=0), torch.zeros(20), atol=0.08, rtol=0)
    torch.testing.assert_close(codes.std(dim=0), torch.ones(20), atol=0.06, rtol=0)
    torch.testing.assert_close(predictor.sample_prior(4000, 5, 0.5, "normal"), 0.5 * codes)
    assert not torch.equal(codes, predictor.sample_prior(4000, 6, prior="normal"))


def test_an_interpolation_is_a_straight_line_with_both_ends():
    start, end = torch.zeros(4, 2), torch.ones(4, 2)
    path = interpolate(start, end, 5)
    torch.testing.assert_close(path, torch.linspace(0, 1, 5).view(5, 1, 1).expand(5, 4, 2))
    with pytest.raises(ValueError, match="2 steps"):
        interpolate(start, end, 1)


@pytest.mark.parametrize("mapping", ["latent", "bones"])
@torch.no_grad()
def test_a_decode_equals_the_networks_one_by_one(untrained, mapping):
    model = TriDomainModel(replace(untrained.config, mapping=mapping, bones=HAND21.bones)).eval()
    predictor = Predictor(replace(untrained, config=model.config, weights=model.state_dict()))
    latent = predictor.sample_prior(3, seed=0)
    decoded = predictor.decode(latent)
    for domain in DOMAINS:
        noise = camera_noise(IMAGE_SIZE) if domain == "real" else None
        expected = model.generator.draw(model.generator.shared(model.map(latent)), domain, noise)
        is_other = (getattr(decoded, domain) - expected).abs() > 1e-5
        assert is_other.float().mean() < 1e-3  # a pixel at the threshold may be on either side of it
    for row, pose in zip(latent, decoded.pose, strict=True):
        torch.testing.assert_close(torch.from_numpy(predictor.pose_decoder(row.numpy())), pose, atol=1e-5, rtol=0)


def test_bfloat16_stays_within_a_millimetre_and_answers_float32(trained_run, predictor, frames):
    half = Predictor.load(trained_run / "model.safetensors", precision="bfloat16")
    latent, image = predictor.sample_prior(4, seed=0), frames["synthetic"][0][:4]
    decoded, expected = half.decode(latent), predictor.decode(latent)
    torch.testing.assert_close(decoded.pose, expected.pose)
    for domain in DOMAINS:
        assert getattr(decoded, domain).dtype == torch.float32
        assert 125 * l1(getattr(decoded, domain), getattr(expected, domain)) < 1
    assert half.posterior(image, "synthetic").dtype == torch.float32
    assert 125 * l1(half.reconstruct(image, "synthetic"), predictor.reconstruct(image, "synthetic")) < 1


@pytest.mark.parametrize(("kernel", "stride", "padding", "size"), [(4, 1, 0, 1), (4, 2, 1, 4), (3, 2, 1, 5)])
@torch.no_grad()
def test_a_transposed_convolution_is_one_matrix_product(kernel, stride, padding, size):
    layer = nn.ConvTranspose2d(6, 5, kernel, stride, padding)
    x = torch.randn(2, 6, size, size + 1)
    torch.testing.assert_close(MatrixTransposedConv(layer)(x), layer(x), atol=1e-5, rtol=1e-5)


def test_layers_that_are_no_plain_transposed_convolution_are_refused():
    with pytest.raises(ValueError, match="plain transposed"):
        MatrixTransposedConv(nn.ConvTranspose2d(4, 4, 3, groups=2))
