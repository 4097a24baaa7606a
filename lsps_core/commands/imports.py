"""`lsps import`: read depth images into a store."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lsps_core.commands.progress import add_events, progress
from lsps_core.events import Skipped

if TYPE_CHECKING:
    from lsps_core.data.importers.importing import ImportReport
    from lsps_core.data.importers.labels import RefinedCenters
    from lsps_core.data.importers.plan import ImportPlan

_NAMED = 20  # skipped files that are printed; the store's provenance names them all
_PICTURES = (".png", ".npy", ".tif", ".tiff")
_TOLD = 1000  # and those that are told of with --events


def add(parser: argparse.ArgumentParser) -> None:
    sources = parser.add_subparsers(dest="source", required=True, metavar="SOURCE")
    nyu = sources.add_parser("nyu", help="NYU Hand Pose Dataset: real or synthetic, 36 joints")
    nyu.set_defaults(run=_import_nyu)
    _add_source(nyu)
    nyu.add_argument("--split", choices=["train", "test"], required=True)
    nyu.add_argument("--domain", choices=["real", "synthetic"], required=True)
    nyu.add_argument("--joints", choices=["nyu", "icvl"], default="nyu", help="all 36, or those that ICVL has (350 mm)")
    nyu.add_argument("--center-joint", type=int, metavar="J", help="of the 36, to centre the cube on (default: 32)")
    _add_centers(nyu)
    icvl = sources.add_parser("icvl", help="ICVL: 16 joints, mirrored to a right hand")
    icvl.set_defaults(run=_import_icvl)
    _add_source(icvl)
    icvl.add_argument("--split", choices=["train", "test"], required=True)
    icvl.add_argument("--with-rotated", action="store_true", help="also the turned copies (folders 22-5, 45, ...)")
    _add_centers(icvl)
    msra = sources.add_parser("msra", help="MSRA15: 21 joints, nine people")
    msra.set_defaults(run=_import_msra)
    _add_source(msra)
    msra.add_argument("--subjects", default="", metavar="P0,P1", help="only these (default: all)")
    frames = sources.add_parser("frames", help="loose depth images: PNG, TIFF, NPY")
    frames.set_defaults(run=_import_frames)
    _add_frames(frames)
    for source in (nyu, icvl, msra, frames):
        source.add_argument("--jobs", type=_positive, default=os.cpu_count() or 1, metavar="N", help="processes")
        source.add_argument("--overwrite", action="store_true", help="replace OUT.h5 where it exists")
        add_events(source)


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("src", type=Path, metavar="SRC", help="the folder that the data set was unpacked into")
    parser.add_argument("out", type=Path, metavar="OUT.h5")
    parser.add_argument("--limit", type=_positive, metavar="N", help="only the first N labelled frames")
    parser.add_argument("--cube-mm", type=_length, metavar="MM", help="edge of the crop cube (default: the protocol's)")


def _add_centers(parser: argparse.ArgumentParser) -> None:
    centers = parser.add_mutually_exclusive_group()
    centers.add_argument("--centers-uvd", type=Path, metavar="FILE", help="refined crop centres, u v d on each line")
    centers.add_argument(
        "--centers-mm", type=Path, metavar="FILE", help="the same as x y z in mm, y up (V2V-PoseNet's)"
    )


def _add_frames(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", type=Path, metavar="OUT.h5")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="or a folder of them")
    parser.add_argument("--camera", required=True, metavar="FX,FY,CX,CY", help="focal lengths and principal point, px")
    parser.add_argument("--unit-mm", type=float, default=1.0, help="mm per depth unit (Intel SR305: 0.125)")
    parser.add_argument("--nyu-packed", action="store_true", help="colour PNG with mm = green * 256 + blue")
    parser.add_argument("--cube-mm", type=_length, default=250.0, help="edge of the crop cube")
    parser.add_argument("--center", metavar="U,V,D", help="cube centre, px px mm; found in each image when left out")
    parser.add_argument("--domain", choices=["real", "synthetic"], default="real")


def _import_nyu(arguments: argparse.Namespace) -> None:
    from lsps_core.data.importers.nyu import plan_nyu

    plan = plan_nyu(
        arguments.src,
        split=arguments.split,
        domain=arguments.domain,
        joints=arguments.joints,
        cube_mm=arguments.cube_mm,
        center_joint=arguments.center_joint,
        centers=_refined(arguments),
        limit=arguments.limit,
    )
    _run_plan(arguments, plan)


def _refined(arguments: argparse.Namespace) -> RefinedCenters | None:
    from lsps_core.data.importers.labels import RefinedCenters

    path = arguments.centers_uvd or arguments.centers_mm
    return RefinedCenters(path=path, is_uvd=arguments.centers_uvd is not None) if path else None


def _import_icvl(arguments: argparse.Namespace) -> None:
    from lsps_core.data.importers.icvl import CUBE_MM, plan_icvl

    plan = plan_icvl(
        arguments.src,
        split=arguments.split,
        with_rotated=arguments.with_rotated,
        cube_mm=arguments.cube_mm or CUBE_MM,
        centers=_refined(arguments),
        limit=arguments.limit,
    )
    left_out = plan.settings["rotated_left_out"]
    if left_out:
        print(f"lsps import: {left_out} turned copies are left out; --with-rotated takes them", file=sys.stderr)
    _run_plan(arguments, plan)


def _import_msra(arguments: argparse.Namespace) -> None:
    from lsps_core.data.importers.msra import plan_msra

    subjects = [name for name in arguments.subjects.split(",") if name]
    _run_plan(arguments, plan_msra(arguments.src, subjects=subjects, cube_mm=arguments.cube_mm, limit=arguments.limit))


def _run_plan(arguments: argparse.Namespace, plan: ImportPlan) -> None:
    from lsps_core.data.importers.importing import run_import

    def run(progress: Callable[[int, int], None]) -> ImportReport:
        return run_import(arguments.out, plan, jobs=arguments.jobs, overwrite=arguments.overwrite, progress=progress)

    _report(arguments, len(plan.shots), run)


def _import_frames(arguments: argparse.Namespace) -> None:
    from lsps_core.camera import Camera
    from lsps_core.data.importers.frames import import_frames

    camera = Camera.parse(arguments.camera)
    center = _center(arguments.center) if arguments.center else None

    files = _files(arguments.files)

    def run(progress: Callable[[int, int], None]) -> ImportReport:
        return import_frames(
            arguments.out,
            files,
            camera,
            unit_mm=arguments.unit_mm,
            nyu_packed=arguments.nyu_packed,
            cube_mm=arguments.cube_mm,
            center_uvd=center,
            domain=arguments.domain,
            jobs=arguments.jobs,
            overwrite=arguments.overwrite,
            progress=progress,
        )

    _report(arguments, len(files), run)


def _files(paths: list[Path]) -> list[Path]:
    """The files, and those that are depth pictures by their names in the folders among them."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(file for file in path.iterdir() if file.suffix.lower() in _PICTURES)
        if not inside:
            raise ValueError(f"{path} holds no depth pictures ({' '.join(_PICTURES)}); name another folder")
        found += inside
    return found


def _report(
    arguments: argparse.Namespace, total: int, run: Callable[[Callable[[int, int], None]], ImportReport]
) -> None:
    """Run an import under a progress bar, then say what came of it."""
    out: Path = arguments.out
    with progress(out, total, tells=arguments.events) as shown:
        try:
            report = run(lambda done, _total: shown.advance(done))
        except KeyboardInterrupt:
            shown.bar.write("lsps import: stopped; the same command goes on from here", file=sys.stderr)
            raise
    for line in report.skipped[:_NAMED]:
        print(f"lsps import: skipped {line}", file=sys.stderr)
    if len(report.skipped) > _NAMED:
        more = len(report.skipped) - _NAMED
        print(f"lsps import: and {more} more; `lsps info {out} --json` names them all", file=sys.stderr)
    if report.resumed_count:
        print(f"lsps import: {report.resumed_count} pictures were done before it was interrupted", file=sys.stderr)
    if arguments.events:
        if report.skipped:
            shown.tell(Skipped(lines=tuple(report.skipped[:_TOLD])))
        counts = {"frames": report.frame_count, "skipped": len(report.skipped), "resumed": report.resumed_count}
        shown.end("finished", **counts)
    else:
        print(f"{out}: {report.frame_count} frames, {len(report.skipped)} skipped")


def _center(text: str) -> tuple[float, float, float]:
    try:
        u, v, d = (float(number) for number in text.split(","))
    except ValueError:
        raise ValueError(f"--center takes U,V,D in px, px and mm, not {text!r}") from None
    return u, v, d


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def _length(text: str) -> float:
    number = float(text)
    if not 0 < number < 10_000:
        raise argparse.ArgumentTypeError(f"{text} mm is no edge of a cube around a hand")
    return number
