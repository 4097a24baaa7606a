"""Tiny runs for the tests of training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lsps_core.config.presets import PAPER_NETWORKS, PRESETS
from lsps_core.config.training import TrainConfig

TINY = [*PAPER_NETWORKS, "base_channels=4", "pose.steps=20", "depth.steps=2", "depth.batch_size=2"]
TINY += ["depth.extra_annotated=2", "posterior.steps=2", "posterior.batch_size=2", "posterior.extra_annotated=2"]


def tiny_config(stores: dict[str, Path], *settings: str) -> TrainConfig:
    paths = {"synthetic_path": str(stores["synthetic"]), "real_path": str(stores["real"])}
    return TrainConfig(**paths, **PRESETS["compact"]).with_settings([*TINY, *settings])


def events(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
