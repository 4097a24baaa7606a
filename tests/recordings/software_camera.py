"""A recording by the RealSense SDK's own recorder, over a software device: no hardware is needed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from lsps_core.camera import Camera

_WAIT_MS = 60_000


def software_camera(rs: ModuleType, camera: Camera, width: int, height: int, unit_m: float) -> tuple[Any, Any, Any]:
    """A device without hardware, its only sensor, and the profile of its depth stream."""
    device = rs.software_device()
    sensor = device.add_sensor("Depth")
    intrinsics = rs.intrinsics()
    intrinsics.width, intrinsics.height, intrinsics.model = width, height, rs.distortion.none
    intrinsics.fx, intrinsics.fy, intrinsics.ppx, intrinsics.ppy = camera.fx, camera.fy, camera.cx, camera.cy
    stream = rs.video_stream()
    stream.type, stream.index, stream.uid, stream.fmt = rs.stream.depth, 0, 0, rs.format.z16
    stream.width, stream.height, stream.fps, stream.bpp, stream.intrinsics = width, height, 30, 2, intrinsics
    profile = sensor.add_video_stream(stream)
    sensor.add_read_only_option(rs.option.depth_units, unit_m)
    return device, sensor, profile


def send(rs: ModuleType, sensor: Any, profile: Any, counts: np.ndarray, number: int, unit_m: float) -> None:
    frame = rs.software_video_frame()
    frame.pixels, frame.stride, frame.bpp = counts, 2 * counts.shape[1], 2
    frame.timestamp, frame.domain = 1000 * number / 30, rs.timestamp_domain.hardware_clock
    frame.frame_number, frame.profile, frame.depth_units = number, profile.as_video_stream_profile(), unit_m
    sensor.on_video_frame(frame)


def record(rs: ModuleType, path: Path, images: Sequence[np.ndarray], camera: Camera, unit_m: float) -> None:
    height, width = images[0].shape
    device, sensor, profile = software_camera(rs, camera, width, height, unit_m)
    recorder = rs.recorder(str(path), device)
    queue = rs.frame_queue(len(images))
    (recorded,) = recorder.query_sensors()
    recorded.open(recorded.get_stream_profiles()[0])
    recorded.start(queue)
    for number, counts in enumerate(images, 1):
        send(rs, sensor, profile, counts, number, unit_m)
        queue.wait_for_frame(_WAIT_MS)
    time.sleep(0.5)  # the recorder writes in a thread of its own
    recorded.stop()
    recorded.close()
