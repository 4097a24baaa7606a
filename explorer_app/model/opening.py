"""Classify the paths that a user opens, and how to read raw depth images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lsps_core.camera import ICVL, NYU, SR305, Camera
from lsps_core.config.model import DOMAINS, Domain
from lsps_core.data.recordings.opening import RECORDING_SUFFIXES, is_recording
from lsps_core.files import kind_of, require_file

MODEL_SUFFIXES = (".safetensors",)
STORE_SUFFIXES = (".h5", ".hdf5")
IMAGE_SUFFIXES = (".png", ".npy", ".tif", ".tiff")

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_STORE_MARK = b"lsps-frames"  # a store's `format`, which is written first
_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True)
class ImageSettings:
    """How to read raw depth images.

    unit_mm: millimetres per count of the file. nyu_packed: depth is green * 256 + blue, as in NYU's files.
    cube_mm: edge of the crop cube around the hand. domain: selects the model's encoder.
    is_mirrored: they are flipped left to right first, so that a left hand becomes a right one.
    """

    camera: Camera
    unit_mm: float = 1.0
    nyu_packed: bool = False
    cube_mm: float = 250.0
    domain: Domain = "real"
    is_mirrored: bool = False

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
            "is_mirrored": self.is_mirrored,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ImageSettings:
        """The inverse of `to_json`; ValueError for other values."""
        try:
            return cls(
                camera=Camera.from_json(value["camera"]),
                unit_mm=float(value["unit_mm"]),
                nyu_packed=bool(value["nyu_packed"]),
                cube_mm=float(value["cube_mm"]),
                domain=value["domain"],
                is_mirrored=bool(value.get("is_mirrored", False)),
            )
        except (KeyError, TypeError, OverflowError, AttributeError) as error:
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
    """`FX,FY,CX,CY` in px, or the name of a preset, which also sets its unit and packing."""
    if text.lower() in CAMERA_PRESETS:
        return CAMERA_PRESETS[text.lower()]
    try:
        return ImageSettings(camera=Camera.parse(text))
    except ValueError as error:
        raise ValueError(f"{error}; or one of {', '.join(CAMERA_PRESETS)}") from error


@dataclass(frozen=True)
class Opening:
    """The paths to open: at most one model, and at most one of a store, a recording, images or folders of images.

    complaints: one line for each path that was not opened.
    """

    model: Path | None = None
    store: Path | None = None
    images: tuple[Path, ...] = ()
    recording: Path | None = None
    complaints: tuple[str, ...] = ()

    @property
    def has_data(self) -> bool:
        return self.store is not None or self.recording is not None or bool(self.images)

    @property
    def complaint(self) -> str:
        """The first complaint, and how many more there are; empty if all can be opened."""
        if len(self.complaints) < 2:
            return "".join(self.complaints)
        return f"{self.complaints[0]} ({len(self.complaints) - 1} more not opened)"


def sort_paths(paths: Sequence[Path]) -> Opening:
    """Classify paths by their names, and HDF5 files by their first bytes. Call it in a thread: disks may block."""
    opening = Opening()
    for path in paths:
        try:
            opening = _add(opening, path)
        except ValueError as error:
            opening = replace(opening, complaints=(*opening.complaints, str(error)))
    return opening


def _add(opening: Opening, path: Path) -> Opening:
    suffix = path.suffix.lower()
    kind = kind_of(path)
    if kind == "" and "\0" in str(path):
        raise ValueError(f"{str(path)!r} is not a valid file name; check the path")
    if kind not in ("", "folder"):
        require_file(path)
    if suffix in MODEL_SUFFIXES and opening.model is not None:
        raise ValueError(f"{path} is a second model; open one model at a time")
    if suffix in MODEL_SUFFIXES:
        return replace(opening, model=path)
    if suffix in STORE_SUFFIXES and not is_plain_hdf5(path):
        return replace(_alone(opening, path, "store"), store=path)
    if is_recording(path) and kind != "folder":
        return replace(_alone(opening, path, "recording"), recording=path)
    if suffix in (*IMAGE_SUFFIXES, *STORE_SUFFIXES) or kind == "folder":
        if opening.store is not None or opening.recording is not None:
            what = "a store" if opening.store is not None else "a recording"
            raise ValueError(f"{path} was not opened besides {what}; open one store, or images, at a time")
        return replace(opening, images=(*opening.images, path))
    if kind == "":
        raise ValueError(f"{path} does not exist; check the path")
    kinds = " ".join((*MODEL_SUFFIXES, *STORE_SUFFIXES, *IMAGE_SUFFIXES, *RECORDING_SUFFIXES))
    raise ValueError(f"{path} has an unknown type; open one of these ({kinds}, or a folder of images)")


def _alone(opening: Opening, path: Path, what: str) -> Opening:
    if opening.has_data:
        raise ValueError(f"{path} was not opened besides other data; open one {what}, or images, at a time")
    return opening


def is_plain_hdf5(path: Path) -> bool:
    """Whether an HDF5 file is not a store, but for example raw depth. Checked without the HDF5 library."""
    try:
        require_file(path)
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, ValueError):  # opening it reports the problem
        return False
    return head.startswith(_HDF5_SIGNATURE) and _STORE_MARK not in head
