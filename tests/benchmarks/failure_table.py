"""How long sorting, filtering and pointing take in a table of 250 000 failures.

Run: python tests/benchmarks/failure_table.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from explorer_app.inspect.model import near_duplicates
from explorer_app.inspect.model import plot_statistics as failure_plots
from explorer_app.inspect.model.failure_table import COLUMNS, FailureTable
from explorer_app.inspect.model.filters import Filters
from lsps_core.evaluation.about import About
from lsps_core.evaluation.frame_results import FrameResults

FRAMES = 250_000
RUNS = 5


def make_results(count: int) -> FrameResults:
    """Made up: 21 joints, nine subjects, one frame in fifty without annotation."""
    generator = np.random.default_rng(0)
    groups = np.array([f"subject{i * 9 // count}" for i in range(count)])
    errors = generator.gamma(4, 5, (count, 21)).astype(np.float32)
    errors[::50] = np.nan
    about = About(
        model="model.safetensors",
        model_digest="m",
        data="made",
        data_path="made.h5",
        frame_count=count,
        data_digest="d",
        labels_digest="l",
        domain="real",
        is_simulated=True,
        protocol="all 21 joints",
        skeleton="hand21",
        joints=tuple(f"joint{i}" for i in range(21)),
    )
    return FrameResults(
        about=about,
        names=np.array([f"{group}/{i:06d}" for i, group in enumerate(groups)]),
        groups=groups,
        pose_latent=generator.normal(size=(count, 20)).astype(np.float32),
        errors_mm=errors,
        disagreement_mm=generator.gamma(3, 3, count).astype(np.float32),
        latent_distance=generator.gamma(3, 0.1, count).astype(np.float32),
    )


def _other(column: str) -> str:
    """What was sorted by before, so that nothing is in order yet."""
    return "worst_mm" if column != "worst_mm" else "disagreement_mm"


def show(name: str, work: Callable[[], object], before: Callable[[], object] = lambda: None) -> None:
    times = []
    for _ in range(RUNS):
        before()
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    print(f"{name:32s} {sorted(times)[RUNS // 2]:7.1f} {max(times):7.1f}")


def main() -> None:
    results = make_results(FRAMES)
    start = time.perf_counter()
    table = FailureTable(results)
    print(f"{FRAMES} frames; made in {time.perf_counter() - start:.2f} s; ms, median and worst of {RUNS}")
    table.set_tags(dict.fromkeys(range(0, FRAMES, 7), "look"))
    for column in COLUMNS:
        for is_descending in (False, True):
            sort = partial(table.sort, column, is_descending)
            show(f"sort {column}{' down' * is_descending}", sort, partial(table.sort, _other(column)))
    table.sort("mean_mm", True)
    filters = {
        "group": Filters(groups=frozenset({"subject3"})),
        "text, few": Filters(text="00123"),
        "text, all": Filters(text="Subject"),
        "range": Filters(ranges={"mean_mm": (20, 30)}),
        "tag": Filters(tags=frozenset({"look"})),
        "all of them": Filters(
            groups=frozenset({"subject3"}), text="1", ranges={"mean_mm": (10, 30)}, tags=frozenset({"look"})
        ),
    }
    for name, wanted in filters.items():
        show(f"filter {name}", lambda wanted=wanted: table.set_filters(wanted))
    table.set_filters(Filters())
    plane = failure_plots.principal_plane([results.pose_latent])
    assert plane is not None
    points = plane.points(results.pose_latent)
    angles = np.linspace(0, 2 * np.pi, 300)
    lasso = np.stack([np.cos(angles), np.sin(angles)], axis=1) * (1 + 0.2 * np.sin(9 * angles))[:, None]
    errors = table.numbers("mean_mm")
    show("select all", lambda: table.select(table.rows))
    show("selected rows", table.selected_rows)
    show("plane", lambda: failure_plots.principal_plane([results.pose_latent]))
    show("lasso, 300 corners", lambda: failure_plots.inside(points, lasso))
    show("nearest point", lambda: failure_plots.nearest(points, (0.3, 0.2), (0.01, 0.01)))
    show("success curve", lambda: failure_plots.success_curve(table.numbers("worst_mm")))
    show("histogram", lambda: failure_plots.histogram(errors))
    show("along the sequence", lambda: failure_plots.along_sequence(errors, results.groups))
    worst = near_duplicates.worst(errors)
    poses_mm = np.random.default_rng(1).normal(0, 20, (len(worst), 21, 3))
    show("worst 2000", lambda: near_duplicates.worst(errors))
    show("near duplicates of 2000", lambda: near_duplicates.near_duplicates(worst, poses_mm, results.groups[worst]))


if __name__ == "__main__":
    main()
