"""How fast recordings are opened and read, beside decoding their PNGs alone.

Run: python tests/benchmarks/recording.py [FRAMES]
Frames of 640 x 480 with a sensor's noise; rates by the process's own time, the best of three rounds.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
from PIL import Image

from lsps_core.data.recordings.opening import open_recording
from lsps_core.data.recordings.ros2_bag import open_bag

sys.path.append(str(Path(__file__).parents[1] / "recordings"))
from made_recordings import write_db3

ROUNDS = 3


def images(count: int) -> list[np.ndarray]:
    """A slope with noise of 1 mm and a hand-sized thing before it, in counts of 0.125 mm."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:480, :640]
    slope = 6000 + 2 * columns + rows
    slope[150:330, 250:400] = 4000
    return [np.where(columns < 600, slope + rng.normal(0, 8, slope.shape), 0).astype(np.uint16) for _ in range(count)]


def rate(work: Callable[[], object], count: int) -> float:
    times = []
    for _ in range(ROUNDS):
        start = process_time()
        work()
        times.append(process_time() - start)
    return count / min(times)


def decode(pictures: list[bytes]) -> None:
    for content in pictures:
        with Image.open(io.BytesIO(content)) as picture:
            np.asarray(picture)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    made = images(count)
    print("| what | frames/s |\n|---|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("16-bit PNG", "uncompressed"):
            path = write_db3(Path(folder) / f"{kind}.db3", made, is_compressed=kind == "16-bit PNG")
            recording = open_recording(path)
            print(f"| open, {kind} | {rate(lambda path=path: open_recording(path), count):.0f} |")
            print(f"| read, {kind} | {rate(lambda of=recording: list(of.frames()), count):.0f} |")
            if kind == "16-bit PNG":
                with open_bag(path) as bag:
                    messages = [bag.message(int(row)) for row in recording.rows]
                pictures = [message[message.find(b"\x89PNG") :] for message in messages]
                print(f"| decode its PNGs alone | {rate(lambda p=pictures: decode(p), count):.0f} |")


if __name__ == "__main__":
    main()
