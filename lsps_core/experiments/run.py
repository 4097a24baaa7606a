"""Runs an experiment: trains and scores the missing runs of its plan, and keeps the report up to date."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from lsps_core.config.training import TrainConfig
from lsps_core.data.store import FrameStore
from lsps_core.device import resolve_device
from lsps_core.events import Event, Progress
from lsps_core.experiments.plan import ExperimentSettings, PlannedRun, make_plan
from lsps_core.experiments.regressor import RegressorTraining
from lsps_core.experiments.report import StoreDescription, write_picture, write_report
from lsps_core.experiments.results import RunResult, evaluate_run, read_result, record_gaps, row_results
from lsps_core.fitting.fit_store import fit_store
from lsps_core.inference import Predictor
from lsps_core.stopwatch import Stopwatch
from lsps_core.training.changes import changes
from lsps_core.training.data import open_stores
from lsps_core.training.run import Run, RunError
from lsps_core.training.trainer import Trainer


class ExperimentListener(Protocol):
    """Callbacks of a running experiment."""

    def started(self, name: str, index: int, count: int) -> None:
        """Run `index` of `count` starts or resumes, counted from 1."""

    def event(self, event: Event) -> None:
        """An event of the run in training."""

    def finished(self, name: str, result: RunResult, is_new: bool) -> None:
        """A run is scored; not is_new: it was scored before."""


class _StoppedError(Exception):
    """A stop was asked for amid the fits."""


class ExperimentRunner:
    """One experiment in its folder: `runs/NAME` are ordinary runs, the report is beside them.

    ValueError, before any training, if stores, settings or existing runs do not fit together.
    """

    def __init__(
        self,
        settings: ExperimentSettings,
        listener: ExperimentListener,
        should_stop: Callable[[], bool],
        command: str = "",
    ) -> None:
        self.settings, self._listener, self._command = settings, listener, command
        self._was_asked = should_stop
        self._stop_path = settings.out / "stop"
        self.plan = make_plan(settings)
        self.stores = _store_facts(settings, self.plan.runs[0].config)
        for planned in self.plan.runs:
            _check_config(settings.run_path(planned.name), planned)

    def run(self) -> str:
        """Train and score the missing runs; "finished", or "stopped" (by should_stop, or a file `stop` in the folder).

        The tables are written after every run, the picture once, at the end, a stop or a failure.
        RunError names the failed run; finished runs are kept, and the same command resumes.
        """
        self.settings.out.mkdir(parents=True, exist_ok=True)
        self._stop_path.unlink(missing_ok=True)
        with FrameStore(self.settings.test_path.resolve()) as test:
            results = self._existing_results(test)
            self.report_path = write_report(self.settings, self.plan, results, self.stores)
            try:
                return self._run_missing(results, test)
            finally:
                write_picture(self.settings, self.plan, results, self.stores)

    def _existing_results(self, test: FrameStore) -> dict[str, RunResult]:
        """Results of the runs that are finished already, by name."""
        results = {}
        for planned in self.plan.runs:
            result = read_result(self.settings.run_path(planned.name), test)
            if result is not None and self._model_path(planned).exists():
                results[planned.name] = result
                self._listener.finished(planned.name, result, is_new=False)
        return results

    def _run_missing(self, results: dict[str, RunResult], test: FrameStore) -> str:
        """Add the missing results to `results`, one run after the other; "finished" or "stopped"."""
        for index, planned in enumerate(self.plan.runs, start=1):
            if planned.name in results:
                continue
            if self._should_stop():
                return "stopped"
            self._listener.started(planned.name, index, len(self.plan.runs))
            if not self._train(planned):
                return "stopped"
            result = results[planned.name] = self._evaluate(planned, test)
            write_report(self.settings, self.plan, results, self.stores)
            record_gaps(row_results(self.plan, results), self._model_path, test)
            self._listener.finished(planned.name, result, is_new=True)
        return "finished"

    def _evaluate(self, planned: PlannedRun, test: FrameStore) -> RunResult:
        device, path = resolve_device(self.settings.device), self._model_path(planned)
        if planned.is_regressor:
            regressor = self._regressor(planned).load()
            return evaluate_run(regressor, regressor.took, path, test, device, planned.domain)
        predictor = Predictor.load(path, device)
        took = Stopwatch(predictor.checkpoint.training)
        if planned.fits is not None:
            with FrameStore(Path(planned.config.real_path)) as fitted:
                took.add(Stopwatch(fitted.provenance))
        return evaluate_run(predictor, took, path, test, device, planned.domain)

    def _train(self, planned: PlannedRun) -> bool:
        """Train a run to its end; False after a stop request before."""
        if self._model_path(planned).exists():
            return True
        path = self.settings.run_path(planned.name)
        run = Run(path, self._listener.event)
        try:
            if not self._fit(planned):
                return False
            if not path.exists():
                run = Run.create(path, planned.config, self._listener.event)
            else:
                run.write_config(planned.config)  # killed before it had one, or on another device
            with run.locked():
                run.clear_stop()
                if planned.is_regressor:
                    return self._regressor(planned, run).train()
                return Trainer(run, planned.config, self._command, self._should_stop).train() == "finished"
        except ValueError as error:
            raise RunError(f"run {planned.name}: {error}") from error

    def _fit(self, planned: PlannedRun) -> bool:
        """Make the store of real frames that a run learns from, where its parent's model annotates it.

        False after a stop request before the end; the fits are then made anew.
        """
        path, fits, parent = Path(planned.config.real_path), planned.fits, planned.parent
        if fits is None or parent is None or path.exists():
            return True
        path.parent.mkdir(exist_ok=True)
        predictor = Predictor.load(self._model_path(parent), resolve_device(self.settings.device))

        def advance(done: int) -> None:
            self._listener.event(Progress(done=done, total=fits.frames, frames_per_s=0.0))
            if self._should_stop():
                raise _StoppedError

        with FrameStore(self.settings.real_path) as store, contextlib.suppress(_StoppedError):
            provenance = {"model": parent.name, "source": store.provenance}
            fit_store(predictor, store, path, **fits._asdict(), provenance=provenance, on_progress=advance)
        return path.exists()

    def _regressor(self, planned: PlannedRun, run: Run | None = None) -> RegressorTraining:
        path = self.settings.run_path(planned.name)
        on_event = self._listener.event if run is None else run.record
        return RegressorTraining(path, planned.config, self._should_stop, on_event)

    def _model_path(self, planned: PlannedRun) -> Path:
        if planned.is_regressor:
            return self._regressor(planned).model_path
        return Run(self.settings.run_path(planned.name)).model_path

    def _should_stop(self) -> bool:
        return self._was_asked() or self._stop_path.exists()


def _check_config(path: Path, run: PlannedRun) -> None:
    """RunError if the existing run has other settings; only the device may differ."""
    if not (path / "config.json").exists():
        return
    found, planned = Run(path).config(), run.config
    for key in (
        ("initial_path", "real_path") if run.fits is not None else ("initial_path",)
    ):  # in a folder that may move
        if Path(getattr(found, key)).parts[-2:] == Path(getattr(planned, key)).parts[-2:]:
            found = dataclasses.replace(found, **{key: getattr(planned, key)})
    differences = [f"{change.key} is {change.before} there, {change.after} now" for change in changes(found, planned)]
    if differences:
        raise RunError(
            f"{path} was made with other settings: {'; '.join(differences)}; choose another --out, or give the "
            "settings that it was started with"
        )


def _store_facts(settings: ExperimentSettings, config: TrainConfig) -> list[StoreDescription]:
    """The report's descriptions of the three stores; ValueError if they do not fit an experiment."""
    with open_stores(config) as stores, FrameStore(settings.test_path) as test:
        synthetic, real = stores["synthetic"], stores["real"]
        if test.domain != "real":
            raise ValueError(
                f"{test.path} holds synthetic frames; errors are measured on real ones: give a real store as --test"
            )
        for option, store in (("--real", real), ("--test", test)):
            if store.joints_mm is None or not np.isfinite(store.joints_mm).all(axis=(1, 2)).any():
                raise ValueError(f"{store.path} has no annotated frame, and the experiment needs some in {option}")
            if store.skeleton != synthetic.skeleton:
                raise ValueError(f"{store.path} has another skeleton than {synthetic.path}; use stores of one skeleton")
        named = {"synthetic": synthetic, "real": real, "test": test}
        return [StoreDescription.of(role, store) for role, store in named.items()]
