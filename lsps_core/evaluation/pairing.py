"""Match the lines of a prediction file to annotated frames, and compute the errors."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from lsps_core.data.protocol import Protocol
from lsps_core.evaluation.alignment import aligned_errors_mm
from lsps_core.evaluation.metrics import ErrorTable, IntArray, joint_errors_mm
from lsps_core.evaluation.published import PoseFile, PoseFileError

_PICTURE_SUFFIX = re.compile(r"\.(png|tiff?|npy|bin|jpe?g|exr)$", re.IGNORECASE)


def compare(labels: PoseFile, predictions: PoseFile, protocol: Protocol) -> ErrorTable:
    """The errors of published predictions in mm, on the frames that both files have and `labels` annotates.

    PoseFileError if the frame of a line is ambiguous, or there is nothing to score.
    """
    ours, theirs = pair(labels, predictions, protocol)
    camera = labels.camera_of(ours)
    predicted_mm, annotated_mm = camera.unproject(predictions.uvd[theirs]), camera.unproject(labels.uvd[ours])
    errors_mm = joint_errors_mm(predicted_mm, annotated_mm)
    is_annotated = np.isfinite(errors_mm).any(axis=1)
    if not is_annotated.any():
        raise PoseFileError(f"{labels.path} annotates none of the frames of {predictions.path}; give their labels")
    ours, theirs = ours[is_annotated], theirs[is_annotated]
    if labels.names or predictions.names:
        names = [labels.names[i] if labels.names else predictions.names[j] for i, j in zip(ours, theirs, strict=True)]
        groups = [protocol.group_of(name) for name in names]
    else:
        names = [str(place) for place in ours]
        is_whole = len(labels.uvd) == protocol.frame_count
        groups = [protocol.group_of_line(int(place)) if is_whole else "" for place in ours]
    return ErrorTable(
        method=predictions.path.stem,
        errors_mm=errors_mm[is_annotated],
        joints=protocol.joints,
        frames=tuple(names),
        groups=tuple(groups),
        places=ours,
        divisions={division: groups[ours] for division, groups in labels.divisions.items()},
        aligned_mm=aligned_errors_mm(predicted_mm[is_annotated], annotated_mm[is_annotated], protocol.root),
    )


def pair(labels: PoseFile, predictions: PoseFile, protocol: Protocol) -> tuple[IntArray, IntArray]:
    """The frames that both files have: their indices in `labels` [n] and in `predictions` [n].

    By name if both files have names, or if one has names that give the line of the published label file and the other
    has all its lines; else by order, if the frame counts agree. PoseFileError if neither is possible.
    """
    is_test = labels.is_test and predictions.is_test
    ours, theirs = _keys(labels, protocol, is_test), _keys(predictions, protocol, is_test)
    if ours is not None and theirs is not None:
        places = {key: place for place, key in enumerate(theirs)}
        pairs = [(place, places[key]) for place, key in enumerate(ours) if key in places]
        if pairs:
            first, second = np.array(pairs).T
            return first, second
    if labels.names and predictions.names:
        raise PoseFileError(
            f"{predictions.path} and {labels.path} do not name their frames alike and each once; remove the names "
            "where the order is the same"
        )
    if len(labels.uvd) != len(predictions.uvd):
        raise PoseFileError(
            f"{predictions.path} has {len(predictions.uvd)} frames, {labels.path} {len(labels.uvd)}, and nothing shows "
            "which are which",
            "give labels of the same frames, or {name_frames}",
        )
    order = np.arange(len(labels.uvd))
    return order, order


def _keys(file: PoseFile, protocol: Protocol, is_test: bool) -> Sequence[int | str] | None:
    """The keys of a file's frames: lines of the published label file, else names; None if neither is unique."""
    if not file.names:
        return range(len(file.uvd)) if is_test and len(file.uvd) == protocol.frame_count else None
    keys: list[int | str] = []
    for name in file.names:
        line = protocol.line_of(name) if is_test else None
        keys.append(line if line is not None else _PICTURE_SUFFIX.sub("", protocol.name_in_files(name)))
    return keys if len(set(keys)) == len(keys) else None
