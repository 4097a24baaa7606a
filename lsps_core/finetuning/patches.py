"""Corrections of the annotations of a store, as a small file that makes a corrected copy of that store.

{"format": "lsps-patch", "version": 1, "source": {"name", "frames", "digest"}, "skeleton": {…}, "frames": [{"frame",
"name", "old", "new", "how", "author", "time"}]}: old and new joints [J, 3] in mm, as in the store; null where there is
none. The digest is of the names and cubes of the source's frames.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.errors import LspsError
from lsps_core.evaluation.digests import digest
from lsps_core.files import replacing
from lsps_core.finetuning.label_json import (
    FloatArray,
    LabelFileError,
    OutsideLabel,
    joints_from_json,
    joints_to_json,
    text_of,
)
from lsps_core.finetuning.labels import Label
from lsps_core.skeleton import Skeleton

FORMAT, VERSION = "lsps-patch", 1
LEAST_MM = 0.05
"""Joints that moved less are not a correction."""
_BLOCK = 256
_MOST_FRAMES = 2**31


@dataclass(frozen=True, kw_only=True, eq=False)
class Correction:
    """Of frame `frame`: old, new joints [J, 3] in mm, NaN where not annotated."""

    frame: int
    name: str
    old: FloatArray
    new: FloatArray
    how: str = ""
    author: str = ""
    time: str = ""


@dataclass(frozen=True, kw_only=True)
class Patch:
    """source_digest: of the names and cubes of all `source_frames` frames of the store `source_name`."""

    source_name: str
    source_frames: int
    source_digest: str
    skeleton: Skeleton
    corrections: tuple[Correction, ...]

    @classmethod
    def of(cls, source: FrameStore, labels: Mapping[str, Label]) -> Patch:
        """The labels that differ from the annotations of their store; LspsError if none does."""
        skeleton, joints_mm = source.skeleton, source.joints_mm
        if skeleton is None or joints_mm is None:
            raise LspsError(f"{source.path} has no annotations to correct", "use the labels themselves")
        frames = {name: frame for frame, name in enumerate(source.names)}
        corrections = []
        for name, label in labels.items():
            if name not in frames:
                raise LspsError(f"{source.path} has no frame {name}", "give the store that was labelled")
            if label.skeleton.joints != skeleton.joints:
                names = label.skeleton.name, skeleton.name
                raise LspsError(f"the labels have the skeleton {names[0]}, {source.path} has {names[1]}")
            old, new = joints_mm[frames[name]], label.frame.joints_mm
            if new is not None and _differ(old, new):
                about = {"how": label.how, "author": label.author, "time": label.time}
                corrections.append(Correction(frame=frames[name], name=name, old=old, new=new, **about))
        if not corrections:
            raise LspsError(f"no label differs from the annotations of {source.path}", "correct one first")
        return cls(
            source_name=source.path.name,
            source_frames=len(source),
            source_digest=digest_of(source),
            skeleton=skeleton,
            corrections=tuple(corrections),
        )

    def write(self, path: Path) -> None:
        """Replace `path`; WriteError if it cannot be written."""
        about = {
            "format": FORMAT,
            "version": VERSION,
            "source": {"name": self.source_name, "frames": self.source_frames, "digest": self.source_digest},
            "skeleton": self.skeleton.to_json(),
            "frames": [
                {
                    "frame": each.frame,
                    "name": each.name,
                    "old": joints_to_json(each.old),
                    "new": joints_to_json(each.new),
                    "how": each.how,
                    "author": each.author,
                    "time": each.time,
                }
                for each in self.corrections
            ],
        }
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(about) + "\n", encoding="utf-8")

    @classmethod
    def from_json(cls, path: Path, about: dict[str, Any]) -> Patch:
        """LabelFileError, in one line, for anything else than `write` writes. path: for the message."""
        try:
            if (about["format"], about["version"]) != (FORMAT, VERSION):
                raise ValueError(f"it is not a patch of version {VERSION}")
            skeleton, source = Skeleton.from_json(about["skeleton"]), about["source"]
            frames = source["frames"]
            if type(frames) is not int or not 0 < frames < _MOST_FRAMES:
                raise ValueError("the number of frames is wrong")
            corrections = tuple(_correction(each, frames, skeleton.joint_count) for each in about["frames"])
            numbers = [each.frame for each in corrections]
            if not numbers or len(set(numbers)) != len(numbers):
                raise ValueError("it has no frame, or one of them twice")
            return cls(
                source_name=text_of(source, "name"),
                source_frames=frames,
                source_digest=text_of(source, "digest"),
                skeleton=skeleton,
                corrections=corrections,
            )
        except (TypeError, KeyError, ValueError, AttributeError, OverflowError) as error:
            what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            raise LabelFileError(f"{path} is not a patch ({' '.join(what.split())[:120]})", "copy it again") from error

    def labels_for(self, skeleton: Skeleton, path: Path) -> dict[str, OutsideLabel]:
        """The corrected joints by the names of their frames; LabelFileError for another skeleton."""
        if self.skeleton.joints != skeleton.joints:
            raise LabelFileError(f"{path} has the skeleton {self.skeleton.name}, not {skeleton.name}")
        return {
            each.name: OutsideLabel(joints_mm=each.new, author=each.author, time=each.time) for each in self.corrections
        }

    def check(self, source: FrameStore) -> None:
        """LspsError if it was not made from this store, or if its annotations have changed since."""
        is_same = (len(source), digest_of(source)) == (self.source_frames, self.source_digest)
        joints_mm = source.joints_mm
        if (
            not is_same
            or joints_mm is None
            or source.skeleton is None
            or source.skeleton.joints != self.skeleton.joints
        ):
            raise LspsError(
                f"the patch is of {self.source_name}, and {source.path} has other frames", "give that store"
            )
        for each in self.corrections:
            if source.names[each.frame] != each.name or _differ(each.old, joints_mm[each.frame]):
                what = f"frame {each.frame} ({each.name}) of {source.path} has other joints than the patch replaces"
                raise LspsError(what, "give the store as it was; a patch is applied once")


def digest_of(store: FrameStore) -> str:
    """Of the names and cubes of all frames."""
    return digest("\0".join(store.names).encode(), store.center_mm.tobytes(), store.half_mm.tobytes())


def apply_patch(patch: Patch, source: FrameStore, out: Path, *, overwrite: bool = False) -> None:
    """Write a copy of a store with the corrected joints.

    LspsError if the patch is not of this store, or if `out` is the store itself.
    """
    patch.check(source)
    if out.exists() and out.samefile(source.path):
        raise LspsError(f"{out} is the store itself, which is never changed", "give another name")
    assert source.joints_mm is not None
    joints_mm = source.joints_mm.copy()
    for each in patch.corrections:
        joints_mm[each.frame] = each.new
    writer = FrameWriter(
        out,
        domain=source.domain,
        camera=source.camera,
        is_mirrored=source.is_mirrored,
        skeleton=source.skeleton,
        is_simulated=source.is_simulated,
        image_size=source.image_size,
        provenance=source.provenance | {"corrected": {"frames": len(patch.corrections), "source": patch.source_name}},
        overwrite=overwrite,
    )
    writer.cameras = source.cameras
    writer.groups = {division: groups.tolist() for division, groups in source.groups.items()}
    if source.fit_residual_mm is not None:
        writer.fit_residual_mm = source.fit_residual_mm.tolist()
    if source.times_s is not None:
        writer.times_s = source.times_s.tolist()
    with writer:
        for start in range(0, len(source), _BLOCK):
            block = slice(start, start + _BLOCK)
            writer.append(
                depth_mm=source.depth_mm(block),
                center_mm=source.center_mm[block],
                half_mm=source.half_mm[block],
                joints_mm=joints_mm[block],
                names=source.names[block],
            )


def _correction(about: Any, frames: int, joints: int) -> Correction:
    frame, name = about["frame"], about["name"]
    if type(frame) is not int or not 0 <= frame < frames or not isinstance(name, str):
        raise ValueError("a frame without a number and a name")
    name.encode()  # ValueError for unpaired surrogates
    new = joints_from_json(about["new"], joints)
    if not np.isfinite(new).all():
        raise ValueError("a corrected frame with a joint missing")
    return Correction(
        frame=frame,
        name=name,
        old=joints_from_json(about["old"], joints),
        new=new,
        how=text_of(about, "how"),
        author=text_of(about, "author"),
        time=text_of(about, "time"),
    )


def _differ(one: FloatArray, other: FloatArray) -> bool:
    return not np.allclose(one, other, rtol=0, atol=LEAST_MM, equal_nan=True)
