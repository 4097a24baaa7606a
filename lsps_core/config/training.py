"""Every setting of a training run, with the paper's values as the defaults."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from lsps_core.config.checks import check_at_most, check_choices, check_multiple_of_4, check_positive
from lsps_core.config.model import (
    MOST_WIDTHS,
    GeneratorKind,
    MappingKind,
    ModelConfig,
    PoseDecoderKind,
    PosteriorHead,
    PosteriorKind,
)
from lsps_core.config.text import changed, from_json
from lsps_core.config.weights import LossWeights, Preset
from lsps_core.errors import LspsError
from lsps_core.skeleton import HAND21, Skeleton

Precision = Literal["float32", "bfloat16"]
Method = Literal["lsps", "crossing_nets"]
Annotations = Literal["both", "real"]
PosteriorStart = Literal["discriminator", "random"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
STAGES = ("pose", "depth", "posterior")
_MOST_STEPS = 2**31 - 1
"""As many as an event can count."""
_MOST_BATCH = 1 << 20
_OF_ONE_STAGE = {
    "degrade": ("posterior", "changes its images so"),
    "occlude": ("posterior", "changes its images so"),
    "decoder_alone": ("pose", "trains G_y"),
    "pictures_alone": ("depth", "trains M and G"),
}
"""Settings that one stage alone may have, by name: which, and why."""


@dataclass(frozen=True, kw_only=True)
class StageConfig:
    """Length and optimiser of one stage. batch_size counts frames per domain; learning_rate is Adam's.

    final_learning_rate: where the cosine that follows the first half of the stage ends, as a share of learning_rate;
    1 keeps the rate constant, as the paper does.
    mapping_rate: multiple of the learning rate for M in the depth stage.
    pictures_alone: train only M and the generators in the depth stage, to draw poses as their images are.
    decoder_alone: train only G_y in the pose stage, so that the nearest code of a pose is nearer to it.
    extra_annotated: synthetic frames in a step beyond its batch, only for the image of M (depth stage) and
        for P (depth and posterior stage): both learn slowly and cost little beside the rest. 0 in the paper.
    degrade: give the images that a residual P reads faults of depth cameras; occlude: put things before the hand in
        some of them; both in the posterior stage only, see `lsps_core.data.augmentation`.
    """

    steps: int
    batch_size: int
    learning_rate: float = 1e-4
    final_learning_rate: float = 1.0
    mapping_rate: float = 1.0
    pictures_alone: bool = False
    decoder_alone: bool = False
    extra_annotated: int = 0
    degrade: bool = False
    occlude: bool = False

    def __post_init__(self) -> None:
        check_positive(self, "batch_size", "learning_rate", "final_learning_rate", "mapping_rate")
        check_at_most(self, steps=_MOST_STEPS, batch_size=_MOST_BATCH, extra_annotated=_MOST_BATCH)
        for key in ("steps", "extra_annotated"):
            if getattr(self, key) < 0:
                raise LspsError(f"{key} must be 0 or more, not {getattr(self, key)}", field=key)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run. Paths are the stores of the two domains; everything else has the paper's value.

    labels: share of the annotated real frames whose annotation may be used, 0 to 1.
    pose_decoder, generator, mapping, posterior_kind, posterior_width, posterior_head: architectures of G_y, G, M and P,
        see `ModelConfig`.
    method: "lsps", or the baseline "crossing_nets", which uses real frames only (annotations must be "real").
    annotations: "both" (all synthetic ones, and of the real ones the share `labels`) or only those of "real" frames.
    initial_path: model whose weights the run starts from; empty for a random start.
    posterior_start: initial P and trunk of the posterior stage: "discriminator", as the depth stage left them, or
        "random", the run's random start, without what the trunk learned as a discriminator. A run without a depth stage
        continues with the P of its initial model, if that is trained.
    rotation_degrees: augmentation draws an in-plane angle from ± this. translation_mm: standard deviation per axis.
    zoom_percent: standard deviation of the hand's size.
    precision: of the networks' arithmetic; weights and losses stay float32. bfloat16 is autocast.
    channels_last: memory layout of the image networks. compile: run their steps through torch.compile.
    checkpoint_minutes: interval of checkpoints, the work that a killed run may lose.
    """

    synthetic_path: str
    real_path: str
    preset: Preset = "paper"
    base_channels: int = 64
    pose_hidden: int = 30
    pose_decoder: PoseDecoderKind = "linear"
    generator: GeneratorKind = "plain"
    mapping: MappingKind = "latent"
    posterior_kind: PosteriorKind = "trunk"
    posterior_width: int = 128
    posterior_head: PosteriorHead = "linear"
    method: Method = "lsps"
    annotations: Annotations = "both"
    initial_path: str = ""
    posterior_start: PosteriorStart = "discriminator"
    seed: int = 0
    device: str = "cpu"
    precision: Precision = "float32"
    channels_last: bool = False
    compile: bool = False
    labels: float = 0.0
    rotation_degrees: float = 180.0
    translation_mm: float = 10.0
    zoom_percent: float = 0.0
    checkpoint_minutes: float = 5.0
    pose: StageConfig = field(default_factory=lambda: StageConfig(steps=200_000, batch_size=128))
    depth: StageConfig = field(default_factory=lambda: StageConfig(steps=500_000, batch_size=1))
    posterior: StageConfig = field(default_factory=lambda: StageConfig(steps=50_000, batch_size=32))
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        check_positive(self, "pose_hidden", "checkpoint_minutes")
        check_at_most(self, seed=2**63 - 1, **MOST_WIDTHS)
        for key in ("base_channels", "posterior_width"):
            check_multiple_of_4(key, getattr(self, key))
        check_choices(self, posterior_kind=get_args(PosteriorKind), pose_decoder=get_args(PoseDecoderKind))
        check_choices(self, posterior_head=get_args(PosteriorHead))
        check_choices(self, precision=PRECISIONS, preset=get_args(Preset), mapping=get_args(MappingKind))
        check_choices(self, generator=get_args(GeneratorKind))
        check_choices(self, method=get_args(Method), annotations=get_args(Annotations))
        check_choices(self, posterior_start=get_args(PosteriorStart))
        if self.method == "crossing_nets" and self.annotations != "real":
            what, remedy = "method=crossing_nets uses real frames only", "set annotations=real and a share of labels"
            raise LspsError(what, remedy, field="annotations", settings={"annotations": "real"})
        if self.method == "crossing_nets" and self.posterior_kind == "residual":
            what = "method=crossing_nets has its P on the discriminator's trunk"
            settings = {"posterior_kind": "trunk"}
            raise LspsError(what, "set posterior_kind=trunk", field="posterior_kind", settings=settings)
        if self.annotations == "real" and self.labels == 0:
            raise LspsError("annotations=real needs labels above 0: otherwise no frame is annotated", field="labels")
        if not 0 <= self.labels <= 1:
            raise LspsError(f"labels is a share of the real frames, 0 to 1, not {self.labels}", field="labels")
        for key in ("seed", "rotation_degrees", "translation_mm", "zoom_percent"):
            if getattr(self, key) < 0:
                raise LspsError(f"{key} must be 0 or more, not {getattr(self, key)}", field=key)
        self._check_alone()

    def _check_alone(self) -> None:
        """Settings that only some stages, models or methods may have."""
        for key, (owner, why) in _OF_ONE_STAGE.items():
            for name in STAGES:
                if name != owner and getattr(self.stage(name), key):
                    what = f"{name}.{key}: only the {owner} stage {why}"
                    raise LspsError(what, f"set {owner}.{key}", field=f"{name}.{key}")
        if self.pose.decoder_alone and not self.initial_path:
            field = "pose.decoder_alone"
            raise LspsError(f"{field} needs a trained model", "set initial_path to the model", field=field)
        field = "depth.pictures_alone"
        if not self.depth.pictures_alone:
            return
        if self.generator != "masked":
            raise LspsError(f"{field} needs generator=masked", "set generator=masked", field="generator")
        if self.method != "lsps" or self.annotations != "both" or not self.initial_path:
            what = f"{field} needs a trained model, method=lsps and annotations=both"
            raise LspsError(what, "set initial_path to the model", field=field)

    def stage(self, name: str) -> StageConfig:
        stage: StageConfig = getattr(self, name)
        return stage

    def model_config(self, skeleton: Skeleton) -> ModelConfig:
        """The networks for a skeleton; of another one than the simulator's, capsules are drawn."""
        return ModelConfig(
            joint_count=skeleton.joint_count,
            base_channels=self.base_channels,
            pose_hidden=self.pose_hidden,
            pose_decoder=self.pose_decoder,
            generator=self.generator,
            mapping="capsules" if self.mapping == "surface" and skeleton.joints != HAND21.joints else self.mapping,
            posterior_kind=self.posterior_kind,
            posterior_width=self.posterior_width,
            posterior_head=self.posterior_head,
            bones=skeleton.bones if self.mapping != "latent" or self.pose_decoder == "kinematic" else (),
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def for_models(self) -> dict[str, Any]:
        """The same with names in place of paths: models are passed on."""
        paths = {key: Path(getattr(self, key)).name for key in ("synthetic_path", "real_path", "initial_path")}
        return self.to_json() | paths

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> TrainConfig:
        """Rebuild what `to_json` wrote; LspsError about a key that is unknown, missing or of the wrong type."""
        config: TrainConfig = from_json(cls, value, "")
        return config

    def with_settings(self, settings: list[str]) -> TrainConfig:
        """Apply `KEY=VALUE` and `GROUP.KEY=VALUE` settings (GROUP: pose, depth, posterior, weights).

        LspsError, whose field is the key, where there is no such setting or it cannot have the value.
        """
        return TrainConfig.from_json(changed(self.to_json(), settings))
