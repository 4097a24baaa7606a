"""A run of runs: trains what is planned and not there yet, scores it, and keeps the report up to date."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from lsps_core.config import TrainConfig
from lsps_core.data.store import FrameStore
from lsps_core.events import Event
from lsps_core.experiments.plan import ExperimentSettings, PlannedRun, make_plan
from lsps_core.experiments.report import StoreFacts, write_report
from lsps_core.experiments.results import RunResult, evaluate_run, read_result, record_gaps, row_results
from lsps_core.training.changes import changes
from lsps_core.training.data import open_stores
from lsps_core.training.run import Run, RunError
from lsps_core.training.trainer import Trainer


class Listener(Protocol):
    """What an experiment tells while it goes on."""

    def started(self, name: str, index: int, count: int) -> None:
        """Run `index` of `count` begins or goes on, counted from 1."""

    def event(self, event: Event) -> None:
        """Something that the run in training said."""

    def finished(self, name: str, result: RunResult, is_new: bool) -> None:
        """A run's figures are there; not is_new: they were before."""


class ExperimentRunner:
    """One experiment in its folder: `runs/NAME` are ordinary runs, the report stands beside them.

    ValueError, before anything is trained, where stores, settings or runs that are there do not go together.
    """

    def __init__(
        self, settings: ExperimentSettings, listener: Listener, should_stop: Callable[[], bool], command: str = ""
    ) -> None:
        self.settings, self._listener, self._command = settings, listener, command
        self._was_asked = should_stop
        self._stop_path = settings.out / "stop"
        self.plan = make_plan(settings)
        self.stores = _store_facts(settings, self.plan.runs[0].config)
        for planned in self.plan.runs:
            _check_config(settings.run_path(planned.name), planned.config)

    def run(self) -> str:
        """Train and score what is missing; "finished", or "stopped" (by should_stop, or a file `stop` in the folder).

        RunError names the run that failed; what was finished stays, and the same command goes on.
        """
        self.settings.out.mkdir(parents=True, exist_ok=True)
        self._stop_path.unlink(missing_ok=True)
        with FrameStore(self.settings.test_path.resolve()) as test:
            results = {}
            for planned in self.plan.runs:
                result = read_result(self.settings.run_path(planned.name), test)
                if result is not None and self._model_path(planned).exists():
                    results[planned.name] = result
                    self._listener.finished(planned.name, result, is_new=False)
            self.report_path = write_report(self.settings, self.plan, results, self.stores)
            for index, planned in enumerate(self.plan.runs, start=1):
                if planned.name in results:
                    continue
                if self._should_stop():
                    return "stopped"
                self._listener.started(planned.name, index, len(self.plan.runs))
                if not self._train(planned):
                    return "stopped"
                result = results[planned.name] = evaluate_run(
                    self._model_path(planned), test, self.settings.device, planned.domain
                )
                write_report(self.settings, self.plan, results, self.stores)
                record_gaps(row_results(self.plan, results), self._model_path, test)
                self._listener.finished(planned.name, result, is_new=True)
        return "finished"

    def _train(self, planned: PlannedRun) -> bool:
        """Bring a run to its end; False where asked to stop before."""
        if self._model_path(planned).exists():
            return True
        path = self.settings.run_path(planned.name)
        run = Run(path, self._listener.event)
        try:
            if not path.exists():
                run = Run.create(path, planned.config, self._listener.event)
            else:
                run.write_config(planned.config)  # killed before it had one, or on another device
            with run.locked():
                run.clear_stop()
                return Trainer(run, planned.config, self._command, self._should_stop).train() == "finished"
        except ValueError as error:
            raise RunError(f"run {planned.name}: {error}") from error

    def _model_path(self, planned: PlannedRun) -> Path:
        return Run(self.settings.run_path(planned.name)).model_path

    def _should_stop(self) -> bool:
        return self._was_asked() or self._stop_path.exists()


def _check_config(path: Path, planned: TrainConfig) -> None:
    """RunError where the run there was made with other settings; where it is trained may differ."""
    if not (path / "config.json").exists():
        return
    found = Run(path).config()
    if Path(found.initial_path).parts[-2:] == Path(planned.initial_path).parts[-2:]:  # the folder may have moved
        found = dataclasses.replace(found, initial_path=planned.initial_path)
    differences = [f"{change.key} is {change.before} there, {change.after} now" for change in changes(found, planned)]
    if differences:
        raise RunError(
            f"{path} was made with other settings: {'; '.join(differences)}; choose another --out, or give the "
            "settings that it was started with"
        )


def _store_facts(settings: ExperimentSettings, config: TrainConfig) -> list[StoreFacts]:
    """What the report says of the three stores; ValueError where they do not make an experiment."""
    with open_stores(config) as stores, FrameStore(settings.test_path) as test:
        synthetic, real = stores["synthetic"], stores["real"]
        if test.domain != "real":
            raise ValueError(
                f"{test.path} holds synthetic frames; errors are measured on real ones: give those as --test"
            )
        for option, store in (("--real", real), ("--test", test)):
            if store.joints_mm is None or not np.isfinite(store.joints_mm).all(axis=(1, 2)).any():
                raise ValueError(f"{store.path} has no annotated frame, and the experiment needs some in {option}")
            if store.skeleton != synthetic.skeleton:
                raise ValueError(f"{store.path} has another skeleton than {synthetic.path}; give stores of one")
        named = {"synthetic": synthetic, "real": real, "test": test}
        return [StoreFacts.of(role, store) for role, store in named.items()]
