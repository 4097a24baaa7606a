"""The depth cameras by name, and crops as the hand search finds them."""

import numpy as np
import pytest
import torch

from lsps_core.camera import SIMULATED
from lsps_core.data.hand_search import find_hand
from lsps_core.errors import LspsError
from lsps_core.simulator.cameras.camera import View, shadow_px
from lsps_core.simulator.cameras.mix import draw_cameras
from lsps_core.simulator.cameras.registry import CAMERAS, MIXED, chosen, load
from lsps_core.simulator.found import find_hands, whole_images
from lsps_core.simulator.hand import HandPose, average_shape
from lsps_core.simulator.render import cut_to_cube
from lsps_core.simulator.scene import draw_scene, pose_scene
from lsps_core.simulator.settings import PALM, SEEN_BY, SimulationSettings
from lsps_core.simulator.shots import LOST_MM, take_frames, visible_center_mm
from lsps_core.simulator.simulate import simulate

COUNT = 12
HALF = torch.full((COUNT,), 125.0)
NAMES = list(CAMERAS)


def open_hands(distance_mm):
    """A scene of open hands, the palm to the camera."""
    pose = HandPose(
        finger_angles_rad=torch.zeros(COUNT, 5, 4),
        wrist_angles_rad=torch.zeros(COUNT, 2),
        rotation=torch.eye(3).expand(COUNT, 3, 3),
        wrist_mm=torch.tensor([0.0, -60.0, distance_mm]).expand(COUNT, 3),
    )
    return pose_scene(average_shape(COUNT), pose)


@pytest.fixture(scope="module")
def clean():
    """(depth as rendered, centre) of open hands at 600 mm."""
    scene = open_hands(600.0)
    center = scene.joints_mm.mean(dim=1)
    return scene.render(center, HALF, size=128), center


def seen_by(name, clean, seed=0):
    depth, center = clean
    generator = torch.Generator().manual_seed(seed)
    camera = load(name)
    return camera.look(depth, center, HALF, camera.draw(COUNT, generator), generator)


@pytest.mark.parametrize("name", NAMES)
def test_a_camera_sees_the_hand_where_it_is(name, clean):
    depth, center = clean
    seen = cut_to_cube(seen_by(name, clean), center, HALF)
    hand = cut_to_cube(depth, center, HALF)
    both = (seen > 0) & (hand > 0)
    assert both.sum() / (hand > 0).sum() > 0.9
    error = (seen - hand)[both]
    assert error.median().abs() < 4
    assert 0.02 < error.abs().median() < 5
    assert torch.isfinite(seen).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_camera_draws_from_the_generator_alone(name, clean):
    assert torch.equal(seen_by(name, clean, seed=3), seen_by(name, clean, seed=3))
    assert not torch.equal(seen_by(name, clean, seed=3), seen_by(name, clean, seed=4))


def test_parameters_are_drawn_within_their_ranges():
    for name in NAMES:
        camera = load(name)
        draw = camera.draw(50, torch.Generator().manual_seed(0))
        for key, (low, high) in camera.ranges.items():
            assert low <= draw[key].min() < draw[key].max() <= high


def step_view(left_mm, right_mm):
    """A row that is `left_mm` away on its left half and `right_mm` on its right half."""
    depth = torch.full((1, 4, 64), float(left_mm))
    depth[..., 32:] = right_mm
    one = torch.ones(1, 1, 1)
    return View(
        depth_mm=depth, z_mm=600 * one, focal_px=300 * one, camera_px=one, generator=torch.Generator().manual_seed(0)
    )


def test_a_shadow_falls_left_of_what_is_nearer_and_is_as_wide_as_the_step():
    baseline = torch.full((1, 1, 1), 60.0)
    expected = 300 * 60 * (1 / 540 - 1 / 600)  # px between where the two halves meet as seen from the light
    dark = shadow_px(step_view(600, 540), baseline)[0, 0] > 0
    assert dark.sum() == round(expected)
    assert dark[32 - round(expected) : 32].all()
    assert not (shadow_px(step_view(540, 600), baseline) > 0).any()


def rims(name, left_mm, right_mm):
    """Pixels without a reading near the step, a row, averaged over many frames."""
    generator = torch.Generator().manual_seed(1)
    depth = step_view(left_mm, right_mm).depth_mm[:, :1].expand(64, 64, 64)
    center, half = torch.tensor([[0.0, 0.0, 600.0]]).expand(64, 3), torch.full((64,), 64 / 600 / 300 * 600 / 2 * 600)
    camera = load(name)
    seen = camera.look(depth, center, half, camera.draw(64, generator), generator)
    return float((seen[:, :, 24:40] == 0).float().sum(dim=2).mean())


@pytest.mark.parametrize("name", ["sr300", "kinect"])
def test_cameras_with_a_projector_have_a_black_rim_on_one_side_only(name):
    assert 1.5 < rims(name, 600, 540) < 5
    assert rims(name, 540, 600) < 1


def test_stereo_has_no_rim_but_a_slope():
    assert rims("d415", 600, 540) < 0.1
    camera, generator = load("d415"), torch.Generator().manual_seed(1)
    depth = step_view(600, 540).depth_mm[:, :1].expand(16, 64, 64)
    center, half = torch.tensor([[0.0, 0.0, 600.0]]).expand(16, 3), torch.full((16,), 64.0)
    seen = camera.look(depth, center, half, camera.draw(16, generator), generator)
    between = (seen > 550) & (seen < 590)
    assert between.float().sum(dim=2).mean() > 1


def test_time_of_flight_has_pixels_that_fly_between_hand_and_background(clean):
    depth, center = clean
    hand = cut_to_cube(depth, center, HALF)
    deepest = hand.amax(dim=(1, 2), keepdim=True)
    flying = {
        name: float((cut_to_cube(seen_by(name, clean), center, HALF) > deepest + 20).sum()) for name in ("tof", "sr300")
    }
    assert flying["tof"] > 20
    assert flying["tof"] > 5 * flying["sr300"]


def test_structured_light_has_a_smoother_outline_than_the_first_model():
    """Of the pixels that turn from hand to background or back along rows, fewer."""
    first = frames(camera=None)["depth_mm"] > 0
    named = frames(camera="sr300")["depth_mm"] > 0
    changes = [np.abs(np.diff(image.astype(int), axis=2)).sum() / image.sum() for image in (named, first)]
    assert changes[0] < 0.92 * changes[1]


def frames(count=32, views="palm", crop="true", camera=None, **options):
    settings = SimulationSettings(views=views, crop=crop, camera=camera)
    batches = list(simulate("sensor", count, settings=settings, **options))
    return {name: np.concatenate([getattr(batch, name) for batch in batches]) for name in vars(batches[0])}


def test_mixed_draws_one_camera_a_frame_and_names_it():
    made = frames(64, camera=MIXED, seed=3)
    assert {SEEN_BY[index] for index in made["camera"]} == set(CAMERAS)
    assert {SEEN_BY[index] for index in frames(64, camera="kinect,tof")["camera"]} == {"kinect", "tof"}
    assert {SEEN_BY[index] for index in frames(8)["camera"]} == {"sensor"}


def test_a_mix_gives_each_frame_what_its_camera_gives_alone(clean):
    depth, center = clean
    mix = draw_cameras(("d415",), COUNT, torch.Generator().manual_seed(5))
    generator = torch.Generator().manual_seed(5)
    draw_cameras(("d415",), COUNT, generator)
    (camera, _, draw), *_ = mix.parts
    alone = camera.look(depth, center, HALF, draw, torch.Generator().manual_seed(9))
    assert torch.equal(mix.look(depth, center, HALF, torch.Generator().manual_seed(9)), alone)


def test_cameras_are_chosen_by_name():
    assert chosen(MIXED) == tuple(CAMERAS)
    assert chosen("tof, sr300") == ("tof", "sr300")
    with pytest.raises(LspsError, match="unknown camera 'webcam'") as caught:
        SimulationSettings(camera="webcam")
    assert "sr300" in str(caught.value)
    with pytest.raises(ValueError, match="synthetic frames are clean"):
        simulate("synthetic", 1, settings=SimulationSettings(camera="tof"))


def test_a_found_crop_holds_the_hand_and_is_not_the_true_one():
    found, true = frames(crop="found", camera="sr300", seed=6), frames(camera="sr300", seed=6)
    np.testing.assert_array_equal(found["joints_mm"], true["joints_mm"])
    off = np.linalg.norm(found["center_mm"] - true["center_mm"], axis=1)
    assert 2 < np.median(off) < 40
    assert off.max() < LOST_MM + 20  # the true crop is off by some millimetres, too
    assert ((found["depth_mm"] > 0).mean(axis=(1, 2)) > 0.04).all()


def test_the_coarse_search_finds_what_the_search_of_a_full_image_finds():
    count, generator = 48, torch.Generator().manual_seed(2)
    scene = draw_scene(PALM, False, average_shape(), count, generator)
    z = scene.joints_mm[:, :, 2].mean(dim=1)
    coarse, is_found = find_hands(scene, z, no_camera)
    images, camera = whole_images(scene, z, no_camera, 640)
    full = np.array([find_hand(image, camera).center_mm for image in images.numpy()])
    assert images.shape == (count, 480, 640)
    assert camera.fx == SIMULATED.fx
    assert is_found.all()
    apart = np.linalg.norm(full - coarse.numpy(), axis=1)
    assert np.median(apart) < 20
    assert (apart < 60).mean() > 0.9


def test_a_crop_is_centred_where_the_search_puts_it():
    scene = open_hands(550.0)
    shots = take_frames(scene, None, SimulationSettings(crop="found"))
    found, _ = find_hands(scene, visible_center_mm(scene.hand, scene.joints_mm.mean(dim=1), HALF)[:, 2], no_camera)
    assert torch.equal(shots.center_mm, found)


def no_camera(clean_mm, _center_mm, _half_mm):
    return clean_mm


def test_a_scene_without_a_hand_in_the_image_has_none_to_find():
    scene = open_hands(550.0)
    _, is_found = find_hands(scene, torch.full((COUNT,), 550.0), lambda clean, *_: torch.zeros_like(clean))
    assert not is_found.any()
