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


def divide(plan: ImportPlan, folder: Path) -> list[Block]:
    """An import in blocks, each named by a hash of its input: the same import finds its blocks again."""
    size = min(max(len(plan.shots) // _BLOCKS, _MIN_FRAMES), _MAX_FRAMES)
    common = json.dumps([_FORMAT, plan.settings, asdict(plan.camera), plan.domain, plan.mirrored_width_px], default=str)
    blocks = []
    for start in range(0, len(plan.shots), size - size % _MIN_FRAMES):
        part = replace(plan, shots=plan.shots[start : start + size - size % _MIN_FRAMES], refused=())
        key = hashlib.sha256(common.encode())
        for shot in part.shots:
            about = f"{shot.path}\0{shot.half_mm}\0{shot.camera}\0{shot.box_px}"
            key.update(about.encode("utf-8", "surrogateescape"))
            for numbers in (shot.center_mm, shot.joints_mm):
                key.update(b"-" if numbers is None else np.ascontiguousarray(numbers).tobytes())
        blocks.append(Block(folder / f"{start:08d}-{key.hexdigest()[:16]}.npz", part))
    return blocks


def chunks_of(arrays: Arrays) -> list[bytes]:
    """The compressed chunks of depth in a block, see `pack_depth`."""
    return [part.tobytes() for part in np.split(arrays["depth"], arrays["ends"][:-1])]


def _changed(path: Path) -> float:
    """When a file was last changed, 0 if there is none."""
    try:
        return path.stat().st_mtime
    except (OSError, ValueError):
        return 0.0
