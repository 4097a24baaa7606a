"""Describe a model, a store or a run as text or JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lsps_core import checkpoint
from lsps_core.data.store import FrameStore
from lsps_core.files import kind_of
from lsps_core.training.run import Run, RunError


def describe(path: Path) -> dict[str, Any]:
    """The facts of a model, a store or a run; ValueError, in one line, for anything else."""
    if kind_of(path) == "folder":
        return _describe_run(path)
    if path.suffix in (".h5", ".hdf5"):
        return _describe_store(path)
    if path.suffix == ".safetensors" or not kind_of(path):
        return _describe_model(path)
    raise ValueError(f"{path} is neither a model (.safetensors), nor a store (.h5), nor a run's folder")


def _describe_model(path: Path) -> dict[str, Any]:
    model = checkpoint.load(path)
    return {
        "kind": "model",
        "path": str(path),
        "megabytes": round(path.stat().st_size / 1e6, 2),
        "parameters": sum(weight.numel() for weight in model.weights.values()),
        "config": asdict(model.config),
        "skeleton": model.skeleton.name,
        "half_mm": model.half_mm,
        **_gap(model.training.get("experiment")),
        "training": model.training,
    }


def _gap(experiment: Any) -> dict[str, Any]:
    """The results of the experiment that a model is a row of."""
    return {"gap_closed_percent": experiment["gap_closed_percent"]} if isinstance(experiment, dict) else {}


def _describe_store(path: Path) -> dict[str, Any]:
    with FrameStore(path) as store:
        groups = Counter(name.rpartition("/")[0] for name in store.names)
        divisions = {name: dict(Counter(parts.tolist()).most_common()) for name, parts in store.groups.items()}
        return {
            "kind": "store",
            "path": str(path),
            "frames": len(store),
            "image_size": store.image_size,
            "domain": store.domain,
            "simulated": store.is_simulated,
            "mirrored": store.is_mirrored,
            "skeleton": store.skeleton.name if store.skeleton else None,
            "camera": store.camera.to_json(),
            **({"cameras": _cameras(store)} if len(store.cameras.table) > 1 else {}),
            "groups": dict(groups.most_common()),
            **({"divisions": divisions} if divisions else {}),
            "provenance": store.provenance,
        }


def _cameras(store: FrameStore) -> list[dict[str, Any]]:
    """Each camera of a store of several, and its number of frames."""
    cameras = store.cameras
    pairs = zip(cameras.table, cameras.counts(), strict=True)
    return [{**camera.to_json(), "frames": count} for camera, count in pairs]


def _describe_run(path: Path) -> dict[str, Any]:
    run = Run(path)
    config = run.config()
    latest = run.latest()
    if latest is None:
        what = f"{path} is a run without a checkpoint yet"
        raise RunError(what, "wait for its first, or {resume}")
    _, _, state = latest
    return {
        "kind": "run",
        "path": str(path),
        "finished": run.model_path.exists(),
        "checkpoints": [file.name for file in run.checkpoints()],
        "state": state,
        "config": config.to_json(),
    }
