"""The form of the Fine-tune dialog: arguments of `lsps finetune`, and problems by field."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from explorer_app.train.model.store_forms import absolute
from lsps_core.evaluation.digests import digest
from lsps_core.files import expanded, kind_of, read_json

MODEL_FILE = "model.safetensors"
_MOST_STEPS = 2**31  # of a field of Qt
_MOST_FOLDERS = 1000


class Proposal(NamedTuple):
    """A folder for a fine-tuning; one with other results is never proposed.

    is_unfinished: it has begun there with this model and these labels, and with `steps` and `frames`.
    """

    folder: Path
    is_unfinished: bool = False
    steps: int = 0
    frames: str = ""


def first_folder(labels: Path) -> Path:
    """The first to be proposed, beside the labels."""
    return labels.with_name(f"{labels.name.partition('.')[0]}-tuned")


def propose(model: Path | None, labels: Path) -> Proposal:
    """Looks at the disk: call it in a thread."""
    first = first_folder(labels)
    digests = {f"{name}_digest": _digest(path) for name, path in (("model", model), ("labels", labels))}
    for number in range(1, _MOST_FOLDERS):
        folder = first if number == 1 else first.with_name(f"{first.name}-{number}")
        if not os.path.lexists(folder):
            return Proposal(folder)
        begun = _settings(folder / "settings.json")
        is_same = {key: begun.get(key) for key in digests} == digests and "" not in digests.values()
        steps = begun.get("steps")
        if is_same and not (folder / MODEL_FILE).exists() and type(steps) is int and 0 < steps < _MOST_STEPS:
            return Proposal(folder, True, steps, str(begun.get("frames_path") or ""))
    return Proposal(first)


def _digest(path: Path | None) -> str:
    """As in the settings of a fine-tuning; empty if it cannot be read."""
    try:
        return digest(path.read_bytes()) if path is not None and kind_of(path) == "file" else ""
    except OSError:
        return ""


def _settings(path: Path) -> dict[str, Any]:
    try:
        found = read_json(path)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True, kw_only=True)
class FinetuneForm:
    """folder: for the runs and the new model. frames: empty for none."""

    model: str = ""
    labels: str = ""
    frames: str = ""
    folder: str = ""
    steps: int = 300
    device: str = "cpu"

    @property
    def out(self) -> str:
        """The new model's path."""
        return str(expanded(self.folder) / MODEL_FILE) if self.folder.strip() else ""

    @property
    def missing(self) -> dict[str, str]:
        wanted = {
            "model": "choose the model to start from",
            "labels": "choose a store with a few labelled frames; L labels the frame on screen",
            "folder": "choose a folder for the new model",
        }
        return {name: line for name, line in wanted.items() if not getattr(self, name).strip()}

    @property
    def problems(self) -> dict[str, str]:
        """Looks at the disk: call it in a thread."""
        found = {}
        for name in ("model", "labels", "frames"):
            text = getattr(self, name).strip()
            if text and kind_of(expanded(text)) != "file":
                found[name] = f"{text} is not a file; check the path"
        if self.folder.strip():
            folder = expanded(self.folder)
            if kind_of(folder) not in ("", "folder"):
                found["folder"] = f"{self.folder} is a file; choose a folder"
            elif kind_of(folder / MODEL_FILE) and not kind_of(folder / "settings.json"):
                found["folder"] = f"{self.folder} has a model that is not of a fine-tuning; choose another folder"
        return found

    def arguments(self, _overwrite: bool = False) -> list[str]:
        """It never replaces anything: a folder of another fine-tuning is refused, and of the same one resumed."""
        found = ["finetune", absolute(self.model), absolute(self.labels), "--out", absolute(self.folder)]
        found += ["--frames", absolute(self.frames)] if self.frames.strip() else []
        return [*found, "--steps", str(self.steps), "--device", self.device, "--events"]
