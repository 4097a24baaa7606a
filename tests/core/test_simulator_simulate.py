import numpy as np
import pytest
import torch

from lsps_core.camera import SIMULATED
from lsps_core.simulator.hand import average_shape
from lsps_core.simulator.render import cut_to_cube, render
from lsps_core.simulator.settings import PALM, SimulationSettings
from lsps_core.simulator.simulate import simulate
from lsps_core.simulator.surface import hand_surface

DOMAINS = ("synthetic", "sensor")
GROUPS = ("subject", "view", "thing", "hand", "camera")
FIELDS = ("depth_mm", "joints_mm", "center_mm", "half_mm", *GROUPS)


def frames(domain, count, **options):
    batches = list(simulate(domain, count, **options))
    return {field: np.concatenate([getattr(batch, field) for batch in batches]) for field in FIELDS}


@pytest.fixture(scope="module", params=DOMAINS)
def domain(request):
    return request.param


@pytest.fixture(scope="module")
def sample(domain):
    return frames(domain, 96, seed=2, batch_size=48)


def test_frames_are_what_the_store_expects(sample):
    expected = {
        "depth_mm": (np.uint16, (96, 128, 128)),
        "joints_mm": (np.float32, (96, 21, 3)),
        "center_mm": (np.float32, (96, 3)),
        "half_mm": (np.float32, (96,)),
    } | dict.fromkeys(GROUPS, (np.int64, (96,)))
    assert {field: (values.dtype.type, values.shape) for field, values in sample.items()} == expected
    assert (sample["half_mm"] == 125).all()


def test_a_hand_fills_part_of_each_frame_and_the_rest_is_empty(sample):
    share = (sample["depth_mm"] > 0).mean(axis=(1, 2))
    assert share.min() > 0.04
    assert share.max() < 0.6
    far = sample["center_mm"][:, 2] + 125
    assert (sample["depth_mm"].max(axis=(1, 2)) <= far + 1).all()


def seen_at(sample):
    """(depth of the pixel that each joint falls on, joints' z, whether it is inside the picture), [N, 21]."""
    joints, center = sample["joints_mm"].astype(float), sample["center_mm"][:, None].astype(float)
    across = (SIMULATED.project(joints) - SIMULATED.project(center))[..., :2] * center[..., 2:] / (475 * 125)
    column, row = np.moveaxis(np.floor((across + 1) * 64).astype(int), -1, 0)
    is_inside = (column >= 0) & (column < 128) & (row >= 0) & (row < 128)
    index = np.arange(len(joints))[:, None]
    return sample["depth_mm"][index, row.clip(0, 127), column.clip(0, 127)].astype(float), joints[..., 2], is_inside


def test_joints_lie_inside_the_hand_that_is_seen():
    sample = frames("synthetic", 128, seed=4)
    seen, z, is_inside = seen_at(sample)
    radius = average_shape().radii_mm[0, :21].numpy()
    assert is_inside.mean() > 0.98
    assert (seen[is_inside] > 0).all()
    depth_in_skin = z - seen
    assert (depth_in_skin >= 0.75 * radius - 2)[is_inside].all()  # rounding, and a pixel's width on a slanted side
    is_visible = np.abs(depth_in_skin - radius) < 4
    assert is_visible[is_inside].mean() > 0.4
    assert is_visible.any(axis=0).all()


def test_noisy_frames_still_show_the_hand_in_front_of_its_joints():
    seen, z, is_inside = seen_at(frames("sensor", 64, seed=4))
    is_read = is_inside & (seen > 0)
    assert is_read.mean() > 0.85
    assert (z - seen)[is_read].min() > -130
    assert np.quantile((z - seen)[is_read], 0.02) > 0


def hands_alone(sample):
    """The average hand at the joints, without forearm and noise, [N, 128, 128]; 0 where it is not."""
    joints, center, half = (torch.from_numpy(sample[field]) for field in ("joints_mm", "center_mm", "half_mm"))
    hand = hand_surface(joints, average_shape(len(joints)).radii_mm)
    return cut_to_cube(render(hand, center, half), center, half).numpy().astype(float)


def test_the_crop_is_centred_on_the_visible_hand(sample, domain):
    points = []
    for depth, center in zip(hands_alone(sample), sample["center_mm"].astype(float), strict=True):
        row, column = depth.nonzero()
        z = depth[row, column]
        slope = center[:2] / center[2] + np.stack([2 * column - 127, 127 - 2 * row], axis=1) / 128 * 125 / center[2]
        points.append(np.concatenate([slope * z[:, None], z[:, None]], axis=1).mean(axis=0) - center)
    off = np.abs(points).max(axis=1)
    if domain == "synthetic":
        assert np.quantile(off, 0.9) < 1.5
        assert off.max() < 8  # a finger may stick out of the cube
    else:
        assert 3 < np.median(off) < 10


def test_both_domains_show_a_forearm(sample):
    is_hand = hands_alone(sample) > 0
    beyond = ((sample["depth_mm"] > 0) & ~is_hand).mean(axis=(1, 2))
    assert np.median(beyond) > 0.03
    joints_off = np.linalg.norm(sample["joints_mm"].mean(axis=1) - sample["center_mm"], axis=1)
    assert joints_off.max() < 60


def test_a_batch_depends_on_seed_and_index_only(domain, sample):
    again = frames(domain, 60, seed=2, batch_size=48)
    for field in FIELDS:
        np.testing.assert_array_equal(again[field], sample[field][:60])


@pytest.mark.parametrize("views", ["any", "egocentric"])
def test_a_batch_with_things_depends_on_seed_and_index_only(domain, views):
    settings = SimulationSettings(views=views, things=0.4)
    long = frames(domain, 36, seed=5, batch_size=2, settings=settings)  # beyond the first held things
    short = frames(domain, 35, seed=5, batch_size=2, settings=settings)
    for field in FIELDS:
        np.testing.assert_array_equal(short[field], long[field][:35])


def test_seeds_and_batches_differ(domain, sample):
    other = frames(domain, 48, seed=3, batch_size=48)
    assert not np.array_equal(other["joints_mm"], sample["joints_mm"][:48])
    assert not np.array_equal(sample["joints_mm"][:48], sample["joints_mm"][48:])


def test_global_random_state_is_left_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    frames("sensor", 4, batch_size=4)
    assert torch.equal(before, torch.get_rng_state())


def bone_lengths(sample):
    return np.linalg.norm(np.diff(sample["joints_mm"][:, 9:13], axis=1), axis=2)  # the middle finger's


def test_synthetic_shows_one_hand_and_sensor_several_people():
    one, several = frames("synthetic", 64), frames("sensor", 64, subjects=5)
    assert set(one["subject"]) == {0}
    assert bone_lengths(one).std(axis=0).max() < 0.01
    assert set(several["subject"]) == {0, 1, 2, 3, 4}
    lengths = bone_lengths(several)
    for person in range(5):
        assert lengths[several["subject"] == person].std(axis=0).max() < 0.01
    assert lengths.std(axis=0).min() > 0.5


def test_no_frame_is_mirrored(sample):
    joints = sample["joints_mm"]
    knuckles = joints[:, [5, 17, 1]] - joints[:, :1]
    assert (np.linalg.det(knuckles) < 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("real", 1, {}), "unknown domain 'real'"),
        (("sensor", 0, {}), "frame_count is 0"),
        (("sensor", 1, {"subjects": 0}), "subjects is 0"),
        (("sensor", 1, {"batch_size": 0}), "batch_size is 0"),
        (("sensor", 1, {"seed": -1}), "seed is -1"),
    ],
)
def test_impossible_wishes_are_refused_at_once(arguments, message):
    domain, count, options = arguments
    with pytest.raises(ValueError, match=message) as caught:
        simulate(domain, count, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("settings", [PALM, SimulationSettings(views="any", things=0.5)], ids=["palm", "things"])
def test_it_runs_on_a_gpu(domain, settings):
    assert (frames(domain, 8, batch_size=8, device="cuda", settings=settings)["depth_mm"] > 0).any()
