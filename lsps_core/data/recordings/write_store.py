"""Record a camera to a store: the crops of the hand in its images, followed from one to the next."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera, FloatArray
from lsps_core.data.crop import DEFAULT_CUBE_MM
from lsps_core.data.importing.pictures import Depth, to_mm
from lsps_core.data.importing.plan import cut_frame
from lsps_core.data.store_writer import FrameWriter
from lsps_core.errors import LspsError

if TYPE_CHECKING:
    from lsps_core.data.hand_search import FoundHand


class StoreRecorder:
    """A store that gets its name when it is closed with at least one frame; use it in one thread at a time.

    Images without a hand are left out. Its interface is that of `RecordingWriter`; times are not kept.
    """

    def __init__(self, path: Path, camera: Camera, unit_mm: float) -> None:
        """FrameStoreError, in one line, if it cannot be written; an existing file is replaced at the end."""
        self._camera, self._unit_mm = camera, unit_mm
        self._last_mm: FloatArray | None = None
        self._count = 0
        provenance = {"importer": "camera", "unit_mm": unit_mm, "cube_mm": DEFAULT_CUBE_MM}
        self._writer = FrameWriter(path, domain="real", camera=camera, provenance=provenance, overwrite=True)
        self._writer.__enter__()

    @property
    def frame_count(self) -> int:
        return self._writer.frame_count

    def append(self, counts: npt.NDArray[np.uint16], _time_s: float) -> None:
        """An image [H, W]; FrameStoreError if the disk is full."""
        self._count += 1
        depth_mm = to_mm(counts, self._unit_mm)
        try:
            found = self._find(depth_mm)
            frame = cut_frame(depth_mm, self._camera, found.center_mm, found.half_mm, name=f"camera/{self._count:06d}")
        except ValueError:  # no hand is in sight
            self._last_mm = None
            return
        self._last_mm = found.center_mm
        self._writer.append(
            depth_mm=frame.depth_mm[None], center_mm=frame.center_mm[None], half_mm=frame.half_mm, names=[frame.name]
        )

    def close(self) -> None:
        """Give it its name; without a frame nothing is left."""
        if self.frame_count:
            self._writer.__exit__(None, None, None)
        else:
            error = LspsError("no frame with a hand")
            self._writer.__exit__(type(error), error, None)

    def _find(self, depth_mm: Depth) -> FoundHand:
        from lsps_core.data.hand_search import find_hand  # imports scipy
        from lsps_core.data.recordings.follow import follow_hand

        if self._last_mm is not None:
            with suppress(ValueError):  # it is lost, and searched again
                return follow_hand(depth_mm, self._camera, self._last_mm)
        return find_hand(depth_mm, self._camera)
