"""Run an import: over several processes, resumable, and whole or not at all.

The frames are made in blocks, which are kept in a hidden folder beside the new store and joined in order. The store
gets its name at the very end. An import that was interrupted, or whose machine stopped, resumes from its blocks.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lsps_core.data.frame_cameras import FrameCameras
from lsps_core.data.importing.blocks import Arrays, Block, chunks_of, divide
from lsps_core.data.importing.plan import ImportPlan, Shot
from lsps_core.data.store import FrameStoreError, FrameWriter
from lsps_core.data.store_format import reason
from lsps_core.processes import workers

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """The result of an import: `frame_count` frames written to `path`, and one line for each skipped one.

    resumed_count: images, usable or not, that an earlier, interrupted import had processed. no_hand_count: those
    whose labels say that no hand is in sight.
    """

    path: Path
    frame_count: int
    skipped: tuple[str, ...]
    no_hand_count: int = 0
    resumed_count: int = 0


def run_import(
    out: Path, plan: ImportPlan, *, jobs: int = 1, overwrite: bool = False, progress: Progress | None = None
) -> ImportReport:
    """Make the store of a plan, in `jobs` processes; `progress` is called with (images done, in all).

    Resumes if the same import was interrupted before. FrameStoreError if `out` exists (unless overwrite) or cannot be
    written, or if no frame is usable; finished blocks are kept for the next try.
    """
    if jobs < 1:
        raise ValueError(f"{jobs} processes cannot import anything; give 1 or more")
    out = Path(out)
    folder = out.with_name(f".{out.name}.import")
    writer = FrameWriter(
        out,
        domain=plan.domain,
        camera=plan.camera,
        skeleton=plan.skeleton,
        is_simulated=plan.is_simulated,
        is_mirrored=plan.mirrored_width_px is not None,
        provenance=plan.settings,
        overwrite=overwrite,
        scratch=folder,
    )
    try:
        folder.mkdir(exist_ok=True)
        report = _import(writer, plan, divide(plan, folder), jobs, progress)
    except BaseException as error:
        _tidy(folder)
        if isinstance(error, OSError):
            raise FrameStoreError(f"{out} cannot be written: {reason(error)}") from error
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return report


def _tidy(folder: Path) -> None:
    """Keep only finished blocks, and remove an empty folder."""
    with suppress(OSError):
        for leftover in (*folder.glob("*.part"), *folder.glob(".*.part")):
            leftover.unlink(missing_ok=True)
        folder.rmdir()


def _import(
    writer: FrameWriter, plan: ImportPlan, blocks: list[Block], jobs: int, progress: Progress | None
) -> ImportReport:
    missing = [block for block in blocks if block.read() is None]
    done, total, lines = 0, len(plan.shots), list(plan.refused)
    joined: list[Shot] = []
    with writer:
        for block, arrays in zip(blocks, _made(blocks, missing, jobs), strict=True):
            lines += [str(line) for line in arrays["skipped"]]
            if "shots" in arrays:
                joined += _join(writer, block.plan, arrays)
            done += len(block.plan.shots)
            if progress is not None:
                progress(done, total)
        if not writer.frame_count:
            why = f"; the first: {lines[0]}" if lines else ""
            count = total + len(plan.refused)
            _forget(blocks)
            raise FrameStoreError(f"{writer.path} was not written: none of {count} images could be used{why}")
        writer.provenance["skipped"] = lines
        no_hand = total + len(plan.refused) - len(lines) - writer.frame_count
        if no_hand:
            writer.provenance["without_a_hand"] = no_hand
        writer.cameras = FrameCameras.of([plan.camera_of(shot) for shot in joined])
        columns = zip(*(shot.groups for shot in joined), strict=True)
        writer.groups = {name: list(groups) for name, groups in zip(plan.divisions, columns, strict=True)}
    resumed = total - sum(len(block.plan.shots) for block in missing)
    return ImportReport(
        path=writer.path,
        frame_count=writer.frame_count,
        skipped=tuple(lines),
        no_hand_count=no_hand,
        resumed_count=resumed,
    )


def _made(blocks: list[Block], missing: list[Block], jobs: int) -> Iterator[Arrays]:
    """The content of every block, in order; missing ones are made first."""
    if jobs == 1 or len(missing) < 2:
        to_make = {block.path for block in missing}
        for block in blocks:
            if block.path in to_make:
                block.make()
            yield _content(block)
        return
    try:
        with workers(min(jobs, len(missing))) as pool:
            futures = {block.path: pool.submit(block.make) for block in missing}
            for block in blocks:
                if block.path in futures:
                    futures[block.path].result()
                yield _content(block)
    except BrokenProcessPool:
        raise FrameStoreError(
            "a process of the import died, perhaps because memory ran out; "
            "finished blocks are kept, run it again with a smaller --jobs"
        ) from None


def _content(block: Block) -> Arrays:
    arrays = block.read()
    if arrays is None:
        raise FrameStoreError(f"{block.path} was changed while it was in use; run the import again")
    return arrays


def _join(writer: FrameWriter, plan: ImportPlan, arrays: Arrays) -> list[Shot]:
    shots = [plan.shots[number] for number in arrays["shots"]]
    writer.append_packed(
        chunks=chunks_of(arrays),
        center_mm=arrays["center_mm"],
        half_mm=arrays["half_mm"],
        names=[shot.name for shot in shots],
        joints_mm=arrays.get("joints_mm"),
    )
    return shots


def _forget(blocks: list[Block]) -> None:
    for block in blocks:
        block.path.unlink(missing_ok=True)
