"""Depth images of any origin as millimetres: PNG, TIFF, NPY and NYU's packed PNG."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from lsps_core.errors import LspsError
from lsps_core.files import ARRAY_ERRORS, require_file

NYU_BACKGROUND_MM = 2001
HO3D_STEP_MM = 0.12498664727900177
_COLOUR = ("RGB", "RGBA")
_FORMATS = ("PNG", "TIFF", "PPM")
_DAMAGE = (
    MemoryError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    struct.error,
)
"""Pillow's exceptions for truncated or damaged images."""
_MAX_PIXELS = 1 << 25
"""No depth camera has more; a larger declared size would only fill the memory."""

Depth = npt.NDArray[np.uint16] | npt.NDArray[np.float32]


class Window(NamedTuple):
    """Part of an image in px, right and bottom excluded; it may extend beyond the image."""

    left: int
    top: int
    right: int
    bottom: int

    def inside(self, width: int, height: int) -> Window:
        """Its intersection with an image of that size; may be empty."""
        left, top = min(max(self.left, 0), width), min(max(self.top, 0), height)
        return Window(left, top, min(max(self.right, left), width), min(max(self.bottom, top), height))


def read_depth(path: Path, window: Window | None = None, *, unit_mm: float = 1.0, nyu_packed: bool = False) -> Depth:
    """Depth in mm [H, W], 0 = no reading, from a 16-bit PNG, a 16- or 32-bit TIFF or a .npy array.

    unit_mm: mm in one step of the file (0.125 for an SR305). nyu_packed: a colour PNG holding mm = green * 256 + blue,
    background 2001, as NYU distributes them. window: the requested part; other pixels are 0, which saves time.
    uint16 if the file has whole mm in 16 bits, otherwise float32. ValueError, in one line, for any other file.
    """
    if not np.isfinite(unit_mm) or unit_mm <= 0:
        raise ValueError(f"the depth unit is {unit_mm:g} mm; it must be above 0")
    values, shape = _read(Path(path), nyu_packed, window)
    return _whole(to_mm(_unpacked(values) if nyu_packed else values, unit_mm), window, shape)


def read_ho3d_depth(path: Path, window: Window | None = None) -> Depth:
    """As `read_depth`, from a colour PNG that holds steps of about 0.125 mm = red + 256 * green, as HO-3D's do."""
    values, shape = _read(Path(path), True, window)
    steps = values[..., 0] + np.float32(256) * values[..., 1]
    return _whole(steps * np.float32(HO3D_STEP_MM), window, shape)


def decode_png(content: bytes, name: str) -> npt.NDArray[np.uint16]:
    """The numbers [H, W] of a 16-bit PNG; ValueError, in one line that begins with `name`, for any other content."""
    values, _ = _read_picture(name, io.BytesIO(content), False, None, ("PNG",))
    return np.asarray(values, dtype=np.uint16)


def _whole(depth: Depth, window: Window | None, shape: tuple[int, int]) -> Depth:
    """The image [H, W] of a window's depth, 0 elsewhere."""
    if window is None:
        return depth
    height, width = shape
    left, top, right, bottom = window.inside(width, height)
    whole = np.zeros((height, width), depth.dtype)
    whole[top:bottom, left:right] = depth
    return whole


def _unpacked(values: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    packed = values[..., 1].astype(np.uint16) * np.uint16(256) + values[..., 2]
    return np.where(packed < NYU_BACKGROUND_MM, packed, 0).astype(np.uint16)


def to_mm(values: npt.NDArray[Any], unit_mm: float) -> Depth:
    """Counts of unit_mm as mm: uint16 as they are if a count is 1 mm, otherwise float32, 0 where they are not depth."""
    if values.dtype == np.uint16 and unit_mm == 1.0:
        return values
    with np.errstate(invalid="ignore", over="ignore"):
        depth = values.astype(np.float32) * np.float32(unit_mm)
    return np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(0))


def _read(path: Path, nyu_packed: bool, window: Window | None) -> tuple[npt.NDArray[Any], tuple[int, int]]:
    """The numbers in the window of a file, [H, W] or if packed [H, W, 3], and height and width of the whole image."""
    try:
        require_file(path)
        with path.open("rb") as file:
            if not file.read(1):
                raise ValueError(f"{path} is empty; copy it again")
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist; check the path") from None
    except IsADirectoryError:
        raise ValueError(f"{path} is a folder; give the images in it") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); check who may access it") from error
    is_array = path.suffix.lower() == ".npy"
    values, shape = _read_array(path, window) if is_array else _read_picture(path, path, nyu_packed, window)
    if nyu_packed and (values.ndim != 3 or values.dtype != np.uint8):
        raise LspsError(f"{path} is not a packed NYU image, which has 8-bit colour", "read it without {nyu_packed}")
    if not nyu_packed and values.ndim != 2:
        raise ValueError(f"{path} has the shape {list(values.shape)}; a depth image has rows and columns")
    if 0 in shape:
        raise ValueError(f"{path} has no pixels: its shape is {list(shape)}")
    return values, shape


def _read_array(path: Path, window: Window | None) -> tuple[npt.NDArray[Any], tuple[int, int]]:
    try:
        values: npt.NDArray[Any] = np.lib.format.open_memmap(path, mode="r")  # unlike np.load it never unpickles
    except ARRAY_ERRORS as error:
        raise ValueError(f"{path} is not a readable .npy array ({_brief(error)})") from error
    if values.dtype.kind not in "uif" or values.dtype.itemsize < 2:
        raise ValueError(f"{path} holds {values.dtype}, not depth; give an array of 16-bit or floating-point numbers")
    height, width, *_ = (*values.shape, 1, 1)
    if values.size > _MAX_PIXELS:
        raise ValueError(f"{path} has the shape {list(values.shape)}; no depth image is as large, use another array")
    if window is not None and values.ndim == 2:
        left, top, right, bottom = window.inside(width, height)
        values = values[top:bottom, left:right]
    return np.array(values), (height, width)


def _read_picture(
    name: Path | str,
    content: Path | io.BytesIO,
    nyu_packed: bool,
    window: Window | None,
    formats: tuple[str, ...] = _FORMATS,
) -> tuple[npt.NDArray[Any], tuple[int, int]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of oddities in metadata; damage is an error
            with Image.open(content, formats=formats) as picture:
                width, height = picture.size
                if width * height > _MAX_PIXELS:
                    raise ValueError(f"its header declares {width} x {height} pixels")
                mode, is_png = picture.mode, picture.format == "PNG"
                part = picture.crop(window.inside(width, height)) if window else picture
                values = np.asarray(part.convert("RGB") if nyu_packed and mode == "RGBA" else part)
    except UnidentifiedImageError:
        raise ValueError(
            f"{name} is not an image this program reads; give a 16-bit PNG or TIFF, or a .npy array"
        ) from None
    except (*_DAMAGE, Image.DecompressionBombError) as error:
        raise ValueError(f"{name} is cut off or damaged ({_brief(error)}); copy it again") from error
    if not nyu_packed:
        if mode in _COLOUR:
            remedy = "give 16-bit depth, or {nyu_packed} if NYU's"
            raise LspsError(f"{name} is an 8-bit colour image, not depth", remedy)
        if values.dtype.itemsize < 2:
            raise LspsError(f"{name} is an 8-bit image, not depth", "give one of 16 bits, in steps of {unit_mm}")
        if is_png or mode.startswith("I;16"):
            values = values.astype(np.uint16)  # a PNG has no more, but older versions of Pillow widen them
    return values, (height, width)


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
