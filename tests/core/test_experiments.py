"""Table 1 and Figure 5: which settings a row gets, what the report says, and that nothing finished is done twice."""

from __future__ import annotations

import csv
import json
import math
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lsps_core.cli import main
from lsps_core.config.training import STAGES
from lsps_core.data.store import FrameStore
from lsps_core.experiments.plan import ExperimentSettings, PlannedRun, make_plan
from lsps_core.experiments.report import StoreDescription, write_picture, write_report
from lsps_core.experiments.results import RunResult, gap_closed_percent
from lsps_core.experiments.run import ExperimentRunner

BOUNDS = ["synthetic_only", "synthetic_only_pretrained", "real", "real_pretrained"]
REGRESSORS = ["regressor_synthetic", "dense_synthetic", "dense_synthetic_long", "regressor_real"]
OF_ITS_OWN = ["residual_synthetic", "residual_synthetic_long", "residual_fitted", "residual_real"]
TABLE1 = [
    *(*BOUNDS[:2], "lsps", "lsps_paper_terms", *BOUNDS[2:]),
    *(*REGRESSORS[:2], OF_ITS_OWN[0], REGRESSORS[2], *OF_ITS_OWN[1:3], REGRESSORS[3], OF_ITS_OWN[3]),
]
TRANSLATED, CONSISTENT = 10, 4


def settings(out: Path = Path("out"), experiment: str = "table1", **changes) -> ExperimentSettings:
    paths = {"synthetic_path": Path("s.h5"), "real_path": Path("r.h5"), "test_path": Path("t.h5")}
    return ExperimentSettings(**{"experiment": experiment, "out": out, "device": "cpu", **paths, **changes})


def runs_of(experiment: str = "table1", **changes) -> dict[tuple[str, float], PlannedRun]:
    """The plan's runs of its first seed, by row and share of labels."""
    plan = make_plan(settings(experiment=experiment, **changes))
    return {(row.key, row.labels): row.runs[plan.seeds[0]] for row in plan.rows}


def arguments(stores: dict[str, Path], out: Path, *more: str) -> list[str]:
    test = stores.get("test", stores["real"])
    paths = ["--synthetic", stores["synthetic"], "--real", stores["real"], "--test", test, "--out", out]
    tiny = ["--scale", "tiny", "--device", "cpu", "--seeds", "3"]
    return ["experiment", "table1", *map(str, paths), *tiny, *more]


def made_up(mean_error_mm: float, within: float = 50.0, seconds: float = 10.0) -> RunResult:
    return RunResult(
        mean_error_mm=mean_error_mm,
        within_40mm_percent=within,
        frames=8252,
        protocol="14 joints",
        seconds=seconds,
        cpu_seconds=0.7 * seconds,
        machine="an abacus",
    )


def stores_facts(is_simulated: bool) -> list[StoreDescription]:
    command = {"command": "lsps simulate"}
    return [
        StoreDescription(role, Path(f"{role}.h5"), 96, is_simulated, command) for role in ("synthetic", "real", "test")
    ]


class Told:
    """Keeps what an experiment said."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int, int]] = []
        self.kinds: list[str] = []
        self.new: dict[str, RunResult] = {}
        self.after_event = lambda: None

    def started(self, name: str, index: int, count: int) -> None:
        self.begun.append((name, index, count))

    def event(self, event) -> None:
        self.kinds.append(event.kind)
        self.after_event()

    def finished(self, name: str, result: RunResult, is_new: bool) -> None:
        if is_new:
            self.new[name] = result


def bridge(run: PlannedRun) -> tuple[float, float, float]:
    """Weights of what carries P from synthetic to real images: the paper's term, then ours."""
    weights = run.config.weights
    return weights.feature_matching, weights.posterior_translated, weights.posterior_consistency


def test_the_ablation_takes_every_term_alone_and_in_pairs_that_make_sense():
    runs = runs_of("ablation")
    bridges = {key: bridge(run) for (key, _), run in runs.items()}
    assert min(TRANSLATED, CONSISTENT) > 0
    assert bridges == dict.fromkeys(BOUNDS, (0, 0, 0)) | {
        "lsps_paper_terms": (1, 0, 0),
        "lsps_matching_translated": (1, TRANSLATED, 0),
        "lsps_matching_consistent": (1, 0, CONSISTENT),
        "lsps_translated": (0, TRANSLATED, 0),
        "lsps_from_discriminator": (0, TRANSLATED, CONSISTENT),
        "lsps": (0, TRANSLATED, CONSISTENT),
    }
    papers = ["synthetic_only_pretrained", "lsps_paper_terms", "lsps_from_discriminator", "real_pretrained"]
    starts = {key: run.config.posterior_start for (key, _), run in runs.items()}
    assert starts == dict.fromkeys(bridges, "random") | dict.fromkeys(papers, "discriminator")


def test_the_rows_of_table_1_differ_only_in_what_they_stand_for():
    runs = {key: run for (key, _), run in runs_of().items()}
    assert list(runs) == TABLE1
    configs = {key: run.config for key, run in runs.items()}
    assert [config.depth.steps for config in configs.values()] == [0] * 14
    alone = {"synthetic_only", "real", *REGRESSORS, *OF_ITS_OWN[:2]}
    assert {key for key, run in runs.items() if run.parent is None} == alone
    assert [key for key, run in runs.items() if run.is_regressor] == REGRESSORS
    assert configs["synthetic_only"].pose.steps > 0
    bridges = {key: bridge(run) for key, run in runs.items()}
    assert bridges["lsps"] == (0, TRANSLATED, CONSISTENT)
    assert bridges["lsps_paper_terms"] == (1, 0, 0)
    assert {bridges[key] for key in BOUNDS} == {(0, 0, 0)}
    assert [key for key in TABLE1[:6] if configs[key].weights.posterior_labelled != 10] == ["lsps"]
    assert [key for key, config in configs.items() if config.annotations == "real"] == [*BOUNDS[2:], "regressor_real"]
    assert [config.labels for config in configs.values()] == [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1]
    for switch in ("degrade", "occlude"):
        assert [key for key, config in configs.items() if getattr(config.posterior, switch)] == TABLE1[6:]
    assert [key for key, config in configs.items() if config.posterior_kind == "residual"] == OF_ITS_OWN
    linear = [key for key in TABLE1[6:] if configs[key].posterior_head == "linear"]
    assert linear == ["regressor_synthetic", "regressor_real"]
    assert [key for key, run in runs.items() if run.fits is not None] == ["residual_fitted"]
    assert {key for key, config in configs.items() if config.real_path != configs["lsps"].real_path} == {
        "residual_fitted"
    }


def test_pretrained_rows_share_a_model_that_saw_no_real_label_and_train_the_posterior_stage_alone():
    planned = [run for run in runs_of(seeds=(7,)).values() if run.parent is not None]
    runs = [run for run in planned if run.config.posterior_kind == "trunk"]
    (parent,) = {run.parent for run in runs}
    assert (parent.config.labels, parent.config.posterior.steps, parent.config.seed) == (0, 0, 7)
    assert parent.config.depth.steps == 20_000
    for run in runs:
        assert run.config.initial_path == str(Path("out/runs/pretrained-seed7/model.safetensors").resolve())
        assert (run.config.pose.steps, run.config.depth.steps) == (0, 0)


@pytest.mark.parametrize("experiment", ["table1", "figure5"])
def test_all_rows_have_equal_budgets(experiment):
    longer = {"dense_synthetic": 1.2, "dense_synthetic_long": 3.25, "residual_synthetic_long": 2.8}
    longer["residual_supervised"] = 2.0
    frames = {stage: set() for stage in STAGES}
    for whole in runs_of(experiment).values():
        for run in (whole, whole.parent) if whole.parent is not None else (whole,):
            key = run.name.partition("-")[0]
            is_halved = key in ("residual_fitted", "residual_labelled", "residual_real")
            for stage in STAGES:
                length = run.config.stage(stage)
                count = (length.batch_size + length.extra_annotated) * (2 if is_halved and stage == "posterior" else 1)
                times = longer.get(key, 1.0) if stage == "posterior" else 1.0
                frames[stage] |= {(length.steps / times, count)} if length.steps else set()
    assert frames == {"pose": {(20_000, 128)}, "depth": {(20_000, 16)}, "posterior": {(6_000, 48)}}


def test_rows_with_frames_of_both_kinds_share_a_step_of_any_size():
    sizes = ("posterior.batch_size=1", "posterior.extra_annotated=47")
    posterior = runs_of(settings=sizes)["residual_fitted", 0.0].config.posterior
    assert (posterior.batch_size, posterior.extra_annotated) == (1, 23)


def test_the_paper_preset_has_no_row_of_its_own_terms_as_all_of_it_is():
    assert ("lsps_paper_terms", 0.0) not in runs_of(preset="paper")
    papers = ("weights.posterior_translated=0", "weights.posterior_consistency=0")
    assert [key for key, _ in runs_of("ablation", settings=papers)] == [*BOUNDS[:2], "lsps", *BOUNDS[2:]]


def test_figure_5_has_five_curves_over_the_shares_and_two_rows_without_labels():
    runs = runs_of("figure5", shares=(0.5, 0.1))
    curves = ("lsps", "supervised", "crossing_nets", "residual_labelled", "residual_supervised")
    unlabelled = [("lsps", 0.0), ("residual_fitted", 0.0)]
    assert list(runs) == [*unlabelled, *((key, share) for share in (0.1, 0.5) for key in curves)]
    assert all(run.config.labels == share for (_, share), run in runs.items() if run.fits is None)
    assert {runs["lsps", share].parent.name for share in (0.0, 0.1, 0.5)} == {"pretrained-seed1"}
    assert runs["lsps", 0.0].parent.config.labels == 0
    crossing, supervised = runs["crossing_nets", 0.1], runs["supervised", 0.1]
    assert crossing.parent is supervised.parent is None
    assert (crossing.config.method, crossing.config.annotations) == ("crossing_nets", "real")
    assert crossing.config.depth.steps == 20_000
    assert (supervised.config.method, supervised.config.annotations) == ("lsps", "real")
    assert (supervised.config.depth.steps, supervised.config.weights.feature_matching) == (0, 0)
    labelled, supervised = runs["residual_labelled", 0.1], runs["residual_supervised", 0.1]
    assert labelled.config.posterior_kind == supervised.config.posterior_kind == "residual"
    assert (labelled.parent.name, supervised.parent) == ("residual_synthetic-seed1", None)
    assert (labelled.config.annotations, supervised.config.annotations) == ("both", "real")
    assert list(runs_of("figure5", shares=(0.1,), rows=("residual_labelled",))) == [("residual_labelled", 0.1)]


def test_runs_are_planned_once_each_seed_by_seed_after_what_they_start_from():
    for experiment, count in (("table1", 30), ("figure5", 38)):
        plan = make_plan(settings(experiment=experiment, seeds=(1, 2), shares=(0.1, 0.5, 1.0)))
        names = [run.name for run in plan.runs]
        assert len(names) == len(set(names)) == count
        assert all(run.config.seed == 1 for run in plan.runs[: count // 2])
        for run in plan.runs:
            assert run.parent is None or names.index(run.parent.name) < names.index(run.name)
    shared = {run.name for run in make_plan(settings(seeds=(1, 2))).runs} & set(names)
    rows = ("pretrained", "lsps", "residual_synthetic", "residual_fitted")
    assert shared == {f"{row}-seed{seed}" for row in rows for seed in (1, 2)}


def test_rows_of_a_table_are_planned_alone_with_what_they_start_from():
    plan = make_plan(settings(seeds=(1,), rows=("residual_fitted", "regressor_real")))
    assert [row.key for row in plan.rows] == ["residual_fitted", "regressor_real"]
    assert [run.name for run in plan.runs] == [
        "residual_synthetic-seed1",
        "residual_fitted-seed1",
        "regressor_real-seed1",
    ]


def test_a_scale_and_settings_hold_for_every_row():
    runs = runs_of(scale="small", settings=("posterior.steps=70", "precision=bfloat16"))
    for (key, _), run in runs.items():
        longer = {"dense_synthetic": 84, "dense_synthetic_long": 228, "residual_synthetic_long": 196}
        assert run.config.posterior.steps == longer.get(key, 70)
        assert run.config.precision == "bfloat16"
    assert runs["lsps", 0.0].parent.config.depth.steps == 2_000
    assert runs["synthetic_only", 0.0].config.depth.steps == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"settings": ("seed=3",)}, "use --seeds"),
        ({"settings": ("initial_path=a.safetensors",)}, "leave it out"),
        ({"settings": ("depth.speed=3",)}, "no such setting"),
        ({"seeds": ()}, "--seeds"),
        ({"seeds": (1, 1)}, "--seeds"),
        ({"shares": (0.0, 0.5)}, "--shares"),
        ({"shares": (0.5, 0.5)}, "twice"),
        ({"rows": ("lsps", "typo")}, "--rows typo: those of table1 are synthetic_only, "),
        ({"rows": ("real",), "experiment": "figure5"}, "those of figure5 are lsps, residual_fitted, supervised, "),
    ],
)
def test_what_cannot_be_planned_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        make_plan(settings(**changes))


def test_the_gap_closed_is_that_of_the_papers_table():
    assert gap_closed_percent(23.71, 17.84, 15.83) == pytest.approx(74.5, abs=0.05)
    assert gap_closed_percent(23.91, 14.09, 7.09) == pytest.approx(58.4, abs=0.05)
    assert gap_closed_percent(20.0, 10.0, 20.0) is None


def report(tmp_path: Path, experiment: str, errors_mm: dict[str, float], is_simulated: bool = True, **changes):
    """Text of the Markdown, and lines of the CSV, from made-up errors by run name."""
    wanted = settings(tmp_path, experiment, **changes)
    results = {name: made_up(error) for name, error in errors_mm.items()}
    path = write_report(wanted, make_plan(wanted), results, stores_facts(is_simulated))
    assert path == tmp_path / f"{experiment}.md"
    return path.read_text(encoding="utf-8"), list(
        csv.DictReader(path.with_suffix(".csv").read_text(encoding="utf-8").splitlines())
    )


def cells(markdown: str, label: str) -> list[str]:
    (line,) = [line for line in markdown.splitlines() if line.startswith(f"| {label} | ") and line.count("|") == 8]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_table_gives_mean_deviation_and_gap_over_the_seeds(tmp_path):
    errors_mm = {"synthetic_only-seed1": 30.0, "synthetic_only-seed2": 32.0}
    errors_mm |= {"synthetic_only_pretrained-seed1": 24.0, "synthetic_only_pretrained-seed2": 26.0}
    errors_mm |= {"lsps-seed1": 18.0, "lsps-seed2": 20.0, "lsps_paper_terms-seed1": 21.0}
    errors_mm |= {"real_pretrained-seed1": 16.0, "real_pretrained-seed2": 15.0, "pretrained-seed1": 40.0}
    errors_mm |= {"real-seed1": 17.0, "real-seed2": 14.0, "pretrained-seed2": 40.0}
    text, lines = report(tmp_path, "table1", errors_mm, seeds=(1, 2))
    assert cells(text, "Synthetic-only")[1] == "31.00 ± 1.41"
    assert cells(text, "LSPS*") == [
        "LSPS*",
        "19.00 ± 1.41",
        "50.00 ± 0.00",
        "62.5 ± 17.7",
        "1, 2",
        "20 ± 0",
        "14 ± 0",
    ]  # 75 % and 50 %; a seed's time with that of its pre-trained model
    assert cells(text, "Real labels")[5:] == ["10 ± 0", "7 ± 0"]
    partial = cells(text, "LSPS*, the paper's posterior stage")
    assert (partial[1], partial[3], partial[4]) == ("21.00", "37.5", "1 (not yet: 2)")
    assert "13 of 30 runs finished" in text
    assert "an abacus" in text
    assert len(lines) == 28
    by_run = {line["run"]: line for line in lines}
    assert [float(by_run[f"lsps-seed{seed}"]["gap_closed_percent"]) for seed in (1, 2)] == [75.0, 50.0]
    assert float(by_run["lsps-seed2"]["gap_closed_percent_mean"]) == 62.5
    assert float(by_run["lsps-seed1"]["mean_error_mm"]) == 18.0
    assert float(by_run["lsps-seed1"]["mean_error_mm_deviation"]) == pytest.approx(2**0.5, abs=1e-3)
    assert by_run["lsps_paper_terms-seed2"]["status"] == "not yet"
    assert by_run["lsps_paper_terms-seed2"]["mean_error_mm"] == ""
    assert by_run["lsps-seed1"]["posterior_budget"] == "6000 × 16 (+32)"
    assert by_run["residual_fitted-seed1"]["posterior_budget"] == "6000 × 16 (+32), then 6000 × 8 (+16)"


def test_fits_close_a_gap_between_what_users_would_do(tmp_path):
    errors_mm = {"regressor_synthetic-seed1": 31.0, "dense_synthetic-seed1": 30.0, "residual_real-seed1": 20.0}
    errors_mm["dense_synthetic_long-seed1"] = 30.5
    errors_mm |= {"regressor_real-seed1": 21.0, "real-seed1": 5.0, "residual_synthetic-seed1": 28.0}
    errors_mm["residual_fitted-seed1"] = 22.0
    text, _ = report(tmp_path, "table1", errors_mm, seeds=(1,))
    assert cells(text, "LSPS, P of its own, and fits of unlabelled real frames")[3] == "80.0"
    assert cells(text, "P of its own, synthetic + augmentation")[3] == ""


def test_a_cpu_time_that_was_not_measured_is_left_out(tmp_path):
    wanted = settings(tmp_path, "table1", seeds=(1,), rows=("real",))
    unknown = {"real-seed1": replace(made_up(18.0), cpu_seconds=math.nan)}
    text = write_report(wanted, make_plan(wanted), unknown, stores_facts(True)).read_text()
    assert cells(text, "Real labels")[5:] == ["10", "–"]
    assert write_picture(wanted, make_plan(wanted), unknown, stores_facts(True)).exists()


@pytest.mark.parametrize(("experiment", "run"), [("table1", "lsps-seed1"), ("figure5", "lsps-labels0.1-seed1")])
def test_a_report_has_a_picture(tmp_path, experiment, run):
    wanted = settings(tmp_path, experiment)
    path = write_picture(wanted, make_plan(wanted), {run: made_up(18.0)}, stores_facts(True))
    assert path == tmp_path / f"{experiment}.png"
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_table_before_the_first_run_says_not_yet_everywhere(tmp_path):
    for experiment in ("table1", "figure5"):
        text, lines = report(tmp_path, experiment, {})
        assert "0 of" in text
        assert {line["status"] for line in lines} == {"not yet"}
    assert cells((tmp_path / "table1.md").read_text(encoding="utf-8"), "LSPS*")[1:4] == ["not yet"] * 3


def test_a_report_says_what_is_simulated_and_where_there_was_no_gap(tmp_path):
    errors_mm = {"synthetic_only-seed1": 21.0, "synthetic_only_pretrained-seed1": 20.0, "lsps-seed1": 21.0}
    errors_mm |= {"real_pretrained-seed1": 22.0, "real-seed1": 23.0}
    text, _ = report(tmp_path, "table1", errors_mm, seeds=(1,))
    assert "Simulated data" in text
    assert "no gap to close" in text
    text, _ = report(tmp_path, "table1", errors_mm | {"real_pretrained-seed1": 10.0}, is_simulated=False, seeds=(1,))
    assert "imulated data" not in text
    assert "no gap to close" not in text
    assert "`lsps simulate`" in text


def test_figure_5_has_a_point_a_share(tmp_path):
    errors_mm = {"lsps-seed1": 20.0, "lsps-labels0.1-seed1": 15.0, "supervised-labels0.1-seed1": 25.0}
    text, lines = report(tmp_path, "figure5", errors_mm, seeds=(1,), shares=(0.1, 1.0))
    found = [(line["row"], float(line["labels"]), line["mean_error_mm"]) for line in lines]
    assert found[0] == ("lsps", 0.0, "20.0")
    assert found[2:4] == [("lsps", 0.1, "15.0"), ("supervised", 0.1, "25.0")]
    assert found[-1] == ("residual_supervised", 1.0, "")
    assert "| Supervised | 25.00 | 50.00 | 10 | 1 | 10 | 7 |" in text


@pytest.fixture(scope="module")
def simhand(make_once) -> Path:
    """The folder of a tiny SimHand that ran through."""

    def experiment(folder: Path) -> None:
        assert main(simhand_arguments(folder / "simhand")) == 0

    return make_once("experiments", experiment) / "simhand"


def simhand_arguments(out: Path, *more: str) -> list[str]:
    options = ["--scale", "tiny", "--device", "cpu", "--seeds", "3", "--shares", "0.5"]
    return ["experiment", "simhand", "--out", str(out), *options, *more]


@pytest.fixture(scope="module")
def its_stores(simhand) -> dict[str, Path]:
    files = {"synthetic": "synthetic.h5", "real": "sensor.h5", "test": "test.h5"}
    return {role: simhand / "data" / file for role, file in files.items()}


@pytest.fixture(scope="module")
def finished(simhand, its_stores, tmp_path_factory) -> Path:
    """The folder of a tiny Table 1 that ran through, stopped by its `stop` file during the second run.

    All but the first two runs are copies of SimHand's.
    """
    out = tmp_path_factory.mktemp("experiments") / "table1"
    first, second = "synthetic_only-seed3", "pretrained-seed3"
    for name in (f"{key}-seed3" for key in TABLE1):
        if name != first:
            shutil.copytree(simhand / "runs" / name, out / "runs" / name)
    shutil.copytree(simhand / "fits", out / "fits")
    wanted = settings(out, scale="tiny", seeds=(3,), **{f"{role}_path": path for role, path in its_stores.items()})
    told = Told()
    told.after_event = lambda: (out / "stop").touch() if told.new else None
    assert ExperimentRunner(wanted, told, lambda: False).run() == "stopped"
    assert list(told.new) == [first]
    assert told.begun == [(first, 1, 15), (second, 2, 15)]
    assert {"started", "step", "end"} <= set(told.kinds)
    assert not (out / "runs" / second / "model.safetensors").exists()
    assert "14 of 15 runs finished" in (out / "table1.md").read_text(encoding="utf-8")
    assert (out / "table1.png").exists()
    (out / "table1.png").unlink()
    assert main(arguments(its_stores, out)) == 0
    return out


def test_table_1_runs_through_and_has_all_rows_both_metrics_and_the_gap(finished):
    text = (finished / "table1.md").read_text(encoding="utf-8")
    assert "15 of 15 runs finished" in text
    assert "not yet" not in text
    assert "Simulated data" in text
    labels = ["Synthetic-only", "Synthetic-only*", "LSPS*", "Real labels", "Real labels*"]
    assert all(float(cell) >= 0 for label in labels for cell in cells(text, label)[1:3])
    for label in ("LSPS*", "LSPS, P of its own, and fits of unlabelled real frames"):
        assert math.isfinite(float(cells(text, label)[3]))  # any number, after so few steps
    assert cells(text, "P of its own, synthetic + augmentation")[3] == ""
    with FrameStore(finished / "fits" / "residual_fitted-seed3.h5") as fitted:
        assert fitted.provenance["origin"] == "fitted"
        assert (len(fitted), fitted.provenance["model"]) == (24, "residual_synthetic-seed3")
    assert (finished / "table1.csv").exists()
    assert (finished / "table1.png").exists()
    assert sorted(path.name for path in (finished / "runs").iterdir()) == sorted(
        ["pretrained-seed3", *(f"{key}-seed3" for key in TABLE1)]
    )


def test_a_regressor_is_a_run_whose_settings_are_checked(finished, its_stores):
    run = finished / "runs" / "regressor_synthetic-seed3"
    kinds = [json.loads(line)["kind"] for line in (run / "events.jsonl").read_text().splitlines()]
    assert (kinds[0], set(kinds[1:])) == ("started", {"step"})
    config = json.loads((run / "config.json").read_text())
    config["posterior"]["steps"] += 1
    before = (run / "config.json").read_text()
    try:
        (run / "config.json").write_text(json.dumps(config))
        paths = {f"{role}_path": path for role, path in its_stores.items()}
        with pytest.raises(
            ValueError, match=r"regressor_synthetic-seed3 was made with other settings: posterior\.steps"
        ):
            ExperimentRunner(settings(finished, scale="tiny", seeds=(3,), **paths), Told(), lambda: False)
    finally:
        (run / "config.json").write_text(before)


def test_a_stopped_run_of_an_experiment_went_on_from_its_checkpoint(finished):
    log = (finished / "runs" / "pretrained-seed3" / "events.jsonl").read_text().splitlines()
    starts = [event["step"] for event in map(json.loads, log) if event["kind"] == "started"]
    assert len(starts) == 2
    assert starts[0] == 0 < starts[1]


def test_what_is_finished_is_not_done_again(finished, its_stores, capsys):
    models = {path: path.stat().st_mtime_ns for path in finished.rglob("*.safetensors")}
    assert main(arguments(its_stores, finished)) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["is_new"] for line in lines[:-1]] == [False] * 15
    assert lines[-1]["report"] == str(finished / "table1.md")
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*.safetensors")} == models


def test_a_lost_evaluation_is_made_again_without_training(finished, its_stores, capsys):
    path = finished / "runs" / "lsps-seed3" / "evaluation.json"
    before = json.loads(path.read_text())
    path.write_text("{")
    assert main(arguments(its_stores, finished)) == 0
    new = [line["run"] for line in map(json.loads, capsys.readouterr().out.splitlines()) if line.get("is_new")]
    assert new == ["lsps-seed3"]
    assert json.loads(path.read_text()) == before | {"model": str(path.with_name("model.safetensors"))}


def test_another_setting_for_a_run_that_is_there_is_refused_before_anything_is_trained(finished, its_stores, capsys):
    before = sorted(finished.rglob("*"))
    assert main(arguments(its_stores, finished, "--set", "posterior.steps=9")) == 2
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert "posterior.steps is 4 there, 9 now" in error
    assert "synthetic_only-seed3" in error
    assert sorted(finished.rglob("*")) == before


def test_a_run_that_fails_is_named(stores, tmp_path, capsys):
    assert main(arguments(stores, tmp_path / "out", "--set", "pose.learning_rate=1e12")) == 2
    assert "lsps experiment: run synthetic_only-seed3: " in capsys.readouterr().err.splitlines()[-1]
    assert (tmp_path / "out" / "table1.png").exists()


def test_a_signal_saves_and_exits_0(stores, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "lsps_core.cli", *arguments(stores, out, "--set", "pose.steps=1000000")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert "run 1 of 15" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        printed, said = process.communicate()
    assert process.returncode == 0, said
    assert json.loads(printed) == {"reason": "stopped", "report": str(out / "table1.md")}
    assert len(list((out / "runs" / "synthetic_only-seed3" / "checkpoints").glob("*.state.safetensors"))) == 1


def test_stores_that_make_no_experiment_are_one_line_and_leave_no_folder(stores, tmp_path, capsys):
    command = arguments(stores, tmp_path / "out")
    command[command.index("--test") + 1] = str(stores["synthetic"])
    assert main(command) == 2
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert "--test" in error
    assert main(arguments(stores, tmp_path / "out", "--seeds", "1,two")) == 2
    assert "1,two" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_simhand_makes_its_stores_and_all_reports_from_nothing(simhand):
    assert sorted(path.name for path in (simhand / "data").iterdir()) == ["sensor.h5", "synthetic.h5", "test.h5"]
    for name in ("table1", "ablation", "figure5"):
        text = (simhand / f"{name}.md").read_text(encoding="utf-8")
        assert "not yet" not in text
        assert "Simulated data" in text
        assert "`lsps simulate sensor.h5 --domain sensor --frames 48 --subjects 8 --seed 2`" in text


def test_simhand_goes_on_with_the_stores_that_are_there(simhand, capsys):
    stores = {path: path.stat().st_mtime_ns for path in (simhand / "data").iterdir()}
    assert main(simhand_arguments(simhand)) == 0
    assert all(not json.loads(line).get("is_new") for line in capsys.readouterr().out.splitlines())
    assert {path: path.stat().st_mtime_ns for path in (simhand / "data").iterdir()} == stores
    command = simhand_arguments(simhand)
    command[command.index("tiny")] = "small"
    assert main(command) == 2
    assert "choose another --out" in capsys.readouterr().err


def test_a_model_knows_what_part_of_the_gap_it_closes(simhand, capsys):
    lines = csv.DictReader((simhand / "table1.csv").read_text(encoding="utf-8").splitlines())
    by_row = {line["row"]: line for line in lines}
    assert main(["info", str(simhand / "runs" / "lsps-seed3" / "model.safetensors"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["gap_closed_percent"] == pytest.approx(float(by_row["lsps"]["gap_closed_percent"]), abs=1e-3)
    record = told["training"]["experiment"]
    errors = (record["synthetic_only_mm"], record["mean_error_mm"], record["real_labels_mm"])
    assert gap_closed_percent(*errors) == told["gap_closed_percent"]
    assert main(["info", str(simhand / "runs" / "real_pretrained-seed3" / "model.safetensors"), "--json"]) == 0
    assert "gap_closed_percent" not in json.loads(capsys.readouterr().out)


def test_who_learned_from_synthetic_frames_alone_reads_test_frames_as_such(simhand):
    """The first layers for real frames are as they were drawn, or as the GAN left them."""
    read_as = {
        key: json.loads((simhand / "runs" / f"{key}-seed3" / "evaluation.json").read_text())["domain"] for key in TABLE1
    }
    assert read_as == dict.fromkeys(TABLE1, "real") | dict.fromkeys(TABLE1[:2], "synthetic")


def test_evaluate_reads_frames_by_the_layers_of_the_domain_asked_for(simhand, capsys):
    told = {}
    for domain in ("real", "synthetic"):
        model, test = simhand / "runs" / "synthetic_only-seed3", simhand / "data" / "test.h5"
        assert main(["evaluate", str(model), str(test), "--domain", domain, "--json"]) == 0
        told[domain] = json.loads(capsys.readouterr().out)
    assert {domain: result["domain"] for domain, result in told.items()} == {d: d for d in told}
    found = json.loads((simhand / "runs" / "synthetic_only-seed3" / "evaluation.json").read_text())
    assert told["synthetic"]["mean_error_mm"] == pytest.approx(found["mean_error_mm"])
    assert told["real"]["per_joint_mm"] != told["synthetic"]["per_joint_mm"]


def test_stores_are_asked_for_where_they_are_needed_and_refused_where_they_are_made(tmp_path, capsys):
    assert main(["experiment", "table1", "--real", "r.h5", "--out", str(tmp_path / "out")]) == 2
    assert "needs --synthetic, --test" in capsys.readouterr().err
    assert main(simhand_arguments(tmp_path / "out", "--real", "r.h5")) == 2
    assert "leave out --real" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_was_moved_is_taken_up(finished, its_stores, tmp_path, capsys):
    moved = tmp_path / "moved"
    shutil.copytree(finished, moved)
    assert main(arguments(its_stores, moved)) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert not any(line["is_new"] for line in lines[:-1])
