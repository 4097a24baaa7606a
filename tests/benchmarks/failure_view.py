"""How fluent 250 000 failures are in the window: sort, filter, select and scroll, with the GUI thread's longest pauses.

What is shown is waited for, from the click until the rows are painted. Run: python tests/benchmarks/failure_view.py
[--frames 250000] [--all]; without --all the linked plots and galleries are closed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import numpy as np
from app_window import open_window, percentile, wait_ms, wait_until, write_preset
from event_loop import LIMIT_MS, Probe
from failure_table import make_results
from PySide6.QtWidgets import QApplication

from explorer_app.inspect.model.failure_table import COLUMNS, FailureTable
from explorer_app.inspect.model.filters import Filters
from explorer_app.shell.main_window import MainWindow

RUNS = 3
SCROLL_STEPS = 120


def measure(name: str, act: Callable[[int], None]) -> None:
    """Do something RUNS times under the probe, and print how long it and the GUI thread's pauses were (ms)."""
    probe, times = Probe(), []
    with probe.watching():
        for run in range(RUNS):
            start = time.perf_counter()
            act(run)
            times.append(1000 * (time.perf_counter() - start))
            wait_ms(80)  # thumbnails, and whatever else follows
    over = sum(wait > LIMIT_MS for wait in probe.waits_ms)
    print(f"{name:34s} {sorted(times)[RUNS // 2]:8.1f} {max(times):8.1f}", end="")
    print(f" {max(probe.waits_ms):10.1f} {percentile(probe.waits_ms, 99):6.1f} {over:6d}", flush=True)
    for culprit, count in probe.culprits.most_common(3):
        print(f"    {count:4d} x {culprit}")


def measure_all(window: MainWindow) -> None:
    failures, view = window.failures, window.failures_panel.table

    def settled() -> None:
        wait_until(lambda: not failures.is_busy)
        view.viewport().repaint()

    def sort(column: str, is_descending: bool) -> None:
        failures.sort(column, is_descending)
        settled()

    def scroll(_run: int) -> None:
        bar = view.verticalScrollBar()
        for step in range(SCROLL_STEPS):
            bar.setValue(bar.maximum() * step // SCROLL_STEPS)
            QApplication.processEvents()

    def filtered(filters: Filters) -> None:
        failures.set_filters(filters)
        settled()

    def select(frames: np.ndarray) -> None:
        failures.select([])
        failures.select(frames)
        view.viewport().repaint()

    def click_all(_run: int) -> None:
        view.clearSelection()
        view.selectAll()
        view.viewport().repaint()

    for column in COLUMNS:
        measure(f"sort {column}", lambda run, column=column: sort(column, run % 2 == 0))
    sort("mean_mm", True)
    filters = {
        "group": Filters(groups=frozenset({"subject3"})),
        "text": Filters(text="123"),
        "range": Filters(ranges={"mean_mm": (20.0, 30.0)}),
        "none": Filters(),
    }
    for name, wanted in filters.items():
        measure(f"filter {name}", lambda _, wanted=wanted: filtered(wanted))
    count = len(failures.table.results.names)
    measure("select all", click_all)
    scattered = np.random.default_rng(2).choice(count, count // 5, replace=False)
    measure("select a fifth, scattered", lambda _: select(scattered))
    measure(f"scroll, {SCROLL_STEPS} steps", scroll)
    failures.select([])
    measure(f"scroll unselected, {SCROLL_STEPS} steps", scroll)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=250_000)
    parser.add_argument("--all", action="store_true", help="with the docks that are linked to the table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = write_preset("compact", Path(folder))
        with open_window(path, store="sensor.h5") as window:
            window.workspaces.go("Inspect")
            for title, dock in window.docks.items():
                dock.setVisible(title == "Failures" or (options.all and dock.isVisible()))
            wait_until(lambda: not window.background.is_busy)
            window.failures.set_table(FailureTable(make_results(options.frames)))
            wait_ms(500)
            print(f"{options.frames} rows; ms{'':17s}    median      max  GUI pause    p99  >16ms")
            measure_all(window)


if __name__ == "__main__":
    main()
