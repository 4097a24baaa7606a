"""Fine-tuning on a few labels: the runs of its cross-validation, what they learn from, and what is reported."""

from __future__ import annotations

import json
import shutil
import signal

import h5py
import numpy as np
import pytest
import torch
from programs import LSPS

from lsps_core import checkpoint
from lsps_core.cli import main
from lsps_core.data.store import FrameStore
from lsps_core.errors import LspsError
from lsps_core.finetuning.finetune import Finetuning
from lsps_core.finetuning.mixture import labelled_frames
from lsps_core.finetuning.settings import WHOLE, FinetuneSettings, folds_of
from lsps_core.inference import Predictor
from lsps_core.skeleton import NYU36

LABELS = 6
SIMULATED = 100


class Listener:
    """Notes what starts."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def started(self, name: str, _index: int, _count: int) -> None:
        self.begun.append(name)

    def event(self, _event: object) -> None:
        pass


@pytest.fixture(scope="module")
def labels(stores, tmp_path_factory):
    """A few annotated frames among others."""
    path = tmp_path_factory.mktemp("labels") / "labels.h5"
    shutil.copy(stores["real"], path)
    with h5py.File(path, "r+") as file:
        joints_mm = file["joints_mm"][...]
        joints_mm[LABELS:] = np.nan
        file["joints_mm"][...] = joints_mm
    return path


def arguments(run, labels, out, *more):
    numbers = ["--steps", "2", "--folds", "2", "--simulated", str(SIMULATED)]
    return ["finetune", str(run), str(labels), "--out", str(out), *numbers, "--device", "cpu", *more]


def settings(run, labels, out, **changes):
    numbers = {"steps": 2, "folds": 2, "simulated": SIMULATED, "device": "cpu"}
    return FinetuneSettings(model_path=run / "model.safetensors", labels_path=labels, out=out, **(numbers | changes))


@pytest.fixture(scope="module")
def tuned(trained_run, labels, tmp_path_factory):
    out = tmp_path_factory.mktemp("tuned") / "out"
    assert main(arguments(trained_run, labels, out)) == 0
    return out


@pytest.fixture
def out(tuned, tmp_path):
    """The folder of another fine-tuning, for which the simulated stores are made already."""
    (tmp_path / "out" / "data").mkdir(parents=True)
    for name in ("synthetic", "sensor", "test"):
        shutil.copy2(tuned / "data" / f"{name}.h5", tmp_path / "out" / "data")
    return tmp_path / "out"


def test_only_what_reads_images_changes_and_the_latent_stays(tuned, trained_run):
    before = checkpoint.load(trained_run / "model.safetensors")
    after = checkpoint.load(tuned / "model.safetensors")
    changed = {
        name.partition(".")[0] for name in before.weights if not torch.equal(before.weights[name], after.weights[name])
    }
    assert changed == {"discriminator"}  # it has the trunk, and this model P on it
    for key in ("half_mm", "latent_mean", "latent_std", "latent_covariance"):
        assert getattr(after, key) == getattr(before, key)
    assert torch.equal(after.prior_codes, before.prior_codes)
    assert after.training["finetuned"]["labelled_frames"] == LABELS


def test_the_report_has_each_label_read_by_the_run_that_did_not_see_it(tuned, trained_run, labels):
    report = json.loads((tuned / "report.json").read_text(encoding="utf-8"))
    errors = {"before": [], "after": []}
    with FrameStore(labels) as store:
        for name, held_out in folds_of(labelled_frames(store), 2).items():
            for when, path in (("before", trained_run), ("after", tuned / "runs" / name)):
                predictor = Predictor.load(path / "model.safetensors")
                for frame in held_out:
                    view = store.frame(int(frame))
                    image = torch.from_numpy((view.depth_mm.astype(np.float32) - view.center_mm[2]) / view.half_mm)
                    image = image.clamp(-1, 1).masked_fill(torch.from_numpy(view.depth_mm == 0), 1.0)[None, None]
                    center = torch.from_numpy(view.center_mm / view.half_mm).float()[None]
                    pose = predictor.predict_pose(image, "real", center)[0].numpy()
                    joints_mm = pose * view.half_mm + view.center_mm
                    errors[when].append(np.linalg.norm(joints_mm - store.joints_mm[frame], axis=1).mean())
    for when, found in errors.items():
        assert report[when]["mean_error_mm"] == pytest.approx(np.mean(found), abs=0.01)
    assert report["labelled_frames"] == LABELS
    assert report["folds"] == 2
    assert report["simulated_after"] != report["simulated_before"]


def test_a_run_learns_from_its_labels_as_often_as_from_simulated_frames_and_never_from_those_held_out(tuned, labels):
    with FrameStore(labels) as store:
        own = {store.names[index] for index in range(LABELS)}
        held_out = {name: {store.names[i] for i in part} for name, part in folds_of(np.arange(LABELS), 2).items()}
    for name, hidden in held_out.items():
        with FrameStore(tuned / "data" / f"{name}.h5") as mixed:
            mine = [each for each in mixed.names if each in own]
            assert set(mine) == own - hidden
            assert len(mine) == SIMULATED == len(mixed) // 2


def test_neighbours_are_held_out_together_and_a_single_label_by_none():
    held_out = folds_of(np.arange(10, 21), 4)
    assert [list(part) for part in held_out.values()] == [[10, 11, 12], [13, 14, 15], [16, 17, 18], [19, 20], []]
    assert list(held_out)[-1] == WHOLE
    assert list(folds_of(np.array([3]), 4)) == [WHOLE]


def test_it_resumes_after_a_stop_without_making_anything_again(trained_run, labels, out):
    listener = Listener()
    wanted = settings(trained_run, labels, out)
    assert Finetuning(wanted).run(listener, lambda: "fold2" in listener.begun) is None
    assert not (out / "model.safetensors").exists()
    first = out / "runs" / "fold1" / "model.safetensors"
    made = {path: path.stat().st_mtime_ns for path in (first, *(out / "data").glob("*.h5"))}
    report = Finetuning(wanted).run(Listener(), lambda: False)
    assert report is not None
    assert report["after"]["mean_error_mm"] > 0
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert (out / "model.safetensors").exists()


def test_the_folder_of_the_model_that_it_came_from_is_refused(trained_run, labels, tmp_path):
    run = shutil.copytree(trained_run, tmp_path / "run")
    before = (run / "model.safetensors").read_bytes()
    with pytest.raises(ValueError, match="was not made by a fine-tuning, and is not replaced"):
        Finetuning(settings(run, labels, run)).run(Listener(), lambda: False)
    assert (run / "model.safetensors").read_bytes() == before
    assert not (run / "settings.json").exists()


needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no such signal")


@needs_kill
def test_it_resumes_after_a_kill(programs, trained_run, labels, tmp_path):
    """Killed in the middle of a store, and then of a run, without a word."""
    out = tmp_path / "out"
    made = {}
    for part in ("sensor.h5", "fold2"):
        kill_in(programs, part, arguments(trained_run, labels, out, "--events"))
        finished = [path for path in out.rglob("*") if path.name in ("synthetic.h5", "model.safetensors")]
        assert {path: path.stat().st_mtime_ns for path in made} == made
        assert len(finished) > len(made)
        made = {path: path.stat().st_mtime_ns for path in finished}
        assert not (out / "model.safetensors").exists()
    assert main(arguments(trained_run, labels, out)) == 0
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert checkpoint.load(out / "model.safetensors").training["finetuned"]["labelled_frames"] == LABELS


def kill_in(programs, part, command):
    """Start a fine-tuning in a process, and kill it as soon as it begins this part."""
    with programs.start(LSPS, *command) as process:
        for line in process.stdout:
            event = json.loads(line)
            if event["kind"] == "part" and event["name"] == part:
                process.kill()
                break
        else:
            pytest.fail(f"it ended before {part}")


def test_more_labels_are_another_fine_tuning(trained_run, labels, tmp_path):
    path = tmp_path / "labels.h5"
    shutil.copy(labels, path)
    wanted = settings(trained_run, path, tmp_path / "out")
    assert Finetuning(wanted).run(Listener(), lambda: True) is None  # stopped at once, but claimed
    with h5py.File(path, "r+") as file, h5py.File(labels, "r") as source:
        joints_mm = source["joints_mm"][...]
        joints_mm[LABELS] = joints_mm[0]
        file["joints_mm"][...] = joints_mm
    with pytest.raises(ValueError, match="other settings, labels or model"):
        Finetuning(wanted).run(Listener(), lambda: True)


def test_good_fits_of_unlabelled_frames_count_as_labels(trained_run, labels, tmp_path, monkeypatch):
    monkeypatch.setattr("lsps_core.finetuning.finetune.FIT_ACCEPT_MM", 1e6)
    monkeypatch.setattr("lsps_core.finetuning.finetune._FITTED_FRAMES", 5)
    wanted = settings(trained_run, labels, tmp_path / "out", frames_path=labels)
    assert Finetuning(wanted).run(Listener(), lambda: False) is not None
    with FrameStore(wanted.data_path("fits")) as fits, FrameStore(wanted.data_path(WHOLE)) as mixed:
        accepted = labelled_frames(fits)
        assert len(accepted) > 0
        assert len(mixed) == 2 * (SIMULATED + len(accepted))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("synthetic", "holds synthetic frames"),
        ("unlabelled", "no frame with a complete annotation"),
        ("skeleton", "the skeleton"),
        ("settings", "other settings, labels or model; choose another --out"),
        ("steps", "--steps must be 1 or more, not 0"),
    ],
)
def test_what_cannot_be_learned_from_is_said_in_one_line(
    change, message, tuned, trained_run, labels, stores, tmp_path, capsys
):
    out, more, path = tmp_path / "out", [], tmp_path / "labels.h5"
    shutil.copy(stores["synthetic"] if change == "synthetic" else labels, path)
    with h5py.File(path, "r+") as file:
        if change == "unlabelled":
            file["joints_mm"][...] = np.full_like(file["joints_mm"][...], np.nan)
        elif change == "skeleton":
            skeleton = json.loads(file.attrs["skeleton"])
            file.attrs["skeleton"] = json.dumps(skeleton | {"joints": skeleton["joints"][::-1]})
    if change == "settings":
        out = tuned
    elif change == "steps":
        more = ["--steps", "0"]
    assert main(arguments(trained_run, path, out, *more)) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert message in line
    assert change == "settings" or not out.exists()


def test_its_progress_counts_the_frames_of_all_parts(tuned, trained_run, labels, capsys):
    assert main(arguments(trained_run, labels, tuned, "--events")) == 0  # all is there already
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["kind"] for event in events[:1] + events[-1:]] == ["started", "ended"]
    assert events[0]["total"] == 3 * SIMULATED + 3 * 2 * 64
    done = [event["done"] for event in events if event["kind"] == "progress"]
    assert done == sorted(done)
    assert events[-1]["reason"] == "finished"
    assert "own labels" in events[-1]["note"]


def test_a_model_of_another_skeleton_is_refused(trained_run, labels, tmp_path, monkeypatch):
    monkeypatch.setattr("lsps_core.finetuning.finetune.HAND21", NYU36)
    with pytest.raises(LspsError, match="simulated frames have hand21"):
        Finetuning(settings(trained_run, labels, tmp_path / "out"))
