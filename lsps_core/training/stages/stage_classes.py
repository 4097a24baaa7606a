"""Which class trains a stage, by the method of the run."""

from __future__ import annotations

from collections.abc import Callable

from lsps_core.config.training import StageConfig, TrainConfig
from lsps_core.config.weights import LossWeights
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.stages.crossing_nets import CrossingDepthStage, CrossingPosteriorStage
from lsps_core.training.stages.decoder_stage import DecoderStage
from lsps_core.training.stages.depth_stage import DepthStage
from lsps_core.training.stages.picture_stage import PictureStage
from lsps_core.training.stages.posterior_stage import PosteriorStage
from lsps_core.training.stages.residual_stage import ResidualPosteriorStage
from lsps_core.training.stages.stage import PoseStage, Stage

StageClass = Callable[[TriDomainModel, StageConfig, LossWeights, ProcessGroup], Stage]
_CLASSES: dict[str, dict[str, StageClass]] = {
    "lsps": {"pose": PoseStage, "depth": DepthStage, "posterior": PosteriorStage},
    "crossing_nets": {"pose": PoseStage, "depth": CrossingDepthStage, "posterior": CrossingPosteriorStage},
}


def stage_class(config: TrainConfig, name: str) -> StageClass:
    """Of one of STAGES."""
    if name == "posterior" and config.posterior_kind == "residual":
        return ResidualPosteriorStage
    if name == "depth" and config.depth.pictures_alone:
        return PictureStage
    if name == "pose" and config.pose.decoder_alone:
        return DecoderStage
    return _CLASSES[config.method][name]
