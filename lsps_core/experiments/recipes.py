"""The rows of the tables and the curves of Figure 5: what each changes in the settings that all share."""

from __future__ import annotations

from typing import NamedTuple

from lsps_core.config.fits import FIT_ACCEPT_MM, FIT_STEPS
from lsps_core.config.model import Domain
from lsps_core.config.weights import LossWeights


class Fits(NamedTuple):
    """How real frames get the labels that a model fits to them; see `lsps_core.fitting.fit_store`."""

    frames: int
    accept_mm: float
    steps: int


class Bounds(NamedTuple):
    """Rows without and with real labels; of each the better one bounds the gap that others close."""

    synthetic: tuple[str, ...]
    real: tuple[str, ...]


class Recipe(NamedTuple):
    """A row's changes to the shared settings. parent: the row from whose model its posterior stage starts.

    domain: selects the first layers of P for the test frames: without real frames those for real ones are untrained.
    is_regressor: a plain regressor in place of the model. is_fitted: its real labels are fits of its parent's.
    is_halved: of its annotated frames one half is synthetic, one real. longer: times the steps of the posterior stage.
    bounds: of the gap that it closes; None for a bound.
    """

    label: str
    settings: tuple[str, ...] = ()
    parent: str = ""
    domain: Domain = "real"
    is_regressor: bool = False
    is_fitted: bool = False
    is_halved: bool = False
    longer: float = 1.0
    bounds: Bounds | None = None


_MATCHING = f"weights.feature_matching={LossWeights.feature_matching}"
_UNMATCHED = "weights.feature_matching=0"
_UNTRANSLATED = "weights.posterior_translated=0"
_INCONSISTENT = "weights.posterior_consistency=0"
_PLAINLY_LABELLED = f"weights.posterior_labelled={LossWeights.posterior_labelled}"
_FROM_DISCRIMINATOR = "posterior_start=discriminator"
_PAPER_TERMS = (_MATCHING, _UNTRANSLATED, _INCONSISTENT, _PLAINLY_LABELLED, _FROM_DISCRIMINATOR)
_NO_BRIDGE = (_UNMATCHED, _UNTRANSLATED, _INCONSISTENT, _PLAINLY_LABELLED)
"""No term transfers P from synthetic to real images: it learns from annotated images alone."""
_AUGMENTED = ("depth.steps=0", "posterior.degrade=true", "posterior.occlude=true", "zoom_percent=8")
_REGRESSOR = ("pose.steps=0", "posterior_head=linear", *_AUGMENTED)
_DENSE_REGRESSOR = ("pose.steps=0", "posterior_head=dense", *_AUGMENTED)
_AS_LONG_AS_P, _AS_LONG_AS_FITS, _P_AS_LONG_AS_FITS = 1.2, 3.25, 2.8
"""Times the steps of `residual_synthetic`, measured with 2 000 on a CPU: a dense regressor takes as much CPU time as
that row with its pose stage; as `residual_fitted` with its parent and its fits; and P of its own as the latter."""
_RESIDUAL = (
    *_NO_BRIDGE,
    *_AUGMENTED,
    *("pose_decoder=kinematic", "pose.learning_rate=0.003", "weights.pose_kl=0.01"),
    *("posterior_kind=residual", "weights.posterior=1", "weights.posterior_labelled=1", "weights.posterior_joints=100"),
)
_FULL_FITS = Fits(frames=6_000, accept_mm=FIT_ACCEPT_MM, steps=FIT_STEPS)
FITS = {"full": _FULL_FITS, "small": _FULL_FITS._replace(frames=600), "tiny": Fits(frames=24, accept_mm=1e6, steps=1)}
"""By scale; 6 000 are a quarter of an hour of one core."""
BOUNDS = Bounds(("synthetic_only", "synthetic_only_pretrained"), ("real", "real_pretrained"))
"""Rows with P from a random start and from the pre-trained model."""
_PLAIN_BOUNDS = Bounds(
    ("regressor_synthetic", "dense_synthetic", "dense_synthetic_long"), ("regressor_real", "residual_real")
)
"""What a user would do instead, and the better way to use real labels."""
_PRETRAINED = "pretrained"
RECIPES = {
    _PRETRAINED: Recipe("the pre-trained model of *", ("posterior.steps=0", *_NO_BRIDGE)),
    "synthetic_only": Recipe("Synthetic-only", ("depth.steps=0", *_NO_BRIDGE), domain="synthetic"),
    "synthetic_only_pretrained": Recipe(
        "Synthetic-only*", (*_NO_BRIDGE, _FROM_DISCRIMINATOR), _PRETRAINED, domain="synthetic"
    ),
    "lsps": Recipe("LSPS*", (), _PRETRAINED, bounds=BOUNDS),
    "lsps_paper_terms": Recipe("LSPS*, the paper's posterior stage", _PAPER_TERMS, _PRETRAINED, bounds=BOUNDS),
    "lsps_matching_consistent": Recipe(
        "LSPS*, the paper's terms and consistency", (_MATCHING, _UNTRANSLATED), _PRETRAINED, bounds=BOUNDS
    ),
    "lsps_matching_translated": Recipe(
        "LSPS*, the paper's terms and translations", (_MATCHING, _INCONSISTENT), _PRETRAINED, bounds=BOUNDS
    ),
    "lsps_translated": Recipe("LSPS*, translations alone", (_UNMATCHED, _INCONSISTENT), _PRETRAINED, bounds=BOUNDS),
    "lsps_from_discriminator": Recipe(
        "LSPS*, P from the discriminators", (_FROM_DISCRIMINATOR,), _PRETRAINED, bounds=BOUNDS
    ),
    "real": Recipe("Real labels", ("depth.steps=0", "annotations=real", "labels=1", *_NO_BRIDGE)),
    "real_pretrained": Recipe(
        "Real labels*", ("annotations=real", "labels=1", *_NO_BRIDGE, _FROM_DISCRIMINATOR), _PRETRAINED
    ),
    "regressor_synthetic": Recipe("Plain regressor, synthetic + augmentation", _REGRESSOR, is_regressor=True),
    "dense_synthetic": Recipe(
        "Plain regressor with a dense head, synthetic + augmentation, as long as P of its own",
        _DENSE_REGRESSOR,
        is_regressor=True,
        longer=_AS_LONG_AS_P,
    ),
    "dense_synthetic_long": Recipe(
        "Plain regressor with a dense head, synthetic + augmentation, as long as the row with fits",
        _DENSE_REGRESSOR,
        is_regressor=True,
        longer=_AS_LONG_AS_FITS,
    ),
    "regressor_real": Recipe(
        "Plain regressor, real labels", ("annotations=real", "labels=1", *_REGRESSOR), is_regressor=True
    ),
    "residual_synthetic": Recipe("P of its own, synthetic + augmentation", _RESIDUAL),
    "residual_synthetic_long": Recipe(
        "P of its own, synthetic + augmentation, as long as the row with fits", _RESIDUAL, longer=_P_AS_LONG_AS_FITS
    ),
    "residual_fitted": Recipe(
        "LSPS, P of its own, and fits of unlabelled real frames",
        (*_RESIDUAL, "labels=1"),
        "residual_synthetic",
        is_fitted=True,
        is_halved=True,
        bounds=_PLAIN_BOUNDS,
    ),
    "residual_real": Recipe(
        "P of its own, and real labels in place of fits", (*_RESIDUAL, "labels=1"), "residual_synthetic", is_halved=True
    ),
    "residual_labelled": Recipe(
        "P of its own, synthetic + augmentation, then real labels as well",
        _RESIDUAL,
        "residual_synthetic",
        is_halved=True,
    ),
    "residual_supervised": Recipe("Supervised, P of its own", ("annotations=real", *_RESIDUAL), longer=2.0),
    "supervised": Recipe("Supervised", ("depth.steps=0", "annotations=real", *_NO_BRIDGE)),
    "crossing_nets": Recipe("CrossingNets-style", ("method=crossing_nets", "annotations=real", *_NO_BRIDGE)),
}
_TABLE1_ROWS = (
    *BOUNDS.synthetic,
    "lsps",
    "lsps_paper_terms",
    *BOUNDS.real,
    "regressor_synthetic",
    "dense_synthetic",
    "residual_synthetic",
    "dense_synthetic_long",
    "residual_synthetic_long",
    "residual_fitted",
    "regressor_real",
    "residual_real",
)
_ABLATION_ROWS = (
    *BOUNDS.synthetic,
    "lsps_paper_terms",
    "lsps_matching_translated",
    "lsps_matching_consistent",
    "lsps_translated",
    "lsps_from_discriminator",
    "lsps",
    *BOUNDS.real,
)
TABLES: dict[str, tuple[str, ...]] = {"table1": _TABLE1_ROWS, "ablation": _ABLATION_ROWS}
FIGURE5_CURVES = ("lsps", "supervised", "crossing_nets", "residual_labelled", "residual_supervised")
FIGURE5_UNLABELLED = ("lsps", "residual_fitted")
"""Rows without a real label beside the curves."""
ROWS = {**TABLES, "figure5": tuple(dict.fromkeys((*FIGURE5_UNLABELLED, *FIGURE5_CURVES)))}
"""By experiment, all that can be chosen from."""
