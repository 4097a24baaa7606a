"""Anybody's depth pictures: read one, find the hand in it, and make a store of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from lsps_core.camera import Camera, FloatArray
from lsps_core.data.crop import DEFAULT_CUBE_MM, DEFAULT_SIZE, FoundHand, crop, cube_window, find_hand
from lsps_core.data.frame import HandFrame
from lsps_core.data.store import FrameStoreError, FrameWriter

NYU_BACKGROUND_MM = 2001
_COLOUR = ("RGB", "RGBA")

Depth = npt.NDArray[np.uint16] | npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did: `frame_count` frames written to `path`, and one line, file and reason, for each skipped."""

    path: Path
    frame_count: int
    skipped: tuple[str, ...]


def read_depth(path: Path, *, unit_mm: float = 1.0, nyu_packed: bool = False) -> Depth:
    """Depth in mm [H, W], 0 = no reading, from a 16-bit PNG, a 16- or 32-bit TIFF or a .npy array.

    unit_mm: mm in one step of the file (0.125 for an SR305). nyu_packed: a colour PNG holding mm = green * 256 + blue,
    background 2001, as NYU distributes them. uint16 where the file holds whole mm in 16 bits, otherwise float32.
    ValueError, in one line, for anything that is no such picture.
    """
    if not np.isfinite(unit_mm) or unit_mm <= 0:
        raise ValueError(f"the depth unit is {unit_mm:g} mm; it must be above 0")
    values = _read(Path(path), nyu_packed)
    if nyu_packed:
        packed = values[..., 1].astype(np.uint16) * np.uint16(256) + values[..., 2]
        values = np.where(packed < NYU_BACKGROUND_MM, packed, 0).astype(np.uint16)
    if values.dtype == np.uint16 and unit_mm == 1.0:
        return values
    depth = values.astype(np.float32) * np.float32(unit_mm)
    return np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(0))


def _read(path: Path, nyu_packed: bool) -> npt.NDArray[Any]:
    """The numbers in a file: [H, W], or [H, W, 3] of a packed picture."""
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise ValueError(f"{path} is empty; copy it again")
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist; check the path") from None
    except IsADirectoryError:
        raise ValueError(f"{path} is a folder; give the pictures in it") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); check who may access it") from error
    values = _read_array(path) if path.suffix.lower() == ".npy" else _read_picture(path, nyu_packed)
    if nyu_packed and (values.ndim != 3 or values.dtype != np.uint8):
        raise ValueError(f"{path} is no packed NYU picture, which has 8-bit colour; read it without --nyu-packed")
    if not nyu_packed and values.ndim != 2:
        raise ValueError(f"{path} has the shape {list(values.shape)}; a depth picture has rows and columns")
    if values.size == 0:
        raise ValueError(f"{path} has no pixels: its shape is {list(values.shape)}")
    return values


def _read_array(path: Path) -> npt.NDArray[Any]:
    try:
        values: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{path} is no readable .npy array ({' '.join(str(error).split())[:120]})") from error
    if values.dtype.kind not in "uif" or values.dtype.itemsize < 2:
        raise ValueError(f"{path} holds {values.dtype}, not depth; give an array of 16-bit or floating-point numbers")
    return np.array(values)


def _read_picture(path: Path, nyu_packed: bool) -> npt.NDArray[Any]:
    try:
        with Image.open(path) as picture:
            mode, is_png = picture.mode, picture.format == "PNG"
            values = np.asarray(picture.convert("RGB") if nyu_packed and mode in _COLOUR else picture)
    except UnidentifiedImageError:
        raise ValueError(
            f"{path} is no picture this program reads; give a 16-bit PNG or TIFF, or a .npy array"
        ) from None
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        reason = " ".join(str(error).split())[:120]
        raise ValueError(f"{path} is cut off or damaged ({reason}); copy it again") from error
    if nyu_packed:
        return values
    if mode in _COLOUR:
        raise ValueError(f"{path} is an 8-bit colour picture, not depth; give 16-bit depth, or --nyu-packed if NYU's")
    if values.dtype.itemsize < 2:
        raise ValueError(f"{path} is an 8-bit picture, not depth; give one of 16 bits, in steps of --unit-mm")
    # a PNG has no more than 16 bits, but older versions of Pillow widen them
    return values.astype(np.uint16) if is_png or mode.startswith("I;16") else values


def frame_from_depth(
    depth_mm: npt.NDArray[np.uint16] | FloatArray,
    camera: Camera,
    *,
    cube_mm: float = DEFAULT_CUBE_MM,
    center_uvd: tuple[float, float, float] | None = None,
    name: str = "",
    size: int = DEFAULT_SIZE,
) -> tuple[HandFrame, FoundHand]:
    """Cut the hand out of a raw frame, depth_mm [H, W]: the frame of size x size, and how the hand was found.

    center_uvd (column px, row px, depth mm) says where the hand is; without it `find_hand` looks. ValueError where
    there is no hand, or nothing at all inside the cube.
    """
    if center_uvd is None:
        found = find_hand(depth_mm, camera, cube_mm=cube_mm)
    else:
        found = _given_hand(camera, cube_mm, center_uvd)
    cut = crop(depth_mm, camera, found.center_mm, found.half_mm, size)
    if not cut.any():
        where = ", ".join(f"{value:.0f}" for value in found.center_mm)
        raise ValueError(f"nothing is inside the cube of {cube_mm:g} mm around ({where}) mm; give another centre")
    frame = HandFrame(depth_mm=cut, center_mm=found.center_mm, half_mm=found.half_mm, joints_mm=None, name=name)
    return frame, found


def _given_hand(camera: Camera, cube_mm: float, center_uvd: tuple[float, float, float]) -> FoundHand:
    center = camera.unproject(np.array(center_uvd, dtype=np.float64)).astype(np.float32)
    return FoundHand(
        center_mm=center,
        half_mm=cube_mm / 2,
        box_px=cube_window(camera, center, cube_mm / 2),
        end_px=center_uvd[:2],
        area_cm2=float("nan"),
        candidates=0,
        note="the centre was given",
    )


def import_frames(
    out: Path,
    paths: Sequence[Path],
    camera: Camera,
    *,
    unit_mm: float = 1.0,
    nyu_packed: bool = False,
    cube_mm: float = DEFAULT_CUBE_MM,
    center_uvd: tuple[float, float, float] | None = None,
    domain: str = "real",
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Write a store without skeleton from depth pictures; arguments as in `read_depth` and `frame_from_depth`.

    A picture that cannot be used is skipped and named in the report. FrameStoreError where none is left, or `out`
    cannot be written. `progress` is called with (pictures done, pictures in all).
    """
    settings = {"unit_mm": unit_mm, "nyu_packed": nyu_packed, "cube_mm": cube_mm, "center_uvd": center_uvd}
    provenance = {"importer": "frames", "folders": sorted({str(Path(path).parent) for path in paths}), **settings}
    skipped: list[str] = []
    with FrameWriter(out, domain=domain, camera=camera, provenance=provenance, overwrite=overwrite) as writer:
        for done, path in enumerate(map(Path, paths), start=1):
            try:
                depth = read_depth(path, unit_mm=unit_mm, nyu_packed=nyu_packed)
                frame, _ = frame_from_depth(depth, camera, cube_mm=cube_mm, center_uvd=center_uvd, name=path.name)
            except ValueError as error:
                skipped.append(str(error) if str(path) in str(error) else f"{path}: {error}")
            else:
                depth_mm, center_mm = frame.depth_mm[None], frame.center_mm[None]
                writer.append(depth_mm=depth_mm, center_mm=center_mm, half_mm=frame.half_mm, names=[frame.name])
            if progress is not None:
                progress(done, len(paths))
        if not writer.frame_count:
            why = f"; the first: {skipped[0]}" if skipped else ""
            raise FrameStoreError(f"{out} was not written: none of {len(paths)} pictures could be used{why}")
        return ImportReport(path=Path(out), frame_count=writer.frame_count, skipped=tuple(skipped))
