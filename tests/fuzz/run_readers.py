"""Readers of small files beside runs: which process trains, what a run scored, what a fine-tuning was begun with."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mutations
from readers import Reader

from explorer_app.train.model.finetune_form import first_folder, propose
from explorer_app.train.model.run_process import ProcessRecord
from lsps_core.evaluation.digests import digest
from lsps_core.experiments.results import read_result

_LABELS = b"labels"
_STORE: Any = SimpleNamespace(path="test.h5", provenance={})
_RESULT: dict[str, Any] = {
    "data": _STORE.path,
    "data_provenance": _STORE.provenance,
    "mean_error_mm": 9.0,
    "within_40mm_percent": 90.0,
    "frames": 5,
    "protocol": "p",
    "seconds": 3.0,
    "machine": "m",
}


def _read_process(path: Path) -> None:
    record = ProcessRecord.read(path.parent)
    if record is not None:
        _ = record.is_alive, record.memory_bytes
        json.dumps(record.started_time)


def _read_result(path: Path) -> None:
    found = read_result(path.parent, _STORE)
    if found is None:
        raise ValueError("it is measured again")
    assert isinstance(found.protocol, str)
    assert isinstance(found.machine, str)
    assert isinstance(found.frames, int)
    assert all(map(math.isfinite, (found.mean_error_mm, found.within_40mm_percent, found.seconds)))


def _prepare_finetuning(folder: Path) -> None:
    for name in ("m.safetensors", "a.labels.h5"):
        (folder / name).write_bytes(_LABELS)
    first_folder(folder / "a.labels.h5").mkdir()


def _finetuning(_: Path) -> list[bytes]:
    digests = {f"{name}_digest": digest(_LABELS) for name in ("model", "labels")}
    return [json.dumps(digests | {"steps": 300, "frames_path": "/a/b.h5"}).encode()]


def _read_finetuning(path: Path) -> None:
    labels = path.parent / "a.labels.h5"
    (first_folder(labels) / "settings.json").write_bytes(path.read_bytes())
    found = propose(path.parent / "m.safetensors", labels)
    assert 0 <= found.steps < 2**31
    found.frames.encode()


RUN_READERS: dict[str, Reader] = {
    "process record": Reader(
        file="process.json",
        make=lambda _: [json.dumps({"pid": 12, "born": 1.5, "started_time": 2.5, "is_cancelled": False}).encode()],
        mutate=mutations.mutate_json,
        read=_read_process,
    ),
    "run result": Reader(
        file="evaluation.json",
        make=lambda _: [json.dumps(_RESULT).encode()],
        mutate=mutations.mutate_json,
        read=_read_result,
    ),
    "fine-tuning": Reader(
        file="a.json",
        make=_finetuning,
        mutate=mutations.mutate_json,
        read=_read_finetuning,
        prepare=_prepare_finetuning,
    ),
}
