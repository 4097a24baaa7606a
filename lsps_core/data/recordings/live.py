"""Depth cameras at work. A RealSense camera needs the extra `realsense`, which is imported when one is opened."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Protocol

import numpy as np

from lsps_core.camera import Camera
from lsps_core.data.recordings.camera_names import CAMERAS
from lsps_core.data.recordings.source import DepthFrame
from lsps_core.errors import LspsError

_WAIT_MS, _WAITS = 200, 15
"""For an image: a camera that starts needs up to a second."""
_SIZE = (640, 480)
_EXTRA = "pip install 'lsps-explorer[realsense]', with libusb on Linux"


class LiveSource(Protocol):
    """A camera at work. title: for people."""

    title: str
    camera: Camera
    unit_mm: float

    def newest(self) -> DepthFrame:
        """The newest image, which was not returned before; LspsError, in one line, if the camera delivers none."""
        ...

    def close(self) -> None: ...


def open_camera(name: str) -> LiveSource:
    """The first camera of a kind of `CAMERAS`; LspsError, in one line, if it is absent, busy or not supported."""
    if name not in CAMERAS:
        raise LspsError(f"{name!r} is not a kind of camera", f"use one of {', '.join(CAMERAS)}")
    try:
        import pyrealsense2 as rs
    except ImportError as error:
        why = " ".join(str(error).split())[:100]
        raise LspsError(f"RealSense cameras need pyrealsense2, which cannot be imported ({why})", _EXTRA) from error
    devices = list(rs.context().query_devices())
    if not devices:
        raise LspsError("no RealSense camera is connected", "plug one in, and open it again")
    return RealSenseCamera(rs, devices[0])


class RealSenseCamera:
    """The depth stream of a device of the SDK, at 640 x 480 where the device has that."""

    def __init__(self, rs: ModuleType, device: Any) -> None:
        """LspsError if it has no depth stream or cannot be started, as when another program uses it."""
        self.title = _text(rs, device)
        self._is_closed = False
        self._first_ms: float | None = None
        self._count = 0
        self._queue = rs.frame_queue(1)  # a newer image replaces one that was not taken
        try:
            self._sensor, profile = _depth_stream(rs, device)
            intrinsics = profile.as_video_stream_profile().get_intrinsics()
            self.camera = Camera(fx=intrinsics.fx, fy=intrinsics.fy, cx=intrinsics.ppx, cy=intrinsics.ppy)
            self.unit_mm = round(1000 * self._sensor.get_option(rs.option.depth_units), 6)
            self._sensor.open(profile)
            self._sensor.start(self._queue)
        except RuntimeError as error:
            why = " ".join(str(error).split())[:120]
            remedy = "close other programs that use it, or plug it in again"
            raise LspsError(f"{self.title} cannot be started ({why})", remedy) from error

    def newest(self) -> DepthFrame:
        for _ in range(_WAITS):
            if self._is_closed:
                raise LspsError(f"{self.title} was closed")
            try:
                frame = self._queue.wait_for_frame(_WAIT_MS).as_video_frame()
            except RuntimeError:  # none within that time
                continue
            milliseconds = float(frame.get_timestamp())
            self._first_ms = milliseconds if self._first_ms is None else self._first_ms
            self._count += 1
            return DepthFrame(
                counts=np.array(frame.get_data(), dtype=np.uint16),  # a copy: the SDK uses its memory again
                unit_mm=self.unit_mm,
                camera=self.camera,
                time_s=(milliseconds - self._first_ms) / 1000,
                name=f"{self.title} {self._count}",
            )
        raise LspsError(f"{self.title} delivers no images", "plug it in again, and open it again")

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._sensor.stop()
            self._sensor.close()
        except RuntimeError:  # it was unplugged
            return


def _text(rs: ModuleType, device: Any) -> str:
    name = rs.camera_info.name
    return str(device.get_info(name)) if device.supports(name) else "RealSense camera"


def _depth_stream(rs: ModuleType, device: Any) -> tuple[Any, Any]:
    """The sensor with depth, and its profile: of the usual size and 30 frames/s if there is one, else the first."""
    found: list[tuple[bool, int, int, Any, Any]] = []
    for sensor in device.query_sensors():
        for profile in sensor.get_stream_profiles():
            if profile.stream_type() == rs.stream.depth and profile.format() == rs.format.z16:
                video = profile.as_video_stream_profile()
                is_usual = (video.width(), video.height()) == _SIZE
                found.append((not is_usual, abs(profile.fps() - 30), len(found), sensor, profile))
    if not found:
        raise LspsError("the camera has no depth stream", "use a depth camera")
    *_, sensor, profile = min(found, key=lambda each: each[:3])
    return sensor, profile
