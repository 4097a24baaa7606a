"""An experiment's picture: Table 1 as bars, the left half of Figure 5 as curves."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from lsps_core.experiments.results import RowResult, Summary

_AXES = {"mean_error_mm": "mean joint error, mm", "within_40mm_percent": "frames with all joints within 40 mm, %"}
_BAR_AXES = {**_AXES, "cpu_seconds": "CPU time of a seed, s"}
_COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple", "tab:brown")
_LABEL_WIDTH = 44
"""Characters in a line beside a bar."""


def table_bars(rows: Sequence[RowResult], title: str) -> Figure:
    """One bar a row for each metric and for its time, with the standard deviation and a dot for every seed."""
    figure = Figure(figsize=(13, 1.6 + 0.5 * len(rows)), layout="constrained")
    figure.suptitle(title, fontsize=10)
    columns = figure.subplots(1, len(_BAR_AXES), sharey=True)
    for axes, (metric, name) in zip(columns, _BAR_AXES.items(), strict=True):
        for place, row in enumerate(rows):
            summary: Summary = getattr(row, metric)
            if summary.mean is None:
                _write_beside(axes, place, "–" if row.runs else "not yet")
                continue
            axes.barh(place, summary.mean, xerr=summary.deviation, color=_COLOURS[0], alpha=0.6, capsize=3)
            axes.plot(list(summary.values.values()), [place] * len(summary.values), "k.", markersize=4)
            _write_beside(axes, place, f"{summary.mean:.{0 if metric == 'cpu_seconds' else 1}f}")
        axes.set(xlabel=name, xlim=(0, 100 if metric == "within_40mm_percent" else None))
    columns[0].set_yticks(range(len(rows)), [textwrap.fill(row.row.label, _LABEL_WIDTH) for row in rows])
    columns[0].invert_yaxis()
    return figure


def _write_beside(axes: Axes, place: int, text: str) -> None:
    """At the start of a bar."""
    axes.annotate(text, (0, place), xytext=(4, 0), textcoords="offset points", va="center")


def curves(rows: Sequence[RowResult], title: str) -> Figure:
    """One curve a method for each metric, over the share of real annotations; LSPS without any is a horizontal line."""
    figure = Figure(figsize=(11, 5.5), layout="constrained")
    figure.suptitle(title, fontsize=10)
    shares = sorted({row.row.labels for row in rows if row.row.labels > 0})
    for axes, (metric, name) in zip(figure.subplots(1, 2), _AXES.items(), strict=True):
        for colour, key in zip(_COLOURS, dict.fromkeys(row.row.key for row in rows), strict=False):
            points = [(row, getattr(row, metric)) for row in rows if row.row.key == key and row.runs]
            for row, summary in points:
                if row.row.labels == 0:
                    axes.axhline(summary.mean, color=colour, linestyle="--", label=f"{row.row.label}, no real label")
            labelled = [(row.row.labels, summary) for row, summary in points if row.row.labels > 0]
            if labelled:
                x = [share for share, _ in labelled]
                means = [summary.mean for _, summary in labelled]
                deviations = [summary.deviation or 0.0 for _, summary in labelled]
                axes.errorbar(x, means, deviations, color=colour, marker="o", capsize=3, label=points[0][0].row.label)
        axes.set_xscale("log")
        axes.set_xticks(shares)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}"))
        axes.set(xlabel="real annotations used, %", ylabel=name)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center")
    return figure
