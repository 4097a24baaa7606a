"""A run directory: config, events, metrics, previews and checkpoints. Copying it moves the run to another machine."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import safetensors.torch
from filelock import FileLock, Timeout
from PIL import Image
from torch import Tensor

from lsps_core import checkpoint
from lsps_core.checkpoint import Checkpoint, CheckpointError, replacing
from lsps_core.config import TrainConfig
from lsps_core.events import Ended, Event, Noted
from lsps_core.files import kind_of, parse_json, read_json
from lsps_core.training.record import Record

KEPT_CHECKPOINTS = 2
_STATE_SUFFIX = ".state.safetensors"


class RunError(ValueError):
    """A run directory that cannot be used: what, where, what to do, in one line."""


class Run:
    """The files of one run; `model_path` is where the finished model goes."""

    def __init__(self, path: Path, listener: Callable[[Event], None] | None = None) -> None:
        self.path = Path(path)
        self.model_path = self.path / "model.safetensors"
        self._record = Record(self.path)
        self._listener = listener

    @classmethod
    def create(cls, path: Path, config: TrainConfig, listener: Callable[[Event], None] | None = None) -> Run:
        """Write the config into a new or empty folder; RunError where anything is in it already."""
        cls.check_is_free(path)
        try:
            Path(path).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{path} cannot be made: {error.strerror}; choose another folder") from error
        run = cls(path, listener)
        run.write_config(config)
        return run

    @staticmethod
    def check_is_free(path: Path) -> None:
        """RunError where a new run would have to share the folder with anything."""
        try:
            is_free = all(file.suffix == ".part" for file in Path(path).iterdir())  # left by a kill
        except FileNotFoundError:
            return
        except OSError as error:
            raise RunError(f"{path} is no folder for a run: {error.strerror}; choose another") from error
        if not is_free:
            raise RunError(f"{path} exists already; choose another folder, or go on with --resume")

    @property
    def is_prepared(self) -> bool:
        """Whether there is a config that was never trained, as the app's dialog leaves it."""
        begun = (self._record.events_path, self.path / "checkpoints", self.model_path)
        return (self.path / "config.json").is_file() and not any(path.exists() for path in begun)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from training this run meanwhile; the lock goes with its process, however that ends."""
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(blocking=False)
        except Timeout as error:
            raise RunError(f"{self.path} is being trained by another process; stop that one first") from error
        try:
            yield
        finally:
            lock.release()

    def write_config(self, config: TrainConfig) -> None:
        path = self.path / "config.json"
        with self._writing(path), replacing(path) as temporary:
            temporary.write_text(json.dumps(config.to_json(), indent=2) + "\n")

    def config(self) -> TrainConfig:
        path = self.path / "config.json"
        try:
            return TrainConfig.from_json(read_json(path))
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror}; is {self.path} a run of `lsps train`?") from error
        except ValueError as error:
            raise RunError(f"{path} is not a run's config ({error}); copy the run again") from error

    def record(self, event: Event) -> None:
        """Append to events.jsonl and metrics.csv, then tell the listener; RunError where it cannot be written."""
        try:
            with self._writing(self._record.events_path):
                self._record.append(event)
        except RunError:
            if not isinstance(event, Ended):  # why a run ended must come through, on a full disk above all
                raise
        if self._listener is not None:
            self._listener(event)

    def rewind(self, step: int, *, redo: bool = False) -> None:
        """Make this the folder of a run that has done `step` steps and nothing since: the first thing on resuming.

        What a killed process left goes: half-written files, training states without a model, and whatever was told or
        shown of later steps. Checkpoints of later steps are those that could not be read: they are set aside, with a
        note. redo: the trainer will validate and save at `step` once more, so that goes as well.
        """
        with self._writing(self._record.events_path):
            for path in self.path.rglob(".*.part"):
                path.unlink()
            damaged = [path for path in self.checkpoints() if int(path.stem) > step]
            for path in damaged:
                _state_path(path).unlink(missing_ok=True)
                path.rename(path.with_name(path.name + ".damaged"))
            whole = {_state_path(path) for path in self.checkpoints()}
            for path in (self.path / "checkpoints").glob(f"*{_STATE_SUFFIX}"):
                if path not in whole:
                    path.unlink()
            for path in (self.path / "previews").glob("*.png"):
                if path.stem.isdigit() and int(path.stem) > step:
                    path.unlink()
            self._record.rewind(step, redo)
        for path in damaged:
            self.record(Noted(message=f"{path.name} cannot be read and was set aside; going on from step {step}"))

    def stop_requested(self) -> bool:
        return (self.path / "stop").exists()

    def clear_stop(self, before_s: float = math.inf) -> None:
        """Forget a stop that was asked for before that time, in seconds as of `time.time`."""
        with suppress(FileNotFoundError):
            if (self.path / "stop").stat().st_mtime < before_s:
                (self.path / "stop").unlink()

    def save_preview(self, step: int, sheet: Image.Image) -> Path:
        path = self.path / "previews" / f"{step:08d}.png"
        with self._writing(path), replacing(path) as temporary:
            sheet.save(temporary, format="png")
        return path

    def save_checkpoint(self, step: int, model: Checkpoint, tensors: dict[str, Tensor], state: dict[str, Any]) -> Path:
        """Write model and training state, then remove all but the newest two: there is never one copy only.

        RunError where that fails; the checkpoints before are untouched.
        """
        path = self._checkpoint_path(step)
        self._save_tensors(_state_path(path), tensors, {"state": json.dumps(state)})
        with self._writing(path):
            checkpoint.save(model, path)  # last: where the model is, its state is too
            for old in self.checkpoints()[:-KEPT_CHECKPOINTS]:
                old.unlink()
                _state_path(old).unlink(missing_ok=True)
        return path

    def checkpoints(self) -> list[Path]:
        """Model files, oldest first."""
        folder = self.path / "checkpoints"
        return sorted(path for path in folder.glob("*.safetensors") if path.stem.isdigit())

    def latest(self) -> tuple[Checkpoint, dict[str, Tensor], dict[str, Any]] | None:
        """The newest checkpoint that reads well, as (model, tensors, state); None where none was ever written."""
        paths = self.checkpoints()
        errors = []
        for path in reversed(paths):
            try:
                header, tensors = checkpoint.read_tensors(_state_path(path))
                return checkpoint.load(path), tensors, parse_json(header["state"])
            except (CheckpointError, KeyError, ValueError) as error:
                errors.append(str(error))
        if errors:
            raise RunError(f"no checkpoint of {self.path} can be read: {errors[0]}")
        return None

    def _save_tensors(self, path: Path, tensors: dict[str, Tensor], header: dict[str, str]) -> None:
        plain = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
        with self._writing(path), replacing(path) as temporary:
            safetensors.torch.save_file(plain, temporary, header)

    @contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        """Turn what goes wrong in writing into one line that says where the run can go on from."""
        try:
            yield
        except (OSError, CheckpointError) as error:
            cause = error.__cause__ if isinstance(error, CheckpointError) else error
            reason = getattr(cause, "strerror", None) or cause
            whole = self.checkpoints()
            left = f"checkpoint {whole[-1].name} is untouched" if whole else "there was no checkpoint yet"
            remedy = "make room, or the folder writable, then go on with --resume"
            where = getattr(error, "filename", None) or path
            raise RunError(f"{where} cannot be written: {reason}; {left}: {remedy}") from error

    def _checkpoint_path(self, step: int) -> Path:
        return self.path / "checkpoints" / f"{step:08d}.safetensors"


def _state_path(path: Path) -> Path:
    return path.with_suffix(_STATE_SUFFIX)


def newest_model(path: Path) -> Path:
    """The model a path means: a model file itself, or a run's finished model, or else its newest checkpoint."""
    if kind_of(path) != "folder":
        return path
    run = Run(path)
    candidates = [run.model_path] if run.model_path.exists() else run.checkpoints()
    if not candidates:
        raise RunError(f"{path} is a folder without a model or checkpoint; name a .safetensors file or a run")
    return candidates[-1]
