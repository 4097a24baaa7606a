"""Tiny training runs, and their ends."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from explorer_app.train.model.run_process import ProcessRecord
from explorer_app.train.panel import TrainPanel
from lsps_core.config.presets import PAPER_NETWORKS, PRESETS
from lsps_core.config.training import TrainConfig
from lsps_core.training.run import Run

TINY = [*PAPER_NETWORKS, "base_channels=4", "pose.steps=10", "depth.steps=2", "depth.batch_size=1"]
TINY += ["depth.extra_annotated=1", "posterior.steps=2", "posterior.batch_size=1", "posterior.extra_annotated=1"]
LONG = ["posterior.steps=1000000"]
"""Through the first two stages within seconds, then on and on."""


def prepare_run(path: Path, stores: dict[str, Path], *settings: str) -> Path:
    """A folder with a config, as the dialog leaves it."""
    paths = {"synthetic_path": str(stores["synthetic"]), "real_path": str(stores["real"])}
    config = TrainConfig(**paths, **PRESETS["compact"]).with_settings([*TINY, *settings])
    Run.create(path, config)
    return path


def kill(path: Path) -> None:
    """End the run's process from outside, without a word."""
    record = ProcessRecord.read(path)
    if record is not None and record.is_alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(record.pid, signal.SIGKILL)


def leave_no_run(panel: TrainPanel) -> None:
    """Kill its runs, and answer what it asks when its window is closed."""
    for path in panel.runs.known:
        kill(path)
    if not panel.may_close():
        panel.leave_dialog.leave.click()
