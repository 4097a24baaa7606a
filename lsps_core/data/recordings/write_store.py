"""Record the hand of a camera to a store."""

from __future__ import annotations

from pathlib import Path

from lsps_core.data.frame import HandFrame
from lsps_core.data.frame_cameras import FrameCamera, FrameCameras
from lsps_core.data.store_writer import FrameWriter
from lsps_core.errors import LspsError


class StoreRecorder:
    """A store that gets its name when it is closed with at least one frame; use it in one thread at a time."""

    def __init__(self, path: Path, camera: FrameCamera) -> None:
        """camera: of the first frame. FrameStoreError, in one line, if it cannot be written; an existing file is
        replaced at the end.
        """
        self._cameras: list[FrameCamera] = []
        provenance = {"importer": "camera"}
        self._writer = FrameWriter(path, domain="real", camera=camera.camera, provenance=provenance, overwrite=True)
        self._writer.__enter__()

    @property
    def frame_count(self) -> int:
        return self._writer.frame_count

    def append(self, frame: HandFrame, camera: FrameCamera, time_s: float) -> None:
        """A crop and its camera, at seconds since the first image; FrameStoreError if the disk is full."""
        name = f"camera/{self.frame_count + 1:06d}"
        self._writer.append(
            depth_mm=frame.depth_mm[None], center_mm=frame.center_mm[None], half_mm=frame.half_mm, names=[name]
        )
        self._cameras.append(camera)
        self._writer.times_s.append(time_s)

    def close(self) -> None:
        """Give it its name; without a frame nothing is left."""
        if self._cameras:
            self._writer.cameras = FrameCameras.of(self._cameras)
            self._writer.__exit__(None, None, None)
        else:
            error = LspsError("no frame with a hand")
            self._writer.__exit__(type(error), error, None)
