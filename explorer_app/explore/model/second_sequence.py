"""A second model on the same frames, or the same model on other frames, beside what the time view shows.

Imports torch and HDF5 when called: in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explorer_app.model.opening import sort_paths
from lsps_core.errors import LspsError

if TYPE_CHECKING:
    from explorer_app.explore.model.sequence import FrameSequence, Progress
    from explorer_app.model.data import Data


def read_second(
    path: Path,
    beside: FrameSequence,
    measures: Sequence[str],
    take: Callable[[FrameSequence], None],
    progress: Progress,
) -> FrameSequence:
    """What a model file reads in the same frames, or the same model in a store or a recording, measured likewise.

    take is called before it is read, and it is filled in. LspsError, in one line, for any other file.
    """
    from explorer_app.explore.model.sequence import FrameSequence
    from explorer_app.model.hand.model import HandModel

    opening = sort_paths([path])
    if opening.model is not None:
        model = HandModel.load(path, beside.model.device)
        return _filled(FrameSequence(beside.data, model, beside.domain), measures, take, progress)
    with _opened(path, opening.store, opening.recording, opening.complaint) as data:
        return _filled(FrameSequence(data, beside.model, data.domain), measures, take, progress)


def measure_second(path: Path, second: FrameSequence, names: Sequence[str], progress: Progress) -> FrameSequence:
    """Fill in more measures of what `read_second` has read."""
    opening = sort_paths([path])
    if opening.model is not None:
        return _measured(second, names, progress)
    with _opened(path, opening.store, opening.recording, opening.complaint) as data:
        second.data = data
        return _measured(second, names, progress)


def places_beside(sequence: FrameSequence, second: FrameSequence) -> npt.NDArray[np.int64]:
    """[N]: for each frame the nearest in time of the second sequence, both from their start; -1 beyond its end."""
    times_s, others_s = sequence.times_s, second.times_s
    after = np.searchsorted(others_s, times_s).clip(1, max(len(others_s) - 1, 1))
    is_before = times_s - others_s[after - 1] <= others_s[np.minimum(after, len(others_s) - 1)] - times_s
    places = np.minimum(np.where(is_before, after - 1, after), len(others_s) - 1)
    step_s = others_s[-1] / max(len(others_s) - 1, 1)
    return np.where(times_s > others_s[-1] + step_s / 2, -1, places)


def _filled(
    second: FrameSequence, measures: Sequence[str], take: Callable[[FrameSequence], None], progress: Progress
) -> FrameSequence:
    take(second)
    return _measured(second.read(progress), measures, progress)


def _measured(second: FrameSequence, names: Sequence[str], progress: Progress) -> FrameSequence:
    for name in names:
        second.measure(name, progress)
    return second


@contextmanager
def _opened(path: Path, store: Path | None, recording: Path | None, complaint: str) -> Iterator[Data]:
    from explorer_app.model.open_data import open_recording, open_store

    if store is None and recording is None:
        raise LspsError(complaint or f"{path} cannot be compared", "choose a model, a store or a recording")
    data = (open_store(path) if store is not None else open_recording(path)).data
    try:
        yield data
    finally:
        data.close()
