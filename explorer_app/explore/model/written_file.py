"""A file that is written whole or not at all, and a video in it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO, Literal

import numpy as np
import numpy.typing as npt

from lsps_core.errors import LspsError
from lsps_core.files import beside


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file beside `path` that replaces it on success and is removed otherwise."""
    try:
        with beside(path) as part, part.open("wb") as file:
            yield file
    except OSError as error:
        reason = error.strerror or str(error)
        raise LspsError(f"{path} cannot be written: {reason}", "choose another folder or make room") from error


def write_mp4(
    images: Iterator[npt.NDArray[np.uint8]], size_px: tuple[int, int], rate: float | Fraction, file: IO[bytes]
) -> None:
    """images: [H, W, 3] of even width and height, size_px. rate: images a second."""
    import av

    buffer = io.BytesIO()  # a few MB, written later: FFmpeg's callbacks garble the error of a full disk
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream(_video_codec(), rate=Fraction(rate).limit_denominator(1001))
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuv420p"  # supported by every player
        stream.bit_rate = 4_000_000
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    file.write(buffer.getbuffer())


def _video_codec() -> Literal["libx264", "mpeg4"]:
    """H.264 if this build has it, else MPEG-4 part 2, which every build has."""
    import av

    return "libx264" if "libx264" in av.codecs_available else "mpeg4"
