"""Frames to compare failures with, ideally training frames. Imports torch and HDF5 when called: in a thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explorer_app.inspect.model import explain
from explorer_app.inspect.model.explain import Codes, Neighbours

if TYPE_CHECKING:
    from explorer_app.model.data import FrameView
    from explorer_app.model.hand.model import HandModel
    from lsps_core.config.model import Domain

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]

MOST_ENCODED = 1000
BATCH = 16
_NEIGHBOURS = 10


@dataclass(frozen=True, eq=False)
class Reference:
    """A store's annotated poses [N, J, 3] in chunks, and codes [M, 20] by P of some of its frames, NaN until encoded.

    encoded [M]: their frame indices. has_skeleton: its joints are those of the model.
    """

    path: Path
    domain: Domain
    frame_count: int
    chunks: tuple[FloatArray, ...]
    encoded: IntArray
    codes: FloatArray
    has_skeleton: bool

    @property
    def name(self) -> str:
        return f"{self.domain} ({self.path.stem})"

    @property
    def encoded_count(self) -> int:
        return int(np.isfinite(self.codes[:, 0]).sum())

    @property
    def is_complete(self) -> bool:
        return self.encoded_count == len(self.codes)


def open_reference(path: Path, model: HandModel) -> Reference:
    """Read the poses of a store; ValueError, in one line, for other files."""
    from lsps_core.data.store import FrameStore

    with FrameStore(path) as store:
        is_alike = store.skeleton is not None and store.skeleton.joints == model.skeleton.joints
        count = min(len(store), MOST_ENCODED)
        return Reference(
            path=path,
            domain="synthetic" if store.domain == "synthetic" else "real",
            frame_count=len(store),
            chunks=tuple(explain.poses_of(store)) if is_alike else (),
            encoded=np.linspace(0, len(store) - 1, count).astype(np.int64),
            codes=np.full((count, 20), np.nan, dtype=np.float32),
            has_skeleton=is_alike,
        )


def encode_more(reference: Reference, model: HandModel) -> Reference:
    """Fill in the codes of the next few frames."""
    from lsps_core.data.store import FrameStore

    start = reference.encoded_count
    part = slice(start, start + BATCH)
    frames = reference.encoded[part]
    with FrameStore(reference.path) as store:
        depth_mm, center_mm, half_mm = store.depth_mm(frames), store.center_mm[frames], store.half_mm[frames]
    reference.codes[part] = model.pose_latents(depth_mm, center_mm, half_mm, reference.domain)
    return reference


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A neighbour of a pose: frame `index` at `path`, its mean distance in mm, and its image."""

    path: Path
    index: int
    distance_mm: float
    view: FrameView


def nearest_poses(
    pose: FloatArray,
    references: tuple[Reference, ...],
    half_mm: float,
    count: int = 5,
    but: tuple[Path, int] | None = None,
) -> list[Neighbour]:
    """The frames of all references whose poses are nearest to pose [J, 3], except the pose's own frame."""
    from explorer_app.model.open_data import open_store

    found: list[tuple[float, Path, int]] = []
    for reference in references:
        if reference.chunks:
            near: Neighbours = explain.nearest_poses(pose, reference.chunks, half_mm, count + 1)
            at = zip(near.distances.tolist(), near.indices.tolist(), strict=True)
            found += [
                (distance, reference.path, index) for distance, index in at if (reference.path.resolve(), index) != but
            ]
    neighbours = []
    for distance, path, index in sorted(found, key=lambda each: each[0])[:count]:
        opened = open_store(path, index)
        opened.data.close()
        neighbours.append(Neighbour(path, index, distance, opened.first))
    return neighbours


@dataclass
class Densities:
    """How dense the codes of each reference are around evaluated frames; trees are built once."""

    references: tuple[Reference, ...]
    codes: FloatArray
    """of the evaluated frames [N, 20]; may be empty"""
    _known: dict[str, tuple[Codes, FloatArray]] = field(default_factory=dict)

    def lines(self, code: FloatArray) -> list[str]:
        """As text: the sparsity of each reference around code [20]."""
        return [self._line(reference, code) for reference in self.references]

    def _line(self, reference: Reference, code: FloatArray) -> str:
        known = reference.codes[np.isfinite(reference.codes[:, 0])]
        if len(known) <= _NEIGHBOURS:
            return f"Too few {reference.name} codes to estimate a density"
        if reference.name not in self._known:
            tree = Codes(known, _NEIGHBOURS)
            others = self.codes[np.isfinite(self.codes).all(axis=1)] if len(self.codes) else self.codes
            some = others[np.linspace(0, len(others) - 1, min(len(others), 2000)).astype(np.int64)]
            usual = tree.sparsity(some) if len(some) else tree.sparsity(known, is_member=True)
            self._known[reference.name] = tree, usual
        tree, usual = self._known[reference.name]
        percent = sparser_than_percent(float(tree.sparsity(code[None])[0]), usual)
        whose = "the evaluated frames" if len(self.codes) else "these codes"
        return f"{reference.name} codes are sparser around its code than around {percent:.0f} % of {whose}"


def sparser_than_percent(sparsity: float, usual: FloatArray) -> float:
    """How many of the usual sparsities [N] are smaller, in %."""
    return 100 * float((usual < sparsity).mean())
