"""The weights of the losses."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict, dataclass, field
from typing import Literal

from lsps_core.errors import LspsError

Preset = Literal["paper", "compact"]


def _weight(paper: float, *, compact: float | None = None) -> float:
    """A weight of the preset "paper", and of "compact" if that one differs."""
    default: float = field(default=paper, metadata={} if compact is None else {"compact": compact})
    return default


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """The paper's λ (section 4), one name a term. The reduction of each term is in `lsps_core.losses`."""

    pose_kl: float = _weight(0.1, compact=0.01)
    """λ0"""
    pose_reconstruction: float = 100.0
    """λ1"""
    depth_kl: float = 0.1
    """λ2"""
    reconstruction: float = 100.0
    """λ3, of plain and of twice translated images"""
    adversarial: float = 10.0
    """λ4"""
    mapping: float = _weight(100.0, compact=1.0)
    """λ5"""
    mapping_reconstruction: float = _weight(10000.0, compact=300.0)
    """λ6"""
    mapping_translated: float = _weight(0.0, compact=300.0)
    """M's real image of a synthetic pose against the translation of its image; not in the paper"""
    posterior: float = _weight(10.0, compact=1.0)
    """λ7"""
    posterior_labelled: float = _weight(10.0, compact=1.0)
    """λ7 of annotated real frames, in the posterior stage"""
    posterior_translated: float = _weight(0.0)
    """P on labelled synthetic images translated to real; not in the paper"""
    posterior_consistency: float = _weight(0.0)
    """P on real images against the mean of a slow P over their renderings and rotations; not in the paper"""
    posterior_joints: float = _weight(0.0, compact=100.0)
    """the pose of P's code, G_y(P(x)), against the annotated one, for a residual P; the joints of a dense head as well;
    not in the paper"""
    feature_matching: float = _weight(1.0, compact=0.0)
    """λ8 of the posterior stage"""
    feature_matching_depth: float = 0.0001
    """λ8 while the depth model trains"""

    def __post_init__(self) -> None:
        for key, value in asdict(self).items():
            if not 0 <= value < float("inf"):
                raise LspsError(f"weights.{key} must be 0 or more and finite, not {value}", field=key)

    @classmethod
    def of(cls, preset: Preset) -> LossWeights:
        """The weights of a preset."""
        return cls(**{each.name: each.metadata.get(preset, each.default) for each in dataclasses.fields(cls)})
