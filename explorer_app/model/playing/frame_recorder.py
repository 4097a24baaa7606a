"""Writes frames of a camera to a recording or a store, in a thread of its own: compressing one takes some 10 ms."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from pathlib import Path

from lsps_core.data.frame import HandFrame
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.recordings.source import DepthFrame
from lsps_core.data.recordings.write import RecordingWriter
from lsps_core.data.recordings.write_store import StoreRecorder
from lsps_core.errors import LspsError

STORE_SUFFIX = ".h5"
_MOST_WAITING = 60
"""Frames: two seconds, 37 MB. Beyond, the camera is faster than the disk or the processor, and frames are left out."""


@dataclass(frozen=True, eq=False)
class RecordedHand:
    """The crop of a hand as it is shown, with the camera of its image, flipped or not."""

    frame: HandFrame
    camera: FrameCamera


class FrameRecorder:
    """Takes frames from any thread until `finish`. path: .h5 for a store of hand crops, otherwise a recording."""

    def __init__(self, path: Path) -> None:
        self.path, self.left_out = path, 0
        self._is_store = path.suffix.lower() == STORE_SUFFIX
        self._waiting: queue.Queue[tuple[DepthFrame, RecordedHand | None] | None] = queue.Queue(_MOST_WAITING)
        self._frame_count = 0
        self._start_s: float | None = None
        self._error: LspsError | None = None
        self._thread = threading.Thread(target=self._run, name="lsps-recorder")
        self._thread.start()

    def add(self, frame: DepthFrame, hand: RecordedHand | None) -> None:
        """hand: None if there is none in this frame; a store leaves it out."""
        if self._start_s is None:
            self._start_s = frame.time_s
        if self._is_store and hand is None:
            return
        try:
            self._waiting.put_nowait((frame, hand))
        except queue.Full:
            self.left_out += 1

    def finish(self) -> str:
        """Write what waits, and give the file its name: one line about it. LspsError if it could not be written."""
        self._waiting.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error
        if not self._frame_count:
            what = "no frame with a hand" if self._is_store else "no frame"
            raise LspsError(f"{self.path} was not written: {what} came meanwhile", "record for longer")
        more = f", {self.left_out} left out: too fast for this machine" if self.left_out else ""
        return f"{self.path.name} recorded, {self._frame_count} frames{more}"

    def _run(self) -> None:
        recording: RecordingWriter | None = None
        store: StoreRecorder | None = None
        while (item := self._waiting.get()) is not None:
            if self._error is not None:
                continue
            frame, hand = item
            time_s = frame.time_s - (self._start_s or 0.0)
            try:
                if self._is_store and hand is not None:
                    store = store or StoreRecorder(self.path, hand.camera)
                    store.append(hand.frame, hand.camera, time_s)
                else:
                    recording = recording or RecordingWriter(self.path, frame.camera, frame.unit_mm)
                    recording.append(frame.counts, time_s)
            except LspsError as error:
                self._error = error
        writer = recording or store
        if writer is not None:
            try:
                writer.close()
                self._frame_count = writer.frame_count
            except LspsError as error:
                self._error = error
