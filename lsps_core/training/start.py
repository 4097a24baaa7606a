"""What a run takes over from the model that it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lsps_core.checkpoint import Checkpoint
from lsps_core.config.model import DOMAINS
from lsps_core.config.training import TrainConfig
from lsps_core.errors import LspsError
from lsps_core.networks.depth_vae import masked_from_plain
from lsps_core.networks.drawn_mapping import DrawnMapping
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import Skeleton


def check_start(model: Checkpoint, config: TrainConfig, skeleton: Skeleton) -> None:
    """LspsError if a run of this config, on data of this skeleton, cannot start from the model."""
    expected = config.model_config(skeleton)
    if model.skeleton.joints != skeleton.joints:
        what = f"{config.initial_path} has the skeleton {model.skeleton.name}, the data {skeleton.name}"
        raise LspsError(what, field="initial_path")
    found = model.config
    if config.posterior.steps > 0 or expected.posterior_kind == "trunk":  # P may get another head, which then learns
        found = replace(found, posterior_head=expected.posterior_head)
    if config.depth.pictures_alone:  # M may be of another kind, and is a new one then; G may be plain
        found = replace(found, mapping=expected.mapping, generator=expected.generator, bones=expected.bones)
    if found != expected:
        what = f"{config.initial_path} has other networks ({model.config}) than the run ({expected})"
        raise LspsError(what, field="initial_path")


def take_over(model: TriDomainModel, source: Checkpoint) -> None:
    """The weights of a model for which `check_start` raises nothing.

    An M of another kind begins anew, one over a drawing with the layers of E_s. A masked G starts from a plain one, a P
    with another head from the layers before that.
    """
    weights, own = dict(source.weights), model.state_dict()
    has_new_mapping = source.config.mapping != model.config.mapping
    if has_new_mapping:
        weights = {name: value for name, value in weights.items() if not name.startswith("mapping.")}
        weights |= {name: value for name, value in own.items() if name.startswith("mapping.")}
    if source.config.generator == "plain" and model.config.generator == "masked":
        for domain in DOMAINS:
            last = [f"generator.own.{domain}.5.{part}" for part in ("weight", "bias")]
            weights |= zip(last, masked_from_plain(*(weights[name] for name in last)), strict=True)
    if source.config.posterior_head != model.config.posterior_head:
        others = {name: value for name, value in weights.items() if not name.startswith("residual_posterior.")}
        fresh = {name: value for name, value in own.items() if name.startswith("residual_posterior.")}
        kept = {name: value for name, value in weights.items() if name in fresh and value.shape == fresh[name].shape}
        weights = others | fresh | kept
    model.load_state_dict(weights)
    if has_new_mapping and isinstance(model.mapping, DrawnMapping):
        model.mapping.start_from(model.encoder)


def posterior_starts_at_random(config: TrainConfig, start_record: Mapping[str, Any]) -> bool:
    """As the setting says, for a P on the trunk with steps; a trained one continues without a depth stage.

    start_record: of the model that the run started from, empty without one.
    """
    if config.posterior_kind != "trunk" or config.posterior_start != "random" or config.posterior.steps == 0:
        return False
    return config.depth.steps > 0 or not start_record.get("steps", {}).get("posterior", 0)
