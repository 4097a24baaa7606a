"""The depth image that is drawn of a pose, beside the simulator's own of the same hands."""

import pytest
import torch

from lsps_core.config.presets import PRESETS
from lsps_core.config.training import TrainConfig
from lsps_core.data.crop import FAR_FACE, camera_center, normalise, to_pose
from lsps_core.networks.drawn_mapping import SurfaceMapping
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.simulator.drawing import draw_pose
from lsps_core.simulator.settings import SimulationSettings
from lsps_core.simulator.simulate import simulate
from lsps_core.skeleton import HAND21, MSRA21, NYU36


@pytest.mark.parametrize("views", ["palm", "any"])
def test_a_drawing_is_the_frame_of_a_straight_wrist(views):
    settings = SimulationSettings(views=views, wrist="straight")
    batch = next(simulate("synthetic", 64, seed=3, settings=settings))
    joints, center, half = (torch.as_tensor(each) for each in (batch.joints_mm, batch.center_mm, batch.half_mm))
    frames = normalise(torch.as_tensor(batch.depth_mm.astype("int32")), center, half)
    drawn = draw_pose(to_pose(joints, center, half), camera_center(center, half))
    shows, is_drawn = frames < FAR_FACE, drawn < FAR_FACE
    assert (shows & is_drawn).sum() / (shows | is_drawn).sum() > 0.98
    assert (drawn - frames)[shows & is_drawn].abs().mean() * half.mean() < 1.0


def test_any_numbers_are_drawn():
    wild = torch.randn(8, 21, 3) * torch.logspace(-3, 3, 8)[:, None, None]
    poses = torch.cat([torch.zeros(1, 21, 3), torch.full((1, 21, 3), torch.nan), wild])
    drawn = draw_pose(poses, torch.tensor([[0.0, 0.0, 1.5]]).expand(10, 3))
    assert drawn.shape == (10, 1, 128, 128)
    assert ((drawn >= -1) & (drawn <= 1)).all()


def test_of_other_skeletons_capsules_are_drawn():
    settings = TrainConfig(synthetic_path="", real_path="", **PRESETS["compact"])
    kinds = [settings.model_config(skeleton).mapping for skeleton in (HAND21, MSRA21, NYU36)]
    assert kinds == ["surface", "capsules", "capsules"]


def test_a_mapping_over_the_surface_begins_as_the_synthetic_encoder():
    model = TriDomainModel(TrainConfig(synthetic_path="", real_path="", **PRESETS["compact"]).model_config(HAND21))
    mapping, pose, center = model.mapping, torch.randn(2, 21, 3) * 0.3, torch.tensor([[0.0, 0.0, 4.0]]).expand(2, 3)
    assert isinstance(mapping, SurfaceMapping)
    mapping.start_from(model.encoder)
    torch.testing.assert_close(mapping(pose, center), model.encoder(draw_pose(pose, center), "synthetic"))
