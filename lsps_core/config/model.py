"""Shapes of the networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from lsps_core.config.checks import check_at_most, check_choices, check_multiple_of_4, check_positive
from lsps_core.errors import LspsError
from lsps_core.skeleton import HAND21, MOST_JOINTS, bone_levels

Domain = Literal["real", "synthetic"]
DOMAINS: tuple[Domain, ...] = get_args(Domain)
GeneratorKind = Literal["plain", "masked"]
MappingKind = Literal["latent", "bones", "capsules", "surface"]
PoseDecoderKind = Literal["linear", "kinematic"]
PosteriorHead = Literal["linear", "dense"]
PosteriorKind = Literal["trunk", "residual"]
Prior = Literal["fitted", "normal"]
PRIORS: tuple[Prior, ...] = get_args(Prior)
IMAGE_SIZE = 128
"""Edge of every depth image in px; the networks' strides are laid out for it."""
POSE_LATENT_SIZE = 20
MOST_WIDTHS = {"base_channels": 1024, "pose_hidden": 1 << 16, "posterior_width": 1 << 13}


def other_domain(domain: Domain) -> Domain:
    return "synthetic" if domain == "real" else "real"


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Shapes of the networks.

    joint_count: joints of a pose.
    base_channels: the width that all image networks scale with; 64 in the paper. A multiple of 4.
    pose_hidden: units of each hidden layer of the pose VAE; 30 in the paper.
    pose_decoder: architecture of G_y: "linear", the paper's two linear layers to the joints, or "kinematic", which
        gives angles, size, rotation and place of a hand whose bones are as long and bend as far as those of training
        poses; it needs the skeleton's bones as (parent, child), which must be one tree.
    generator: architecture of G_r and G_s: "plain", the paper's, or "masked", which gives for each pixel a depth and
        whether there is a surface, so that outlines are sharp.
    mapping: architecture of M: "latent", the paper's transposed convolutions from z_y, or convolutions over a drawing
        of the decoded pose, which needs the skeleton's bones as (parent, child): "bones", how near each is,
        "capsules", a depth image of them, or "surface", one of the simulator's hand, for its own skeleton.
    posterior_kind: architecture of P: "trunk", the paper's last layer on the discriminators' trunk, or "residual", a
        network of its own that both domains share.
    posterior_width: channels of the last block of the residual P; a multiple of 4.
    posterior_head: how the residual P ends: "linear", two linear layers to the code, or "dense", joints that every
        place of a 16×16 map contributes to, of which E_y gives the code.
    """

    joint_count: int
    base_channels: int = 64
    pose_hidden: int = 30
    pose_decoder: PoseDecoderKind = "linear"
    generator: GeneratorKind = "plain"
    mapping: MappingKind = "latent"
    posterior_kind: PosteriorKind = "trunk"
    posterior_width: int = 128
    posterior_head: PosteriorHead = "linear"
    bones: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        check_positive(self, "joint_count", "pose_hidden")
        check_at_most(self, joint_count=MOST_JOINTS, **MOST_WIDTHS)
        check_choices(self, mapping=get_args(MappingKind), posterior_kind=get_args(PosteriorKind))
        check_choices(self, posterior_head=get_args(PosteriorHead))
        check_choices(self, pose_decoder=get_args(PoseDecoderKind), generator=get_args(GeneratorKind))
        check_multiple_of_4("posterior_width", self.posterior_width)
        bones = tuple((int(parent), int(child)) for parent, child in self.bones)  # JSON has lists
        object.__setattr__(self, "bones", bones)
        if any(not 0 <= joint < self.joint_count for bone in bones for joint in bone):
            raise ValueError(f"a bone's joints must be 0 to {self.joint_count - 1}: {bones}")
        if self.mapping == "surface" and bones != HAND21.bones:
            raise ValueError("mapping=surface needs the bones of hand21")
        if self.pose_decoder == "kinematic":
            _check_tree(bones, self.joint_count)
        check_multiple_of_4("base_channels", self.base_channels)

    @property
    def depth_latent_shape(self) -> tuple[int, int, int]:
        return (4 * self.base_channels, IMAGE_SIZE // 4, IMAGE_SIZE // 4)


def _check_tree(bones: tuple[tuple[int, int], ...], joint_count: int) -> None:
    try:
        bone_levels(bones, joint_count)
    except ValueError as error:
        what, remedy = f"pose_decoder=kinematic: {error}", "set pose_decoder=linear"
        settings = {"pose_decoder": "linear"}
        raise LspsError(what, remedy, field="pose_decoder", settings=settings) from error
