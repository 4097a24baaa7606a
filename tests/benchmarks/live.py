"""A RealSense camera in the window, by the SDK's software device: frames/s, latency, and how memory grows.

The device delivers 30 frames/s of 640 x 480. Latency: from a frame's delivery to the SDK until the input with the
skeleton of that frame is painted. Needs the extra `realsense`.

Run: xvfb-run -a python tests/benchmarks/live.py [--seconds 60]
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "recordings"))
import numpy as np
import pyrealsense2 as rs
from app_window import open_window, percentile, used_bytes, wait_ms, wait_until, write_preset
from playback import hand_images
from PySide6.QtCore import QEvent, QObject
from software_camera import send, software_camera

from explorer_app.model import open_data
from lsps_core.camera import Camera
from lsps_core.data.recordings.live import RealSenseCamera

RATE = 30
UNIT_M = 0.001
WARM_MS = 10_000
"""The window traces its model meanwhile."""
KEPT = 10 * RATE
"""Frames whose time of delivery is known: a list of all would pass for a leak of the window's."""


class Sender(threading.Thread):
    """Delivers images to the SDK at their rate; `sent` has the times of the last, by their number."""

    def __init__(self, images: list[np.ndarray], camera: Camera) -> None:
        super().__init__(name="sender")
        self._images = images
        self.device, self._sensor, self._profile = software_camera(rs, camera, 640, 480, UNIT_M)
        self.sent: dict[int, float] = {}
        self.is_ended = threading.Event()

    def run(self) -> None:
        number, start = 0, time.monotonic()
        while not self.is_ended.wait(max(0.0, start + number / RATE - time.monotonic())):
            number += 1
            self.sent[number] = time.monotonic()
            self.sent.pop(number - KEPT, None)
            send(rs, self._sensor, self._profile, self._images[number % len(self._images)], number, UNIT_M)


class Painted(QObject):
    """Latencies of frames, in ms, when they are first painted."""

    def __init__(self, sent: dict[int, float]) -> None:
        super().__init__()
        self._sent = sent
        self.number = self._last = 0
        self.latencies: list[float] = []

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self.number != self._last and self.number in self._sent:
            self._last = self.number
            self.latencies.append(1000 * (time.monotonic() - self._sent[self.number]))
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    images, camera = hand_images()
    sender = Sender(images, camera)
    open_data.start_camera = lambda _name: RealSenseCamera(rs, sender.device)
    with open_window(write_preset("compact", Path())) as window:
        sender.start()
        window.opener.open_camera("realsense")
        wait_until(lambda: window.explore.playback.rate > 0)
        wait_ms(WARM_MS)
        painted, picture = Painted(sender.sent), window.strip.pictures.input
        picture.installEventFilter(painted)
        session = window.session

        def note() -> None:
            frame = session.data._image.frame
            painted.number = round(frame.time_s * RATE) + 1 if frame is not None else 0

        session.frame_changed.connect(note)
        memory, start, busy = [used_bytes()], time.monotonic(), time.process_time()
        while (left := start + options.seconds - time.monotonic()) > 0:
            wait_ms(round(1000 * min(60.0, left)))
            memory.append(used_bytes())
        seconds, busy = time.monotonic() - start, time.process_time() - busy
        window.explore.playback.pause()
        wait_until(lambda: not window.background.is_busy)
        sender.is_ended.set()
    latencies = painted.latencies
    print(f"{len(latencies) / seconds:.1f} frames/s painted of {RATE}, over {seconds:.0f} s")
    print(f"latency: median {percentile(latencies, 50):.0f} ms, 95 % within {percentile(latencies, 95):.0f} ms")
    print(f"{1000 * busy / max(len(latencies), 1):.0f} ms of the process's own time a frame")
    grown = ", ".join(f"{(value - memory[0]) / 1e6:+.1f}" for value in memory[1:])
    print(f"memory: {memory[0] / 1e6:.0f} MB, after each minute {grown} MB")


if __name__ == "__main__":
    main()
