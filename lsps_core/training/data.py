"""The frames of a run on their device: batches by (seed, stage, step), and a fixed held-out set."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from lsps_core.config.model import IMAGE_SIZE, Domain
from lsps_core.config.training import STAGES, StageConfig, TrainConfig
from lsps_core.data.augmentation.moves import augment, augment_pose, sample_augmentation
from lsps_core.data.batches import batch_indices, labelled_subset
from lsps_core.data.crop import camera_center
from lsps_core.data.store import FrameStore
from lsps_core.data.store_stream import training_frames
from lsps_core.errors import LspsError
from lsps_core.training.batch import FrameBatch, TriBatch
from lsps_core.training.process_group import ProcessGroup

HELD_OUT_FRAMES = 512
STATISTICS_FRAMES = 16_384
_FIRST = 0  # key of the random streams outside the stages
_PLACES_WITHOUT_IMAGES = (_FIRST, STAGES.index("pose") + 1)  # creating them would take most of a pose step


class TrainingData:
    """Both stores, in device memory if they fit, with the validation frames and the usable real labels.

    skeleton, half_mm (median of the synthetic frames), provenance by domain, is_simulated (both stores are).
    validation_domain: "real" where the real store is annotated, else "synthetic"; up to 512 frames of it are held out.
    LspsError if the stores do not fit together.
    """

    def __init__(self, config: TrainConfig, device: torch.device, group: ProcessGroup | None = None) -> None:
        self.config, self.device, self.group = config, device, group or ProcessGroup()
        with open_stores(config) as stores:
            synthetic, real = stores["synthetic"], stores["real"]
            assert synthetic.skeleton is not None
            self.skeleton = synthetic.skeleton
            self.is_simulated = synthetic.is_simulated and real.is_simulated
            self.provenance = {domain: store.provenance for domain, store in stores.items()}
            self.frames = {domain: training_frames(store, device) for domain, store in stores.items()}
        self.half_mm = float(self.frames["synthetic"].half_mm.median())
        self._divide()

    def _divide(self) -> None:
        """Hold out the validation frames, and draw the usable real labels from the rest."""
        config, real = self.config, self.frames["real"]
        annotated = real.pose.isfinite().all(dim=2).all(dim=1).cpu().numpy() & (real.pose.shape[1] > 0)
        self.validation_domain: Domain = "real" if annotated.any() else "synthetic"
        candidates = np.flatnonzero(annotated) if annotated.any() else np.arange(len(self.frames["synthetic"]))
        held_out = min(HELD_OUT_FRAMES, len(candidates) // 10)
        if held_out == 0:
            what = "at least 10 annotated frames are needed, because some are held out for validation"
            raise LspsError(what, field=f"{self.validation_domain}_path")
        drawn = batch_indices(_seed(config.seed, _FIRST, "held out"), 0, held_out, len(candidates))
        self._held_out = np.sort(candidates[drawn])
        self._usable: dict[Domain, npt.NDArray[np.int64]] = {}
        for domain, frames in self.frames.items():
            taken = self._held_out if domain == self.validation_domain else np.empty(0, np.int64)
            self._usable[domain] = np.setdiff1d(np.arange(len(frames)), taken)
        may_use = np.intersect1d(self._usable["real"], np.flatnonzero(annotated))
        if config.labels > 0 and len(may_use) == 0:
            what = f"labels is {config.labels}, but {config.real_path} has no annotated frames"
            raise LspsError(what, field="labels")
        chosen = labelled_subset(config.seed, config.labels, len(may_use)) if len(may_use) else np.empty(0, np.int64)
        self._labelled = may_use[chosen]

    def batch(self, stage: str, settings: StageConfig, step: int) -> TriBatch:
        """The augmented frames of one step, of this process's share: a function of (seed, stage, step).

        The pose stage gets no images. ValueError if a batch cannot be divided among the processes.
        """
        place = STAGES.index(stage) + 1
        synthetic, real = (
            self._draw(domain, self._usable[domain], domain, place, settings.batch_size, step)
            for domain in ("synthetic", "real")
        )
        labelled = None
        if len(self._labelled):
            more = settings.extra_annotated if stage == "posterior" else 0  # P gets as many of each domain
            labelled = self._draw("real", self._labelled, "labelled", place, settings.batch_size + more, step)
        extra = None
        if stage != "pose" and settings.extra_annotated:
            extra = self._draw("synthetic", self._usable["synthetic"], "extra", place, settings.extra_annotated, step)
        return TriBatch(synthetic, real, labelled, extra, self.config.annotations == "both")

    def annotated(self, stage: str, count: int, step: int) -> FrameBatch:
        """The augmented annotated frames of one step of a method that uses nothing else: a function of its arguments.

        They are synthetic ones, or with annotations=real the labelled real ones.
        """
        place = STAGES.index(stage) + 1
        if self.config.annotations == "real":
            return self._draw("real", self._labelled, "labelled", place, count, step)
        return self._draw("synthetic", self._usable["synthetic"], "synthetic", place, count, step)

    def held_out(self) -> FrameBatch:
        """The validation frames, not augmented."""
        return _as_they_are(*self.frames[self.validation_domain].batch(self._held_out))

    def held_out_half_mm(self) -> torch.Tensor:
        """[N] of the validation frames."""
        return self.frames[self.validation_domain].half_mm[torch.as_tensor(self._held_out, device=self.device)]

    def statistics_poses(self) -> torch.Tensor:
        """Augmented annotated poses [N, J, 3] to measure the pose latent's range on."""
        domain: Domain = "synthetic" if self.config.annotations == "both" else "real"
        usable = self._usable["synthetic"] if domain == "synthetic" else self._labelled
        count = min(len(usable), STATISTICS_FRAMES) // self.group.size * self.group.size
        return self._draw(domain, usable, "statistics", _FIRST, count, 0).pose

    def annotated_poses(self) -> torch.Tensor:
        """Augmented poses [N, J, 3] of all kinds that the pose stage uses; every process has all of them."""
        usable: dict[Domain, npt.NDArray[np.int64]] = {"real": self._labelled}
        if self.config.annotations == "both":
            usable["synthetic"] = self._usable["synthetic"]
        counts = {domain: min(len(frames), STATISTICS_FRAMES) for domain, frames in usable.items()}
        drawn = [
            self._draw(domain, usable[domain], "range", _FIRST, count, 0, is_shared=False)
            for domain, count in counts.items()
            if count
        ]
        return torch.cat([frames.pose for frames in drawn])

    def preview(self, count: int) -> dict[Domain, FrameBatch]:
        """As many fixed frames of each domain, not augmented: at most `count`, and no more than are held out."""
        count = min(count, len(self._held_out))
        batches: dict[Domain, FrameBatch] = {}
        for domain, frames in self.frames.items():
            source = self._held_out if domain == self.validation_domain else self._usable[domain]
            batches[domain] = _as_they_are(*frames.batch(source[:count]))
        return batches

    def _draw(
        self,
        domain: Domain,
        usable: npt.NDArray[np.int64],
        stream: str,
        place: int,
        count: int,
        step: int,
        is_shared: bool = True,
    ) -> FrameBatch:
        """is_shared: among the processes; else each draws all."""
        seed = _seed(self.config.seed, place, stream)
        share = self.group.share(count, f"a batch ({stream})") if is_shared else slice(None)
        indices = usable[batch_indices(seed, step, count, len(usable))][share]
        generator = torch.Generator().manual_seed(_seed(seed, step, stream))
        rotation_rad = math.radians(self.config.rotation_degrees)
        zoom_std = self.config.zoom_percent / 100
        moves = sample_augmentation(
            count, rotation_rad, self.config.translation_mm, zoom_std, generator=generator, device=self.device
        ).share(share)
        frames = self.frames[domain]
        if place in _PLACES_WITHOUT_IMAGES:
            where = torch.as_tensor(indices, device=self.device)
            pose = augment_pose(frames.pose[where], frames.half_mm[where], moves)
            return FrameBatch(pose.new_empty(count, 0), pose, pose.new_full((count, 3), math.nan))
        image, pose, center_mm, half_mm = frames.batch(indices)
        image, pose, center_mm = augment(image, pose, center_mm, half_mm, moves)
        return FrameBatch(image, pose, camera_center(center_mm, half_mm / moves.zoom))


def _as_they_are(image: torch.Tensor, pose: torch.Tensor, center_mm: torch.Tensor, half_mm: torch.Tensor) -> FrameBatch:
    return FrameBatch(image, pose, camera_center(center_mm, half_mm))


def step_generator(seed: int, stage: str, step: int, rank: int, device: torch.device) -> torch.Generator:
    """The noise of one step: a function of (seed, stage, step, process), drawn on the device."""
    generator = torch.Generator(device)
    return generator.manual_seed(_seed(seed, STAGES.index(stage) + 1, "noise", step, rank))


def _seed(*keys: int | str) -> int:
    """One seed from several keys, so that streams of one run do not repeat each other."""
    numbers = [key if isinstance(key, int) else int.from_bytes(key.encode()[:8]) for key in keys]
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


@contextmanager
def open_stores(config: TrainConfig) -> Iterator[dict[Domain, FrameStore]]:
    """Both stores of a run, closed at the end.

    LspsError, about the field of one of them, if it cannot be read or they do not fit together.
    """
    with _open("synthetic_path", config) as synthetic, _open("real_path", config) as real:
        stores: dict[Domain, FrameStore] = {"synthetic": synthetic, "real": real}
        for domain, store in stores.items():
            field = f"{domain}_path"
            if store.domain != domain:
                what = f"{store.path} holds {store.domain} frames, not {domain} ones"
                raise LspsError(what, "exchange {synthetic_path} and {real_path}", field=field)
            if store.image_size != IMAGE_SIZE:
                what = f"{store.path} has {store.image_size} px frames; the networks take {IMAGE_SIZE} px"
                raise LspsError(what, field=field)
        if synthetic.skeleton is None:
            what = f"{synthetic.path} has no joints; the synthetic frames must be annotated"
            raise LspsError(what, field="synthetic_path")
        if real.skeleton is not None and real.skeleton.joints != synthetic.skeleton.joints:
            names = real.skeleton.name, synthetic.skeleton.name
            what = f"{real.path} has the skeleton {names[0]}, {synthetic.path} has {names[1]}"
            raise LspsError(what, "train on stores of one skeleton", field="real_path")
        yield stores


def _open(field: str, config: TrainConfig) -> FrameStore:
    try:
        return FrameStore(Path(getattr(config, field)))
    except LspsError as error:
        raise error.about(field) from error.__cause__
