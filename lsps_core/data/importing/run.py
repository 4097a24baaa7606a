"""Run an import: over several processes, resumable, and whole or not at all.

The frames are made in blocks, which are kept in a hidden folder beside the new store and joined in order. The store
gets its name at the very end. An import that was interrupted, or whose machine stopped, resumes from its blocks.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lsps_core.data.frame_cameras import FrameCamera, FrameCameras
from lsps_core.data.importing.blocks import Arrays, Block, Division, chunks_of
from lsps_core.data.importing.plan import ImportPlan
from lsps_core.data.store import FrameStoreError, FrameWriter
from lsps_core.data.store_format import reason
from lsps_core.processes import workers

_AHEAD = 4  # blocks for each process that are given out: more would only be kept as objects

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
        report = _import(writer, plan, Division(plan, folder), jobs, progress)
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
    writer: FrameWriter, plan: ImportPlan, blocks: Division, jobs: int, progress: Progress | None
) -> ImportReport:
    missing = blocks.missing()
    done, resumed, total, lines = 0, 0, len(plan.shots), list(plan.refused)
    joined = _Joined()
    with writer:
        for place, (block, arrays) in enumerate(_made(blocks, missing, jobs)):
            lines += [str(line) for line in arrays["skipped"]]
            if "shots" in arrays:
                joined.add(writer, block.plan, arrays)
            done += len(block.plan.shots)
            resumed += 0 if place in missing else len(block.plan.shots)
            if progress is not None:
                progress(done, total)
        if not writer.frame_count:
            count = total + len(plan.refused)
            where = plan.settings.get("source", "the folder")
            why = f"; the first: {lines[0]}" if lines else ""
            why = why if count else f"; {where} has no frames of this choice, check the folder and the split"
            for path in blocks.paths:
                path.unlink(missing_ok=True)
            raise FrameStoreError(f"{writer.path} was not written: none of {count} images could be used{why}")
        writer.provenance["skipped"] = lines
        no_hand = total + len(plan.refused) - len(lines) - writer.frame_count
        if no_hand:
            writer.provenance["without_a_hand"] = no_hand
        writer.cameras = FrameCameras.of(joined.cameras)
        if len(joined.times_s) == writer.frame_count:
            writer.times_s = joined.times_s
        columns = zip(*joined.groups, strict=True)
        writer.groups = {name: list(groups) for name, groups in zip(plan.divisions, columns, strict=True)}
    return ImportReport(
        path=writer.path,
        frame_count=writer.frame_count,
        skipped=tuple(lines),
        no_hand_count=no_hand,
        resumed_count=resumed,
    )


def _made(blocks: Division, missing: set[int], jobs: int) -> Iterator[tuple[Block, Arrays]]:
    """Every block and its content, in order; missing ones are made first, by the processes some ahead."""
    if jobs == 1 or len(missing) < 2:
        for place in range(len(blocks)):
            block = blocks[place]
            if place in missing:
                block.make()
            yield block, _content(block)
        return
    try:
        with workers(min(jobs, len(missing))) as pool:
            futures: dict[int, Future[None]] = {}
            to_make = iter(sorted(missing))
            for place in range(len(blocks)):
                for ahead in islice(to_make, _AHEAD * jobs - len(futures)):
                    futures[ahead] = pool.submit(blocks[ahead].make)
                if place in futures:
                    futures.pop(place).result()
                block = blocks[place]
                yield block, _content(block)
    except BrokenProcessPool:
        raise FrameStoreError(
            "a process of the import died, perhaps because memory ran out",
            "{save_memory} and run it again: finished blocks are kept",
        ) from None


def _content(block: Block) -> Arrays:
    arrays = block.read()
    if arrays is None:
        raise FrameStoreError(f"{block.path} was changed while it was in use; run the import again")
    return arrays


class _Joined:
    """The frames in the store so far: cameras, known times, and groups in each of the plan's divisions."""

    def __init__(self) -> None:
        self.cameras: list[FrameCamera] = []
        self.times_s: list[float] = []
        self.groups: list[tuple[str, ...]] = []

    def add(self, writer: FrameWriter, plan: ImportPlan, arrays: Arrays) -> None:
        """Append the frames of a block, with its plan, to the store."""
        shots = [plan.shots[number] for number in arrays["shots"]]
        writer.append_packed(
            chunks=chunks_of(arrays),
            center_mm=arrays["center_mm"],
            half_mm=arrays["half_mm"],
            names=[shot.name for shot in shots],
            joints_mm=arrays.get("joints_mm"),
        )
        self.cameras += map(plan.camera_of, shots)
        self.times_s += (shot.time_s for shot in shots if shot.time_s is not None)
        self.groups += (shot.groups for shot in shots)
