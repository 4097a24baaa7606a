"""The loop over stages and steps: batches, events, validation, checkpoints, stop. It knows no losses."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lsps_core import __version__, checkpoint
from lsps_core.checkpoint import Checkpoint
from lsps_core.config import POSE_LATENT_SIZE, STAGES, StageConfig, TrainConfig
from lsps_core.device import resolve_device
from lsps_core.events import Ended, Saved, Started, Stepped, Validated
from lsps_core.inference import Predictor
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.training.data import TrainingData, step_generator
from lsps_core.training.preview import preview_sheet
from lsps_core.training.run import Run, load_optimizer_tensors, optimizer_tensors
from lsps_core.training.stages import STAGE_CLASSES, Stage, set_learning_rate

REPORT_SECONDS = 2.0
PREVIEW_FRAMES = 12
_STAGE_COST = {"pose": 0.003, "depth": 1.0, "posterior": 0.25}
"""Rough time of a frame in each stage against the depth stage's, for the time that stages not yet begun will take."""


class NonFiniteError(ValueError):
    """A loss term was not a finite number."""


class Trainer:
    """Trains a run from wherever its newest checkpoint is to the end of its last stage."""

    def __init__(self, run: Run, config: TrainConfig, command: str = "", should_stop: Callable[[], bool] | None = None):
        self.run, self.config, self.commands = run, config, [command] if command else []
        self._should_stop = should_stop or (lambda: False)
        self.device = resolve_device(config.device)
        self.data = TrainingData(config, self.device)
        torch.manual_seed(config.seed)
        self.model = TriDomainModel(config.model_config(self.data.skeleton)).to(self.device)
        self.latent_statistics = torch.stack([torch.zeros(POSE_LATENT_SIZE), torch.ones(POSE_LATENT_SIZE)])
        self.stage_name, self.stage_step = STAGES[0], 0
        self.best_mm: dict[str, float] = {}
        self.last_mm = math.inf
        self.seconds = 0.0
        self.stage = self._build_stage()

    @property
    def step(self) -> int:
        """Optimiser updates done, over all stages."""
        done = STAGES[: STAGES.index(self.stage_name)]
        return sum(self.config.stage(name).steps for name in done) + self.stage_step

    @property
    def total_steps(self) -> int:
        return sum(self.config.stage(name).steps for name in STAGES)

    def train(self) -> str:
        """Run to the end, or until asked to stop; returns "finished" or "stopped". The last state is saved either way.

        NonFiniteError where a term is not a number: the last checkpoint before it stays.
        """
        self.run.clear_stop()
        self._resume()
        parameters = sum(parameter.numel() for parameter in self.model.parameters())
        self.run.record(
            Started(step=self.step, total_steps=self.total_steps, device=str(self.device), parameters=parameters)
        )
        reason = "finished"
        try:
            for name in STAGES[STAGES.index(self.stage_name) :]:
                if name != self.stage_name:
                    self._begin(name)
                if not self._run_stage():
                    reason = "stopped"
                    break
            else:
                checkpoint.save(self.snapshot(), self.run.model_path)
        except BaseException as error:
            self.run.record(Ended(step=self.step, reason="failed", message=str(error) or type(error).__name__))
            raise
        self.run.record(Ended(step=self.step, reason=reason))
        return reason

    def snapshot(self) -> Checkpoint:
        """The model as it stands, with its record; weights are shared, not copied."""
        stages = {name: self.config.stage(name).steps for name in STAGES[: STAGES.index(self.stage_name)]}
        mean, std = self.latent_statistics.tolist()
        config = self.config.to_json()
        for key in ("synthetic_path", "real_path"):  # a model goes round the world, folders stay at home
            config[key] = Path(config[key]).name
        return Checkpoint(
            config=self.model.config,
            skeleton=self.data.skeleton,
            half_mm=self.data.half_mm,
            latent_mean=tuple(mean),
            latent_std=tuple(std),
            weights=self.model.state_dict(),
            training={
                "commands": self.commands,
                "version": __version__,
                "torch": torch.__version__,
                "simulated": self.data.is_simulated,
                "data": self.data.provenance,
                "config": config,
                "steps": stages | {self.stage_name: self.stage_step},
                "seconds": round(self.seconds),
                "validation": {
                    "mean_error_mm": self.last_mm if math.isfinite(self.last_mm) else None,
                    "domain": self.data.validation_domain,
                },
            },
        )

    def _begin(self, name: str) -> None:
        self.stage_name, self.stage_step = name, 0
        self.stage = self._build_stage()

    def _build_stage(self) -> Stage:
        settings = self.config.stage(self.stage_name)
        return STAGE_CLASSES[self.stage_name](self.model, settings, self.config.weights)

    def _run_stage(self) -> bool:
        """Train the stage to its end; False where asked to stop before."""
        settings = self.config.stage(self.stage_name)
        started = reported = saved = time.monotonic()
        first, reported_step = self.stage_step, self.stage_step
        before_s = self.seconds
        while self.stage_step < settings.steps:
            terms = self._one_step(settings)
            self.stage_step += 1
            now = time.monotonic()
            self.seconds = before_s + now - started
            if now - reported >= REPORT_SECONDS or self.stage_step in (first + 1, settings.steps):
                rate = (self.stage_step - reported_step) / (now - reported)
                self._report(terms, rate, settings)
                reported, reported_step = now, self.stage_step
                if self.run.stop_requested() or self._should_stop():
                    self._save()
                    return False
            if now - saved >= 60 * self.config.checkpoint_minutes:
                self._validate()
                self._save()
                saved = reported = time.monotonic()  # its time is none of the steps'
                reported_step = self.stage_step
        if self.stage_name == "pose":
            self._measure_latents()
        if settings.steps:
            self._validate()
        self._save()
        return True

    def _one_step(self, settings: StageConfig) -> dict[str, Tensor]:
        set_learning_rate(self.stage, learning_rate(settings, self.stage_step))
        batch = self.data.batch(self.stage_name, settings, self.stage_step)
        generator = step_generator(self.config.seed, self.stage_name, self.stage_step, self.device)
        is_reduced = self.config.precision == "bfloat16" and self.stage_name != "pose"  # too small to gain by it
        with torch.autocast(self.device.type, torch.bfloat16, enabled=is_reduced):
            return self.stage.step(batch, generator)

    def _report(self, terms: dict[str, Tensor], rate: float, settings: StageConfig) -> None:
        values = dict(zip(terms, torch.stack(list(terms.values())).tolist(), strict=True))
        for name, value in values.items():
            if not math.isfinite(value):
                raise NonFiniteError(
                    f"{name} is {value} at step {self.stage_step} of the {self.stage_name} stage; "
                    f"resume with a lower {self.stage_name}.learning_rate"
                )
        self.run.record(
            Stepped(
                stage=self.stage_name,
                stage_step=self.stage_step,
                step=self.step,
                terms=values,
                frames_per_s=rate * settings.batch_size,
                eta_s=self._eta_s(rate, settings),
            )
        )

    def _eta_s(self, rate: float, settings: StageConfig) -> float:
        seconds = (settings.steps - self.stage_step) / rate
        cost_s = 1 / (rate * settings.batch_size * _STAGE_COST[self.stage_name])
        for name in STAGES[STAGES.index(self.stage_name) + 1 :]:
            later = self.config.stage(name)
            seconds += later.steps * later.batch_size * _STAGE_COST[name] * cost_s
        return seconds

    def _validate(self) -> None:
        predictor = Predictor(self.snapshot(), self.device)
        frames, half_mm = self.data.held_out(), self.data.held_out_half_mm()
        if self.stage_name == "pose":
            pose = predictor.decode_pose(predictor.encode_pose(frames.pose))
        else:
            parts = torch.split(frames.image, 64)
            pose = torch.cat([predictor.predict_pose(part, self.data.validation_domain) for part in parts])
        error_mm = ((pose - frames.pose).norm(dim=2).mean(dim=1) * half_mm).mean().item()
        self.last_mm = error_mm
        best = self.best_mm[self.stage_name] = min(error_mm, self.best_mm.get(self.stage_name, math.inf))
        self.run.record(
            Validated(
                stage=self.stage_name,
                step=self.step,
                mean_error_mm=error_mm,
                best_error_mm=best,
                domain=self.data.validation_domain,
            )
        )
        sheet = preview_sheet(predictor, self.data.preview(PREVIEW_FRAMES))
        path = self.run.save_preview(self.step, sheet)
        self.run.record(Saved(kind="preview", stage=self.stage_name, step=self.step, path=path.name))

    def _measure_latents(self) -> None:
        """What the latent sliders span: the codes of the training poses as the model saw them, augmented."""
        with torch.no_grad():
            codes = self.model.pose_vae.encode(self.data.statistics_poses()).mean
        self.latent_statistics = torch.stack([codes.mean(dim=0), codes.std(dim=0)]).cpu()

    def _save(self) -> None:
        state: dict[str, Any] = {
            "stage": self.stage_name,
            "stage_step": self.stage_step,
            "best_mm": self.best_mm,
            "last_mm": self.last_mm if math.isfinite(self.last_mm) else None,
            "seconds": self.seconds,
        }
        path = self.run.save_checkpoint(self.step, self.snapshot(), optimizer_tensors(self.stage.optimizers), state)
        self.run.record(Saved(kind="checkpoint", stage=self.stage_name, step=self.step, path=path.name))

    def _resume(self) -> None:
        latest = self.run.latest()
        if latest is None:
            return
        model, tensors, state = latest
        self.model.load_state_dict(model.weights)
        self.commands = model.training["commands"] + self.commands
        self.latent_statistics = torch.tensor([model.latent_mean, model.latent_std])
        self._begin(state["stage"])
        self.stage_step = int(state["stage_step"])
        self.best_mm, self.seconds = dict(state["best_mm"]), float(state["seconds"])
        self.last_mm = math.inf if state["last_mm"] is None else float(state["last_mm"])
        load_optimizer_tensors(self.stage.optimizers, tensors)


def learning_rate(settings: StageConfig, step: int) -> float:
    """Constant for the first half of a stage, then a half cosine down to its final share."""
    progress = max(0.0, 2 * step / max(settings.steps, 1) - 1)
    share = settings.final_learning_rate + (1 - settings.final_learning_rate) * (1 + math.cos(math.pi * progress)) / 2
    return settings.learning_rate * share
