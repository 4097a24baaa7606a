"""What the paths are that a user hands in, and how raw depth images are to be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lsps_core.camera import ICVL, NYU, SR305, Camera
from lsps_core.config import DOMAINS, Domain

MODEL_SUFFIXES = (".safetensors",)
STORE_SUFFIXES = (".h5", ".hdf5")
IMAGE_SUFFIXES = (".png", ".npy", ".tif", ".tiff")


@dataclass(frozen=True, kw_only=True)
class ImageSettings:
    """How raw depth images are to be read.

    unit_mm: millimetres per count of the file. nyu_packed: depth is green * 256 + blue, as NYU's files have it.
    cube_mm: edge of the cube cut out around the hand. domain: which of the model's encoders takes them.
    """

    camera: Camera
    unit_mm: float = 1.0
    nyu_packed: bool = False
    cube_mm: float = 250.0
    domain: Domain = "real"

    def __post_init__(self) -> None:
        for name in ("unit_mm", "cube_mm"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be a positive number, not {getattr(self, name):g}")
        if self.domain not in DOMAINS:
            raise ValueError(f"domain must be one of {', '.join(DOMAINS)}, not {self.domain!r}")

    def to_json(self) -> dict[str, Any]:
        return {
            "camera": self.camera.to_json(),
            "unit_mm": self.unit_mm,
            "nyu_packed": self.nyu_packed,
            "cube_mm": self.cube_mm,
            "domain": self.domain,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ImageSettings:
        """Rebuild what `to_json` wrote; ValueError where it is something else."""
        try:
            return cls(
                camera=Camera.from_json(value["camera"]),
                unit_mm=float(value["unit_mm"]),
                nyu_packed=bool(value["nyu_packed"]),
                cube_mm=float(value["cube_mm"]),
                domain=value["domain"],
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a description of depth images ({error}): {str(value)[:80]}") from error


CAMERA_PRESETS: dict[str, ImageSettings] = {
    "sr305": ImageSettings(camera=SR305, unit_mm=0.125),
    "nyu": ImageSettings(camera=NYU, nyu_packed=True, cube_mm=300.0),
    "icvl": ImageSettings(camera=ICVL),
}
PRESET_TITLES = {
    "sr305": "Intel SR305, 640 × 480",
    "nyu": "NYU, Kinect 640 × 480",
    "icvl": "ICVL, 320 × 240",
}


def parse_camera(text: str) -> ImageSettings:
    """`FX,FY,CX,CY` in px, or the name of a preset, which brings its unit and packing along."""
    if text.lower() in CAMERA_PRESETS:
        return CAMERA_PRESETS[text.lower()]
    try:
        return ImageSettings(camera=Camera.parse(text))
    except ValueError as error:
        raise ValueError(f"{error}; or one of {', '.join(CAMERA_PRESETS)}") from error


@dataclass(frozen=True)
class Opening:
    """What the user asked to open: at most one model, and at most one of a store, images or a folder of images."""

    model: Path | None = None
    store: Path | None = None
    images: tuple[Path, ...] = ()

    @property
    def has_data(self) -> bool:
        return self.store is not None or bool(self.images)


def sort_paths(paths: Sequence[Path]) -> Opening:
    """Tell paths apart by their names; ValueError with one line where they cannot be opened together."""
    opening = Opening()
    for path in paths:
        suffix = path.suffix.lower()
        if suffix in MODEL_SUFFIXES:
            if opening.model is not None:
                raise ValueError(f"{path} is a second model; open one model at a time")
            opening = replace(opening, model=path)
        elif suffix in STORE_SUFFIXES:
            if opening.has_data:
                raise ValueError(f"{path} comes on top of other data; open one store, or images, at a time")
            opening = replace(opening, store=path)
        elif opening.store is not None:
            raise ValueError(f"{path} comes on top of a store; open one store, or images, at a time")
        elif suffix in IMAGE_SUFFIXES or path.is_dir():
            opening = replace(opening, images=(*opening.images, path))
        elif not path.exists():
            raise ValueError(f"{path} does not exist; check the path")
        else:
            kinds = " ".join((*MODEL_SUFFIXES, *STORE_SUFFIXES, *IMAGE_SUFFIXES))
            raise ValueError(f"{path} is of no kind that can be opened ({kinds}, or a folder of images)")
    return opening
