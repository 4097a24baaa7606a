"""Evaluate a model on every frame of a store, block by block; resumable after a stop or a kill at any moment.

The poses of all frames come first, and their routes, which take ten times as long, afterwards.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lsps_core.config.model import Domain
from lsps_core.data.crop import camera_center, normalise, to_joints_mm
from lsps_core.data.protocol import Protocol
from lsps_core.data.store import FrameStore
from lsps_core.errors import LspsError
from lsps_core.evaluation import frame_results, protocols
from lsps_core.evaluation.about import READ_ONCE, RESIDUAL, Part, Reading, describe
from lsps_core.evaluation.consistency import consistency
from lsps_core.evaluation.frame_results import FrameResults, FrameResultsError
from lsps_core.evaluation.metrics import joint_errors_mm
from lsps_core.fitting import fit
from lsps_core.inference import Predictor
from lsps_core.part_files import remove_left_parts
from lsps_core.runs.layout import evaluations_folder

BLOCK = 128
"""Frames in a file of unfinished results; a kill loses one part of these at most."""
CPU_BATCH = 8  # a stop waits for one of them
CPU_POSE_BATCH = 32
"""Of poses that are read once: 5.6 ms a frame where batches of 8 take 7.7, and routes 98."""

Columns = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Callbacks of an evaluation, called after every batch.

    progress(part, frames done, frames in all, frames done by this process); block(path, start, stop): a part of these
    frames is on disk; note(line): a problem was found and repaired; should_stop: whether to stop.
    """

    progress: Callable[[Part, int, int, int], None] = lambda *_: None
    block: Callable[[Path, int, int], None] = lambda *_: None
    note: Callable[[str], None] = lambda _: None
    should_stop: Callable[[], bool] = lambda: False


class FrameEvaluation:
    """One model on one store: results at `path`, by default in `evaluations_folder` under the results' own name."""

    def __init__(
        self,
        predictor: Predictor,
        model_path: Path,
        store: FrameStore,
        path: Path | None,
        protocol: str | None = None,
        reading: Reading = READ_ONCE,
    ) -> None:
        skeleton = predictor.checkpoint.skeleton
        self.predictor = predictor
        self.store = store
        self.protocol: Protocol = protocols.of_store(store, skeleton, protocol)
        self.about = describe(predictor.checkpoint, model_path, store, self.protocol, reading)
        self.path = path or evaluations_folder(model_path) / self.about.file_name
        self._labels = store.joints_mm if self.about.labels_digest else None

    def finished(self, watch: Watch) -> FrameResults | None:
        """The results of an earlier evaluation; None if there are none that can be used."""
        if not self.path.exists():
            return None
        try:
            return frame_results.load(self.path, self.about)
        except FrameResultsError as error:
            watch.note(f"{error.what}; it is written again")
            return None

    def run(self, watch: Watch) -> Literal["finished", "stopped"]:
        """Evaluate the remaining frames and write the file; ValueError, in one line, if that fails."""
        if self.finished(watch) is None:
            names = self.store.names
            groups = [self.protocol.group_of(name) for name in names]
            frame_results.begin(self.path, self.about, names, groups, self.store.groups)
            results = frame_results.load_begun(self.path)
            if not self._fill(results, watch):
                return "stopped"
            results.save(self.path)
        shutil.rmtree(frame_results.parts_folder(self.path), ignore_errors=True)
        remove_left_parts(self.path.parent)  # of a kill at the very end
        return "finished"

    def _fill(self, results: FrameResults, watch: Watch) -> bool:
        """Fill in all blocks, from disk or computed; False after a stop request."""
        kept = {part: self._take_kept(part, results, watch) for part in self.about.parts}
        for part, its_blocks in kept.items():
            done, computed = sum(stop - start for start, stop in its_blocks), 0
            batch = self._batch(part)
            watch.progress(part, done, len(self.store), 0)
            for start, stop in (span for span in self._spans if span not in its_blocks):
                for first in range(start, stop, batch):
                    if watch.should_stop():
                        return False
                    indices = np.arange(first, min(first + batch, stop))
                    for name, values in self._evaluate(part, indices).items():
                        getattr(results, name)[indices] = values
                    computed += len(indices)
                    watch.progress(part, done + computed, len(self.store), computed)
                path = frame_results.block_path(self.path, part, start)
                block = {name: getattr(results, name)[start:stop] for name in self.about.parts[part]}
                frame_results.write_block(path, self.about, block)
                watch.block(path, start, stop)
        return True

    @property
    def _spans(self) -> list[tuple[int, int]]:
        count = len(self.store)
        return [(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]

    def _take_kept(self, part: Part, results: FrameResults, watch: Watch) -> set[tuple[int, int]]:
        """Fill in the blocks of an earlier process; returns their spans."""
        kept = set()
        for start, stop in self._spans:
            path = frame_results.block_path(self.path, part, start)
            if not path.exists():
                continue
            try:
                results.take(path, start, stop)
            except FrameResultsError as error:
                watch.note(f"{error.what}; its frames are evaluated again")
            else:
                kept.add((start, stop))
                watch.block(path, start, stop)
        return kept

    def _batch(self, part: Part) -> int:
        if self.predictor.device.type != "cpu":
            return BLOCK
        return CPU_POSE_BATCH if part == "poses" and self.about.reading == READ_ONCE else CPU_BATCH

    def _evaluate(self, part: Part, indices: npt.NDArray[np.int64]) -> Columns:
        """The columns of a part for some frames [n]."""
        store = self.store
        center_mm, half_mm = torch.from_numpy(store.center_mm[indices]), torch.from_numpy(store.half_mm[indices])
        depth_mm = torch.from_numpy(store.depth_mm(indices).astype(np.float32))
        image = normalise(depth_mm, center_mm, half_mm)
        try:
            if part == "poses":
                return self._poses(indices, image, center_mm, half_mm)
            return self._routes(image, center_mm, half_mm)
        except torch.OutOfMemoryError as error:
            what = f"{self.predictor.device} has too little memory for {len(indices)} frames"
            raise LspsError(what, "use {device} cpu", field="device", settings={"device": "cpu"}) from error

    @property
    def _domain(self) -> Domain:
        return cast(Domain, self.store.domain)

    def _poses(self, indices: npt.NDArray[np.int64], image: Tensor, center_mm: Tensor, half_mm: Tensor) -> Columns:
        residual: Columns = {}
        if self.about.fit_steps is None:
            center = camera_center(center_mm, half_mm)
            latent = self.predictor.posterior(image, self._domain, center, self.about.turns)
            pose = self.predictor.decode_pose(latent)
        else:
            steps = self.about.fit_steps
            fitted = fit(self.predictor, image, center_mm, half_mm, domain=self._domain, steps=steps)
            latent, pose = fitted.pose_latent, fitted.pose
            residual[RESIDUAL] = fitted.residual_mm.cpu().numpy()
        joints_mm = to_joints_mm(pose.cpu(), center_mm, half_mm).numpy()
        labels = np.full_like(joints_mm, np.nan) if self._labels is None else self._labels[indices]
        scored = list(self.protocol.indices)
        errors_mm = joint_errors_mm(joints_mm[:, scored], labels[:, scored]).astype(np.float32)
        return {"pose_latent": latent.cpu().numpy(), "errors_mm": errors_mm, **residual}

    def _routes(self, image: Tensor, center_mm: Tensor, half_mm: Tensor) -> Columns:
        found = consistency(self.predictor, image, self._domain, camera_center(center_mm, half_mm))
        return {
            "disagreement_mm": (found.disagreement.cpu() * half_mm).numpy(),
            "latent_distance": found.latent_distance.cpu().numpy(),
        }
