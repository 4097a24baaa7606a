"""A residual network from a depth image to joints, to which every place of the image contributes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lsps_core.data.crop import BACKGROUND
from lsps_core.networks.residual import ResidualNetwork

_PLACES = 16
"""Along each edge of the map."""
_CHANNELS = 64
"""of the maps"""
_FEW = 0.02
"""A place with a smaller share of readings has no depth."""


class DenseNetwork(ResidualNetwork):
    """image [B, 1, 128, 128] -> pose [B, J, 3]: each place of a 16×16 map proposes all joints; a weighted mean of them.

    A place proposes where a joint is from itself: in the image from its middle, in depth from the mean reading there.
    As in A2J (Xiong et al., ICCV 2019), with one anchor a place, and maps of 4×4, 8×8 and 16×16 added as in feature
    pyramids (Lin et al., CVPR 2017). The two linear layers of `ResidualNetwork` see the whole image for the first map.
    """

    def __init__(self, joint_count: int, width: int = 128) -> None:
        super().__init__(16 * _CHANNELS, width)
        self.joint_count = joint_count
        finer = (width, 3 * width // 4, width // 2)
        self.lateral = nn.ModuleList(nn.Conv2d(channels, _CHANNELS, 1) for channels in finer)
        self.mixing = nn.ModuleList(_mixing() for _ in finer[1:])
        self.proposal = nn.Conv2d(_CHANNELS, 4 * joint_count, 1)

    def forward(self, image: Tensor) -> Tensor:
        maps = [self.stem(image)]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        seen = self.head(maps[-1]).unflatten(1, (_CHANNELS, 4, 4)) + self.lateral[0](maps[-1])
        for lateral, mixing, finer in zip(self.lateral[1:], self.mixing, maps[-2:-4:-1], strict=True):
            seen = mixing(functional.interpolate(seen, scale_factor=2.0) + lateral(finer))
        proposal = self.proposal(seen).float().flatten(2).unflatten(1, (self.joint_count, 4))
        weight = proposal[:, :, :1].softmax(dim=3)
        at: Tensor = _places(image.float())[:, None] + proposal[:, :, 1:]
        joints: Tensor = (weight * at).sum(dim=3)
        return joints


def _mixing() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1, bias=False),
        nn.BatchNorm2d(_CHANNELS),
        nn.ReLU(inplace=True),
    )


def _places(image: Tensor) -> Tensor:
    """[B, 1, 128, 128] -> [B, 3, 256]: where each place is in the cube, right, up and away."""
    edge = image.shape[-1] // _PLACES
    is_read = (image < BACKGROUND).float()
    share, sum_of_depth = (functional.avg_pool2d(each, edge) for each in (is_read, image * is_read))
    depth = torch.where(share > _FEW, sum_of_depth / share.clamp(min=_FEW), 0.0)
    steps = (2 * torch.arange(_PLACES, device=image.device) + 1) / _PLACES - 1
    right, up = steps.expand_as(depth), -steps[:, None].expand_as(depth)
    return torch.cat([right, up, depth], dim=1).flatten(2)
