"""How many frames of a recording the window shows in a second: read, the hand followed, encoded, decoded and painted.

The recording has 640 x 480 px at 60 frames/s: bundled sensor frames, twice as large, a hand's centre apart at most.
Waits of the GUI thread are measured as in event_loop.py.

Run: python tests/benchmarks/playback.py [--preset compact] [--seconds 10]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "recordings"))
import numpy as np
from app_window import open_window, percentile, wait_ms, wait_until, write_preset
from event_loop import Probe
from made_recordings import write_db3

from explorer_app.resources import resource
from lsps_core.camera import Camera
from lsps_core.data.recordings.untimed import StoreCrops
from lsps_core.data.store import FrameStore

FRAMES, RATE = 60, 60


def hand_images() -> tuple[list[np.ndarray], Camera]:
    """Bundled hands in the middle of whole images in mm, each with a wall behind it, and their camera."""
    images = []
    with FrameStore(resource("samples", "sensor.h5")) as store:
        crops = StoreCrops(store)
        for index in range(FRAMES):
            depth = np.repeat(np.repeat(crops.frame(index).counts, 2, 0), 2, 1)
            image = np.full((480, 640), 1800, np.uint16)
            image[112:368, 192:448] = np.where(depth > 0, depth, 1800)
            images.append(image)
        first = crops.camera
    return images, Camera(fx=2 * first.fx, fy=2 * first.fy, cx=2 * first.cx + 192.5, cy=2 * first.cy + 112.5)


def make_recording(path: Path) -> Path:
    images, camera = hand_images()
    return write_db3(path, images, camera=camera, unit_m="0.001", seconds=1 / RATE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="compact")
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recording = make_recording(Path(folder) / "made.db3")
        with open_window(write_preset(options.preset, Path(folder))) as window:
            window.open_paths([recording])
            wait_until(lambda: window.session.data is not None and not window.background.is_busy)
            counts = {"frames": 0, "with a hand": 0, "pictures": 0}

            def count_frame() -> None:
                counts["frames"] += 1
                counts["with a hand"] += window.session.encoding is not None

            def count_pictures() -> None:
                counts["pictures"] += 1

            window.session.frame_changed.connect(count_frame)
            window.session.pictures_changed.connect(count_pictures)
            playback, probe = window.explore.playback, Probe()
            playback.set_loop(True)
            playback.toggle()
            with probe.watching():
                start, busy = time.perf_counter(), time.process_time()
                wait_ms(round(options.seconds * 1000))
                seconds, busy = time.perf_counter() - start, time.process_time() - busy
            playback.pause()
            wait_until(lambda: not window.background.is_busy)
    print("| shown | a second |\n|---|---:|")
    for what, count in counts.items():
        print(f"| {what} | {count / seconds:.1f} |")
    print(f"\n{1000 * busy / max(counts['frames'], 1):.0f} ms of the process's own time a frame, all threads together")
    waits = probe.waits_ms
    print(f"GUI thread: 99 % of the waits within {percentile(waits, 99):.1f} ms, the longest {max(waits):.1f} ms")


if __name__ == "__main__":
    main()
