"""What a run takes over from the model that it starts from."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from lsps_core.checkpoint import Checkpoint
from lsps_core.config.model import DOMAINS
from lsps_core.config.training import TrainConfig
from lsps_core.errors import LspsError
from lsps_core.networks.capsules import CapsuleMapping
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import Skeleton


def check_start(model: Checkpoint, config: TrainConfig, skeleton: Skeleton) -> None:
    """LspsError if a run of this config, on data of this skeleton, cannot start from the model."""
    expected = config.model_config(skeleton)
    if model.skeleton.joints != skeleton.joints:
        what = f"{config.initial_path} has the skeleton {model.skeleton.name}, the data {skeleton.name}"
        raise LspsError(what, field="initial_path")
    found = model.config
    if config.depth.pictures_alone:  # M may be of another kind, and is a new one then; G may be plain
        found = replace(found, mapping=expected.mapping, generator=expected.generator, bones=expected.bones)
    if found != expected:
        what = f"{config.initial_path} has other networks ({model.config}) than the run ({expected})"
        raise LspsError(what, field="initial_path")


def take_over(model: TriDomainModel, source: Checkpoint) -> None:
    """The weights of a model for which `check_start` raises nothing.

    An M of another kind begins anew, one over capsules with the layers of E_s. A masked G starts from a plain one.
    """
    weights, own = dict(source.weights), model.state_dict()
    has_new_mapping = source.config.mapping != model.config.mapping
    if has_new_mapping:
        weights = {name: value for name, value in weights.items() if not name.startswith("mapping.")}
        weights |= {name: value for name, value in own.items() if name.startswith("mapping.")}
    if source.config.generator == "plain" and model.config.generator == "masked":
        weights |= masked_from_plain(weights)
    model.load_state_dict(weights)
    if has_new_mapping and isinstance(model.mapping, CapsuleMapping):
        model.mapping.start_from(model.encoder)


_STEEP = 4.0
"""Logit of a mask that starts from a depth, over the depth's own."""


def masked_from_plain(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The last layers of a masked generator that draws what a plain one does: a surface where the depth is below 0.8."""
    made = {}
    for domain in DOMAINS:
        name = f"generator.own.{domain}.5"
        weight, bias = (weights[f"{name}.{part}"] for part in ("weight", "bias"))  # [1, c, 1, 1], [1]
        both = torch.cat([weight, -_STEEP * weight])
        made[f"{name}.weight"] = functional.pad(both, (1, 1, 1, 1))
        made[f"{name}.bias"] = torch.cat([bias, -_STEEP * (bias - math.atanh(0.8))])
    return made
