"""The command line of `lsps-explorer`."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from explorer_app.model.opening import CAMERA_PRESETS, ImageSettings, Opening, parse_camera, sort_paths


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user typed. `images` is None where no camera was given, so that the window asks."""

    paths: tuple[Path, ...] = ()
    device: str = "auto"
    screenshot: Path | None = None
    images: ImageSettings | None = None


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Exits with 2 and one line (after the usage) where the arguments make no sense."""
    parser = _parser()
    typed = parser.parse_args(arguments)
    images = typed.camera
    if images is None and (typed.unit_mm is not None or typed.cube_mm is not None or typed.nyu_packed):
        parser.error("--unit-mm, --nyu-packed and --cube-mm go with --camera; without it the window asks")
    if images is not None:
        changes = {"unit_mm": typed.unit_mm, "cube_mm": typed.cube_mm, "nyu_packed": typed.nyu_packed or None}
        images = replace(images, **{key: value for key, value in changes.items() if value is not None})
    return Options(paths=tuple(typed.paths), device=typed.device, screenshot=typed.screenshot, images=images)


def check_for_screenshot(options: Options) -> Opening:
    """What to open for a picture, where nobody can be asked; ValueError with one line where it cannot be known."""
    opening = sort_paths(options.paths)
    if opening.images and options.images is None:
        raise ValueError(f"{opening.images[0]} needs --camera FX,FY,CX,CY (or {', '.join(CAMERA_PRESETS)})")
    return opening


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lsps-explorer", description="Explore a tri-domain hand model: real depth, synthetic depth and 3D pose."
    )
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        type=Path,
        help="a model (.safetensors), and a store (.h5) or depth images (.png .npy .tif, or a folder of them); "
        "without a model the bundled one is opened",
    )
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:1, ...")
    parser.add_argument(
        "--screenshot", type=Path, metavar="OUT.png", help="save a picture of the window and end; needs no display"
    )
    parser.add_argument(
        "--camera",
        type=_camera,
        metavar="FX,FY,CX,CY",
        help=f"camera of the images in px, or one of {', '.join(CAMERA_PRESETS)}; without it the window asks",
    )
    parser.add_argument("--unit-mm", type=_positive, metavar="X", help="mm per count of the images (default 1)")
    parser.add_argument("--nyu-packed", action="store_true", help="the images hold green * 256 + blue, as NYU's do")
    parser.add_argument("--cube-mm", type=_positive, metavar="X", help="edge of the cube around the hand (default 250)")
    return parser


def _camera(text: str) -> ImageSettings:
    try:
        return parse_camera(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return value
