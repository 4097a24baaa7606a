"""The forms of the Simulate and Import dialogs: arguments of `lsps`, and problems by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any

from explorer_app.error_words import line_of
from explorer_app.model.opening import STORE_SUFFIXES, ImageSettings
from lsps_core.data.importers.registry import check_folder, datasets, load
from lsps_core.data.importing.options import FRAME_OPTIONS, Option
from lsps_core.data.recordings.opening import depth_files, is_recording
from lsps_core.files import expanded, kind_of

SIMULATED_DOMAINS = {
    "synthetic": "synthetic: one clean hand, as rendered",
    "sensor": "sensor: several people with a depth camera's noise, instead of real frames",
}
FRAMES = "frames"


def sources() -> dict[str, str]:
    """The sources of an import by their names in `lsps import`: data sets, and single images."""
    return {name: dataset.title for name, dataset in datasets().items()} | {FRAMES: "depth images and recordings"}


def options_of(source: str) -> tuple[Option, ...]:
    """The options of a source that the dialog shows."""
    options = FRAME_OPTIONS if source == FRAMES else load(source).options
    return tuple(option for option in options if option.label)


def check_out(text: str) -> str:
    """A problem with the path of a new store, in one line; empty if there is none. Call it in a thread."""
    path = expanded(text)
    if path.suffix.lower() not in STORE_SUFFIXES:
        return f"a store’s name must end in {' or '.join(STORE_SUFFIXES)}"
    kind = kind_of(path)
    if kind not in ("", "file", "folder"):
        return f"{path} is a {kind}; give the name of a file"
    if kind == "folder":
        return f"{path} is a folder; give the name of a file in it"
    if kind_of(path.absolute().parent) != "folder":
        return f"{path.parent} does not exist; create it first, or choose another folder"
    return ""


def new_stores(folder: Path) -> dict[str, str]:
    """Names of stores that are not there yet, by simulated domain. Call it in a thread."""
    numbered = {
        domain: chain([f"{domain}.h5"], (f"{domain}-{number}.h5" for number in count(2)))
        for domain in SIMULATED_DOMAINS
    }
    return {
        domain: str(next(path for name in names if not kind_of(path := folder / name)))
        for domain, names in numbered.items()
    }


def absolute(text: str) -> str:
    return str(expanded(text).absolute())


@dataclass(frozen=True, kw_only=True)
class SimulateForm:
    """The fields of the Simulate dialog. things: percent of the frames. camera: empty for the first model."""

    out: str = ""
    domain: str = "synthetic"
    frames: int = 1000
    subjects: int = 8
    seed: int = 0
    views: str = "palm"
    things: int = 0
    camera: str = ""
    crop: str = "true"
    wrist: str = "free"
    device: str = "cpu"

    @property
    def missing(self) -> dict[str, str]:
        return {} if self.out.strip() else {"out": "choose a path for the store"}

    @property
    def problems(self) -> dict[str, str]:
        line = check_out(self.out) if self.out.strip() else ""
        return {"out": line} if line else {}

    def arguments(self, overwrite: bool = False) -> list[str]:
        named = {"frames": self.frames, "subjects": self.subjects, "seed": self.seed, "device": self.device}
        named |= {"views": self.views, "things": self.things / 100, "crop": self.crop, "wrist": self.wrist}
        if self.camera and self.domain == "sensor":
            named["camera"] = self.camera
        options = [part for key, value in named.items() for part in (f"--{key}", str(value))]
        found = ["simulate", absolute(self.out), "--domain", self.domain, *options, "--events"]
        return found + (["--overwrite"] if overwrite else [])


@dataclass(frozen=True, kw_only=True)
class ImportForm:
    """The fields of the Import dialog.

    source: a key of `sources`. paths: one folder, or for single images any files and folders. values: text of options
    by name; one that is empty or missing is not given. images: how single ones are read.
    """

    source: str = FRAMES
    paths: tuple[str, ...] = ()
    out: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    images: ImageSettings | None = None

    @property
    def missing(self) -> dict[str, str]:
        what = (
            "choose images or recordings, or a folder of them"
            if self.source == FRAMES
            else "choose the unpacked folder"
        )
        found = {} if self.paths else {"paths": what}
        return found | ({} if self.out.strip() else {"out": "choose a path for the store"})

    @property
    def problems(self) -> dict[str, str]:
        found = {}
        gone = next((path for path in self.paths if not kind_of(expanded(path))), None)
        if gone is not None:
            found["paths"] = f"{gone} does not exist; check the path"
        elif self.source != FRAMES and self.paths and kind_of(expanded(self.paths[0])) != "folder":
            found["paths"] = f"{self.paths[0]} is not a folder; choose the one that the set was unpacked into"
        if self.out.strip() and (line := check_out(self.out)):
            found["out"] = line
        values, wrong = self._values()
        found |= wrong
        if self.paths and not (wrong or "paths" in found):
            try:
                self._check_paths(values)
            except ValueError as error:
                found["paths"] = line_of(error)
        return found

    def _values(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The values of all options, and problems of those that have none."""
        values: dict[str, Any] = {}
        problems: dict[str, str] = {}
        for option in FRAME_OPTIONS if self.source == FRAMES else load(self.source).options:
            text = self.values.get(option.name, "").strip()
            values[option.name] = option.default
            if text and option.kind != "switch":
                try:
                    values[option.name] = option.value(text)
                except ValueError as error:
                    problems[option.name] = str(error)
        return values, problems

    def _check_paths(self, values: dict[str, Any]) -> None:
        if self.source == FRAMES:
            depth_files([expanded(path) for path in self.paths])
        else:
            check_folder(self.source, expanded(self.paths[0]), values)

    def arguments(self, overwrite: bool = False) -> list[str]:
        out, paths = absolute(self.out), [absolute(path) for path in self.paths]
        found = ["import", self.source]
        found += [out, *paths, *self._of_images()] if self.source == FRAMES else [paths[0], out]
        for option in options_of(self.source):
            found += option.arguments(self.values.get(option.name, ""))
        return [*found, "--events", *(["--overwrite"] if overwrite else [])]

    @property
    def is_recorded(self) -> bool:
        """All images are in recordings, which have a camera and a unit of their own."""
        return self.source == FRAMES and bool(self.paths) and all(is_recording(Path(path)) for path in self.paths)

    def _of_images(self) -> list[str]:
        if self.is_recorded:
            return []
        if self.images is None:
            raise ValueError("the camera of the images is unknown; choose one")
        camera = self.images.camera
        found = [f"--camera={camera.fx!r},{camera.fy!r},{camera.cx!r},{camera.cy!r}"]
        found += ["--unit-mm", f"{self.images.unit_mm:g}"]
        return found + (["--nyu-packed"] if self.images.nyu_packed else [])
