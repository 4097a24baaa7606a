"""A run directory: config, events, metrics, previews and checkpoints. Copying it moves the run to another machine."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from PIL import Image
from torch import Tensor

from lsps_core import checkpoint
from lsps_core.checkpoint import Checkpoint, CheckpointError, replacing
from lsps_core.config import TrainConfig
from lsps_core.events import Event, Stepped, Validated

KEPT_CHECKPOINTS = 2
_STATE_SUFFIX = ".state.safetensors"


class RunError(ValueError):
    """A run directory that cannot be used: what, where, what to do, in one line."""


class Run:
    """The files of one run; `model_path` is where the finished model goes."""

    def __init__(self, path: Path, listener: Callable[[Event], None] | None = None) -> None:
        self.path = Path(path)
        self.model_path = self.path / "model.safetensors"
        self._listener = listener

    @classmethod
    def create(cls, path: Path, config: TrainConfig, listener: Callable[[Event], None] | None = None) -> Run:
        """Make the directory and write its config; RunError where something of that name is there already."""
        try:
            Path(path).mkdir(parents=True)
        except FileExistsError as error:
            raise RunError(f"{path} exists already; choose another folder, or go on with --resume") from error
        except OSError as error:
            raise RunError(f"{path} cannot be made: {error.strerror}; choose another folder") from error
        run = cls(path, listener)
        run.write_config(config)
        return run

    def write_config(self, config: TrainConfig) -> None:
        with replacing(self.path / "config.json") as temporary:
            temporary.write_text(json.dumps(config.to_json(), indent=2) + "\n")

    def config(self) -> TrainConfig:
        path = self.path / "config.json"
        try:
            return TrainConfig.from_json(json.loads(path.read_text()))
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror}; is {self.path} a run of `lsps train`?") from error
        except ValueError as error:
            raise RunError(f"{path} is not a run's config ({error}); copy the run again") from error

    def record(self, event: Event) -> None:
        """Append to events.jsonl and metrics.csv (step, stage, name, value), and tell the listener."""
        with (self.path / "events.jsonl").open("a") as file:
            file.write(event.line() + "\n")
        values: dict[str, float] = {}
        if isinstance(event, Stepped):
            values = event.terms | {"frames_per_s": event.frames_per_s}
        elif isinstance(event, Validated):
            values = {"mean_error_mm": event.mean_error_mm}
        if isinstance(event, Stepped | Validated):
            path = self.path / "metrics.csv"
            is_new = not path.exists()
            with path.open("a", newline="") as file:
                writer = csv.writer(file)
                if is_new:
                    writer.writerow(["step", "stage", "name", "value"])
                writer.writerows([event.step, event.stage, name, value] for name, value in values.items())
        if self._listener is not None:
            self._listener(event)

    def stop_requested(self) -> bool:
        return (self.path / "stop").exists()

    def clear_stop(self) -> None:
        (self.path / "stop").unlink(missing_ok=True)

    def save_preview(self, step: int, sheet: Image.Image) -> Path:
        path = self.path / "previews" / f"{step:08d}.png"
        with replacing(path) as temporary:
            sheet.save(temporary, format="png")
        return path

    def save_checkpoint(self, step: int, model: Checkpoint, tensors: dict[str, Tensor], state: dict[str, Any]) -> Path:
        """Write model and training state, then remove all but the newest two: there is never one copy only."""
        path = self._checkpoint_path(step)
        with replacing(_state_path(path)) as temporary:
            safetensors.torch.save_file(
                {key: value.detach().cpu().contiguous() for key, value in tensors.items()},
                temporary,
                {"state": json.dumps(state)},
            )
        checkpoint.save(model, path)  # last: where the model is, its state is too
        for old in self.checkpoints()[:-KEPT_CHECKPOINTS]:
            old.unlink()
            _state_path(old).unlink(missing_ok=True)
        return path

    def checkpoints(self) -> list[Path]:
        """Model files, oldest first."""
        folder = self.path / "checkpoints"
        return sorted(path for path in folder.glob("*.safetensors") if path.name.count(".") == 1)

    def latest(self) -> tuple[Checkpoint, dict[str, Tensor], dict[str, Any]] | None:
        """The newest checkpoint that reads well, as (model, tensors, state); None where none was ever written."""
        paths = self.checkpoints()
        errors = []
        for path in reversed(paths):
            try:
                header, tensors = checkpoint.read_tensors(_state_path(path))
                return checkpoint.load(path), tensors, json.loads(header["state"])
            except (CheckpointError, KeyError, ValueError) as error:
                errors.append(str(error))
        if errors:
            raise RunError(f"no checkpoint of {self.path} can be read: {errors[0]}")
        return None

    def _checkpoint_path(self, step: int) -> Path:
        return self.path / "checkpoints" / f"{step:08d}.safetensors"


def optimizer_tensors(optimizers: dict[str, torch.optim.Adam]) -> dict[str, Tensor]:
    """Adam's moments and step counts as `optimizer/parameter/name` tensors."""
    return {
        f"{name}/{index}/{key}": value
        for name, optimizer in optimizers.items()
        for index, entry in optimizer.state_dict()["state"].items()
        for key, value in entry.items()
    }


def load_optimizer_tensors(optimizers: dict[str, torch.optim.Adam], tensors: dict[str, Tensor]) -> None:
    """Give optimisers back what `optimizer_tensors` took."""
    for name, optimizer in optimizers.items():
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            owner, index, entry = key.split("/")
            if owner == name:
                state.setdefault(int(index), {})[entry] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _state_path(path: Path) -> Path:
    return path.with_suffix(_STATE_SUFFIX)


def newest_model(path: Path) -> Path:
    """The model a path means: a model file itself, or a run's finished model, or else its newest checkpoint."""
    if not path.is_dir():
        return path
    run = Run(path)
    candidates = [run.model_path] if run.model_path.exists() else run.checkpoints()
    if not candidates:
        raise RunError(f"{path} is a folder without a model or checkpoint; name a .safetensors file or a run")
    return candidates[-1]
