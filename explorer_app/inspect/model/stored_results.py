"""Find and read the kept evaluation of a model on a store.

Imports torch and HDF5 when called: in a thread.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from explorer_app.damaged_files import DamagedError, left_aside_line, set_aside
from explorer_app.inspect.model.failure_table import FailureTable
from explorer_app.inspect.model.tags import FILE_NAME, Tags
from lsps_core.config.fits import FIT_STEPS
from lsps_core.evaluation.about import READ_ONCE, About, Reading
from lsps_core.files import kind_of

if TYPE_CHECKING:
    from explorer_app.model.hand.model import HandModel
    from lsps_core.evaluation.frame_results import FrameResults

PART_TITLES = {"poses": "Errors", "routes": "Routes"}
"""What each part of an evaluation adds."""
ONCE, TURNED, FITTED = "read once", "at eight turns", "with fitting"
READINGS = {ONCE: READ_ONCE, TURNED: Reading(turns=8), FITTED: Reading(fit_steps=FIT_STEPS)}
"""How the window evaluates, by title."""


@dataclass(frozen=True, eq=False)
class Found:
    """An evaluation's file at `path`, existing or not: its model and data, and a table of the evaluated frames.

    table: None if none is evaluated. complaint: a problem with the file, in one line.
    """

    path: Path
    about: About
    tags: Tags
    table: FailureTable | None = None
    complaint: str = ""


def find(model: HandModel, data_path: Path, other_folder: Path, is_bundled: bool, reading: Reading) -> Found:
    """Search for the results of a model on a store: beside the run, and in `other_folder`.

    New results go to the first, unless it is not writable or is_bundled: nothing is added to the app's files.
    Results of another reading are not found.
    """
    from lsps_core.data.store import FrameStore
    from lsps_core.evaluation import protocols
    from lsps_core.evaluation.about import describe
    from lsps_core.runs.layout import evaluations_folder

    with FrameStore(data_path) as store:
        protocol = protocols.of_store(store, model.skeleton)
        about = describe(model.checkpoint, model.path, store, protocol, reading)
    beside = evaluations_folder(model.path)
    folders = [other_folder, beside] if is_bundled or not _takes_files(beside) else [beside, other_folder]
    table, complaint = None, ""
    for folder in folders:
        table, complaint = _open(folder / about.file_name, about)
        if table is not None:
            break
    tags, trouble = _open_tags(folders[0] / FILE_NAME)
    return Found(folders[0] / about.file_name, about, tags, table, trouble or complaint)


def options(found: Found) -> list[str]:
    """Those of the `lsps failures` that makes these results."""
    reading = ["--turns", str(found.about.turns)]
    if found.about.fit_steps is not None:
        reading = ["--fit", str(found.about.fit_steps)]
    return ["--out", str(found.path), *reading, "--json"]


def load(path: Path, about: About) -> FrameResults:
    """Finished results; ValueError, in one line, if they are of another model or data."""
    from lsps_core.evaluation import frame_results

    return frame_results.load(path, about)


def begin(path: Path) -> FailureTable:
    """A table of the frames of an evaluation that has just started."""
    from lsps_core.evaluation import frame_results

    return FailureTable(frame_results.load_begun(path))


def is_complete(table: FailureTable) -> bool:
    """Poses and routes of every frame are evaluated."""
    return bool((table.results.is_done & table.results.has_routes).all())


def _open_tags(path: Path) -> tuple[Tags, str]:
    """Tags, and a problem with their file: a damaged one is set aside, others must not be overwritten."""
    try:
        try:
            return Tags(path), ""
        except DamagedError:
            return Tags(), left_aside_line([f"tags (now {set_aside(path)})"])
    except (ValueError, OSError) as error:
        return Tags(), f"{error}; until then tags are not saved"


def _open(path: Path, about: About) -> tuple[FailureTable | None, str]:
    """The table of a finished file, or of the blocks of an unfinished one; and a problem with the file."""
    if not kind_of(path):
        return _open_blocks(path, about), ""
    try:
        return FailureTable(load(path, about)), ""
    except ValueError as error:
        return None, _set_results_aside(path, str(error))


def _set_results_aside(path: Path, complaint: str) -> str:
    """Set damaged results aside; returns a message."""
    try:
        return left_aside_line([f"the evaluation (now {set_aside(path)})"])
    except OSError:
        return complaint


def _open_blocks(path: Path, about: About) -> FailureTable | None:
    from lsps_core.evaluation import frame_results
    from lsps_core.evaluation.frame_evaluation import BLOCK

    try:
        results = frame_results.load_begun(path)
        for block, start in frame_results.begun_blocks(path):
            results.take(block, start, min(start + BLOCK, about.frame_count))
    except ValueError:  # the evaluation that resumes reports and repairs it
        return None
    return FailureTable(results) if results.about.key == about.key and results.is_done.any() else None


def _takes_files(folder: Path) -> bool:
    there = next((parent for parent in (folder, *folder.parents) if kind_of(parent)), folder)
    return kind_of(there) == "folder" and os.access(there, os.W_OK)
