"""The loop over stages and steps: batches, events, validation, checkpoints, stop. It knows no losses."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from lsps_core import __version__, checkpoint
from lsps_core.checkpoint import Checkpoint
from lsps_core.config.training import STAGES, StageConfig, TrainConfig
from lsps_core.device import emulates_bfloat16, resolve_device
from lsps_core.errors import is_out_of_memory
from lsps_core.events import Ended, Event, Noted, Saved, Started, Stepped, error_fields
from lsps_core.networks.kinematic import KinematicDecoder
from lsps_core.networks.residual import FEW_BATCHES, MANY_BATCHES
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.runs.speeds import frame_seconds
from lsps_core.stopwatch import Stopwatch
from lsps_core.training import agreement
from lsps_core.training.batch import TriBatch
from lsps_core.training.data import TrainingData, step_generator
from lsps_core.training.errors import memory_shortage, not_finite, save_batch
from lsps_core.training.process_group import ProcessGroup
from lsps_core.training.run import Run, RunError
from lsps_core.training.stages.stage import SINGLE_PROCESS
from lsps_core.training.stages.stage_classes import stage_class
from lsps_core.training.stages.update import Terms, learning_rate, set_learning_rate
from lsps_core.training.start import check_start, posterior_starts_at_random, take_over
from lsps_core.training.time_left import TimeLeft
from lsps_core.training.validation import LatentStatistics, Validation, latent_statistics

REPORT_SECONDS = 2.0
_EMULATED = "this CPU emulates bfloat16, which is several times slower than float32; set precision=float32"


class Trainer:
    """Trains a run from its newest checkpoint to the end of its last stage.

    Under torchrun every process has a Trainer; that of process 0 alone validates, saves and records.
    """

    def __init__(
        self,
        run: Run,
        config: TrainConfig,
        command: str = "",
        should_stop: Callable[[], bool] | None = None,
        group: ProcessGroup = SINGLE_PROCESS,
    ) -> None:
        self.run, self.config, self.group = run, config, group
        self.commands = [command] if command else []
        self._should_stop = should_stop or (lambda: False)
        self.device = group.device(resolve_device(config.device))
        self.data = TrainingData(config, self.device, group)
        torch.manual_seed(config.seed)
        self.model = TriDomainModel(config.model_config(self.data.skeleton)).to(self.device)
        self._random_discriminator = copy.deepcopy(self.model.discriminator.state_dict())
        self.latent_statistics = LatentStatistics()
        self.start_record: dict[str, Any] = {}
        if not run.checkpoints():
            self._start()
        if config.channels_last:
            self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in the stubs
        if config.compile:
            self.model.compile_networks()
        self.validation = Validation(self.data, run)
        self._stopwatch = Stopwatch()
        self._time_left = TimeLeft(config, frame_seconds(run.path, config) if group.is_main else None)
        self._begin(STAGES[0])

    @property
    def step(self) -> int:
        """Optimiser updates done, over all stages."""
        done = STAGES[: STAGES.index(self.stage_name)]
        return sum(self.config.stage(name).steps for name in done) + self.stage_step

    @property
    def total_steps(self) -> int:
        return sum(self.config.stage(name).steps for name in STAGES)

    def train(self) -> str:
        """Run to the end or a stop request; returns "finished" or "stopped". The last state is saved in both cases.

        TrainingError if a step is not finite or does not fit into memory; the last checkpoint before it is kept.
        """
        self._resume()
        parameters = sum(parameter.numel() for parameter in self.model.parameters())
        self._record(
            Started(step=self.step, total_steps=self.total_steps, device=str(self.device), parameters=parameters)
        )
        if self.config.precision == "bfloat16" and emulates_bfloat16(self.device):
            self._record(Noted(message=_EMULATED))
        try:
            is_finished = self._run_stages()
        except BaseException as error:
            self._record(Ended(step=self.step, reason="failed", **error_fields(error)))
            raise
        reason: Literal["finished", "stopped"] = "finished" if is_finished else "stopped"
        self._record(Ended(step=self.step, reason=reason))
        return reason

    def snapshot(self) -> Checkpoint:
        """The current model with its record; weights are shared, not copied."""
        stages = {name: self.config.stage(name).steps for name in STAGES[: STAGES.index(self.stage_name)]}
        return Checkpoint(
            config=self.model.config,
            skeleton=self.data.skeleton,
            half_mm=self.data.half_mm,
            **self.latent_statistics.fields(),
            weights=self.model.state_dict(),
            training={
                "commands": self.commands,
                "version": __version__,
                "torch": torch.__version__,
                "simulated": self.data.is_simulated,
                "data": self.data.provenance,
                "config": self.config.for_models(),
                "steps": stages | {self.stage_name: self.stage_step},
                **self._stopwatch.to_json(),
                **({"start": self.start_record} if self.start_record else {}),
                "validation": {
                    "mean_error_mm": self.validation.state()["last_mm"],
                    "domain": self.data.validation_domain,
                },
            },
        )

    def _start(self) -> None:
        """From the initial model, or at random with a pose decoder that knows the range of training poses."""
        decoder = self.model.pose_vae.decoder
        if self.config.initial_path:
            model = checkpoint.load(Path(self.config.initial_path))
            check_start(model, self.config, self.data.skeleton)
            take_over(self.model, model)
            self.latent_statistics = LatentStatistics.of(model)
            self.start_record = model.training
        elif isinstance(decoder, KinematicDecoder):
            decoder.fit(self.data.annotated_poses())

    def _begin(self, name: str) -> None:
        self.stage_name, self.stage_step = name, 0
        make = stage_class(self.config, name)
        self.stage = make(self.model, self.config.stage(name), self.config.weights, self.group)

    def _run_stages(self) -> bool:
        """Run the current and all later stages; False after a stop request before the end."""
        for name in STAGES[STAGES.index(self.stage_name) :]:
            if name != self.stage_name:
                if name == "posterior" and posterior_starts_at_random(self.config, self.start_record):
                    self.model.discriminator.load_state_dict(self._random_discriminator)
                self._begin(name)
            if not self._run_stage():
                return False
        if self.group.is_main:
            checkpoint.save(self.snapshot(), self.run.model_path)
        return True

    def _run_stage(self) -> bool:
        """Train the stage to its end; False after a stop request before."""
        settings = self.config.stage(self.stage_name)
        reported = saved = time.monotonic()
        first = reported_step = self.stage_step
        self._stopwatch.start()
        before: Tensor | None = agreement.weights_digest(self.model)
        while self.stage_step < settings.steps:
            terms = self._one_step(settings)
            self.stage_step += 1
            now = time.monotonic()
            self._stopwatch.lap()
            if self.group.decide(now - reported >= REPORT_SECONDS or self.stage_step in (first + 1, settings.steps)):
                self._check_finite(settings, first)
                if before is not None and self.stage_step - first >= agreement.STEPS_OF_NOTHING:
                    agreement.check_learning(self.model, before, self.stage_name)
                    before = None
                self._report(terms, self.stage_step - reported_step, now - reported, settings)
                reported, reported_step = now, self.stage_step
                if self.group.decide(self.run.stop_requested() or self._should_stop()):
                    self._save(validates=False)
                    return False
            is_due = now - saved >= 60 * self.config.checkpoint_minutes and self.stage_step < settings.steps
            if self.group.decide(is_due):  # the end of the stage is saved below
                self._check_finite(settings, first)  # waits for the steps
                began = time.monotonic()
                self._save()
                saved = time.monotonic()
                reported += saved - began  # its time does not count for the steps
        has_new_codes = settings.steps > 0 and not settings.decoder_alone
        if self.stage_name == "pose" and (has_new_codes or not self.config.initial_path):
            self.latent_statistics = latent_statistics(self.model, self.data.statistics_poses())
        self._save(MANY_BATCHES)
        return True

    def _one_step(self, settings: StageConfig) -> Terms:
        try:
            return self._try_step(settings)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        # From here on: while the error was handled, its traceback held the step's memory.
        raise memory_shortage(
            str(self.device),
            self.stage_name,
            settings,
            self._try_step if self.group.size == 1 else None,  # of several processes, only some may have run out
        )

    def _try_step(self, settings: StageConfig) -> Terms:
        set_learning_rate(self.stage.optimizers.values(), learning_rate(settings, self.stage_step))
        is_reduced = self.config.precision == "bfloat16" and self.stage_name != "pose"  # too small to be faster
        with torch.autocast(self.device.type, torch.bfloat16, enabled=is_reduced):
            return self.stage.step(*self._batch(settings, self.stage_step))

    def _batch(self, settings: StageConfig, step: int) -> tuple[TriBatch, torch.Generator]:
        """The frames and the noise of a step."""
        seed = (self.config.seed, self.stage_name, step, self.group.rank)
        return self.data.batch(self.stage_name, settings, step), step_generator(*seed, self.device)

    def _check_finite(self, settings: StageConfig, first: int) -> None:
        """NonFiniteError if a step since the last check was not finite; no update was made from it on."""
        failure = self.stage.guard.non_finite_step()
        if failure is None:
            return
        steps, terms = failure
        self.stage_step = first + steps
        rank, terms = agreement.failing_process(self.group, terms)
        path = self.run.layout.not_finite_batch(self.step)
        if self.group.rank == rank:
            batch = self.data.batch(self.stage_name, settings, self.stage_step)
            save_batch(path, batch.tensors(), {"stage": self.stage_name, "terms": terms})
        self.group.wait()  # the first process that fails ends the others
        where = f" in process {rank}" if self.group.size > 1 else ""
        raise not_finite(self.stage_name, self.stage_step, settings, terms, path, where)

    def _report(self, terms: Terms, steps: int, seconds: float, settings: StageConfig) -> None:
        steps_per_s = steps / seconds
        self._time_left.report(self.stage_name, steps, steps_per_s)
        if not self.group.is_main:
            return
        self._record(
            Stepped(
                stage=self.stage_name,
                stage_step=self.stage_step,
                step=self.step,
                terms=dict(zip(terms, torch.stack(list(terms.values())).tolist(), strict=True)),
                frames_per_s=steps_per_s * settings.batch_size,
                eta_s=self._time_left.seconds(self.stage_name, self.stage_step),
            )
        )

    def _save(self, settling: int = FEW_BATCHES, *, validates: bool = True) -> None:
        """settling: batches by which the networks are made ready for use."""
        settings, step = self.config.stage(self.stage_name), self.stage_step
        if step:
            self.stage.settle(self._batch(settings, number) for number in range(step, step + min(step, settling)))
        if validates and step and self.group.is_main:
            self.validation(self.snapshot(), self.stage_name, self.step)
        agreement.check_alike(self.model, self.group, self.step)
        if not self.group.is_main:
            return
        state: dict[str, Any] = {"stage": self.stage_name, "stage_step": self.stage_step}
        state |= self._stopwatch.to_json() | self.validation.state()
        path = self.run.save_checkpoint(self.step, self.snapshot(), self.stage.tensors(), state)
        self._record(Saved(kind="checkpoint", stage=self.stage_name, step=self.step, path=path.name))

    def _resume(self) -> None:
        latest = self.run.latest()
        if latest is not None:
            try:
                self._load(*latest)
            except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
                if is_out_of_memory(error):
                    raise
                why = " ".join(str(error).split())[:200]
                what = f"the newest checkpoint of {self.run.path} does not fit the run ({type(error).__name__}: {why})"
                raise RunError(what, "remove it to resume from the one before, or copy the run again") from error
        if self.group.is_main:
            is_stage_done = self.stage_step >= self.config.stage(self.stage_name).steps
            self.run.rewind(self.step, redo=is_stage_done)

    def _load(self, model: Checkpoint, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
        self.model.load_state_dict(model.weights)
        self.commands = model.training["commands"] + self.commands
        self.start_record = model.training.get("start", {})
        self.latent_statistics = LatentStatistics.of(model)
        self._begin(state["stage"])
        self.stage_step, self._stopwatch = int(state["stage_step"]), Stopwatch(state)
        self.validation.restore(state["best_mm"], state["last_mm"])
        self.stage.load_tensors(tensors)

    def _record(self, event: Event) -> None:
        if self.group.is_main:
            self.run.record(event)
