"""Named sets of settings for a run."""

from __future__ import annotations

from typing import Any

from lsps_core.config.training import StageConfig
from lsps_core.config.weights import LossWeights, Preset

PRESETS: dict[Preset, dict[str, Any]] = {
    "paper": {},
    "compact": {
        "preset": "compact",
        "base_channels": 8,
        "pose_hidden": 256,
        "pose_decoder": "kinematic",
        "generator": "masked",
        "mapping": "surface",
        "posterior_kind": "residual",
        "posterior_head": "dense",
        "posterior_start": "random",
        "zoom_percent": 8.0,
        "pose": StageConfig(steps=20_000, batch_size=128, learning_rate=3e-3, final_learning_rate=0.01),
        "depth": StageConfig(
            steps=20_000,
            batch_size=4,
            learning_rate=5e-4,
            final_learning_rate=0.1,
            mapping_rate=4.0,
            extra_annotated=12,
        ),
        "posterior": StageConfig(
            steps=6_000, batch_size=16, learning_rate=2e-3, final_learning_rate=0.05, extra_annotated=32, degrade=True
        ),
        "weights": LossWeights.of("compact"),
    },
}
"""The settings of `TrainConfig` in each preset; the weights are in `LossWeights`. `paper` is the default."""

PAPER_NETWORKS = (
    *("pose_decoder=linear", "pose.learning_rate=0.001", "weights.pose_kl=0.03"),
    *("posterior_kind=trunk", "zoom_percent=0", "posterior.degrade=false"),
    *("weights.posterior=10", "weights.posterior_labelled=40", "weights.posterior_joints=0"),
    *("weights.posterior_translated=10", "weights.posterior_consistency=4"),
)
"""Settings that give `compact` the paper's G_y and P, with the rates and weights that were found for them."""
