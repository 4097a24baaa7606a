"""From a set as its authors publish it to a score under its protocol, by the command line alone.

MADE_FRAMES=2000 makes training sets of that size; CI takes a few frames.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from made_sets import make_icvl, make_nyu
from training_helpers import TINY

from lsps_core.cli import main
from lsps_core.data.importers.nyu import NYU_14, read_joint_uvd
from lsps_core.evaluation import published

TRAINED = int(os.environ.get("MADE_FRAMES", "20"))
TESTED = max(8, TRAINED // 5)
FIGURES = ("mean_error_mm", "median_error_mm", "percentile95_error_mm", "max_error_mm", "within_40mm_percent")


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> Path:
    """folder/nyu and folder/icvl as their authors publish them."""
    folder = tmp_path_factory.mktemp("sets")
    for make, name in ((make_nyu, "nyu"), (make_icvl, "icvl")):
        make(folder / name, TRAINED, 0)
        make(folder / name, TESTED, 1, split="test")
    return folder


def run(capsys, *arguments: object) -> str:
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out


@pytest.mark.timeout(900 + 2 * TRAINED)
@pytest.mark.parametrize("dataset", ["nyu", "icvl"])
def test_a_set_is_imported_trained_on_and_scored(dataset, sets, tmp_path, capsys):
    stores = {name: tmp_path / f"{name}.h5" for name in ("synthetic", "real", "test")}
    nyu = ["--domain", "real"] if dataset == "nyu" else ["--with-rotated"]
    joints = ["--joints", dataset]  # an ICVL model learns from NYU's synthetic frames
    run(capsys, "import", "nyu", sets / "nyu", stores["synthetic"], "--split=train", "--domain=synthetic", *joints)
    run(capsys, "import", dataset, sets / dataset, stores["real"], "--split=train", *nyu)
    run(capsys, "import", dataset, sets / dataset, stores["test"], "--split=test", *nyu[: 2 * (dataset == "nyu")])
    for name, count in (("synthetic", TRAINED), ("real", TRAINED), ("test", TESTED)):
        assert json.loads(run(capsys, "info", stores[name], "--json"))["frames"] == count

    pair = ["--synthetic", stores["synthetic"], "--real", stores["real"], "--labels", "0.5"]
    settings = [part for setting in TINY for part in ("--set", setting)]
    run(capsys, "train", tmp_path / "run", *pair, "--device", "cpu", *settings)
    predictions, labels = tmp_path / "predictions.txt", _labels(dataset, sets / dataset, tmp_path)
    run(capsys, "predict", tmp_path / "run", stores["test"], "--out", predictions, "--names")

    evaluated = json.loads(run(capsys, "evaluate", tmp_path / "run", stores["test"], "--json"))
    scored = json.loads(run(capsys, "score", dataset, labels, predictions, "--json"))
    assert evaluated["protocol"] == scored["protocol"]
    assert evaluated["frames"] == scored["frames"] == TESTED
    for key in FIGURES:
        assert scored[key] == pytest.approx(evaluated[key], abs=1.1e-3), key
    assert scored["per_group"].keys() == evaluated["per_group"].keys()


def _labels(dataset: str, folder: Path, tmp_path: Path) -> Path:
    """The set's own test labels as one `u v d` file."""
    labels = tmp_path / "labels.txt"
    if dataset == "nyu":
        published.write(labels, read_joint_uvd(folder / "dataset/test/joint_data.mat")[:, list(NYU_14.indices)])
    else:
        labels.write_text("".join((folder / "Testing" / f"test_seq_{i}.txt").read_text() for i in (1, 2)))
    return labels
