"""A model as one safetensors file: weights, and a JSON header that describes them."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from lsps_core.config.model import POSE_LATENT_SIZE, ModelConfig
from lsps_core.config.text import from_json
from lsps_core.errors import LspsError
from lsps_core.files import kind_of, parse_json, replacing, require_file
from lsps_core.networks.kinematic import KinematicDecoder
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import Skeleton

FORMAT = "lsps-model"
FORMAT_VERSION = 1
_PRIOR_CODES = "prior.codes"
_RECORDED: dict[str, type] = {"steps": dict, "commands": list, "start": dict, "evaluations": list, "experiment": dict}
_MOST_HALF_MM = 10_000.0
_MOST_BYTES = 8 << 30
_MOST_HEADER_BYTES = 16 << 20
"""Headers of this program have about ten thousand bytes; parsing 100 MB would block the process for seconds."""


class CheckpointError(LspsError):
    """A model file that cannot be read or written: what, where, what to do, in one line."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A model and the data needed to use it.

    half_mm: half the edge of the crop cube, which is 1.0 in a pose; the median over the training frames.
    latent_mean, latent_std: [20], of the encoded training poses; the latent sliders use them as scale.
    latent_covariance: [20][20] of the same codes; None in older files.
    prior_codes: [K, 20], codes of random training poses, for `lsps_core.prior`; None in older files.
    training: a free-form record of the training: command, data, seeds, steps, duration, measured errors.
    """

    config: ModelConfig
    skeleton: Skeleton
    half_mm: float
    latent_mean: tuple[float, ...]
    latent_std: tuple[float, ...]
    weights: dict[str, Tensor]
    training: dict[str, Any] = field(default_factory=dict)
    latent_covariance: tuple[tuple[float, ...], ...] | None = None
    prior_codes: Tensor | None = None

    def __post_init__(self) -> None:
        if self.skeleton.joint_count != self.config.joint_count:
            raise ValueError(
                f"the skeleton has {self.skeleton.joint_count} joints, the networks {self.config.joint_count}"
            )
        if not len(self.latent_mean) == len(self.latent_std) == POSE_LATENT_SIZE:
            raise ValueError(f"latent statistics need {POSE_LATENT_SIZE} means and deviations")
        if (
            not all(map(math.isfinite, (self.half_mm, *self.latent_mean, *self.latent_std)))
            or not 0 < self.half_mm < _MOST_HALF_MM
        ):
            raise ValueError("the cube's half edge or the latent statistics are not finite")
        if self.latent_covariance is not None:
            _check_covariance(self.latent_covariance)
        if self.prior_codes is not None:
            _check_prior_codes(self.prior_codes)

    def build(self) -> TriDomainModel:
        """The networks with these weights, on the CPU; ValueError if the weights do not fit the config."""
        try:
            with torch.device("meta"):
                model = TriDomainModel(self.config)
            model.load_state_dict(self.weights, assign=True)
        except RuntimeError as error:
            first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
            raise CheckpointError(f"the weights do not fit the model's config: {first}") from error
        decoder = model.pose_vae.decoder
        if isinstance(decoder, KinematicDecoder):
            try:
                decoder.range.check()
            except ValueError as error:
                raise CheckpointError(f"the model is damaged: {error}; train or copy it again") from error
        return model.float()


def _check_covariance(rows: tuple[tuple[float, ...], ...]) -> None:
    if [len(row) for row in rows] != [POSE_LATENT_SIZE] * POSE_LATENT_SIZE:
        raise ValueError(f"the latent covariance needs {POSE_LATENT_SIZE} rows of {POSE_LATENT_SIZE}")
    if not all(math.isfinite(value) for row in rows for value in row):
        raise ValueError("the latent covariance is not finite")


def _check_prior_codes(codes: Tensor) -> None:
    if codes.dim() != 2 or len(codes) < 2 or codes.shape[1] != POSE_LATENT_SIZE or not codes.is_floating_point():
        raise ValueError(f"the prior needs codes [K, {POSE_LATENT_SIZE}] of 2 poses or more, not {tuple(codes.shape)}")
    if not bool(codes.isfinite().all()):
        raise ValueError("the prior's codes are not finite")


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write beside `path`, flush to disk, rename over it: a reader sees the old file or the new one, never half."""
    header = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "config": asdict(checkpoint.config),
        "skeleton": checkpoint.skeleton.to_json(),
        "half_mm": checkpoint.half_mm,
        "latent_mean": checkpoint.latent_mean,
        "latent_std": checkpoint.latent_std,
        "training": checkpoint.training,
    }
    if checkpoint.latent_covariance is not None:
        header["latent_covariance"] = checkpoint.latent_covariance
    metadata = {key: value if isinstance(value, str) else json.dumps(value) for key, value in header.items()}
    codes = {} if checkpoint.prior_codes is None else {_PRIOR_CODES: checkpoint.prior_codes}
    write_tensors(path, checkpoint.weights | codes, metadata)


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write any safetensors file, whole or not at all; CheckpointError if that fails."""
    plain = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    with replacing(path, CheckpointError) as part:
        try:
            safetensors.torch.save_file(plain, part, metadata)
        except safetensors.SafetensorError as error:  # of the disk
            raise OSError(str(error)) from error


def load(path: Path) -> Checkpoint:
    """Read a model file; CheckpointError, in one line, for any other file."""
    header, weights = read_tensors(path)
    if header.get("format") != FORMAT:
        raise CheckpointError(f"{path} is a safetensors file but not an LSPS model", "open one that {train} wrote")
    version = header.get("format_version")
    if version != str(FORMAT_VERSION):
        raise CheckpointError(
            f"{path} has model format version {version}, this program reads {FORMAT_VERSION}; "
            "open it with the version of lsps-explorer that wrote it"
        )
    codes = weights.pop(_PRIOR_CODES, None)
    try:
        return Checkpoint(
            config=from_json(ModelConfig, parse_json(header["config"]), ""),
            skeleton=Skeleton.from_json(parse_json(header["skeleton"])),
            half_mm=float(parse_json(header["half_mm"])),
            latent_mean=tuple(map(float, parse_json(header["latent_mean"]))),
            latent_std=tuple(map(float, parse_json(header["latent_std"]))),
            prior_codes=codes,
            weights=_checked(path, weights),
            training=_record(parse_json(header["training"])),
            latent_covariance=_covariance(header.get("latent_covariance")),
        )
    except CheckpointError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(f"{path} has a damaged model header ({error}); train or copy the model again") from error


def _checked(path: Path, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of any precision as float32; CheckpointError for other types and for numbers that are not finite."""
    checked = {}
    for name, values in weights.items():
        is_count = values.dtype == torch.int64 and values.dim() == 0  # of the batches that a batch norm has seen
        if not (is_count or values.is_floating_point()):
            raise CheckpointError(f"{path} is a damaged model: {name!r} holds {values.dtype}; train or copy it again")
        checked[name] = values if is_count else values.float()
        if not bool(checked[name].isfinite().all()):
            what = f"{path} is a damaged model: {name!r} has a number that is not finite"
            raise CheckpointError(what, "train or copy it again")
    return checked


def _record(training: Any) -> dict[str, Any]:
    """The record of a training; ValueError if an entry that is used again has another type."""
    for key, kind in _RECORDED.items():
        if not isinstance(training.get(key, kind()), kind):
            raise ValueError(f"its record has {key} of another type")
    steps, commands = training.get("steps", {}), training.get("commands", [])
    if any(type(count) is not int for count in steps.values()) or not all(isinstance(line, str) for line in commands):
        raise ValueError("its record has steps or commands of another type")
    if "start" in training:
        _record(training["start"])
    return dict(training)


def _covariance(text: str | None) -> tuple[tuple[float, ...], ...] | None:
    return None if text is None else tuple(tuple(map(float, row)) for row in parse_json(text))


def read_tensors(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The metadata and tensors of any safetensors file; CheckpointError for any other file."""
    if kind_of(path) == "folder":
        raise CheckpointError(f"{path} is a folder; name the .safetensors file inside it")
    try:
        require_file(path, CheckpointError, _MOST_BYTES)
        _check_header_size(path)
        with safetensors.safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {}), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} does not exist; check the path") from error
    except safetensors.SafetensorError as error:
        raise CheckpointError(
            f"{path} is not a readable model: truncated, or another kind of file ({error})"
        ) from error
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}; check its permissions") from error


def _check_header_size(path: Path) -> None:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
    if _MOST_HEADER_BYTES < size <= path.stat().st_size:
        raise CheckpointError(f"{path} has a header of {size / 1e6:,.0f} MB, so it is not a model; open another file")
