"""The parts of an import: a few dozen frames each, made by any process and kept in a file until all are finished.

Worker processes import only this module and an importer's reader: neither HDF5 nor scipy, whose import would take
longer than a thousand frames.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsps_core.data.importing.plan import ImportPlan
from lsps_core.data.store_chunks import pack_depth
from lsps_core.files import ARRAY_ERRORS, require_file
from lsps_core.processes import is_stopped

_MIN_FRAMES, _MAX_FRAMES = 4, 64
_FORMAT = 2  # of a block's file
_BLOCKS = 32  # or more: enough to share among processes, and for visible progress

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Block:
    """Some shots of an import, and the file for their frames.

    In the file: skipped, a line for each shot that cannot be used; shots, the numbers of those with a frame among the
    block's; and the columns of these frames.
    """

    path: Path
    plan: ImportPlan

    def make(self) -> None:
        """Read the images and write the file, whole or not at all; an image that cannot be used becomes a line."""
        frames, shots, skipped = [], [], []
        for number, shot in enumerate(self.plan.shots):
            if is_stopped():
                raise InterruptedError("the import was stopped")
            try:
                frame = self.plan.frame(shot)
            except ValueError as error:
                skipped.append(str(error))
                continue
            if frame is not None:
                frames.append(frame)
                shots.append(number)
        arrays: Arrays = {"skipped": np.array(skipped, dtype=str)}
        if frames:
            chunks = pack_depth(np.stack([frame.depth_mm for frame in frames]))
            arrays["depth"] = np.frombuffer(b"".join(chunks), np.uint8)
            arrays["ends"] = np.cumsum([len(chunk) for chunk in chunks])
            arrays["center_mm"] = np.stack([frame.center_mm for frame in frames])
            arrays["half_mm"] = np.array([frame.half_mm for frame in frames])
            arrays["shots"] = np.array(shots)
            joints = [frame.joints_mm for frame in frames if frame.joints_mm is not None]
            if joints:
                arrays["joints_mm"] = np.stack(joints)
        part = self.path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stub takes them for its own option
        part.replace(self.path)

    def read(self) -> Arrays | None:
        """What `make` wrote; None if it is missing or damaged, or some of its skipped images have changed."""
        try:
            require_file(self.path)
            made = self.path.stat().st_mtime
            with self.path.open("rb") as file, np.load(file) as found:
                arrays = dict(found)
        except ARRAY_ERRORS:
            return None
        if "skipped" not in arrays:
            return None
        is_mended = len(arrays["skipped"]) and any(_changed(shot.path) > made for shot in self.plan.shots)
        return None if is_mended else arrays


class Division:
    """An import in blocks, each named by a hash of its input: the same import finds its blocks again.

    A block, with its shots as objects, is made when it is asked for.
    """

    def __init__(self, plan: ImportPlan, folder: Path) -> None:
        self._plan = replace(plan, refused=())
        size = min(max(len(plan.shots) // _BLOCKS, _MIN_FRAMES), _MAX_FRAMES)
        self._size = size - size % _MIN_FRAMES
        about = [_FORMAT, plan.settings, asdict(plan.camera), plan.domain, plan.mirrored_width_px]
        common = json.dumps(about, default=str).encode()
        self.paths = [folder / self._file_name(start, common) for start in range(0, len(plan.shots), self._size)]

    def _file_name(self, start: int, common: bytes) -> str:
        key = hashlib.sha256(common)
        for shot in self._plan.shots[start : start + self._size]:
            about = f"{shot.path}\0{shot.half_mm}\0{shot.camera}\0{shot.box_px}"
            key.update(about.encode("utf-8", "surrogateescape"))
            for numbers in (shot.center_mm, shot.joints_mm):
                key.update(b"-" if numbers is None else np.ascontiguousarray(numbers).tobytes())
        return f"{start:08d}-{key.hexdigest()[:16]}.npz"

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, place: int) -> Block:
        start = place * self._size
        return Block(self.paths[place], replace(self._plan, shots=self._plan.shots[start : start + self._size]))

    def missing(self) -> set[int]:
        """The places of the blocks that are not finished."""
        return {place for place, path in enumerate(self.paths) if not path.exists() or self[place].read() is None}


def chunks_of(arrays: Arrays) -> list[bytes]:
    """The compressed chunks of depth in a block, see `pack_depth`."""
    return [part.tobytes() for part in np.split(arrays["depth"], arrays["ends"][:-1])]


def _changed(path: Path) -> float:
    """When a file was last changed, 0 if there is none."""
    try:
        return path.stat().st_mtime
    except (OSError, ValueError):
        return 0.0
