"""The skin of a hand as a sphere-mesh: spheres at nodes and the round cones between them.

Sphere-meshes: Thiery et al. 2013; for hands: Tkach, Pauly & Tagliasacchi 2016. The nodes are computed from the 21
joints alone, so decoded joints get a surface the same way as simulated ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from lsps_core.skeleton import HAND21


@dataclass(frozen=True, kw_only=True)
class SphereMesh:
    """B surfaces of one topology: centers_mm [B, N, 3], radii_mm [B, N], cones [M, 2] (int64, two nodes each)."""

    centers_mm: Tensor
    radii_mm: Tensor
    cones: Tensor

    def __getitem__(self, index: slice | Tensor) -> SphereMesh:
        return SphereMesh(centers_mm=self.centers_mm[index], radii_mm=self.radii_mm[index], cones=self.cones)

    def repeated(self, times: int) -> SphereMesh:
        """Each surface `times` times in a row."""
        return self[torch.arange(len(self.radii_mm), device=self.radii_mm.device).repeat_interleave(times)]


# Thumb CMC, then the other fingers' MCP, in the palm frame of the average hand (see hand.py).
ROOTS_MM = ((20.0, 21.0, -6.0), (24.5, 88.0, 0.0), (3.2, 90.5, 2.0), (-16.8, 85.0, 0.5), (-34.5, 74.5, -4.0))
_JOINT_RADII_MM = (
    *(17.0,),  # wrist
    *(14.5, 12.3, 10.8, 9.0),  # thumb
    *(12.4, 9.7, 8.7, 7.6),
    *(12.6, 9.8, 8.8, 7.7),
    *(12.2, 9.3, 8.4, 7.4),
    *(11.4, 8.4, 7.5, 6.7),  # little
)
# Nodes that are rigid with the palm: (x, y, z) in the palm frame of the average hand (see hand.py), radius, mm.
_PALM_NODES = {
    "wrist_radial": (12.0, 0.0, 0.0, 17.0),
    "wrist_ulnar": (-12.5, 0.0, 0.0, 16.5),
    "index_base": (14.0, 25.0, 0.0, 16.0),
    "middle_base": (2.0, 25.0, 0.5, 16.5),
    "ring_base": (-9.5, 23.0, 0.0, 16.0),
    "little_base": (-19.0, 20.0, -2.0, 14.5),
    "index_middle": (13.5, 88.5, 0.5, 11.8),
    "middle_ring": (-6.5, 87.0, 0.5, 11.8),
    "ring_little": (-25.0, 79.0, -2.0, 11.2),
    "index_half": (18.0, 56.0, -0.5, 13.0),
    "hypothenar": (-26.0, 36.0, -6.0, 14.5),
    "palm_edge": (-31.0, 58.0, -4.5, 12.2),
}
# Nodes that move with fingers: shares of joints, radius in mm.
_BLENDED_NODES = {
    "thumb_half": ({"thumb_cmc": 0.5, "thumb_mcp": 0.5}, 13.6),
    "thenar": ({"thumb_cmc": 0.5, "thumb_mcp": 0.3, "middle_mcp": 0.2}, 15.0),
    "thumb_web": ({"thumb_mcp": 0.46, "index_mcp": 0.36, "wrist": 0.18}, 7.5),
    "index_web": ({"index_mcp": 0.72, "index_pip": 0.28}, 9.6),
    "middle_web": ({"middle_mcp": 0.72, "middle_pip": 0.28}, 9.8),
    "ring_web": ({"ring_mcp": 0.72, "ring_pip": 0.28}, 9.3),
    "little_web": ({"little_mcp": 0.70, "little_pip": 0.30}, 8.4),
}
_CONES = (
    *((f"{finger}_{a}", f"{finger}_{b}") for finger in ("index", "middle", "ring", "little") for a, b in
      (("base", "mcp"), ("mcp", "pip"), ("pip", "dip"), ("dip", "tip"))),
    *(("thumb_cmc", "thumb_half"), ("thumb_half", "thumb_mcp"), ("thumb_mcp", "thumb_ip"), ("thumb_ip", "thumb_tip")),
    # Between the metacarpals, so that the palm is solid and nearly flat.
    *(("index_base", "index_middle"), ("middle_base", "middle_ring"), ("ring_base", "ring_little")),
    *(("index_mcp", "middle_mcp"), ("middle_mcp", "ring_mcp"), ("ring_mcp", "little_mcp")),
    *(("index_web", "middle_web"), ("middle_web", "ring_web"), ("ring_web", "little_web")),
    # The ball of the thumb and the skin between thumb and index.
    *(("wrist_radial", "thumb_cmc"), ("thumb_cmc", "thenar"), ("thenar", "thumb_mcp"), ("thenar", "middle_base")),
    *(("thumb_mcp", "thumb_web"), ("thumb_web", "index_mcp"), ("thumb_web", "index_half")),
    *(("thumb_half", "index_half"), ("thumb_half", "index_base"), ("index_half", "thenar")),
    # The outer edge of the palm, and the wrist.
    *(("wrist_ulnar", "hypothenar"), ("hypothenar", "palm_edge"), ("palm_edge", "little_mcp")),
    *(("hypothenar", "ring_base"), ("palm_edge", "ring_little")),
    *(("wrist_radial", "wrist_ulnar"), ("wrist_radial", "index_base"), ("wrist", "middle_base")),
    *(("wrist", "ring_base"), ("wrist_ulnar", "little_base")),
)  # fmt: skip
# Across the palm, between the metacarpals: a lean hand shows their grooves, a full one does not.
_FULL_CONES = (
    *(("index_half", "palm_edge"), ("index_middle", "middle_ring"), ("middle_ring", "ring_little")),
    *(("index_base", "ring_base"), ("ring_base", "hypothenar"), ("index_half", "middle_ring")),
    *(("index_half", "middle_base"), ("palm_edge", "middle_ring")),
)

NODE_NAMES = (*HAND21.joints, *_PALM_NODES, *_BLENDED_NODES)
NODE_COUNT = len(NODE_NAMES)
AVERAGE_RADII_MM = (
    *_JOINT_RADII_MM,
    *(node[3] for node in _PALM_NODES.values()),
    *(radius for _, radius in _BLENDED_NODES.values()),
)
"""[NODE_COUNT] of an average hand; scale them with the hand."""

_INDEX, _MIDDLE, _LITTLE = (HAND21.joints.index(f"{finger}_mcp") for finger in ("index", "middle", "little"))


def hand_surface(joints_mm: Tensor, radii_mm: Tensor, *, is_full: bool = False) -> SphereMesh:
    """joints_mm [B, 21, 3], radii_mm [B, NODE_COUNT] -> the skin, NODE_COUNT spheres, the joints' own first.

    is_full: with flesh between the metacarpals.
    """
    palm_weights, blend_weights, cones = (part.to(joints_mm.device) for part in _topology())
    if is_full:
        cones = torch.cat([cones, _named_cones(_FULL_CONES).to(cones.device)])
    basis = _palm_basis(joints_mm)
    wrist = joints_mm[:, :1]
    palm = wrist + palm_weights.to(joints_mm) @ basis
    blended = blend_weights.to(joints_mm) @ joints_mm
    return SphereMesh(centers_mm=torch.cat([joints_mm, palm, blended], dim=1), radii_mm=radii_mm, cones=cones)


def average_half_mm(pose: Tensor) -> Tensor:
    """pose [B, 21, 3] in half cubes -> [B]: half a cube's edge, if the hand is an average one."""
    palm = (pose[:, _MIDDLE] - pose[:, 0]).norm(dim=1)
    half_mm: Tensor = pose.new_tensor(ROOTS_MM[2]).norm() / palm.clamp(min=1e-3)
    return half_mm


def palm_rotation(joints: Tensor) -> Tensor:
    """joints [B, 21, 3] -> [B, 3, 3]: the palm frame's axes (see hand.py) as columns."""
    along, back = (_axes_in_basis().to(joints) @ _palm_basis(joints)).unbind(dim=1)
    y = torch.nn.functional.normalize(along, dim=1)
    z = torch.nn.functional.normalize(back - (back * y).sum(dim=1, keepdim=True) * y, dim=1)
    return torch.stack([torch.linalg.cross(y, z), y, z], dim=2)


def surface_tangents(joints_mm: Tensor, tangents_mm: Tensor) -> Tensor:
    """How the spheres' centres of `hand_surface` move with the joints: joints_mm [B, 21, 3], tangents_mm [B, U, 21, 3].

    Returns [B, U, NODE_COUNT, 3]: the centres' derivative along each of the U directions.
    """
    palm_weights, blend_weights, _ = (part.to(joints_mm.device) for part in _topology())
    index, little, normal = _palm_basis(joints_mm)[:, None].unbind(dim=2)
    wrist = tangents_mm[..., :1, :]
    to_index, to_little = (
        tangents_mm[..., _INDEX, :] - wrist[..., 0, :],
        tangents_mm[..., _LITTLE, :] - wrist[..., 0, :],
    )
    cross, length = torch.linalg.cross(index, little), index.norm(dim=-1, keepdim=True)
    unit = normal / length
    turn = torch.linalg.cross(to_index, little.expand_as(to_little))
    turn = turn + torch.linalg.cross(index.expand_as(to_index), to_little)
    turn = (turn - unit * (unit * turn).sum(dim=-1, keepdim=True)) / cross.norm(dim=-1, keepdim=True)
    growth = (index * to_index).sum(dim=-1, keepdim=True) / length
    basis = torch.stack([to_index, to_little, turn * length + unit * growth], dim=2)
    palm = wrist + palm_weights.to(joints_mm) @ basis
    return torch.cat([tangents_mm, palm, blend_weights.to(joints_mm) @ tangents_mm], dim=2)


def with_forearm(
    hand: SphereMesh, joints_mm: Tensor, direction: Tensor, *, length_mm: float = 230.0, has_elbow: bool = False
) -> SphereMesh:
    """The hand and a forearm: joints_mm [B, 21, 3], direction [B, 3] from the wrist to the elbow, unit length.

    Pairs of cones from the wrist's spheres to an elbow 1.75 times as thick, which lies outside any hand's cube.
    has_elbow: its end is closed, for cameras that look at it.
    """
    radial, ulnar = NODE_NAMES.index("wrist_radial"), NODE_NAMES.index("wrist_ulnar")
    across = 0.55 * (hand.centers_mm[:, radial] - hand.centers_mm[:, ulnar])
    across = across - (across * direction).sum(dim=1, keepdim=True) * direction
    elbow = joints_mm[:, 0] + length_mm * direction
    middle = joints_mm[:, 0] + 0.55 * length_mm * direction
    count = hand.centers_mm.shape[1]
    ends = torch.stack([middle + across, middle - across, elbow + across, elbow - across], dim=1)
    thickness = hand.radii_mm[:, :1] * torch.tensor([1.65, 1.65, 1.75, 1.75]).to(hand.radii_mm)
    cones = [(radial, count), (ulnar, count + 1), (0, count), (0, count + 1)]
    cones += [(count, count + 2), (count + 1, count + 3), (count, count + 1)]
    cones += [(count + 2, count + 3)] * has_elbow
    return SphereMesh(
        centers_mm=torch.cat([hand.centers_mm, ends], dim=1),
        radii_mm=torch.cat([hand.radii_mm, thickness], dim=1),
        cones=torch.cat([hand.cones, torch.tensor(cones, device=hand.cones.device)]),
    )


def _palm_basis(joints_mm: Tensor) -> Tensor:
    """joints_mm [B, 21, 3] -> [B, 3, 3], rows: wrist to index knuckle, to little knuckle, the back's normal as long."""
    index = joints_mm[:, _INDEX] - joints_mm[:, 0]
    little = joints_mm[:, _LITTLE] - joints_mm[:, 0]
    normal = torch.nn.functional.normalize(torch.linalg.cross(index, little), dim=1)
    return torch.stack([index, little, normal * index.norm(dim=1, keepdim=True)], dim=1)


@cache
def _axes_in_basis() -> Tensor:
    """[2, 3]: the palm frame's y and z in `_palm_basis`, of an average hand."""
    with torch.inference_mode(False):
        axes: Tensor = torch.linalg.solve(_average_basis().T, torch.eye(3)[:, 1:]).T
        return axes


def _average_basis() -> Tensor:
    """[3, 3]: `_palm_basis` of an average hand in its palm frame."""
    joints = torch.zeros(1, HAND21.joint_count, 3)
    joints[0, _INDEX], joints[0, _LITTLE] = torch.tensor(ROOTS_MM[1]), torch.tensor(ROOTS_MM[4])
    return _palm_basis(joints)[0]


@cache
def _topology() -> tuple[Tensor, Tensor, Tensor]:
    """(palm nodes in the palm's basis [P, 3], joints' shares in blended nodes [Q, 21], cones [M, 2])."""
    with torch.inference_mode(False):  # also for callers that need gradients
        positions = torch.tensor([node[:3] for node in _PALM_NODES.values()])
        palm = torch.linalg.solve(_average_basis().T, positions.T).T
        shares = torch.zeros(len(_BLENDED_NODES), HAND21.joint_count)
        for row, (weights, _) in enumerate(_BLENDED_NODES.values()):
            for joint, share in weights.items():
                shares[row, HAND21.joints.index(joint)] = share
        return palm, shares, _named_cones(_CONES)


@cache
def _named_cones(names: tuple[tuple[str, str], ...]) -> Tensor:
    """[M, 2] int64: the nodes of cones between these."""
    with torch.inference_mode(False):
        return torch.tensor([[NODE_NAMES.index(a), NODE_NAMES.index(b)] for a, b in names])


def hand_cones(device: str | torch.device = "cpu") -> Tensor:
    """[M, 2] int64: the two nodes of each of the hand's cones, as in `hand_surface`."""
    return _topology()[2].to(device)
