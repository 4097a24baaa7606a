from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from lsps_core.config.model import DOMAINS, ModelConfig
from lsps_core.config.presets import PRESETS
from lsps_core.config.training import TrainConfig
from lsps_core.networks.blocks import InstanceNorm, ResidualBlock
from lsps_core.networks.capsules import capsule_ends, draw_capsules
from lsps_core.networks.dense import DenseNetwork, _places
from lsps_core.networks.mapping import BONE_WIDTH, bone_maps
from lsps_core.networks.residual import ResidualNetwork, fuse_normalisation, measure_statistics
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import HAND21, Skeleton


@pytest.fixture(scope="module")
def model() -> TriDomainModel:
    torch.manual_seed(0)
    return TriDomainModel(ModelConfig(joint_count=21, base_channels=4)).requires_grad_(False)


def test_the_shapes_of_every_network(model):
    image, pose, latent = torch.zeros(2, 1, 128, 128), torch.zeros(2, 21, 3), torch.zeros(2, 20)
    code = model.pose_vae.encode(pose)
    assert code.mean.shape == code.std.shape == (2, 20)
    assert model.pose_vae.decode(latent).shape == pose.shape
    assert model.map(latent).shape == (2, 16, 32, 32)
    for domain in DOMAINS:
        mean = model.encoder(image, domain)
        assert mean.shape == (2, *model.config.depth_latent_shape)
        assert model.generator(mean, domain).shape == image.shape
        features = model.discriminator.features(image, domain)
        assert features.shape == (2, 64, 4, 4)
        assert model.discriminator.scores(features).shape == (2, 1, 3, 3)
        assert model.discriminator.posterior(features).shape == (2, 20)


def test_the_paper_preset_has_the_papers_widths():
    skeleton = Skeleton(name="nyu", joints=("joint",) * 36, parents=(-1,) * 36, fingers=("palm",) * 36)
    config = TrainConfig(synthetic_path="", real_path="", **PRESETS["paper"]).model_config(skeleton)
    with torch.device("meta"):
        model = TriDomainModel(config)
    assert config.depth_latent_shape == (256, 32, 32)
    shapes = {name: tuple(weight.shape) for name, weight in model.named_parameters()}
    assert shapes["pose_vae.encoder.0.weight"] == (30, 108)
    assert shapes["encoder.own.real.0.0.weight"] == (64, 1, 7, 7)
    assert shapes["encoder.own.real.2.0.weight"] == (256, 128, 3, 3)
    assert shapes["encoder.shared.body.3.weight"] == (512, 128, 3, 3)  # 512 in 4 groups
    assert shapes["generator.own.synthetic.5.weight"] == (1, 64, 1, 1)
    assert [shapes[f"mapping.layers.{i}.weight"][1] for i in (0, 2, 4, 6)] == [1024, 1024, 512, 256]
    assert shapes["discriminator.shared.2.0.weight"] == (1024, 512, 3, 3)
    assert shapes["discriminator.posterior_head.weight"] == (20, 1024, 2, 2)


@pytest.mark.parametrize("mapping", ["bones", "capsules", "surface"])
def test_a_mapping_that_draws_poses_gives_the_same_shape_and_needs_the_bones(mapping):
    torch.manual_seed(0)
    config = ModelConfig(joint_count=21, base_channels=4, mapping=mapping, bones=HAND21.bones)
    assert TriDomainModel(config).map(torch.zeros(2, 20)).shape == (2, *config.depth_latent_shape)
    with pytest.raises(ValueError, match="bones"):
        TriDomainModel(ModelConfig(joint_count=21, mapping=mapping))


def test_the_map_of_a_bone_against_its_segment_walked_point_by_point():
    pose = torch.tensor([[[-0.5, 0.25, -0.2], [0.5, 0.75, 0.4]]])
    near, near_depth = bone_maps(pose, ((0, 1),), 8)[0]
    walk = torch.lerp(pose[0, 0], pose[0, 1], torch.linspace(0, 1, 5001)[:, None])
    for row, column in ((1, 2), (2, 5), (6, 0), (3, 3)):
        x, y = (column + 0.5) / 4 - 1, 1 - (row + 0.5) / 4  # y up, rows down
        squared, nearest = (walk[:, :2] - torch.tensor([x, y])).square().sum(dim=1).min(dim=0)
        expected = torch.exp(-squared / BONE_WIDTH**2)
        torch.testing.assert_close(near[row, column], expected, atol=1e-5, rtol=1e-3)
        torch.testing.assert_close(near_depth[row, column], expected * walk[nearest, 2], atol=1e-5, rtol=2e-3)


def test_a_capsule_against_balls_along_it():
    """The nearest surface of many balls whose radius grows from one end to the other, pixel by pixel."""
    start, end = torch.tensor([[[-0.5, 0.25, -0.2, 1.0]]]), torch.tensor([[[0.4, 0.5, 0.3, 1.0]]])
    radius = torch.tensor([[0.2], [0.3]])
    drawn = draw_capsules(start, end, radius, 32)[0, 0]
    share = torch.linspace(0, 1, 2001)[:, None, None]
    x, y, z, _ = torch.lerp(start, end, share).unbind(dim=2)
    center = (torch.arange(32) + 0.5) / 16 - 1
    squared = (center - x[..., None]).square() + (-center[:, None] - y[..., None]).square()  # y up, rows down
    bulge = (torch.lerp(radius[0, 0], radius[1, 0], share).square() - squared).clamp(min=0).sqrt()
    front = torch.where(bulge > 0, z[..., None] - bulge, torch.inf).amin(dim=0)
    is_inside = front.isfinite() & drawn.lt(0.9)
    assert 150 < is_inside.sum() < 200
    assert (front.isfinite() ^ drawn.lt(0.9)).sum() < 25  # pixels on the outline
    off = (drawn - front)[is_inside].abs()
    assert off.mean() < 0.02  # its radius is that of the point that is nearest in the image, not on the ray
    assert off.max() < 0.25


def test_the_nearer_capsule_hides_the_other_and_nothing_is_far():
    ends = [[[-0.5, 0.0, 0.5], [0.0, -0.5, -0.5]]], [[[0.5, 0.0, 0.5], [0.0, 0.5, -0.5]]]
    start, end = (functional.pad(torch.tensor(points), (0, 1), value=1.0) for points in ends)
    drawn = draw_capsules(start, end, torch.full((2, 2), 0.1), 64)[0, 0]
    assert drawn[32, 32] == pytest.approx(-0.6, abs=0.01)
    assert drawn[32, 20] == pytest.approx(0.4, abs=0.01)
    assert drawn[0, 0] == 1


def test_the_capsule_beyond_the_root_leads_away_from_the_fingers():
    """Of the hand, and of a forest, whose second tree is a single bone."""
    pose = torch.tensor([[[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 1.0, 0.0], [5.0, 0.0, 0.0], [5.0, 0.0, 2.0]]])
    start, end = capsule_ends(pose, ((0, 1), (0, 2), (3, 4)))
    assert start[0].tolist() == pose[0, [0, 0, 3, 0, 3]].tolist()
    assert end[0].tolist() == [*pose[0, [1, 2, 4]].tolist(), [0.0, -1.5, 0.0], [5.0, 0.0, -3.0]]


def test_the_compact_preset_fits_the_repository():
    config = TrainConfig(synthetic_path="", real_path="", **PRESETS["compact"]).model_config(HAND21)
    with torch.device("meta"):
        model = TriDomainModel(config)
    assert 4 * sum(weight.numel() for weight in model.state_dict().values()) < 15e6


def test_domains_share_exactly_the_blocks_of_the_paper(model):
    """A change of the shared block moves both domains, a change of one's own block only that one."""
    image = torch.rand(1, 1, 128, 128, generator=torch.Generator().manual_seed(1))
    routes = {
        "encoder": lambda domain: model.encoder(image, domain),
        "generator": lambda domain: model.generator(model.map(torch.ones(1, 20)), domain),
        "discriminator": lambda domain: model.discriminator.features(image, domain),
    }
    for name, route in routes.items():
        network = getattr(model, name)
        for part, moved in ((network.shared, {"real", "synthetic"}), (network.own["real"], {"real"})):
            before = {domain: route(domain) for domain in DOMAINS}
            weight = next(part.parameters())
            weight.add_(0.1)
            assert {domain for domain in DOMAINS if not torch.equal(before[domain], route(domain))} == moved
            weight.sub_(0.1)


def test_both_domains_start_alike_so_that_a_translation_starts_as_a_reconstruction():
    torch.manual_seed(2)
    model = TriDomainModel(ModelConfig(joint_count=21, base_channels=4)).requires_grad_(False)
    image = torch.rand(1, 1, 128, 128)
    latent = model.encoder(image, "real")
    assert torch.equal(model.generator(latent, "real"), model.generator(latent, "synthetic"))
    assert torch.equal(latent, model.encoder(image, "synthetic"))
    own = model.generator.own
    assert not {id(p) for p in own["real"].parameters()} & {id(p) for p in own["synthetic"].parameters()}


def test_the_residual_block_is_a_resnext_bottleneck_with_instance_norm():
    torch.manual_seed(0)
    block = ResidualBlock(16)
    convolutions = [layer for layer in block.body if isinstance(layer, nn.Conv2d)]
    assert [(c.in_channels, c.out_channels, c.kernel_size, c.groups) for c in convolutions] == [
        (16, 32, (1, 1), 1),
        (32, 32, (3, 3), 4),
        (32, 16, (1, 1), 1),
    ]
    x = torch.randn(2, 16, 8, 8)
    expected = x
    for layer in convolutions:
        expected = nn.functional.instance_norm(layer(expected))
        if layer is not convolutions[-1]:
            expected = nn.functional.leaky_relu(expected, 0.2)
    torch.testing.assert_close(block(x), x + expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("count", [1, 3])
def test_the_instance_norm_is_the_same_with_channels_last(count):
    generator = torch.Generator().manual_seed(0)
    x, slope = (torch.randn(count, 8, 4, 4, generator=generator, dtype=torch.float64) for _ in range(2))

    def norm(memory_format: torch.memory_format) -> tuple[torch.Tensor, torch.Tensor]:
        image = x.to(memory_format=memory_format).detach().requires_grad_()
        out = InstanceNorm()(image)
        assert out.is_contiguous(memory_format=memory_format)
        return out, *torch.autograd.grad(out, image, slope)

    for first, second in zip(norm(torch.contiguous_format), norm(torch.channels_last), strict=True):
        torch.testing.assert_close(first, second)


def test_a_code_is_drawn_with_its_own_deviation(model):
    code = model.pose_vae.encode(torch.zeros(1, 21, 3))
    draws = torch.cat([code.sample(torch.Generator().manual_seed(seed)) for seed in range(4000)])
    torch.testing.assert_close(draws.mean(dim=0), code.mean[0], atol=0.08, rtol=0)
    torch.testing.assert_close(draws.std(dim=0), code.std[0], atol=0.06, rtol=0)


def test_measured_statistics_are_those_of_the_batches_and_momenta_stay():
    torch.manual_seed(0)
    network = ResidualNetwork(3, width=8).eval()
    batches = [torch.randn(4, 1, 128, 128) + shift for shift in (0.0, 1.0)]
    network.stem[1].running_mean.fill_(7.0)
    for _ in range(2):  # repeating it changes nothing
        measure_statistics(network, iter(batches))
    means = [network.stem[0](batch).mean(dim=(0, 2, 3)) for batch in batches]
    torch.testing.assert_close(network.stem[1].running_mean, (means[0] + means[1]) / 2)
    assert not network.training
    assert network.stem[1].momentum == 0.1


@pytest.mark.parametrize("network", [ResidualNetwork(3, width=8), DenseNetwork(3, width=8)])
def test_fused_normalisation_changes_nothing_but_rounding(network):
    torch.manual_seed(0)
    images = torch.randn(4, 1, 128, 128)
    measure_statistics(network, [images + 1])
    network.eval().requires_grad_(False)
    expected = network(images)
    fuse_normalisation(network)
    assert not [layer for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    torch.testing.assert_close(network(images), expected, atol=1e-5, rtol=1e-4)


class _Chosen(torch.nn.Module):
    """Proposals of two joints, of which one place alone weighs for the second."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place

    def forward(self, seen):
        proposal = seen.new_zeros(len(seen), 2, 4, 256)
        proposal[:, 1, 0, self.place] = 100.0
        proposal[:, 1, 1:, self.place] = torch.tensor([0.1, 0.2, 0.3])
        return proposal.view(len(seen), 8, 16, 16)


def test_places_of_a_dense_network_are_where_their_readings_are():
    """Without proposals a joint is the mean place; where one place weighs most, it is what that place proposes."""
    network = DenseNetwork(2, width=8).eval()
    image = torch.ones(1, 1, 128, 128)
    image[..., 32:40, 96:104] = -0.5  # the fifth row, the thirteenth column
    image[..., 0:8, 0:2] = 0.25  # a quarter of the first place
    with torch.no_grad():
        network.proposal.weight.zero_()
        network.proposal.bias.zero_()
        joints = network(image)
        torch.testing.assert_close(joints, torch.tensor([[[0.0, 0.0, (-0.5 + 0.25) / 256]]]).expand(1, 2, 3))
        network.proposal = _Chosen(place=4 * 16 + 12)
        chosen = network(image)
        right, up, away = _places(image)[0]
    torch.testing.assert_close(chosen[0, 0], joints[0, 0])  # all weigh alike
    torch.testing.assert_close(chosen[0, 1], torch.tensor([9 / 16 + 0.1, 7 / 16 + 0.2, -0.5 + 0.3]))
    assert (right[4 * 16 + 12], up[4 * 16 + 12], away[4 * 16 + 12]) == (9 / 16, 7 / 16, -0.5)
    assert (right[0], up[0], away[0]) == (-15 / 16, 15 / 16, 0.25)
