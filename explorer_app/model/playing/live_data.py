"""A camera at work as opened data: one frame, which is another one each time it is looked at, unless it is frozen."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt

from explorer_app.model.crop import Crop
from explorer_app.model.data import FrameView
from explorer_app.model.image_data import ImageData
from explorer_app.model.opening import ImageSettings
from explorer_app.model.playing.frame_recorder import RecordedHand
from explorer_app.model.raw_image import with_gaps
from lsps_core.data.recordings.live import LiveSource
from lsps_core.data.recordings.source import DepthFrame


class LiveImage:
    """The newest image of a camera, as those in files are read."""

    def __init__(self, source: LiveSource) -> None:
        self.source = source
        self.path = Path(source.title)
        self.frame: DepthFrame | None = None

    @property
    def name(self) -> str:
        return self.path.name if self.frame is None else self.frame.name

    def read(self, settings: ImageSettings) -> npt.NDArray[np.float32]:
        if self.frame is None:
            self.frame = self.source.newest()
        return with_gaps(self.frame.counts * np.float32(settings.unit_mm), self.path, self.name)


class LiveData(ImageData):
    """is_frozen: the frame stays. has_failed: the camera delivers nothing any more. recorder: gets every frame."""

    is_live = True

    def __init__(self, source: LiveSource) -> None:
        self._image = LiveImage(source)
        super().__init__([self._image], ImageSettings(camera=source.camera, unit_mm=source.unit_mm))
        self.origin = ()
        self.is_frozen = self.has_failed = False

    def view(self, index: int, before: FrameView | None = None) -> FrameView:
        """Waits for the next frame; LspsError, in one line, if there is none, ValueError if it has no reading."""
        if self.is_frozen:
            return super().view(index, before)
        try:
            frame = self._image.frame = self._image.source.newest()
            self.has_failed = False
        except ValueError:
            self.has_failed = True
            raise
        self._crops.clear()  # a cube that was placed by hand is that of a frozen frame
        recorder, hand = self.recorder, None
        try:
            view = super().view(index, before)
            if not view.complaint:
                hand = RecordedHand(view.frame, view.frame_camera)
        finally:
            if recorder is not None:
                recorder.add(frame, hand)
        return view

    def recrop(self, view: FrameView, crop: Crop) -> FrameView:
        """The next frames are read with the same settings."""
        cropped_view = super().recrop(view, crop)
        self.settings = crop.settings
        return cropped_view

    def close(self) -> None:
        """Stop the camera, which takes a tenth of a second, without waiting for it."""
        self.is_frozen = True
        threading.Thread(target=self._image.source.close, name="lsps-camera").start()
