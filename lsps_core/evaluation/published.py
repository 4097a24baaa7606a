"""The field's text files of labels and predictions: a line a frame, `u v d` (px, px, mm) a joint, spaces between.

Files differ in small ways, so `read` also accepts unambiguous variants: commas or tabs, any line ends, blank and `#`
lines, a file name before the numbers, all joints of the skeleton if fewer are scored, and extra columns that are
clearly not coordinates.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera, Cameras
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.protocol import Protocol
from lsps_core.data.store import FrameStore
from lsps_core.errors import LspsError
from lsps_core.evaluation import published_json
from lsps_core.evaluation.metrics import FloatArray, IntArray
from lsps_core.evaluation.protocols import choose
from lsps_core.files import replacing, require_file

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity|1\.#\w*)", re.IGNORECASE)
_LARGEST = 1e6  # px or mm; a larger number is damaged, and its square may not be finite
_MOST_EXTRA_COLUMNS = 8
_MOST_BYTES = 500_000_000


class PoseFileError(LspsError):
    """A label or prediction file that cannot be used: file, line, problem and remedy, in one line."""


@dataclass(frozen=True, kw_only=True)
class PoseFile:
    """Labels or predictions: uvd float64 [N, J, 3] of a protocol's joints, px px mm, NaN where a store annotates none.

    camera: of the px, or a camera for each frame. names: the N frames' names, empty if the file has none. notes:
    deviations from the plain format that were accepted. is_test: whether names refer to lines of the published label
    file, as names of training frames seem to as well. divisions: of a store, the groups [N] of its frames.
    """

    path: Path
    uvd: FloatArray
    camera: Camera | Cameras
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_test: bool = True
    divisions: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)

    def camera_of(self, frames: IntArray) -> Camera | Cameras:
        """The camera, or cameras, of frames [n]."""
        return self.camera if isinstance(self.camera, Camera) else self.camera[frames]


class _Line(NamedTuple):
    number: int  # in the file, from 1
    name: str  # "" if the line begins with a number
    values: list[float]


def read(path: Path, protocol: Protocol) -> PoseFile:
    """Read a label or prediction file of `protocol`; PoseFileError if it is ambiguous."""
    path = Path(path)
    if path.suffix.lower() == ".json" and protocol.json_joints:
        return _read_json(path, protocol)
    lines = [line for number, text in enumerate(_text_lines(path), 1) if (line := _parse(path, number, text))]
    if not lines:
        raise PoseFileError(f"{path} holds no frames; give a file with a line of numbers for each frame")
    values = _table(path, lines)
    names = tuple(line.name.replace("\\", "/") for line in lines) if lines[0].name else ()
    if protocol.frame_number is not None and values.shape[1] == 3 * len(protocol.indices) + 1:
        names, values = tuple(f"{value:.0f}" for value in values[:, 0]), values[:, 1:]
    columns, note = _coordinate_columns(path, values, protocol)
    uvd = protocol.uvd_of(values[:, columns].reshape(len(lines), len(protocol.indices), 3))
    return PoseFile(path=path, uvd=uvd, camera=protocol.camera, names=names, notes=(note,) if note else ())


def _read_json(path: Path, protocol: Protocol) -> PoseFile:
    try:
        joints_mm = published_json.read_joints(path, protocol.skeleton.joint_count)
    except OSError as error:
        raise PoseFileError(f"{path} cannot be read ({error.strerror}); check the path") from error
    except ValueError as error:
        raise PoseFileError(f"{path} is not a JSON file of {protocol.name} ({error}); give another file") from error
    places = [protocol.json_joints.index(joint) for joint in protocol.indices]
    return PoseFile(path=path, uvd=protocol.camera.project(joints_mm[:, places]), camera=protocol.camera)


def _text_lines(path: Path) -> list[str]:
    try:
        require_file(path, PoseFileError, _MOST_BYTES)
        text = path.read_text(encoding="utf-8-sig")  # any line ends become \n
    except FileNotFoundError:
        raise PoseFileError(f"{path} does not exist; check the path") from None
    except IsADirectoryError:
        raise PoseFileError(f"{path} is a folder; give a text file of labels or predictions") from None
    except UnicodeDecodeError:
        raise PoseFileError(f"{path} is not a text file; give a text file of labels or predictions") from None
    except OSError as error:
        raise PoseFileError(f"{path} cannot be read ({error.strerror}); check who may access it") from error
    return text.split("\n")


def _parse(path: Path, number: int, text: str) -> _Line | None:
    """One line of the file; None for a blank or `#` line."""
    tokens = text.replace(",", " ").replace(";", " ").split()
    if not tokens or tokens[0].startswith("#"):
        return None
    has_name = not _NUMBER.fullmatch(tokens[0]) and not _NOT_FINITE.fullmatch(tokens[0])
    values = []
    for token in tokens[has_name:]:
        value = float(token) if _NUMBER.fullmatch(token) else None
        if value is None or abs(value) > _LARGEST:
            shown = token if len(token) <= 20 else token[:20] + "..."
            what = "is not a px or mm value" if value is not None or _NOT_FINITE.fullmatch(token) else "is not a number"
            raise PoseFileError(f"{path}, line {number}: {shown!r} {what}; correct that line")
        values.append(value)
    return _Line(number, tokens[0] if has_name else "", values)


def _table(path: Path, lines: list[_Line]) -> FloatArray:
    """[N, W]: all lines have as many numbers as most of them, and either all or none begins with a name."""
    ((width, _),) = Counter(len(line.values) for line in lines).most_common(1)
    is_named = sum(bool(line.name) for line in lines) * 2 > len(lines)
    for line in lines:
        if bool(line.name) != is_named:
            start = f"begins with {line.name[:40]!r}" if line.name else "begins with a number"
            others = "with a name" if is_named else "with a number"
            raise PoseFileError(f"{path}, line {line.number} {start}, other lines {others}; make them alike")
        if len(line.values) != width:
            raise PoseFileError(
                f"{path}, line {line.number} has {len(line.values)} numbers, other lines {width}; correct that line"
            )
    return np.array([line.values for line in lines])


def _coordinate_columns(path: Path, values: FloatArray, protocol: Protocol) -> tuple[list[int], str]:
    """The columns that are u v d of the protocol's joints, and a note if these are not simply all columns."""
    width, scored, all_of_hand = values.shape[1], len(protocol.indices), protocol.skeleton.joint_count
    found = [
        (joints, lead)
        for joints in sorted({scored, all_of_hand})
        for lead in range(width - 3 * joints + 1)
        if width - 3 * joints <= _MOST_EXTRA_COLUMNS
        and all(_is_no_coordinate(values[:, k]) for k in (*range(lead), *range(lead + 3 * joints, width)))
    ]
    if len(found) != 1:
        wanted = f"{protocol.name} takes {3 * scored}, {protocol.file_axes} of each of {scored} joints"
        if found:
            raise PoseFileError(f"{path} has {width} numbers a line, {wanted}; remove the columns that are not these")
        or_joints = f", or {width // 3} joints" if width % 3 == 0 else ""
        raise PoseFileError(f"{path} has {width} numbers a line{or_joints}; {wanted}: give a file of these joints")
    ((joints, lead),) = found
    picked = protocol.indices if joints != scored else range(scored)
    notes = [f"{width - 3 * joints} columns that are not coordinates were ignored"] if width != 3 * joints else []
    notes += [f"its {joints} joints were read as those of {protocol.skeleton.name}"] if joints != scored else []
    return [lead + 3 * joint + axis for joint in picked for axis in range(3)], "; ".join(notes)


def _is_no_coordinate(column: FloatArray) -> bool:
    """True for columns that cannot be coordinates of a moving hand: constant, line numbers, all within 0 and 1."""
    if ((column >= 0) & (column <= 1)).all():
        return True
    is_whole = (column == np.round(column)).all()
    return len(column) > 1 and bool(np.ptp(column) == 0 or (is_whole and (np.diff(column) > 0).all()))


def write(
    path: Path,
    numbers: FloatArray,
    names: tuple[str, ...] = (),
    *,
    separator: str = " ",
    decimals: int = 4,
    are_numbered: bool = False,
) -> None:
    """Write numbers [N, J, 3], such as u v d in px, px and mm: a line a frame, whole or not at all.

    names: written in front of the lines. separator, decimals: of the numbers. are_numbered: the names are numbers.
    PoseFileError for numbers that are not finite and for names that a reader would split.
    """
    flat = np.asarray(numbers, dtype=np.float64).reshape(len(numbers), -1)
    is_finite = np.isfinite(flat).all(axis=1)
    if not is_finite.all():
        raise PoseFileError(f"{path} was not written: frame {np.argmin(is_finite)} has a joint without a position")
    lines = [separator.join(f"{value:.{decimals}f}" for value in row) for row in flat]
    if names:
        for name in names if not are_numbered else ():
            if not re.fullmatch(r"[^\s,;#][^\s,;]*", name) or _NUMBER.fullmatch(name) or _NOT_FINITE.fullmatch(name):
                raise PoseFileError(
                    f"{path} was not written: {name!r} cannot be written before numbers; leave the names out"
                )
        lines = [f"{name}{separator}{line}" for name, line in zip(names, lines, strict=True)]
    with replacing(Path(path)) as temporary:
        temporary.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")


def write_joints(
    path: Path,
    joints_mm: FloatArray,
    store: FrameStore,
    protocol: Protocol,
    names: tuple[str, ...] = (),
    frames: IntArray | None = None,
) -> None:
    """Write a prediction file of the protocol: joints_mm [n, J, 3] of all joints of its skeleton, of a store's frames.

    frames [n]: which frames of the store; all by default. names and errors as in `write`.
    """
    if path.suffix.lower() == ".json" and protocol.json_joints:
        _write_json(path, joints_mm, store, protocol)
        return
    uvd, camera = to_uvd(joints_mm[:, list(protocol.indices)], store, frames)
    write(
        path,
        protocol.numbers_of(uvd, camera),
        tuple(protocol.name_in_files(name) for name in names),
        separator=protocol.separator,
        decimals=4 if protocol.file_axes == "u v d" else 6,  # exact, so that scores round as `lsps evaluate` does
        are_numbered=protocol.frame_number is not None,
    )


def _write_json(path: Path, joints_mm: FloatArray, store: FrameStore, protocol: Protocol) -> None:
    lacking = len(store.provenance.get("skipped", ())) + int(store.provenance.get("without_a_hand", 0))
    if lacking or len(joints_mm) != len(store):
        count = lacking or len(store) - len(joints_mm)
        raise PoseFileError(
            f"{path} was not written: {count} frames of the list are missing, and a JSON file does not name its "
            "frames; give a name that ends in .txt"
        )
    if not np.isfinite(joints_mm).all():
        raise PoseFileError(f"{path} was not written: a frame has a joint without a position")
    published_json.write_joints(path, joints_mm[:, list(protocol.json_joints)])


def to_uvd(joints_mm: FloatArray, store: FrameStore, frames: IntArray | None = None) -> tuple[FloatArray, Cameras]:
    """joints_mm [n, J, 3] of a store's frames -> uvd [n, J, 3] in the original images, and their cameras.

    frames [n]: which frames of the store; all by default. A mirrored frame shows a left hand as a right one, with x
    negated; this is reversed here.
    """
    cameras = store.cameras if frames is None else store.cameras[frames]
    flip = np.where(cameras.is_mirrored, -1.0, 1.0)[:, None, None] * (1, 0, 0) + (0, 1, 1)
    sources = Cameras([_source(each, store) for each in cameras.table], cameras.index)
    return sources.project(np.asarray(joints_mm, dtype=np.float64) * flip), sources


def _source(camera: FrameCamera, store: FrameStore) -> Camera:
    """The camera of the original images; in older stores, the flipped one has to be recognised."""
    own = camera.source
    if camera.is_mirrored and camera.width_px is None and store.skeleton is not None:
        known = choose(store.skeleton, own).camera
        if (known.fx, known.fy, known.cy) == (own.fx, own.fy, own.cy):
            return known
    return own


def labels_of(store: FrameStore, protocol: Protocol) -> PoseFile:
    """A store's annotation as a label file of the protocol; PoseFileError for another skeleton or no annotation."""
    if store.skeleton is None or store.joints_mm is None:
        raise PoseFileError(f"{store.path} is not annotated; give a store with joints")
    if store.skeleton.joints != protocol.skeleton.joints:
        raise PoseFileError(
            f"{store.path} has the joints of {store.skeleton.name}, {protocol.name} scores joints of "
            f"{protocol.skeleton.name}; give a store of that skeleton"
        )
    uvd, cameras = to_uvd(store.joints_mm[:, list(protocol.indices)], store)
    is_pixels = protocol.file_axes == "u v d"  # the px of other files are those of the protocol's camera
    return PoseFile(
        path=store.path,
        uvd=uvd if is_pixels else protocol.camera.project(cameras.unproject(uvd)),
        camera=cameras if is_pixels else protocol.camera,
        names=tuple(store.names),
        is_test=store.provenance.get("split") != "train",
        divisions=store.groups,
    )
