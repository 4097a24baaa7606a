"""A depth camera without a device, for windows that open one."""

from __future__ import annotations

import threading
import time

import numpy as np
from made_recordings import hand

from lsps_core.camera import SR305
from lsps_core.data.recordings.source import DepthFrame
from lsps_core.errors import LspsError


class MadeCamera:
    """Delivers a hand that moves to and fro, another image each time; `state`: hand, covered or unplugged."""

    title, camera, unit_mm = "Made camera", SR305, 0.125

    def __init__(self) -> None:
        self.state = "hand"
        self.count = 0
        self.is_closed = threading.Event()
        self._hands = [hand(shift) for shift in (0, 4, 8, 4)]

    def newest(self) -> DepthFrame:
        if self.state == "unplugged" or self.is_closed.is_set():
            raise LspsError("Made camera delivers no images", "plug it in again")
        time.sleep(0.005)
        self.count += 1
        counts = self._hands[self.count % 4] if self.state == "hand" else np.zeros((480, 640), np.uint16)
        return DepthFrame(
            counts=counts, unit_mm=0.125, camera=SR305, time_s=self.count / 30, name=f"{self.title} {self.count}"
        )

    def close(self) -> None:
        self.is_closed.set()
