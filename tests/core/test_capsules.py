"""What a picture shows beyond the wrist."""

import torch

from lsps_core.data.crop import FAR_FACE, camera_center, normalise, to_pose
from lsps_core.networks.capsules import is_beyond_root
from lsps_core.simulator.settings import SimulationSettings
from lsps_core.simulator.simulate import SimulatedBatch, simulate
from lsps_core.skeleton import HAND21


def frames(wrist: str) -> SimulatedBatch:
    settings = SimulationSettings(views="any", wrist=wrist)
    return next(simulate("synthetic", 64, seed=3, settings=settings))


def test_what_another_bend_of_the_wrist_changes_is_beyond_the_root():
    free, straight = frames("free"), frames("straight")
    joints, center, half = (torch.as_tensor(each) for each in (free.joints_mm, free.center_mm, free.half_mm))
    images = [normalise(torch.as_tensor(batch.depth_mm.astype("int32")), center, half) for batch in (free, straight)]
    pose, place = to_pose(joints, center, half), camera_center(center, half)
    beyond = torch.stack([is_beyond_root(pose, place, image, HAND21.bones) for image in images])
    shows = torch.stack(images) < FAR_FACE
    is_hand = (images[0] - images[1]).abs() < 0.01  # and what both bends have in common of the arm
    arm, hand = shows & ~is_hand, shows & is_hand
    assert arm[0].sum() > 10_000
    assert (beyond & arm).sum() / arm.sum() > 0.75
    assert (beyond & hand).sum() / hand.sum() < 0.1
