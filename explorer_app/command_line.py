"""The command line of `lsps-explorer`."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from explorer_app.model.copy_as import latent_from_text
from explorer_app.model.latent import LatentCode
from explorer_app.model.opening import CAMERA_PRESETS, ImageSettings, Opening, parse_camera, sort_paths
from explorer_app.model.saved_session import is_session
from lsps_core.config.model import DOMAINS
from lsps_core.data.recordings.camera_names import CAMERAS

_IMAGE_OPTIONS = {
    "unit_mm": "--unit-mm",
    "nyu_packed": "--nyu-packed",
    "cube_mm": "--cube-mm",
    "domain": "--domain",
    "is_mirrored": "--mirrored",
}


@dataclass(frozen=True, kw_only=True)
class Options:
    """The parsed arguments. `images` is None if no camera was given; then the window asks.

    index: the frame, counted from 0. latent: position of the sliders, regardless of the frame's code.
    live_camera: a key of `CAMERAS`, or empty.
    """

    paths: tuple[Path, ...] = ()
    device: str = "auto"
    screenshot: Path | None = None
    images: ImageSettings | None = None
    index: int | None = None
    latent: LatentCode | None = None
    live_camera: str = ""


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Exits with 2 and one line (after the usage) for invalid arguments."""
    parser = _parser()
    typed = parser.parse_args(arguments)
    images = typed.camera
    changes = {name: getattr(typed, name) for name in _IMAGE_OPTIONS if getattr(typed, name) is not None}
    if images is None and changes:
        options = ", ".join(_IMAGE_OPTIONS.values())
        parser.error(f"{options} go with --camera; without it the window asks")
    if images is not None:
        images = replace(images, **changes)
    return Options(
        paths=tuple(typed.paths),
        device=typed.device,
        screenshot=typed.screenshot,
        images=images,
        index=typed.frame - 1 if typed.frame is not None else None,
        latent=typed.latent,
        live_camera=typed.camera_live,
    )


def check_for_screenshot(options: Options) -> Opening:
    """What to open for a screenshot, without dialogs; ValueError, in one line, if a camera is missing."""
    opening = sort_paths([path for path in options.paths if not is_session(path)])
    if opening.complaint:
        raise ValueError(opening.complaint)
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
        help="a model (.safetensors), and a store (.h5), a recording (.db3, .bag, .mkv) or depth images "
        "(.png .npy .tif, or a folder of them); "
        "without a model the bundled one is opened",
    )
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:1, ...")
    parser.add_argument(
        "--screenshot", type=Path, metavar="OUT.png", help="save an image of the window and exit; needs no display"
    )
    parser.add_argument(
        "--camera",
        type=_camera,
        metavar="FX,FY,CX,CY",
        help=f"camera of the images in px, or one of {', '.join(CAMERA_PRESETS)}; without it the window asks; "
        "a recording has its own",
    )
    parser.add_argument(
        "--camera-live",
        choices=tuple(CAMERAS),
        default="",
        help="show what a camera sees; needs the extra of that name: pip install 'lsps-explorer[realsense]'",
    )
    parser.add_argument("--unit-mm", type=_positive, metavar="X", help="mm per count of the images (default 1)")
    parser.add_argument(
        "--nyu-packed", action="store_const", const=True, help="the images hold green * 256 + blue, as NYU's do"
    )
    parser.add_argument(
        "--mirrored",
        dest="is_mirrored",
        action="store_const",
        const=True,
        help="flip the images left to right: models expect right hands",
    )
    parser.add_argument("--domain", choices=DOMAINS, help="domain of the images (default real)")
    parser.add_argument("--cube-mm", type=_positive, metavar="X", help="edge of the cube around the hand (default 250)")
    parser.add_argument("--frame", type=_frame, metavar="N", help="start at this frame, counted from 1")
    parser.add_argument(
        "--latent", type=_latent, metavar="V1,V2,...", help="position of the sliders, in σ; write --latent=-1.5,0,..."
    )
    return parser


def _frame(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a frame number; the first is 1")
    return int(text)


def _latent(text: str) -> LatentCode:
    try:
        return latent_from_text(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


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
