"""Shared code for the label files of the field's data sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera, FloatArray
from lsps_core.data.importing.plan import Shot
from lsps_core.errors import LspsError
from lsps_core.files import require_file

_MOST_BYTES = 1_000_000_000
_NEAREST_MM = 1e-3  # nearer ones may be 0 as float32
_MOST = 1e6
"""Of a coordinate, px or mm."""
_MOST_LINE = 10_000  # characters; a longer line is of another file, and is read as several


def require_folder(source: Path) -> None:
    """LspsError if `source` is not a folder."""
    if not source.exists():
        raise LspsError(f"{source} does not exist", "give the folder that the data set was unpacked into")
    if not source.is_dir():
        raise LspsError(f"{source} is not a folder", "give the one that the data set was unpacked into")


def require_inside(folder: Path, name: str, what: str) -> Path:
    """The folder `name` in another one; LspsError, which says what would be in there, if it does not exist."""
    if not (folder / name).is_dir():
        raise LspsError(f"{folder} has no folder {name}", f"unpack {what} there, or give another folder")
    return folder / name


def find_folder(source: Path, places: Sequence[str], needed: str) -> Path:
    """The first of source's subfolders `places` that holds the file `needed`; LspsError if none does."""
    require_folder(source)
    for place in places:
        if (source / place / needed).is_file():
            return source / place
    looked = ", ".join(str(Path(place) / needed) for place in places)
    raise LspsError(f"{source} has none of {looked}", "give the folder that the data set was unpacked into")


def read_lines(path: Path) -> list[str]:
    """A text file's lines without blanks at either end; undecodable bytes become replacement characters."""
    try:
        require_file(path, most_bytes=_MOST_BYTES)
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); check the path and who may access it") from error
    return [line.strip() for line in text.replace("\r", "\n" if "\n" not in text else "").split("\n")]


def label_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines of a text file that are not blank, as words, with their numbers from 1; one line is in memory."""
    try:
        require_file(path, most_bytes=_MOST_BYTES)
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(iter(partial(file.readline, _MOST_LINE), ""), start=1):
                if words := line.split():
                    yield number, words
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); check the path and who may access it") from error


def parse_points(words: Sequence[str], point_count: int) -> FloatArray:
    """3 numbers a point -> float64 [point_count, 3]; ValueError if there are too few, too many or non-finite ones."""
    if len(words) != 3 * point_count:
        raise ValueError(f"{len(words)} numbers, not {3 * point_count} for {point_count} joints")
    points: npt.NDArray[np.float64] = np.array([float(word) for word in words]).reshape(point_count, 3)
    if not np.isfinite(points).all():
        raise ValueError("a number that is not finite")
    return points


def check_depths(points: FloatArray) -> None:
    """ValueError if a point [..., 3] is not in front of the camera, or far beyond the range of 16 bits in mm."""
    depths = points[..., 2]
    if not ((np.abs(points) < _MOST).all() and (depths > _NEAREST_MM).all() and (depths < 65_536).all()):
        raise ValueError("a joint that is not in front of the camera")


def labelled_shot(path: Path, name: str, cube_mm: float, center_mm: FloatArray | None, joints_mm: FloatArray) -> Shot:
    """A shot with centre and labels; ValueError if the centre is not usable."""
    if center_mm is None:
        raise ValueError("there is no usable crop centre")
    return Shot(path=path, name=name, half_mm=cube_mm / 2, center_mm=center_mm, joints_mm=joints_mm)


def settings(
    importer: str, source: Path, centers: RefinedCenters | None, center_joint: int, **others: Any
) -> dict[str, Any]:
    """The options of an import, as kept in its plan and the store."""
    center = str(centers.path) if centers else f"joint {center_joint}"
    return {"importer": importer, "source": str(Path(source).resolve()), "center": center, **others}


def refined_centers(centers_uvd: Path | None, centers_mm: Path | None) -> RefinedCenters | None:
    """The file of crop centres named by one of the options `CENTERS`."""
    path = centers_uvd or centers_mm
    return RefinedCenters(path=path, is_uvd=centers_uvd is not None) if path else None


@dataclass(frozen=True, kw_only=True)
class RefinedCenters:
    """A text file of crop centres, one line a labelled frame.

    is_uvd: u v d in px, px, mm; otherwise x y z in mm with y up, as V2V-PoseNet and its followers publish them.
    """

    path: Path
    is_uvd: bool

    def read(self, camera: Camera, count: int) -> list[FloatArray | None]:
        """[3] mm a frame, None for a line without one ("invalid"); ValueError if there are not `count` lines."""
        lines = read_lines(self.path)
        while lines and not lines[-1]:
            lines.pop()
        if len(lines) != count:
            message = f"{self.path} has {len(lines)} lines for {count} labelled frames"
            raise ValueError(f"{message}; give the centres of this split")
        return [self._parse(line, camera) for line in lines]

    def _parse(self, line: str, camera: Camera) -> FloatArray | None:
        try:
            center = parse_points(line.replace(",", " ").split(), 1)[0]
            check_depths(center)
        except ValueError:
            return None
        return camera.unproject(center) if self.is_uvd else center
