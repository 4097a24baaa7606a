"""Scrubbing through ten thousand frames in the time view: the GUI thread's time, and that of drawing in its thread.

The codes, joints and errors are random walks. A scrub goes to another frame, and paints the view.

Run: python tests/benchmarks/time_view.py [--frames 10000] [--steps 300]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import numpy as np
from app_window import open_window, percentile, wait_until, write_preset
from PySide6.QtCore import QCoreApplication

from explorer_app.explore.model.sequence import FrameSequence
from explorer_app.explore.model.time_rows import RowChoice, rows_of
from explorer_app.explore.timeline.picture import draw_rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=300)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    with open_window(write_preset("compact", Path()), store="sensor.h5") as window:
        session, view = window.session, window.explore.time
        window.docks["Time"].raise_()
        sequence = FrameSequence(session.data, session.model, session.domain)
        for name in ("codes", "joints_mm", "error_mm", "typicality"):
            shape = (options.frames, *getattr(sequence, name).shape[1:])
            setattr(sequence, name, rng.normal(0, 0.1, shape).cumsum(axis=0).astype(np.float32))
        sequence.times_s = np.arange(options.frames) / 30
        view.reading.sequence = sequence
        view.plot.set_count(options.frames)
        view._draw()
        wait_until(lambda: view.plot.picture is not None)
        times = []
        for index in rng.integers(0, options.frames, options.steps).tolist():
            start = time.process_time()
            view.plot.show_current(index)
            QCoreApplication.processEvents()
            times.append(1000 * (time.process_time() - start))
        print("| what | ms of the process's own time |\n|---|---:|")
        print(f"| a scrub, median of {options.steps} | {percentile(times, 50):.2f} |")
        print(f"| 99 % of the scrubs within | {percentile(times, 99):.2f} |")
        for is_smooth in (False, True):
            start = time.process_time()
            rows = rows_of(sequence, RowChoice(is_smooth=is_smooth))
            draw_rows(rows, sequence.times_s, True, 0, options.frames - 1, view.plot.look)
            what = "curves, smoothed" if is_smooth else "curves"
            print(f"| {what}, in a thread | {1000 * (time.process_time() - start):.0f} |")


if __name__ == "__main__":
    main()
