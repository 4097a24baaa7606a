"""A density over the codes of training poses, which are far from N(0, I): a Gaussian around each of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor

CODE_COUNT = 2048
"""Training codes that a model keeps, 160 KB."""
_WIDTH = 0.15
"""Of each Gaussian, in standard deviations of all codes: wider ones leave the folds of the codes, see the README."""
_BLOCK = 256


class FittedPrior:
    """Kernel density of pose latents: codes [K, Z], of random training poses; the Gaussians' widths follow from them.

    One density serves for drawing, for finding typical codes and for telling how typical a code is. recode: decodes
    codes [N, Z] and encodes what they give; between the folds of hands it moves a code further than on them. is_folded:
    False where every code decodes to a hand, as with the kinematic decoder.
    """

    def __init__(
        self, codes: Tensor, recode: Callable[[Tensor], Tensor] = lambda code: code, *, is_folded: bool = True
    ) -> None:
        if codes.dim() != 2 or len(codes) < 2 or not bool(codes.isfinite().all()):
            raise ValueError(f"a prior needs at least 2 finite codes [K, Z], not {tuple(codes.shape)}")
        self.codes, self._recode, self._is_folded = codes.float(), recode, is_folded
        self.scale = self.codes.std(dim=0).clamp(min=1e-6)

    def sample(self, count: int, generator: torch.Generator, temperature: float = 1.0) -> Tensor:
        """[count, Z] draws, on the CPU; generator: on the CPU.

        Below 1, temperature is also the share of the codes, the densest ones, that draws are made around; at 0 all are
        the densest code.
        """
        chosen = max(1, round(min(temperature, 1.0) * len(self.codes)))
        picked = torch.randint(chosen, (count,), generator=generator)
        noise = torch.randn(count, self.codes.shape[1], generator=generator)
        codes, scale = self.codes.cpu(), self.scale.cpu()
        return codes[self._densest_first.cpu()[picked]] + temperature * _WIDTH * scale * noise

    def log_density(self, code: Tensor) -> Tensor:
        """code [N, Z] on the codes' device -> natural logarithm of the density [N], in units of their deviations."""
        parts = torch.split(code, _BLOCK)
        sums = [self._log_kernels(part, self.codes).logsumexp(dim=1) for part in parts]
        return torch.cat(sums) - math.log(len(self.codes))

    def typicality(self, code: Tensor) -> Tensor:
        """code [N, Z] -> [N] in 0 to 1: the share of training codes that are less typical.

        The less typical of two counts: the density, which is still high in the middle between the folds, and how far
        `recode` moves a code, which is little on a fold of few codes. A new pose of the training's kind has any value
        alike; what training never saw has 0. Without folds it is the density of the code that `recode` gives: how
        usual the pose is, whichever of its codes is asked about.
        """
        if not self._is_folded:
            return _share_below(self.log_density(self._recode(code)), self._sorted_densities).to(code.dtype)
        return _share_below(self._lesser(self.log_density(code), code), self._own_typicality).to(code.dtype)

    def typical(self, count: int = 1) -> Tensor:
        """[count, Z]: the codes that lie densest, the densest first."""
        return self.codes[self._densest_first[:count]]

    @cached_property
    def _densities(self) -> Tensor:
        """[K]: of each code, without its own Gaussian."""
        kernels = self._log_kernels(self.codes, self.codes).fill_diagonal_(-torch.inf)
        return kernels.logsumexp(dim=1) - math.log(len(self.codes) - 1)

    @cached_property
    def _sorted_densities(self) -> Tensor:
        return self._densities.sort().values

    @cached_property
    def _sorted_moves(self) -> Tensor:
        return self._moves(self.codes).sort().values

    @cached_property
    def _own_typicality(self) -> Tensor:
        """[K], sorted: of the training codes, before it is ranked."""
        return self._lesser(self._densities, self.codes).sort().values

    def _lesser(self, log_density: Tensor, code: Tensor) -> Tensor:
        """[N]: the smaller of the shares of training codes that are less dense, and that move further."""
        stays = 1 - _share_below(self._moves(code), self._sorted_moves)
        return torch.minimum(_share_below(log_density, self._sorted_densities), stays)

    def _moves(self, code: Tensor) -> Tensor:
        """[N]: how far `recode` moves each code, in deviations of all codes."""
        moves: Tensor = torch.linalg.vector_norm((self._recode(code) - code) / self.scale, dim=1)
        return moves

    @cached_property
    def _densest_first(self) -> Tensor:
        return self._densities.argsort(descending=True)

    def _log_kernels(self, code: Tensor, others: Tensor) -> Tensor:
        width = _WIDTH * self.scale
        # exact distances: those by a matrix product are off by more than the width far from the middle
        distance = torch.cdist(code / width, others / width, compute_mode="donot_use_mm_for_euclid_dist")
        constant = code.shape[1] * (math.log(_WIDTH) + 0.5 * math.log(2 * math.pi))
        return -0.5 * distance.square() - constant


def _share_below(values: Tensor, ordered: Tensor) -> Tensor:
    """values [N], ordered [K] -> [N]: the share of `ordered` that is smaller."""
    return torch.searchsorted(ordered, values.contiguous()) / len(ordered)
