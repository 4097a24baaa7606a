"""What a model makes of every frame: the same as one by one, kept through kills, stops and damage."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from programs import AnyProgram, Programs

from lsps_core import checkpoint
from lsps_core.camera import SIMULATED
from lsps_core.cli import main
from lsps_core.data.crop import camera_center, normalise
from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.evaluation import frame_evaluation, frame_results
from lsps_core.evaluation.about import About
from lsps_core.evaluation.consistency import consistency, disagreement
from lsps_core.evaluation.evaluate import evaluate
from lsps_core.evaluation.frame_evaluation import FrameEvaluation, Watch
from lsps_core.evaluation.frame_results import FrameResultsError
from lsps_core.inference import Predictor

COUNT, BLOCK = 10, 3


@pytest.fixture
def model_path(untrained, tmp_path) -> Path:
    checkpoint.save(untrained, tmp_path / "run" / "model.safetensors")
    return tmp_path / "run" / "model.safetensors"


@pytest.fixture
def store_path(stores, tmp_path) -> Path:
    """A few frames of two subjects; one is not annotated at all, and one joint of another is not."""
    path = tmp_path / "few frames.h5"
    with (
        FrameStore(stores["real"]) as store,
        FrameWriter(path, domain="real", camera=SIMULATED, skeleton=store.skeleton, is_simulated=True) as writer,
    ):
        joints = store.joints_mm[:COUNT].copy()
        joints[3], joints[5, 7] = np.nan, np.nan
        names = [f"subject{i % 2}/{i:04d}" for i in range(COUNT)]
        cubes = {"center_mm": store.center_mm[:COUNT], "half_mm": store.half_mm[:COUNT]}
        writer.append(depth_mm=store.depth_mm(slice(0, COUNT)), joints_mm=joints, names=names, **cubes)
    return path


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(frame_evaluation, "BLOCK", BLOCK)
    for name in ("CPU_BATCH", "CPU_POSE_BATCH"):
        monkeypatch.setattr(frame_evaluation, name, 2)


def run(model_path: Path, store_path: Path, out: Path | None = None, **watch):
    with FrameStore(store_path) as store:
        evaluation = FrameEvaluation(Predictor.load(model_path), model_path, store, out)
        return evaluation.run(Watch(**watch)), evaluation.path


@pytest.fixture
def whole(model_path, store_path, make_once) -> Path:
    """Results of an evaluation that was never stopped."""
    return make_once("whole results", lambda folder: run(model_path, store_path, folder / "whole.npz")) / "whole.npz"


def assert_equal(one, other):
    for name in (*one.about.columns, "names", "groups"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_disagreement_is_the_mean_over_pairs_and_joints():
    poses = torch.randn(4, 3, 21, 3)
    loop = [
        np.mean([(a[b] - c[b]).norm(dim=1).mean().item() for a, c in combinations(poses, 2)])
        for b in range(len(poses[0]))
    ]
    np.testing.assert_allclose(disagreement(poses), loop, rtol=1e-5)
    line = torch.tensor([0.0, 3.0, 6.0])[:, None, None, None] * torch.tensor([1.0, 0.0, 0.0])
    assert disagreement(line).tolist() == [4.0]


def test_consistency_of_a_batch_is_that_of_its_frames_by_the_routes_taken_one_by_one(untrained):
    predictor, image = Predictor(untrained), torch.rand(3, 1, 128, 128) * 2 - 1
    center = torch.tensor([[0.0, 0.0, 5.0], [1.0, -0.5, 4.0], [-1.0, 0.5, 6.0]])
    together = consistency(predictor, image, "real", center)
    for index in range(3):
        x, at = image[[index]], center[[index]]
        pose, there = predictor.predict_pose(x, "real", at), predictor.translate(x, "real")
        poses = [pose, predictor.predict_pose(predictor.reconstruct(x, "real"), "real", at)]
        poses += [predictor.predict_pose(there, "synthetic", at)]
        poses += [predictor.predict_pose(predictor.cycle(x, "real"), "real", at)]
        drawn = predictor.generate(predictor.map(together.pose_latent[[index]], at), "real")
        poses += [predictor.predict_pose(drawn, "real", at)]
        assert together.disagreement[index].item() == pytest.approx(disagreement(torch.stack(poses)).item(), abs=1e-4)
        change = predictor.encode(x, "real") - predictor.encode(there, "synthetic")
        assert together.latent_distance[index].item() == pytest.approx(change.square().mean().sqrt().item(), rel=1e-4)


def test_an_older_key_stays_and_another_reading_has_another():
    """The key names the file: results of earlier versions are found under it."""
    texts = {"model": "m.safetensors", "data": "d", "data_path": "d.h5", "domain": "real", "protocol": "p"}
    digests = {"model_digest": "1", "data_digest": "2", "labels_digest": "3"}
    about = About(**texts, **digests, frame_count=4, is_simulated=True, skeleton="hand21", joints=("wrist",))
    fitted = replace(about, fit_steps=10)
    assert (about.key, fitted.key) == ("afeb362befbcd0d0", "846ba3843beb60b8")
    assert len({each.key for each in (about, fitted, replace(about, turns=4), replace(about, turns=8))}) == 4


def test_results_agree_with_an_evaluation_and_say_what_they_are_of(model_path, store_path):
    reason, path = run(model_path, store_path)
    results = frame_results.load(path)
    assert reason == "finished"
    assert path.parent == model_path.parent / "evaluations"
    with FrameStore(store_path) as store:
        evaluation = evaluate(Predictor.load(model_path), store)
        cube = torch.from_numpy(store.center_mm[[2]]), torch.from_numpy(store.half_mm[[2]])
        image = normalise(torch.from_numpy(store.depth_mm([2]).astype(np.float32)), *cube)
        latent = Predictor.load(model_path).posterior(image, "real", camera_center(*cube))
        assert results.names.tolist() == store.names
    np.testing.assert_allclose(results.errors_mm[evaluation.table.places], evaluation.table.errors_mm, rtol=1e-4)
    np.testing.assert_allclose(results.pose_latent[[2]], latent, atol=1e-5)
    assert np.isnan(results.errors_mm[3]).all()
    assert np.isnan(results.errors_mm[5]).sum() == 1
    assert np.isfinite(results.disagreement_mm).all()
    assert results.groups.tolist() == ["subject0", "subject1"] * (COUNT // 2)
    assert results.is_done.all()
    about = results.about
    assert (about.data, about.frame_count, about.is_simulated, len(about.joints)) == ("few frames", COUNT, True, 21)


def test_data_without_annotation_give_what_needs_none(model_path, store_path, tmp_path):
    path = tmp_path / "bare.h5"
    with FrameStore(store_path) as store, FrameWriter(path, domain="real", camera=SIMULATED) as writer:
        cubes = {"center_mm": store.center_mm, "half_mm": store.half_mm, "names": store.names}
        writer.append(depth_mm=store.depth_mm(slice(None)), **cubes)
    results = frame_results.load(run(model_path, path)[1])
    labelled = frame_results.load(run(model_path, store_path)[1])
    assert np.isnan(results.errors_mm).all()
    for name in ("pose_latent", "disagreement_mm", "latent_distance"):
        np.testing.assert_array_equal(getattr(results, name), getattr(labelled, name))


@pytest.mark.parametrize("batches", [0, 1, 2, 7, 10])
def test_what_was_stopped_goes_on_to_the_same_bits(model_path, store_path, whole, tmp_path, batches):
    left = iter([False] * batches)
    reason, path = run(model_path, store_path, tmp_path / "stopped.npz", should_stop=lambda: next(left, True))
    assert reason == "stopped"
    assert not path.exists()
    done, blocks = [], []
    reason, _ = run(
        model_path, store_path, path, progress=lambda *a: done.append(a), block=lambda *a: blocks.append(a[1:])
    )
    assert reason == "finished"
    kept = [min(min(max(batches - 7 * part, 0), 7) // 2 * BLOCK, COUNT) for part in (0, 1)]  # 7 batches a part
    kept = [COUNT if batches >= 7 * (part + 1) else kept[part] for part in (0, 1)]
    assert [step for step in done if step[3] == 0] == [("poses", kept[0], COUNT, 0), ("routes", kept[1], COUNT, 0)]
    assert done[-1][:2] == ("routes", COUNT)
    assert sorted(blocks) == sorted([(0, 3), (3, 6), (6, 9), (9, 10)] * 2)
    assert_equal(frame_results.load(path), frame_results.load(whole))
    assert not frame_results.parts_folder(path).exists()


def test_a_follower_sees_the_same_block_by_block(model_path, store_path, tmp_path):
    path, followed, counts = tmp_path / "out.npz", [], []

    def follow(block_path: Path, start: int, stop: int) -> None:
        followed[:] = followed or [frame_results.load_begun(path)]
        followed[0].take(block_path, start, stop)
        counts.append((int(followed[0].is_done.sum()), int(followed[0].has_routes.sum())))

    run(model_path, store_path, path, block=follow)
    assert counts == [(3, 0), (6, 0), (9, 0), (10, 0), (10, 3), (10, 6), (10, 9), (10, 10)]
    assert_equal(followed[0], frame_results.load(path))


def test_a_finished_file_is_not_computed_again(model_path, store_path):
    _, path = run(model_path, store_path)
    before = path.stat().st_mtime_ns
    assert run(model_path, store_path, should_stop=lambda: True) == ("finished", path)
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
@pytest.mark.parametrize("which", ["file", "block"])
def test_damage_is_one_line_and_computed_again(model_path, store_path, whole, tmp_path, which, damage):
    path, notes = tmp_path / "out.npz", []
    left = iter([False] * 4)
    run(model_path, store_path, path, **({"should_stop": lambda: next(left, True)} if which == "block" else {}))
    broken = path if which == "file" else frame_results.block_path(path, "poses", BLOCK)
    content = bytearray(broken.read_bytes())
    content[len(content) // 2] ^= 0xFF
    broken.write_bytes({"cut": content[: len(content) // 2], "flipped": content, "empty": b""}[damage])
    with pytest.raises(FrameResultsError, match="damaged"):
        frame_results.load(broken)
    run(model_path, store_path, path, note=notes.append)
    assert len(notes) == 1
    assert "again" in notes[0]
    assert "\n" not in notes[0]
    assert_equal(frame_results.load(path), frame_results.load(whole))


def test_another_model_or_other_data_are_another_file(untrained, model_path, store_path, stores, tmp_path):
    first = run(model_path, store_path)[1]
    other = tmp_path / "run" / "other.safetensors"
    weights = {name: weight + 1e-3 for name, weight in untrained.weights.items()}
    checkpoint.save(checkpoint.Checkpoint(**{**vars(untrained), "weights": weights}), other)
    renamed = tmp_path / "run" / "renamed.safetensors"
    checkpoint.save(checkpoint.Checkpoint(**{**vars(untrained), "training": {"noted": 1}}), renamed)
    assert run(renamed, store_path)[1] == first
    assert run(other, store_path, should_stop=lambda: True)[1] != first
    assert run(model_path, stores["real"], should_stop=lambda: True)[1] != first
    notes = []
    assert run(other, store_path, first, should_stop=lambda: True, note=notes.append)[0] == "stopped"
    assert "another model" in notes[0]


def test_somebodys_own_file_is_left_alone(model_path, store_path, tmp_path, capsys):
    path = tmp_path / "mine.npz"
    np.savez(path, a=np.zeros(3))
    for name in (path, tmp_path / "model.h5", tmp_path):
        assert main(["failures", str(model_path), str(store_path), "--out", str(name), "--device", "cpu"]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()[-1:]) == 1
    assert np.load(path)["a"].shape == (3,)


def test_the_command_says_what_happens_as_json_lines(model_path, store_path, capsys):
    arguments = ["failures", str(model_path.parent), str(store_path), "--device", "cpu", "--json"]
    assert main(arguments) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["kind"] for event in events if event["kind"] != "progress"] == ["started", *["block"] * 8, "ended"]
    assert events[-1]["reason"] == "finished"
    assert events[0]["total"] == COUNT
    parts = [event["part"] for event in events if event["kind"] == "progress"]
    assert parts == sorted(parts)  # poses, then routes
    assert set(parts) == {"poses", "routes"}
    assert frame_results.load(Path(events[-1]["path"])).is_done.all()
    assert main(arguments) == 0
    again = [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()]
    assert again == ["started", "ended"]


def test_a_place_that_takes_no_files_is_said_before_the_work(model_path, store_path, capsys):
    (model_path.parent / "evaluations").write_text("in the way")
    assert main(["failures", str(model_path), str(store_path), "--device", "cpu"]) == 2
    assert "--out" in capsys.readouterr().err.splitlines()[-1]


@pytest.fixture
def many_path(stores, tmp_path) -> Path:
    """64 frames: four blocks of 16."""
    path = tmp_path / "many.h5"
    with FrameStore(stores["real"]) as source, FrameWriter(path, domain="real", camera=SIMULATED) as writer:
        indices = np.arange(64)
        cubes = {"center_mm": source.center_mm[indices], "half_mm": source.half_mm[indices]}
        writer.append(depth_mm=source.depth_mm(indices), names=[f"{i}" for i in indices], **cubes)
    return path


def start(programs: Programs, model_path: Path, store_path: Path, out: Path) -> AnyProgram:
    """`lsps failures` in blocks of 16 frames."""
    lsps = "from lsps_core import cli; from lsps_core.evaluation import frame_evaluation as evaluation; "
    lsps += "evaluation.BLOCK = 16; raise SystemExit(cli.main())"
    return programs.start(lsps, "failures", model_path, store_path, "--out", out, "--json", "--device", "cpu")


def read_until(process: AnyProgram, wanted) -> None:
    for line in process.stdout:
        if wanted(json.loads(line)):
            return


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_killed_and_stopped_processes_leave_the_same_bits_in_the_end(
    programs, model_path, many_path, tmp_path, monkeypatch
):
    monkeypatch.undo()  # the batches of the processes
    monkeypatch.setattr(frame_evaluation, "BLOCK", 16)
    whole, killed = tmp_path / "whole.npz", tmp_path / "killed.npz"
    run(model_path, many_path, whole)
    with start(programs, model_path, many_path, killed) as process:
        read_until(process, lambda event: event["kind"] == "block")
        process.kill()
    assert not killed.exists()
    with start(programs, model_path, many_path, killed) as process:
        read_until(process, lambda event: event["kind"] == "progress")
        process.send_signal(signal.SIGTERM)
        ended = json.loads(process.stdout.read().splitlines()[-1])
    assert process.returncode == 0
    assert (ended["kind"], ended["reason"]) == ("ended", "stopped")
    done = []
    run(model_path, many_path, killed, progress=lambda *a: done.append(a))
    assert done[0][1] >= 16
    assert_equal(frame_results.load(killed), frame_results.load(whole))
