"""`lsps import`: read depth images into a store."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm


def add(parser: argparse.ArgumentParser) -> None:
    sources = parser.add_subparsers(dest="source", required=True, metavar="SOURCE")
    frames = sources.add_parser("frames", help="loose depth images: PNG, TIFF, NPY")
    frames.set_defaults(run=_import_frames)
    frames.add_argument("out", type=Path, metavar="OUT.h5")
    frames.add_argument("files", type=Path, nargs="+", metavar="FILE")
    frames.add_argument("--camera", required=True, metavar="FX,FY,CX,CY", help="focal lengths and principal point, px")
    frames.add_argument("--unit-mm", type=float, default=1.0, help="mm per depth unit (Intel SR305: 0.125)")
    frames.add_argument("--nyu-packed", action="store_true", help="colour PNG with mm = green * 256 + blue")
    frames.add_argument("--cube-mm", type=float, default=250.0, help="edge of the crop cube")
    frames.add_argument("--center", metavar="U,V,D", help="cube centre, px px mm; found in each image when left out")


def _import_frames(arguments: argparse.Namespace) -> None:
    from lsps_core.camera import Camera
    from lsps_core.data.importers.frames import import_frames

    camera = Camera.parse(arguments.camera)
    center = _center(arguments.center) if arguments.center else None
    with tqdm(total=len(arguments.files), unit="frame", file=sys.stderr) as bar:
        report = import_frames(
            arguments.out,
            arguments.files,
            camera,
            unit_mm=arguments.unit_mm,
            nyu_packed=arguments.nyu_packed,
            cube_mm=arguments.cube_mm,
            center_uvd=center,
            progress=lambda done, _total: bar.update(done - bar.n),
        )
    for line in report.skipped:
        print(f"lsps import: skipped {line}", file=sys.stderr)
    print(f"{arguments.out}: {report.frame_count} frames, {len(report.skipped)} skipped")


def _center(text: str) -> tuple[float, float, float]:
    try:
        u, v, d = (float(number) for number in text.split(","))
    except ValueError:
        raise ValueError(f"--center takes U,V,D in px, px and mm, not {text!r}") from None
    return u, v, d
