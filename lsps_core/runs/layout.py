"""The layout of a run's folder. The folder is self-contained: copying it moves the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from lsps_core.files import kind_of

MOST_EVENTS_BYTES = 1 << 30
"""A run that reports every two seconds writes 15 MB a day."""
_STATE_SUFFIX = ".state.safetensors"
_CHECKPOINTS = "checkpoints"
_EVALUATIONS = "evaluations"


class RunLayout:
    """The paths of one run. process, log and error belong to the app, which starts runs; all others to `lsps`."""

    def __init__(self, path: Path) -> None:
        self.path = path = Path(path)
        self.config = path / "config.json"
        self.events = path / "events.jsonl"
        self.metrics = path / "metrics.csv"
        self.model = path / "model.safetensors"
        self.checkpoints_folder = path / _CHECKPOINTS
        self.previews = path / "previews"
        self.tensorboard = path / "tensorboard"
        self.not_finite = path / "nonfinite"
        self.stop = path / "stop"
        self.lock = path / ".lock"
        self.process = path / "process.json"
        self.log = path / "stderr.log"
        self.error = path / "error.jsonl"

    @property
    def is_run(self) -> bool:
        """Whether there is a config, trained or not. May block on a dead disk."""
        return kind_of(self.config) == "file"

    @property
    def is_prepared(self) -> bool:
        """Whether there is a config that was never trained, as written by the app's dialog."""
        begun = (self.events, self.checkpoints_folder, self.model)
        return self.config.is_file() and not any(path.exists() for path in begun)

    def checkpoints(self) -> list[Path]:
        """Model files, oldest first."""
        return sorted(path for path in self.checkpoints_folder.glob("*.safetensors") if path.stem.isdigit())

    def newest_model(self) -> Path | None:
        """The finished model, or else the newest checkpoint; None before the first."""
        return self.model if kind_of(self.model) == "file" else max(self.checkpoints(), default=None)

    def checkpoint(self, step: int) -> Path:
        return self.checkpoints_folder / f"{step:08d}.safetensors"

    def preview(self, step: int) -> Path:
        return self.previews / f"{step:08d}.png"

    def not_finite_batch(self, step: int) -> Path:
        """The batch of a step whose loss or gradient was not finite."""
        return self.not_finite / f"{step:08d}.safetensors"

    def states(self) -> Iterator[Path]:
        """Training states, also those without a model."""
        return self.checkpoints_folder.glob(f"*{_STATE_SUFFIX}")


def state_path(checkpoint: Path) -> Path:
    """The training state beside a checkpoint."""
    return checkpoint.with_suffix(_STATE_SUFFIX)


def evaluations_folder(model_path: Path) -> Path:
    """`evaluations` beside a model, or in its run's folder for a checkpoint."""
    folder = model_path.absolute().parent
    return (folder.parent if folder.name == _CHECKPOINTS else folder) / _EVALUATIONS


@contextmanager
def locked(layout: RunLayout) -> Iterator[bool]:
    """Lock the run against other processes; False, without a lock, if another process trains it.

    The lock ends with its process. OSError if the folder is not accessible.
    """
    lock = FileLock(layout.lock)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def is_locked(layout: RunLayout) -> bool:
    """Whether a process trains the run. Takes the lock for a moment: not for runs that are about to start."""
    if kind_of(layout.lock) != "file":
        return False
    try:
        with locked(layout) as is_ours:
            return not is_ours
    except OSError:  # a folder without write access: no process here trains in it
        return False
