"""The form of the Fine-tune dialog: arguments of `lsps finetune`, and problems by field."""

from __future__ import annotations

from dataclasses import dataclass

from explorer_app.train.model.store_forms import absolute
from lsps_core.files import expanded, kind_of

MODEL_FILE = "model.safetensors"


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
        if self.folder.strip() and kind_of(expanded(self.folder)) not in ("", "folder"):
            found["folder"] = f"{self.folder} is a file; choose a folder"
        return found

    def arguments(self, _overwrite: bool = False) -> list[str]:
        """It never replaces anything: a folder of another fine-tuning is refused, and of the same one resumed."""
        found = ["finetune", absolute(self.model), absolute(self.labels), "--out", absolute(self.folder)]
        found += ["--frames", absolute(self.frames)] if self.frames.strip() else []
        return [*found, "--steps", str(self.steps), "--device", self.device, "--events"]
