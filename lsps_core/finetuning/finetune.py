"""Fine-tuning: a short posterior stage on a few annotated frames, beside simulated ones so that nothing is forgotten.

The folder of a fine-tuning has `data`, the stores that it learns from; `runs`, an ordinary run for each part of the
cross-validation and one for all labels; and in the end `model.safetensors` and `report.json`. What exists is not made
again, so that the same command resumes.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lsps_core import checkpoint
from lsps_core.config.fits import FIT_ACCEPT_MM
from lsps_core.data.store import FrameStore
from lsps_core.device import resolve_device
from lsps_core.errors import LspsError
from lsps_core.evaluation import metrics
from lsps_core.evaluation.evaluate import predict
from lsps_core.events import Event, Progress
from lsps_core.files import replacing
from lsps_core.finetuning.mixture import labelled_frames, write_mixture
from lsps_core.finetuning.settings import FRAMES_A_STEP, WHOLE, FinetuneSettings, IntArray, folds_of
from lsps_core.fitting.fit_store import fit_store
from lsps_core.inference import Predictor
from lsps_core.simulator.recipes import StoreRecipe, make_stores
from lsps_core.skeleton import HAND21
from lsps_core.training.run import Run
from lsps_core.training.trainer import Trainer

FloatArray = npt.NDArray[np.float32]

_FITS = "fits.h5"
_MOST_REPEATS = 100
_FITTED_FRAMES = 1_000
"""Of the unlabelled store: more take longer than the rest of a fine-tuning."""


class FinetuneListener(Protocol):
    """Callbacks of a fine-tuning."""

    def started(self, name: str, index: int, count: int) -> None:
        """Part `index` of `count` starts or resumes, counted from 1: a simulated store, the fits, or a run."""

    def event(self, event: Event) -> None:
        """An event of the run in training, or the progress of a store."""


class Finetuning:
    """One fine-tuning in its folder. ValueError, before anything is written, if model and labels do not fit."""

    def __init__(self, settings: FinetuneSettings) -> None:
        self.settings = settings
        self.model = checkpoint.load(settings.model_path)
        with FrameStore(settings.labels_path) as labels:
            self._check(labels)
            self.held_out = folds_of(labelled_frames(labels), settings.folds)
        self.model_path = settings.model_out
        self.parts = {recipe.file: recipe.frames for recipe in settings.recipes()}
        """Frames of each part of the work by its name, in order."""
        if settings.frames_path is not None:
            with FrameStore(settings.frames_path) as store:
                self.parts[_FITS] = min(len(store), _FITTED_FRAMES)
        self.parts |= dict.fromkeys(self.held_out, settings.steps * FRAMES_A_STEP)

    def run(
        self, listener: FinetuneListener, should_stop: Callable[[], bool], command: str = ""
    ) -> dict[str, Any] | None:
        """Do what is missing; the report, or None after a stop request. The model of all labels is written last."""
        self._listener, self._should_stop = listener, should_stop
        settings, started = self.settings, time.monotonic()
        settings.out.mkdir(parents=True, exist_ok=True)
        settings.claim(settings.out / "settings.json")
        (settings.out / "data").mkdir(exist_ok=True)
        if not self._simulate() or not self._fit():
            return None
        for name in self.held_out:
            if not self._train(name, command):
                return None
        report = self._report() | {"seconds": round(time.monotonic() - started)}
        self._save(report)
        return report

    def _check(self, labels: FrameStore) -> None:
        path = labels.path
        if labels.domain != "real":
            raise LspsError(f"{path} holds synthetic frames", "give real ones, or use {train}")
        if self.model.skeleton.joints != HAND21.joints:
            what = (
                f"{self.settings.model_path} has the skeleton {self.model.skeleton.name}, simulated frames have hand21"
            )
            raise LspsError(what, "use {train} with a store of its skeleton")
        if labels.skeleton is not None and labels.skeleton.joints != self.model.skeleton.joints:
            names = labels.skeleton.name, self.model.skeleton.name
            raise LspsError(f"{path} has the skeleton {names[0]}, the model {names[1]}", "give labels of the model's")
        if not len(labelled_frames(labels)):
            raise LspsError(f"{path} has no frame with a complete annotation", "label a frame first")
        if not self.model.training.get("steps", {}).get("posterior", 0):
            raise LspsError(f"{self.settings.model_path} has no trained posterior", "finish its training first")

    def _simulate(self) -> bool:
        for recipe in self.settings.recipes():
            if self._should_stop():
                return False
            self._begin(recipe.file)
            make_stores(self.settings.out / "data", [recipe], device="cpu", on_progress=self._advance_store)
        return True

    def _advance_store(self, recipe: StoreRecipe, done: int) -> None:
        self._listener.event(Progress(done=done, total=recipe.frames, frames_per_s=0.0))

    def _fit(self) -> bool:
        """Annotate frames of the unlabelled store by fits; False after a stop request before."""
        settings, path = self.settings, self.settings.out / "data" / _FITS
        if settings.frames_path is None:
            return True
        if self._should_stop():
            return False
        self._begin(path.name)
        if path.exists():
            return True
        predictor = Predictor.load(settings.model_path, resolve_device(settings.device))
        with FrameStore(settings.frames_path) as store:
            frames = self.parts[_FITS]
            fit_store(
                predictor,
                store,
                path,
                frames=frames,
                accept_mm=FIT_ACCEPT_MM,
                provenance={"model": settings.model_path.name, "source": store.provenance},
                on_progress=lambda done: self._listener.event(Progress(done=done, total=frames, frames_per_s=0.0)),
            )
        return True

    def _train(self, name: str, command: str) -> bool:
        """Train the run that holds out some labels, to its end; False after a stop request before."""
        self._begin(name)
        run = Run(self.settings.run_path(name), self._listener.event)
        if run.model_path.exists():
            return True
        config = self.settings.config(self.model, name)
        if not self.settings.data_path(name).exists():
            self._mix(name)
        if not run.path.exists():
            run = Run.create(run.path, config, self._listener.event)
        else:
            run.write_config(config)  # killed before it had one, or on another device
        with run.locked():
            run.clear_stop()
            return Trainer(run, config, command, self._should_stop).train() == "finished"

    def _mix(self, name: str) -> None:
        """The store of a run: as many of the labels that it may see, repeated, as of all others."""
        settings = self.settings
        paths = [settings.data_path("sensor"), *([settings.data_path("fits")] if settings.frames_path else [])]
        with FrameStore(settings.labels_path) as labels:
            seen = np.setdiff1d(labelled_frames(labels), self.held_out[name])
            others = [FrameStore(path) for path in paths]
            try:
                parts = [(store, labelled_frames(store)) for store in others]
                others_count = sum(len(frames) for _, frames in parts)
                repeated = np.resize(seen, max(min(others_count, _MOST_REPEATS * len(seen)), len(seen)))
                provenance = {"origin": "fine-tuning", "labels": len(seen), "source": labels.provenance}
                write_mixture(settings.data_path(name), [(labels, repeated), *parts], provenance)
            finally:
                for store in others:
                    store.close()

    def _report(self) -> dict[str, Any]:
        """Errors before and after: of the labels, each by the run that did not see it, and of simulated frames."""
        settings = self.settings
        before, after = self._predictor(settings.model_path), self._predictor(self._run_model(WHOLE))
        with FrameStore(settings.labels_path) as labels, FrameStore(settings.data_path("test")) as test:
            labelled = labelled_frames(labels)
            parts = [
                _errors_mm(self._predictor(self._run_model(name)), labels, held_out)
                for name, held_out in self.held_out.items()
                if len(held_out)
            ]
            every = labelled_frames(test)
            return {
                "model": str(settings.model_path),
                "labels": str(settings.labels_path),
                "labelled_frames": len(labelled),
                "folds": len(parts),
                "before": _figures(_errors_mm(before, labels, labelled)),
                "after": _figures(np.concatenate(parts)) if parts else None,
                "simulated_before": _figures(_errors_mm(before, test, every)),
                "simulated_after": _figures(_errors_mm(after, test, every)),
            }

    def _save(self, report: dict[str, Any]) -> None:
        """The model it came from with the new P: the latent, its statistics and the pictures stay the same."""
        tuned = checkpoint.load(self._run_model(WHOLE))
        record = {
            key: report[key] for key in ("labelled_frames", "before", "after", "simulated_before", "simulated_after")
        }
        training = tuned.training | {"finetuned": record}
        checkpoint.save(dataclasses.replace(self.model, weights=tuned.weights, training=training), self.model_path)
        with replacing(self.settings.out / "report.json") as temporary:
            temporary.write_text(json.dumps(report, indent=2) + "\n")

    def _begin(self, name: str) -> None:
        self._listener.started(name, list(self.parts).index(name) + 1, len(self.parts))

    def _run_model(self, name: str) -> Path:
        return Run(self.settings.run_path(name)).model_path

    def _predictor(self, path: Path) -> Predictor:
        return Predictor.load(path, resolve_device(self.settings.device))


def _errors_mm(predictor: Predictor, store: FrameStore, frames: IntArray) -> FloatArray:
    """[n, J]: the joint errors of a model on annotated frames."""
    assert store.joints_mm is not None
    found = [
        metrics.joint_errors_mm(joints_mm, store.joints_mm[indices])
        for indices, joints_mm in predict(predictor, store, frames)
    ]
    errors: FloatArray = np.concatenate(found)
    return errors


def _figures(errors_mm: FloatArray) -> dict[str, float]:
    within = metrics.within_percent(errors_mm)
    return {"mean_error_mm": round(float(errors_mm.mean()), 3), "within_40mm_percent": round(within, 2)}
