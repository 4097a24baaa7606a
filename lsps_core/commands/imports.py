"""`lsps import`: read depth images into a store."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsps_core.commands.progress import add_events, progress
from lsps_core.events import Skipped

if TYPE_CHECKING:
    from lsps_core.data.importing.dataset import Dataset
    from lsps_core.data.importing.options import Option
    from lsps_core.data.importing.plan import ImportPlan
    from lsps_core.data.importing.run import ImportReport

_NAMED = 20  # skipped files that are printed; the store's provenance names them all
_TOLD = 1000  # and those that are emitted with --events


def add(parser: argparse.ArgumentParser) -> None:
    from lsps_core.data.importers.registry import datasets

    sources = parser.add_subparsers(dest="source", required=True, metavar="SOURCE")
    for name, dataset in datasets().items():
        about = f"{dataset.title}: {dataset.help}"
        origin = f". From {dataset.origin}" if dataset.origin else ""
        source = sources.add_parser(name, help=about, description=about + origin)
        source.set_defaults(run=partial(_import_dataset, dataset))
        source.add_argument("src", type=Path, metavar="SRC", help="the folder that the data set was unpacked into")
        source.add_argument("out", type=Path, metavar="OUT.h5")
        _add_options(source, dataset.options)
        _add_common(source)
    frames = sources.add_parser("frames", help="depth images (PNG, TIFF, NPY) and recordings (.db3, .bag, .mkv)")
    frames.set_defaults(run=_import_frames)
    _add_frames(frames)
    _add_common(frames)


def _add_common(parser: argparse.ArgumentParser) -> None:
    from lsps_core.data.importing.options import Option

    jobs = Option(name="jobs", kind="number", least=1, default=os.cpu_count() or 1, metavar="N", help="processes")
    _add_options(parser, [jobs])
    parser.add_argument("--overwrite", action="store_true", help="replace an existing OUT.h5")
    add_events(parser)


def _add_options(parser: argparse.ArgumentParser, options: Sequence[Option]) -> None:
    groups: dict[str, Any] = {"": parser}
    for option in options:
        if option.group not in groups:
            groups[option.group] = parser.add_mutually_exclusive_group()
        more: dict[str, Any] = {"help": option.help, "default": option.default}
        if option.kind == "switch":
            more["action"] = "store_true"
        else:
            more |= {"required": option.is_required, "metavar": option.metavar, "type": partial(_value, option)}
        if option.kind == "choice":
            more["choices"] = [value for value, _ in option.choices]
        groups[option.group].add_argument(option.flag, **more)


def _value(option: Option, text: str) -> Any:
    try:
        return option.value(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _add_frames(parser: argparse.ArgumentParser) -> None:
    from lsps_core.data.importing.options import FRAME_OPTIONS

    parser.add_argument("out", type=Path, metavar="OUT.h5")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="or a folder of them; or a recording")
    camera = "focal lengths and principal point, px; a recording has its own"
    parser.add_argument("--camera", metavar="FX,FY,CX,CY", help=camera)
    unit = "mm per depth unit (Intel SR305: 0.125); default 1, and for a recording its own"
    parser.add_argument("--unit-mm", type=float, help=unit)
    parser.add_argument("--nyu-packed", action="store_true", help="colour PNG with mm = green * 256 + blue")
    _add_options(parser, FRAME_OPTIONS)


def _import_dataset(dataset: Dataset, arguments: argparse.Namespace) -> None:
    from lsps_core.data.importers.registry import check_folder

    values = {option.name: getattr(arguments, option.name) for option in dataset.options}
    check_folder(arguments.source, arguments.src, values)
    plan = dataset.plan(arguments.src, **values)
    if plan.note:
        print(f"lsps import: {plan.note}", file=sys.stderr)
    _run_plan(arguments, plan)


def _run_plan(arguments: argparse.Namespace, plan: ImportPlan) -> None:
    from lsps_core.data.importing.run import run_import

    def run(progress: Callable[[int, int], None]) -> ImportReport:
        return run_import(arguments.out, plan, jobs=arguments.jobs, overwrite=arguments.overwrite, progress=progress)

    _report(arguments, len(plan.shots), run)


def _import_frames(arguments: argparse.Namespace) -> None:
    from lsps_core.camera import Camera
    from lsps_core.data.importers.frames import plan_frames
    from lsps_core.data.recordings.opening import depth_files

    plan = plan_frames(
        depth_files(arguments.files),
        Camera.parse(arguments.camera) if arguments.camera is not None else None,
        unit_mm=arguments.unit_mm,
        nyu_packed=arguments.nyu_packed,
        cube_mm=arguments.cube_mm,
        center_uvd=arguments.center,
        domain=arguments.domain,
        is_mirrored=arguments.mirrored,
    )
    _run_plan(arguments, plan)


def _report(
    arguments: argparse.Namespace, total: int, run: Callable[[Callable[[int, int], None]], ImportReport]
) -> None:
    """Run an import with a progress bar, then print the result."""
    out: Path = arguments.out
    with progress(out, total, tells=arguments.events) as shown:
        try:
            report = run(lambda done, _total: shown.advance(done))
        except KeyboardInterrupt:
            shown.bar.write("lsps import: stopped; the same command resumes", file=sys.stderr)
            raise
    for line in report.skipped[:_NAMED]:
        print(f"lsps import: skipped {line}", file=sys.stderr)
    if len(report.skipped) > _NAMED:
        more = len(report.skipped) - _NAMED
        print(f"lsps import: and {more} more; `lsps info {out} --json` names them all", file=sys.stderr)
    if report.no_hand_count:
        print(f"lsps import: {report.no_hand_count} frames without a hand in sight are left out", file=sys.stderr)
    if report.resumed_count:
        print(f"lsps import: {report.resumed_count} images were done before the interruption", file=sys.stderr)
    if arguments.events:
        if report.skipped:
            shown.tell(Skipped(lines=tuple(report.skipped[:_TOLD])))
        counts = {"frames": report.frame_count, "skipped": len(report.skipped), "resumed": report.resumed_count}
        shown.end("finished", **counts)
    else:
        print(f"{out}: {report.frame_count} frames, {len(report.skipped)} skipped")
