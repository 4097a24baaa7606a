"""How long after a slider's move its skeleton and its pictures are painted, in the explorer's own window.

A move is `QSlider.setValue`, as a key or the mouse does it. `skeleton` ends when the skeleton's view has painted the
pose of that latent; `pictures` ends when both pictures have been painted from that latent. Single moves wait for their
answer and start from rest. `exact` is the same for the pictures that follow when a slow model's latent is still.
`dragged` holds a slider, moves it 120 times a second, and counts the pictures that were painted.
The paper's preset has random weights: only its size matters here.

Run: python tests/benchmarks/slider_latency.py [--preset compact paper] [--moves 100] [--device cpu] [--json]
     [--variants]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from app_window import open_window, percentile, wait_ms, wait_until, write_preset
from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent

from explorer_app.explore.hand3d.painter import SkeletonPainter
from explorer_app.shell.main_window import MainWindow
from explorer_app.widgets.pictures.depth_picture import DepthPicture

DRAG_MOVES = 240
DRAG_INTERVAL_MS = 8
WARM_UP_MOVES = 5


class Paints:
    """When each widget was last painted: the class's own `paintEvent`, and then a look at the clock."""

    def __init__(self) -> None:
        self.at: dict[object, float] = {}
        for kind in (SkeletonPainter, DepthPicture):
            kind.paintEvent = self._timed(kind.paintEvent)

    def _timed(self, paint):
        def paint_event(widget: SkeletonPainter | DepthPicture, event: QPaintEvent) -> None:
            paint(widget, event)
            self.at[widget] = time.perf_counter()

        return paint_event


class Bench:
    """Moves a slider of one window and looks when its views are painted."""

    def __init__(self, window: MainWindow, paints: Paints) -> None:
        self.window, self.session, self.paints = window, window.session, paints
        self.slider = window.latent.sliders[0]
        self._ticks = 0
        self._shown: list[float] = []
        self._current_at = 0.0
        self.session.pictures_changed.connect(self._note_pictures)

    def move(self) -> float:
        """One step of a triangle through the slider's range; when it began."""
        self._ticks += 5
        start = time.perf_counter()
        self.slider.setValue(abs((self._ticks + 300) % 1200 - 600) - 300)
        return start

    def time_moves(self, count: int) -> dict[str, list[float]]:
        times: dict[str, list[float]] = {"skeleton": [], "pictures": [], "exact": []}
        for _ in range(count):
            start = self.move()
            wait_until(lambda start=start: self._painted(self.window.skeleton.view) > start)
            times["skeleton"].append(1000 * (self._painted(self.window.skeleton.view) - start))
            times["pictures"].append(1000 * (self._wait_for_pictures(start) - start))
            if self.session.model.has_coarse:
                wait_until(lambda: not self.session.pictures.is_coarse)
                times["exact"].append(1000 * (self._wait_for_pictures(start) - start))
            wait_until(lambda: not self.window.background.is_busy)
            wait_ms(5)
        return times

    def drag(self) -> float:
        """Pictures painted a second while a slider is held and moves."""
        self._shown.clear()
        self.slider.setSliderDown(True)
        timer = QTimer(interval=DRAG_INTERVAL_MS)
        timer.timeout.connect(self.move)
        timer.start()
        wait_ms(DRAG_MOVES * DRAG_INTERVAL_MS)
        timer.stop()
        rate = (len(self._shown) - 1) / (self._shown[-1] - self._shown[0])
        self.slider.setSliderDown(False)
        wait_until(lambda: not self.window.background.is_busy)
        return rate

    def _note_pictures(self) -> None:
        now = time.perf_counter()
        self._shown.append(now)
        if self.session.pictures.latent == self.session.latent:
            self._current_at = now

    def _wait_for_pictures(self, start: float) -> float:
        """When both pictures of the session's latent, asked for at `start`, are painted."""
        both = (self.window.pictures.real, self.window.pictures.synthetic)
        wait_until(lambda: start < self._current_at < min(self._painted(picture) for picture in both))
        return max(self._painted(picture) for picture in both)

    def _painted(self, widget: object) -> float:
        return self.paints.at.get(widget, 0.0)


def measure(preset: str, moves: int, device: str, paints: Paints) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, open_window(write_preset(preset, Path(folder)), device) as window:
        bench = Bench(window, paints)
        bench.time_moves(WARM_UP_MOVES)
        times = bench.time_moves(moves)
        result = {}
        for what, values in times.items():
            if values:
                result |= {f"{what}_median_ms": percentile(values, 50), f"{what}_p95_ms": percentile(values, 95)}
        return result | {"dragged_pictures_per_s": bench.drag()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", nargs="+", choices=("compact", "paper"), default=["compact", "paper"])
    parser.add_argument("--moves", type=int, default=100)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--variants", action="store_true", help="compare ways to decode on the CPU instead")
    options = parser.parse_args()
    if options.variants:
        from decode_variants import compare

        results = {preset: compare(preset) for preset in options.preset}
    else:
        paints = Paints()
        results = {preset: measure(preset, options.moves, options.device, paints) for preset in options.preset}
    if options.json:
        print(json.dumps(results))
        return
    for preset, values in results.items():
        print(preset)
        for what, value in values.items():
            if isinstance(value, dict):
                print(f"  {what:32s} " + "   ".join(f"{name} {number:8.3f}" for name, number in value.items()))
            else:
                print(f"  {what:32s} {value:8.2f}")


if __name__ == "__main__":
    main()
