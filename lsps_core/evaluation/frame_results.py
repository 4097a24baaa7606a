"""The results of a model on every frame of a store, in a file: codes, joint errors, and measures without annotation.

While an evaluation runs, every block of frames has a file for each of its parts in a folder beside that file, so that a
kill loses at most one block. NumPy's .npz: plain arrays with checksums, read without pickle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.config.model import POSE_LATENT_SIZE
from lsps_core.errors import LspsError
from lsps_core.evaluation.about import FORMAT_VERSION, About, Part
from lsps_core.files import ARRAY_ERRORS, parse_json, require_file
from lsps_core.typed_json import arguments

FloatArray = npt.NDArray[np.float32]
_AT_ONCE = 1 << 13


class FrameResultsError(LspsError):
    """A results file that cannot be used and may be written again: what, where, what to do, in one line."""


class ForeignFileError(LspsError):
    """A file of another kind, which must not be replaced."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FrameResults:
    """Rows are the N frames of the store, in its order.

    names, groups [N] text: a group is a subject or sequence, "" for a frame of none. pose_latent [N, 20] by P, or
    fitted. errors_mm [N, J] of `about.joints`, NaN where not annotated. disagreement_mm [N] and latent_distance [N]:
    see `consistency`. residual_mm [N]: see `Fitted`; None without a fit. What is not evaluated yet is NaN.
    divisions: by other names, such as "camera", the group of each frame [N], as `FrameStore.groups`.
    """

    about: About
    names: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_]
    pose_latent: FloatArray
    errors_mm: FloatArray
    disagreement_mm: FloatArray
    latent_distance: FloatArray
    residual_mm: FloatArray | None = None
    divisions: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)

    @property
    def is_done(self) -> npt.NDArray[np.bool_]:
        """[N]: True for frames whose pose is evaluated; their routes may not be."""
        return np.isfinite(self.pose_latent[:, 0])

    @property
    def has_routes(self) -> npt.NDArray[np.bool_]:
        """[N]: True for frames whose routes are evaluated."""
        return np.isfinite(self.disagreement_mm)

    def save(self, path: Path) -> None:
        """Write the file whole or not at all; WriteError if it cannot be written."""
        columns = {name: getattr(self, name) for name in self.about.columns}
        _write_arrays(path, self.about, _texts(self.names, self.groups, self.divisions) | columns)

    def take(self, path: Path, start: int, stop: int) -> None:
        """Fill in frames start..stop from a block of one part; FrameResultsError if the block cannot be used."""
        for name, values in read_block(path, self.about, start, stop).items():
            getattr(self, name)[start:stop] = values


_DIVISION = "division_"


def begin(
    path: Path,
    about: About,
    names: Sequence[str],
    groups: Sequence[str],
    divisions: Mapping[str, npt.NDArray[np.str_]] | None = None,
) -> None:
    """Save the names and groups of the frames before the evaluation; `load_begun` reads them."""
    texts = _texts(np.array(names, dtype=np.str_), np.array(groups, dtype=np.str_), divisions or {})
    _write_arrays(_begun_path(path), about, texts)


def load_begun(path: Path) -> FrameResults:
    """The frames of an unfinished results file, none of them evaluated; `FrameResults.take` adds the blocks."""
    about, arrays = _read_arrays(_begun_path(path))
    shapes = _shapes(about, about.frame_count)
    columns = {name: np.full(shape, np.nan, dtype=np.float32) for name, shape in shapes.items()}
    return _results(path, about, arrays | columns)


def load(path: Path, about: About | None = None) -> FrameResults:
    """Read a finished file; FrameResultsError if it is damaged or of another model or data than `about`."""
    found, arrays = _read_arrays(path)
    if about is not None:
        _check_key(path, found, about)
    results = _results(path, found, arrays)
    _check_numbers(path, found.columns, arrays)
    return results


def _results(path: Path, about: About, arrays: dict[str, npt.NDArray[Any]]) -> FrameResults:
    count = about.frame_count
    divisions = [name for name in arrays if name.startswith(_DIVISION)]
    texts = dict.fromkeys(("names", "groups", *divisions), (count,))
    _check_shapes(path, arrays, _shapes(about, count) | texts)
    try:
        decoded = {name: _decoded(arrays[name]) for name in texts}
    except UnicodeDecodeError as error:
        raise FrameResultsError(f"{path} is damaged: a name is not text ({error})", "evaluate again") from error
    return FrameResults(
        about=about,
        names=decoded["names"],
        groups=decoded["groups"],
        divisions={name.removeprefix(_DIVISION): decoded[name] for name in divisions},
        **{name: arrays[name] for name in about.columns},
    )


def _decoded(texts: npt.NDArray[np.bytes_]) -> npt.NDArray[np.str_]:
    """In parts: other threads, such as the window's, wait for each."""
    parts = [texts[start : start + _AT_ONCE] for start in range(0, max(len(texts), 1), _AT_ONCE)]
    return np.concatenate([np.char.decode(part, "utf-8") for part in parts])


def write_block(path: Path, about: About, columns: Mapping[str, FloatArray]) -> None:
    """Save one part's columns of some frames; WriteError if they cannot be written."""
    _write_arrays(path, about, columns)


def read_block(path: Path, about: About, start: int, stop: int) -> dict[str, FloatArray]:
    """One part's columns of frames start..stop as saved; FrameResultsError if they cannot be used."""
    found, arrays = _read_arrays(path)
    _check_key(path, found, about)
    columns = next((columns for columns in about.parts.values() if columns[0] in arrays), about.columns)
    shapes = _shapes(about, stop - start)
    _check_shapes(path, arrays, {name: shapes[name] for name in columns})
    _check_numbers(path, columns, arrays)
    return {name: arrays[name] for name in columns}


def _texts(
    names: npt.NDArray[np.str_], groups: npt.NDArray[np.str_], divisions: Mapping[str, npt.NDArray[np.str_]]
) -> dict[str, npt.NDArray[Any]]:
    texts = {"names": names, "groups": groups} | {_DIVISION + name: part for name, part in divisions.items()}
    return {name: np.char.encode(part, "utf-8", "replace") for name, part in texts.items()}


def _write_arrays(path: Path, about: About, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    from lsps_core.files import replacing

    told: dict[str, Any] = {"about": np.frombuffer(json.dumps(asdict(about)).encode(), dtype=np.uint8)}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **told, **dict(arrays))


def _read_arrays(path: Path) -> tuple[About, dict[str, npt.NDArray[Any]]]:
    """Read what `_write_arrays` wrote; FrameResultsError, in one line, for any other file."""
    try:
        require_file(path, ForeignFileError)
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            _check_is_unpacked(file)
            if "about" not in file.files:
                raise ForeignFileError(f"{path} is not a results file; give another name or move it away")
            arrays = {name: file[name] for name in file.files}
        if not all(isinstance(values, np.ndarray) for values in arrays.values()):
            raise ValueError("it has parts that are not arrays")
        about = About(**arguments(About, parse_json(arrays.pop("about").tobytes())))
    except ForeignFileError:
        raise
    except FileNotFoundError:
        raise FrameResultsError(f"{path} does not exist; check the path") from None
    except ARRAY_ERRORS as error:
        what = f"{path} is damaged or not a results file ({error})"
        raise FrameResultsError(what, "evaluate again") from error
    if about.format_version != FORMAT_VERSION:
        raise FrameResultsError(f"{path} has results of format version {about.format_version}", "evaluate again")
    return about, arrays


def _check_is_unpacked(file: Any) -> None:
    """`_write_arrays` does not compress: a compressed file is from elsewhere, and could fill the memory."""
    if not isinstance(file, np.lib.npyio.NpzFile):
        raise ValueError("it is a single array")
    if any(part.file_size != part.compress_size for part in file.zip.infolist()):  # type: ignore[union-attr]
        raise ValueError("it is packed")


def parts_folder(path: Path) -> Path:
    """The folder for the blocks of an unfinished results file."""
    return path.with_name(f".{path.name}.parts")


def block_path(path: Path, part: Part, start: int) -> Path:
    return parts_folder(path) / f"{start:09d}-{part}.npz"


def begun_blocks(path: Path) -> list[tuple[Path, int]]:
    """The blocks of an unfinished results file, and the first frame of each."""
    return [(block, int(block.name[:9])) for block in sorted(parts_folder(path).glob("[0-9]*-*.npz"))]


def _begun_path(path: Path) -> Path:
    return parts_folder(path) / "frames.npz"


def _check_key(path: Path, found: About, about: About) -> None:
    if found.key != about.key:
        raise FrameResultsError(f"{path} holds results of another model, data, protocol or reading", "evaluate again")


def _shapes(about: About, count: int) -> dict[str, tuple[int, ...]]:
    sizes: dict[str, tuple[int, ...]] = {"pose_latent": (POSE_LATENT_SIZE,), "errors_mm": (len(about.joints),)}
    return {name: (count, *sizes.get(name, ())) for name in about.columns}


def _check_shapes(path: Path, arrays: Mapping[str, npt.NDArray[Any]], shapes: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in shapes.items():
        if name not in arrays or arrays[name].shape != shape:
            found = list(arrays[name].shape) if name in arrays else "missing"
            raise FrameResultsError(f"{path} is damaged: {name} is {found}, not {list(shape)}", "evaluate again")
        is_text = name in ("names", "groups") or name.startswith(_DIVISION)
        if arrays[name].dtype.kind != "S" if is_text else arrays[name].dtype != np.float32:
            raise FrameResultsError(f"{path} is damaged: {name} is {arrays[name].dtype}", "evaluate again")


def _check_numbers(path: Path, columns: Sequence[str], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Every frame has a code; errors are unknown where there is no annotation, residuals where there is no reading."""
    for name in columns:
        values = arrays[name]
        is_wrong = ~np.isfinite(values) if name == "pose_latent" else np.isinf(values)
        if is_wrong.any():
            raise FrameResultsError(f"{path} is damaged: {name} has a number that is not finite", "evaluate again")
