"""The table of failures: laws of sorting, filters together, selection, and tables that fill up while one looks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer_app.inspect.model.failure_table import COLUMNS, NUMBERS, FailureTable
from explorer_app.inspect.model.filters import Filters
from lsps_core.evaluation.about import About
from lsps_core.evaluation.frame_results import FrameResults

JOINTS = ("wrist", "thumb", "index")


def make_results(errors_mm, groups=None, names=None, disagreement_mm=None, residual_mm=None) -> FrameResults:
    errors = np.array(errors_mm, dtype=np.float32).reshape(-1, len(JOINTS))
    count = len(errors)
    groups = np.array(groups if groups is not None else [""] * count, dtype=np.str_)
    texts = {"model": "m", "model_digest": "m", "data": "d", "data_path": "d.h5", "data_digest": "d"}
    about = About(
        **texts,
        frame_count=count,
        labels_digest="l",
        domain="real",
        is_simulated=True,
        protocol="all",
        skeleton="s",
        joints=JOINTS,
    )
    generator = np.random.default_rng(0)
    disagreement = generator.random(count) if disagreement_mm is None else disagreement_mm
    return FrameResults(
        about=about,
        names=np.array(names if names is not None else [f"{g}/{i:04d}" for i, g in enumerate(groups)], dtype=np.str_),
        groups=groups,
        pose_latent=generator.normal(size=(count, 20)).astype(np.float32),
        errors_mm=errors,
        disagreement_mm=np.array(disagreement, dtype=np.float32),
        latent_distance=generator.random(count).astype(np.float32),
        residual_mm=None if residual_mm is None else np.array(residual_mm, dtype=np.float32),
    )


@pytest.fixture
def table() -> FailureTable:
    nan = math.nan
    errors = [[1, 2, 3], [9, 1, nan], [nan, nan, nan], [4, 4, 4], [0, 30, 0], [2, 2, 2]]
    groups = ["b", "a", "a", "", "b", "b"]
    return FailureTable(make_results(errors, groups))


def test_columns_say_what_the_errors_say(table):
    assert [table.value(1, name) for name in COLUMNS[:6]] == [1, "a/0001", "a", 5, 9, "wrist"]
    assert table.value(4, "mean_mm") == 10
    assert table.value(4, "worst_joint") == "thumb"
    assert math.isnan(table.value(2, "mean_mm"))
    assert math.isnan(table.value(2, "worst_mm"))
    assert table.value(2, "worst_joint") == ""
    assert table.groups == ["", "a", "b"]


def test_sorting_goes_both_ways_with_nothing_last(table):
    table.sort("mean_mm")
    assert table.rows.tolist() == [0, 5, 3, 1, 4, 2]
    table.sort("mean_mm", is_descending=True)
    assert table.rows.tolist() == [4, 1, 3, 0, 5, 2]
    table.sort("group", is_descending=True)
    assert table.rows.tolist() == [4, 0, 5, 1, 2, 3]
    table.sort("worst_joint")
    assert table.rows[-1] == 2


values = st.sampled_from([-3.0, -0.0, 0.0, 1.0, 2.5, 1e-30, 1e30, math.nan, math.inf])


@settings(max_examples=60)
@given(
    st.lists(st.tuples(values, st.sampled_from(["", "a", "b", "ä"])), min_size=1, max_size=25),
    st.lists(st.tuples(st.sampled_from(["disagreement_mm", "group", "index", "name"]), st.booleans()), max_size=4),
)
def test_sorting_is_that_of_python_step_by_step(rows, steps):
    """Every sort keeps the order of equals, as clicking one heading after another should."""
    numbers, groups = zip(*rows, strict=True)
    table = FailureTable(make_results([[1, 1, 1]] * len(rows), groups, disagreement_mm=numbers))
    expected = list(range(len(rows)))
    for column, is_descending in steps:

        def is_missing(frame, column=column):
            value = table.value(frame, column)
            return value == "" or value != value

        present = [frame for frame in expected if not is_missing(frame)]
        present.sort(key=lambda frame, column=column: table.value(frame, column), reverse=is_descending)
        expected = present + [f for f in expected if is_missing(f)]
        table.sort(column, is_descending)
        assert table.rows.tolist() == expected


def test_filters_work_together_and_leave_the_order(table):
    table.set_tags({0: "odd", 4: "odd", 1: "fine"})
    table.sort("mean_mm", is_descending=True)
    table.set_filters(Filters(groups=frozenset("b")))
    assert table.rows.tolist() == [4, 0, 5]
    table.set_filters(Filters(groups=frozenset("b"), ranges={"mean_mm": (2, 10)}))
    assert table.rows.tolist() == [4, 0, 5]
    table.set_filters(Filters(groups=frozenset("b"), ranges={"mean_mm": (2, 9.9)}, text="B/000"))
    assert table.rows.tolist() == [0, 5]
    table.set_filters(Filters(tags=frozenset({"odd"}), text="4"))
    assert table.rows.tolist() == [4]
    table.set_filters(Filters(groups=frozenset({"", "a"}), tags=frozenset({""})))
    assert table.rows.tolist() == [3, 2]
    table.set_filters(Filters(ranges={"mean_mm": (-math.inf, math.inf)}))
    assert 2 not in table.rows
    table.set_filters(Filters())
    assert table.rows.tolist() == [4, 1, 3, 0, 5, 2]
    with pytest.raises(ValueError, match="nothing_mm"):
        table.set_filters(Filters(ranges={"nothing_mm": (0, 1)}))


def test_the_probably_wrong_have_the_largest_residuals():
    nan = math.nan
    table = FailureTable(make_results([[1, 1, 1]] * 6, residual_mm=[5, 1, nan, 4, 2, 3]))
    table.sort("residual_mm", is_descending=True)
    assert table.rows.tolist() == [0, 3, 5, 4, 1, 2]
    table.set_filters(Filters(above_percentile=50))
    assert table.rows.tolist() == [0, 3]
    table.results.residual_mm[2] = 9  # the percentile is of all frames that are evaluated by now
    table.refresh(2, 3)
    assert sorted(table.rows.tolist()) == [0, 2, 3]
    table.set_filters(Filters(above_percentile=0, ranges={"residual_mm": (2, 4)}))
    assert sorted(table.rows.tolist()) == [3, 4, 5]
    unfitted = FailureTable(make_results([[1, 1, 1]] * 2))
    unfitted.set_filters(Filters(above_percentile=50))
    assert len(unfitted) == 2, "a filter by residuals hides frames without"


def test_a_sort_while_filtered_is_there_when_the_filter_goes(table):
    table.set_filters(Filters(groups=frozenset("a")))
    table.sort("index", is_descending=True)
    assert table.rows.tolist() == [2, 1]
    table.set_filters(Filters())
    assert table.rows.tolist() == [5, 4, 3, 2, 1, 0]


def test_tags_sort_and_filter_and_change(table):
    table.set_tags({3: "b", 1: "a"})
    table.sort("tag")
    assert table.rows[:2].tolist() == [1, 3]
    assert table.tags == ["", "a", "b"]
    assert table.value(3, "tag") == "b"
    table.set_filters(Filters(tags=frozenset({"a"})))
    table.set_tags({5: "a"})
    assert table.rows.tolist() == [5]


def test_the_selection_outlives_sorting_and_filtering(table):
    assert table.select([4, 0])
    assert not table.select(np.array([0, 4]))
    table.sort("mean_mm", is_descending=True)
    assert table.selected_rows().tolist() == [4, 0]
    table.set_filters(Filters(groups=frozenset("a")))
    assert table.selected_rows().tolist() == []
    assert table.selection.tolist() == [0, 4]
    table.select([1], "add")
    table.select([4], "remove")
    assert table.selection.tolist() == [0, 1]
    assert table.select([])
    assert table.selection.tolist() == []


def test_a_frame_finds_its_row(table):
    table.sort("mean_mm")
    assert [table.place_of(frame) for frame in range(6)] == [0, 3, 5, 2, 4, 1]
    table.set_filters(Filters(groups=frozenset("b")))
    assert [table.place_of(frame) for frame in range(6)] == [0, None, None, None, 2, 1]


def test_a_table_fills_up_as_the_evaluation_goes_on():
    results = make_results([[math.nan] * 3] * 4)
    table = FailureTable(results)
    table.set_filters(Filters(ranges={"worst_mm": (5, 100)}))
    assert len(table) == 0
    results.errors_mm[2:] = [[1, 9, 1], [1, 1, 1]]
    table.refresh(2, 4)
    assert table.rows.tolist() == [2]
    assert table.value(2, "worst_joint") == "thumb"


def test_nothing_at_all_is_an_empty_table():
    table = FailureTable(make_results([]))
    for column in COLUMNS:
        table.sort(column)
    table.set_filters(Filters(text="a", groups=frozenset("a"), ranges={"mean_mm": (0, 1)}))
    assert (len(table), table.selection.tolist()) == (0, [])


def test_a_quarter_of_a_million_rows_sort_and_filter_as_a_few_do():
    count = 250_000
    errors = np.random.default_rng(1).random((count, 3)) * 50
    residuals = np.random.default_rng(2).random(count)
    table = FailureTable(make_results(errors, np.array(["s1", "s2"])[np.arange(count) % 2], residual_mm=residuals))
    while table.lacks_typicality:
        table.fill_typicality(lambda pose_latent: pose_latent[:, 0])
    for column in NUMBERS:
        table.sort(column, is_descending=True)
        assert (np.diff(table.numbers(column)[table.rows]) <= 0).all()
    table.set_filters(Filters(groups=frozenset({"s2"}), text="99", ranges={"mean_mm": (10, 40)}))
    assert all("99" in table.value(frame, "name") for frame in table.rows[:50])
    assert set(np.unique(table.rows % 2)) == {1}
