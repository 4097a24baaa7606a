"""A run directory: config, events, metrics, previews and checkpoints. Copying it moves the run to another machine."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from torch import Tensor

from lsps_core import checkpoint
from lsps_core.checkpoint import Checkpoint, CheckpointError
from lsps_core.config.training import TrainConfig
from lsps_core.errors import LspsError
from lsps_core.events import Ended, Event, Noted
from lsps_core.files import WriteError, kind_of, parse_json, read_json, replacing
from lsps_core.part_files import is_left, is_part_of_a_process
from lsps_core.runs.layout import RunLayout, locked, state_path
from lsps_core.runs.record import Record
from lsps_core.typed_json import Count, Finite, arguments

KEPT_CHECKPOINTS = 2


@dataclass(frozen=True, kw_only=True)
class _State:
    """Beside the tensors of a training state; the meanings are those of `Trainer` and `Validation`."""

    stage: Literal["pose", "depth", "posterior"]
    stage_step: Count
    seconds: Finite
    best_mm: dict[str, float]
    last_mm: float | None


class RunError(LspsError):
    """A run directory that cannot be used: problem, path and remedy, in one line."""


class Run:
    """Reads and writes one run; `layout` has the paths of its files, `model_path` is that of the finished model."""

    def __init__(self, path: Path, listener: Callable[[Event], None] | None = None) -> None:
        self.path = Path(path)
        self.layout = RunLayout(self.path)
        self.model_path = self.layout.model
        self._record = Record(self.layout)
        self._listener = listener

    @classmethod
    def create(cls, path: Path, config: TrainConfig, listener: Callable[[Event], None] | None = None) -> Run:
        """Write the config into a new or empty folder; RunError if the folder is not empty."""
        cls.check_is_free(path)
        try:
            Path(path).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            what = f"{path} cannot be created: {error.strerror}"
            raise RunError(what, "choose another folder", field="run_path") from error
        run = cls(path, listener)
        run.write_config(config)
        return run

    @staticmethod
    def check_is_free(path: Path) -> None:
        """RunError if the folder of a new run is not empty."""
        try:
            is_free = all(file.suffix == ".part" for file in Path(path).iterdir())  # left by a killed process
        except FileNotFoundError:
            return
        except OSError as error:
            what = f"{path} cannot be used as a run folder: {error.strerror}"
            raise RunError(what, "choose another", field="run_path") from error
        if not is_free:
            raise RunError(f"{path} exists already", "choose another folder, or {resume}", field="run_path")

    @property
    def is_prepared(self) -> bool:
        """Whether there is a config that was never trained, as written by the app's dialog."""
        return self.layout.is_prepared

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock this run against other processes; the lock ends with its process."""
        with locked(self.layout) as is_ours:
            if not is_ours:
                what = f"{self.path} is being trained by another process"
                raise RunError(what, "stop that one first", field="run_path")
            yield

    def write_config(self, config: TrainConfig) -> None:
        path = self.layout.config
        with self._writing(path), replacing(path) as temporary:
            temporary.write_text(json.dumps(config.to_json(), indent=2) + "\n")

    def config(self) -> TrainConfig:
        path = self.layout.config
        try:
            return TrainConfig.from_json(read_json(path))
        except OSError as error:
            what, remedy = f"{path} cannot be read: {error.strerror}", f"is {self.path} a run of {{train}}?"
            raise RunError(what, remedy, field="run_path") from error
        except ValueError as error:
            raise RunError(f"{path} is not a run's config ({error})", "copy the run again", field="run_path") from error

    def record(self, event: Event) -> None:
        """Append to events.jsonl and metrics.csv, then call the listener; RunError if that cannot be written."""
        try:
            with self._writing(self.layout.events):
                self._record.append(event)
        except RunError:
            if not isinstance(event, Ended):  # the reason of the end must be delivered, also on a full disk
                raise
        if self._listener is not None:
            self._listener(event)

    def rewind(self, step: int, *, redo: bool = False) -> None:
        """Restore the folder to the state after `step` steps; the first action on resuming.

        Removes the remains of a killed process: partial files, training states without a model, and events and previews
        of later steps. Checkpoints of later steps could not be read: they are set aside, with a note. redo: the trainer
        will validate and save at `step` again, so these results are removed as well.
        """
        with self._writing(self.layout.events):
            for path in self.path.rglob(".*.part"):
                if is_left(path.name) or not is_part_of_a_process(path.name):
                    path.unlink()
            damaged = [path for path in self.checkpoints() if int(path.stem) > step]
            for path in damaged:
                state_path(path).unlink(missing_ok=True)
                path.rename(path.with_name(path.name + ".damaged"))
            whole = {state_path(path) for path in self.checkpoints()}
            for path in self.layout.states():
                if path not in whole:
                    path.unlink()
            for path in self.layout.previews.glob("*.png"):
                if path.stem.isdigit() and int(path.stem) > step:
                    path.unlink()
            self._record.rewind(step, redo)
        for path in damaged:
            self.record(Noted(message=f"{path.name} cannot be read and was set aside; resuming from step {step}"))

    def stop_requested(self) -> bool:
        return self.layout.stop.exists()

    def clear_stop(self, before_s: float = math.inf) -> None:
        """Remove a stop request from before that time, in seconds as of `time.time`."""
        with suppress(FileNotFoundError):
            if self.layout.stop.stat().st_mtime < before_s:
                self.layout.stop.unlink()

    def save_preview(self, step: int, sheet: Image.Image) -> Path:
        path = self.layout.preview(step)
        with self._writing(path), replacing(path) as temporary:
            sheet.save(temporary, format="png")
        return path

    def save_checkpoint(self, step: int, model: Checkpoint, tensors: dict[str, Tensor], state: dict[str, Any]) -> Path:
        """Write model and training state, then remove all but the newest two: there is never only one copy.

        RunError if that fails; earlier checkpoints are unchanged.
        """
        path = self.layout.checkpoint(step)
        with self._writing(state_path(path)):
            checkpoint.write_tensors(state_path(path), tensors, {"state": json.dumps(state)})
        with self._writing(path):
            checkpoint.save(model, path)  # last, so that every model has its state
            for old in self.checkpoints()[:-KEPT_CHECKPOINTS]:
                old.unlink()
                state_path(old).unlink(missing_ok=True)
        return path

    def checkpoints(self) -> list[Path]:
        """Model files, oldest first."""
        return self.layout.checkpoints()

    def latest(self) -> tuple[Checkpoint, dict[str, Tensor], dict[str, Any]] | None:
        """The newest readable checkpoint, as (model, tensors, state); None if none was written."""
        paths = self.checkpoints()
        errors = []
        for path in reversed(paths):
            try:
                header, tensors = checkpoint.read_tensors(state_path(path))
                return checkpoint.load(path), tensors, arguments(_State, parse_json(header["state"]))
            except (CheckpointError, KeyError, TypeError, ValueError, OverflowError) as error:
                errors.append(f"{path.name}: {str(error) or type(error).__name__}")
        if errors:
            raise RunError(f"no checkpoint of {self.path} can be read: {errors[0]}", "copy the run again")
        return None

    @contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        """Convert write errors to one line with the checkpoint to resume from."""
        try:
            yield
        except (OSError, CheckpointError, WriteError) as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            reason = getattr(cause, "strerror", None) or cause
            whole = self.checkpoints()
            left = f"checkpoint {whole[-1].name} is unchanged" if whole else "there was no checkpoint yet"
            remedy = f"{left}: free some space, or make the folder writable, then {{resume}}"
            where = getattr(error, "filename", None) or path
            raise RunError(f"{where} cannot be written: {reason}", remedy) from error


def newest_model(path: Path) -> Path:
    """The model of a path: a model file itself, or a run's finished model, or else its newest checkpoint."""
    if kind_of(path) != "folder":
        return path
    found = RunLayout(path).newest_model()
    if found is None:
        raise RunError(f"{path} is a folder without a model or checkpoint", "give a .safetensors file or a run")
    return found
