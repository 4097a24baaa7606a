"""How long a frame took in each stage of earlier runs beside this one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from lsps_core.config.training import STAGES, TrainConfig
from lsps_core.events import Stepped, parse
from lsps_core.files import read_json, require_file
from lsps_core.runs.layout import RunLayout

_MOST_FOLDERS = 500
_MOST_RUNS = 5
"""Runs alike whose events are read, the newest first, until one has done all stages."""
_MOST_BYTES = 1 << 25
_WITHOUT_COST = (
    "synthetic_path",
    "real_path",
    "initial_path",
    "preset",
    "seed",
    "labels",
    "weights",
    "checkpoint_minutes",
)
_STAGE_WITHOUT_COST = ("steps", "learning_rate", "final_learning_rate", "mapping_rate")


def frame_seconds(path: Path, config: TrainConfig) -> dict[str, float]:
    """Seconds per frame by stage, of the newest run in the folder of `path` with the same networks, batches and device.

    Empty if there is none that has done all stages, or none that can be read.
    """
    wanted = _costly(config)
    for layout in islice(_alike(Path(path).absolute(), wanted), _MOST_RUNS):
        found = _measured(layout)
        if len(found) == len(STAGES):
            return found
    return {}


def _costly(config: TrainConfig) -> dict[str, Any]:
    """The settings that a frame's time depends on."""
    settings = {name: value for name, value in asdict(config).items() if name not in _WITHOUT_COST}
    for stage in STAGES:
        settings[stage] = {name: value for name, value in settings[stage].items() if name not in _STAGE_WITHOUT_COST}
    return settings


def _alike(path: Path, wanted: dict[str, Any]) -> Iterator[RunLayout]:
    """The other runs in the same folder, the newest first."""
    try:
        beside = [RunLayout(other) for other in islice(path.parent.iterdir(), _MOST_FOLDERS) if other != path]
        dated = [(layout.events.stat().st_mtime, layout) for layout in beside if layout.events.is_file()]
    except OSError:
        return
    for _, layout in sorted(dated, key=lambda pair: pair[0], reverse=True):
        try:
            is_alike = _costly(TrainConfig.from_json(read_json(layout.config))) == wanted
        except (OSError, ValueError):
            continue
        if is_alike:
            yield layout


def _measured(layout: RunLayout) -> dict[str, float]:
    """The median of each stage's reports; the first step of a stage takes many times as long as the others."""
    seconds: dict[str, list[float]] = {}
    try:
        require_file(layout.events, most_bytes=_MOST_BYTES)
        lines = layout.events.read_bytes().splitlines()
    except (OSError, ValueError):
        return {}
    for line in lines:
        event = parse(line) if b'"step"' in line else None
        if isinstance(event, Stepped) and event.stage_step > 1 and event.frames_per_s > 0:
            seconds.setdefault(event.stage, []).append(1 / event.frames_per_s)
    return {stage: median(values) for stage, values in seconds.items() if stage in STAGES}
