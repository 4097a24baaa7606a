"""Files that declare what they do not hold, or hold what no program wrote: refused in one line and at once."""

from __future__ import annotations

import json
import os
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
import safetensors
import torch
from safetensors.torch import load_file, save_file

from lsps_core import checkpoint
from lsps_core.camera import NYU, Camera
from lsps_core.checkpoint import Checkpoint, CheckpointError
from lsps_core.cli import main
from lsps_core.config.training import TrainConfig
from lsps_core.data.hdf5 import CheckedDataset
from lsps_core.data.importers.nyu import NYU_14
from lsps_core.data.store import FrameStore, FrameStoreError, FrameWriter
from lsps_core.errors import LspsError
from lsps_core.evaluation import frame_results, published
from lsps_core.evaluation.about import About
from lsps_core.evaluation.frame_results import FrameResults, FrameResultsError
from lsps_core.events import Noted
from lsps_core.experiments.results import RunResult, read_result
from lsps_core.files import WriteError, parse_json, write_whole
from lsps_core.runs.follow import EventsFile
from lsps_core.skeleton import HAND21
from lsps_core.training.run import Run, RunError

FRAMES = 6


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path, rng = tmp_path / "a.h5", np.random.default_rng(0)
    depth = rng.integers(400, 900, (FRAMES, 128, 128)).astype(np.uint16)
    joints, centers = rng.normal(600, 10, (FRAMES, 21, 3)), rng.normal(600, 10, (FRAMES, 3))
    with FrameWriter(path, domain="real", camera=NYU, skeleton=HAND21) as writer:
        names = [f"a/{number}" for number in range(FRAMES)]
        writer.append(depth_mm=depth, center_mm=centers, half_mm=125.0, joints_mm=joints, names=names)
    return path


def read_all(path: Path) -> None:
    with FrameStore(path) as store:
        store.frame(0)
        _ = store.depth_mm(slice(None)), store.depth_mm([4, 1]), store.joints_mm, store.names


@pytest.mark.parametrize("skipped", [0, 0xFFFFFFFF], ids=["compressed", "plain"])
@pytest.mark.parametrize("size", [1, 100, 131_071, 131_073, 10_000_000])
def test_a_chunk_of_another_size_than_its_shape_is_not_read(store: Path, size: int, skipped: int) -> None:
    """HDF5 itself would read the memory behind it, or crash."""
    content = b"\1" * size
    with h5py.File(store, "r+") as file:
        file["depth"].id.write_direct_chunk((0, 0, 0), content if skipped else zlib.compress(content), skipped)
    with pytest.raises(FrameStoreError, match="chunk"):
        read_all(store)


@pytest.mark.parametrize("name", ["center_mm", "joints_mm", "half_mm", "name"])
def test_chunks_of_the_other_columns_are_checked_as_well(store: Path, name: str) -> None:
    with h5py.File(store, "r+") as file:
        values = file[name][...]
        del file[name]
        dataset = file.create_dataset(name, data=values, chunks=values.shape, compression="gzip")
        dataset.id.write_direct_chunk((0,) * values.ndim, zlib.compress(b"\1"))
    with pytest.raises(FrameStoreError, match="a chunk has 1 bytes"):
        read_all(store)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (3, 4, 5)},
        {"chunks": (3, 4, 5), "compression": "gzip"},
        {"chunks": (4, 7, 9), "compression": "gzip", "shuffle": True, "fletcher32": True},
        {"chunks": (4, 7, 9), "fletcher32": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["<u2", ">u2", "<f4"])
def test_every_layout_reads_as_hdf5_reads_it(tmp_path: Path, options: dict[str, Any], dtype: str) -> None:
    values = np.random.default_rng(0).integers(0, 60_000, (10, 7, 9)).astype(dtype)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        rows = CheckedDataset(file.create_dataset("depth", data=values, **options))
        for start, stop in ((0, 10), (1, 3), (2, 2), (9, 10)):
            np.testing.assert_array_equal(rows.rows(start, stop), values[start:stop])


def test_a_wrong_checksum_is_damage(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("depth", data=np.ones((4, 4, 4), "<u2"), chunks=(4, 4, 4), fletcher32=True)
        content = bytearray(dataset.id.read_direct_chunk((0, 0, 0))[1])
        content[0] ^= 1
        dataset.id.write_direct_chunk((0, 0, 0), bytes(content))
        with pytest.raises(OSError, match="checksum"):
            CheckedDataset(dataset).rows(0, 4)


def to_external_link(file: h5py.File) -> None:
    os.mkfifo(Path(file.filename).with_name("pipe"))
    del file["depth"]
    file["depth"] = h5py.ExternalLink("pipe", "/depth")


def to_external_numbers(file: h5py.File) -> None:
    del file["half_mm"]
    file.create_dataset("half_mm", (FRAMES,), "<f4", external=[("/dev/zero", 0, 4 * FRAMES)])


def to_virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((FRAMES,), "<f4")
    layout[:] = h5py.VirtualSource("/dev/zero", "half_mm", (FRAMES,))
    del file["half_mm"]
    file.create_virtual_dataset("half_mm", layout)


def to_sparse_joints(file: h5py.File) -> None:
    del file["joints_mm"]
    file.create_dataset("joints_mm", (FRAMES, 21_000_000, 3), "<f4", chunks=(1, 1000, 3))


def to_infinite_centers(file: h5py.File) -> None:
    file["center_mm"][2] = np.inf


def to_infinite_cubes(file: h5py.File) -> None:
    file["half_mm"][2] = np.inf


def to_infinite_joints(file: h5py.File) -> None:
    file["joints_mm"][2, 3] = np.inf


def to_million_sparse_frames(file: h5py.File) -> None:
    for name in ("depth", "center_mm", "half_mm", "joints_mm"):
        file[name].resize(1_000_000, axis=0)


def to_large_sparse_frames(file: h5py.File) -> None:
    del file["depth"]
    file.create_dataset("depth", (FRAMES, 10_000, 10_000), "<u2", chunks=(1, 100, 100))[0, 0, 0] = 1


CHANGES = [to_infinite_centers, to_infinite_cubes, to_infinite_joints, to_sparse_joints, to_million_sparse_frames]
CHANGES += [to_large_sparse_frames, to_external_numbers, to_virtual]
if sys.platform.startswith("linux"):
    CHANGES += [to_external_link]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_store_with_what_it_cannot_hold_is_refused_at_once(store: Path, change: Callable[[h5py.File], None]) -> None:
    with h5py.File(store, "r+") as file:
        change(file)
    with pytest.raises(FrameStoreError) as caught:
        read_all(store)
    assert "\n" not in str(caught.value)


NESTED = "[" * 900 + "]" * 900


@pytest.mark.parametrize("value", [NESTED, '{"a":' * 300 + "1" + "}" * 300, "null", "[]", 3, [1.0, 2.0], b"\xff", "x"])
@pytest.mark.parametrize("name", ["camera", "skeleton", "provenance", "domain", "format", "format_version"])
def test_an_attribute_of_any_kind_is_refused_or_read(store: Path, name: str, value: Any) -> None:
    with h5py.File(store, "r+") as file:
        file.attrs[name] = np.bytes_(value) if isinstance(value, bytes) else value
    if (name, value) in (("skeleton", "null"), ("provenance", "[]")):
        return  # these are valid values
    with pytest.raises(FrameStoreError) as caught:
        read_all(store)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("depth", [101, 300, 900, 100_000])
def test_json_that_python_could_parse_but_not_write(depth: int) -> None:
    assert parse_json("[" * 100 + "1" + "]" * 100)
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json("[" * depth + "1" + "]" * depth)
    assert parse_json(json.dumps([[]] * 1000)) == [[]] * 1000


def rewritten(
    path: Path, change: Callable[[dict[str, torch.Tensor]], None], header: dict[str, str] | None = None
) -> None:
    with safetensors.safe_open(path, framework="pt") as file:
        metadata = dict(file.metadata())
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata | (header or {}))


@pytest.fixture
def model(untrained: Checkpoint, tmp_path: Path) -> Path:
    checkpoint.save(untrained, tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_model_with_weights_that_are_not_finite(model: Path, value: float) -> None:
    def spoil(tensors: dict[str, torch.Tensor]) -> None:
        tensors[sorted(tensors)[5]].view(-1)[0] = value

    rewritten(model, spoil)
    with pytest.raises(CheckpointError, match="not finite"):
        checkpoint.load(model)


@pytest.mark.parametrize("dtype", [torch.int8, torch.int64, torch.bool, torch.uint8, torch.complex64])
def test_a_model_of_integers_or_complex_numbers(model: Path, dtype: torch.dtype) -> None:
    rewritten(model, lambda tensors: tensors.update({name: each.to(dtype) for name, each in tensors.items()}))
    with pytest.raises(CheckpointError, match="holds torch"):
        checkpoint.load(model)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_a_model_of_another_precision_is_read_as_float32(model: Path, dtype: torch.dtype) -> None:
    rewritten(model, lambda tensors: tensors.update({name: each.to(dtype) for name, each in tensors.items()}))
    found = checkpoint.load(model)
    assert {weight.dtype for weight in found.weights.values()} == {torch.float32}
    found.build()


@pytest.mark.parametrize(
    "config",
    [
        {"base_channels": 4.0},
        {"base_channels": "4"},
        {"base_channels": 4 * 10**12},
        {"pose_hidden": 10**15},
        {"pose_hidden": True},
        {"bones": [[1, 2, 3]]},
        {"bones": 3},
        {"mapping": ["bones"]},
        {"joint_count": None},
    ],
    ids=str,
)
def test_a_model_with_an_impossible_config(model: Path, config: dict[str, Any]) -> None:
    rewritten(model, lambda _: None, {"config": json.dumps({"joint_count": 21, "base_channels": 4} | config)})
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(model).build()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("record", [3, [], None, {"commands": 3}, {"steps": {"pose": "x"}}, {"start": {"start": 3}}])
def test_a_model_with_a_record_of_other_types(model: Path, record: Any) -> None:
    rewritten(model, lambda _: None, {"training": json.dumps(record)})
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.load(model)


def made_results() -> FrameResults:
    about = About(
        model="m",
        model_digest="1",
        data="d",
        data_path="d.h5",
        frame_count=4,
        data_digest="2",
        labels_digest="",
        domain="real",
        is_simulated=False,
        protocol="p",
        skeleton="s",
        joints=("a", "b"),
    )
    return FrameResults(
        about=about,
        names=np.array(["a"] * 4),
        groups=np.array([""] * 4),
        pose_latent=np.zeros((4, 20), np.float32),
        errors_mm=np.full((4, 2), np.nan, np.float32),
        disagreement_mm=np.ones(4, np.float32),
        latent_distance=np.ones(4, np.float32),
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("pose_latent", np.full((4, 20), np.inf, np.float32)),
        ("pose_latent", np.full((4, 20), np.nan, np.float32)),
        ("errors_mm", np.full((4, 2), np.inf, np.float32)),
        ("disagreement_mm", np.full(4, -np.inf, np.float32)),
        ("latent_distance", np.ones(4, np.float64)),
        ("latent_distance", np.array(["x"] * 4)),
        ("latent_distance", np.zeros(4, [("a", "<f4")])),
        ("names", np.array([b"\xff"] * 4)),
        ("names", np.zeros(4, np.float32)),
    ],
)
def test_stored_results_that_no_evaluation_wrote(tmp_path: Path, name: str, values: Any) -> None:
    path = tmp_path / "r.npz"
    made_results().save(path)
    assert frame_results.load(path).about == made_results().about
    with np.load(path) as file:
        arrays = dict(file)
    with path.open("wb") as file:
        np.savez(file, **arrays | {name: values})
    with pytest.raises(FrameResultsError, match="damaged"):
        frame_results.load(path)


@pytest.mark.parametrize(
    "change", [{"frame_count": "4"}, {"joints": "ab"}, {"joints": 3}, {"fit_steps": -1}, {"turns": -1}, {"domain": 1}]
)
def test_stored_results_with_a_description_of_other_types(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "r.npz"
    replace(made_results()).save(path)
    with np.load(path) as file:
        arrays = dict(file)
    about = json.loads(arrays["about"].tobytes()) | change
    with path.open("wb") as file:
        np.savez(file, **arrays | {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)})
    with pytest.raises(FrameResultsError, match="damaged"):
        frame_results.load(path)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", TrainConfig(synthetic_path="s.h5", real_path="r.h5"))


WRONG_JSON = [NESTED, "null", "[]", "3", '"x"', "{}", "NaN", '{"stage": 3}', "{", ""]


@pytest.mark.parametrize("text", WRONG_JSON)
def test_a_runs_config_of_any_kind(run: Run, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    run.layout.config.write_text(text)
    assert main(["info", str(run.path)]) == 2
    assert main(["train", str(run.path), "--resume"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


STATE = {"stage": "pose", "stage_step": 1, "seconds": 1.0, "best_mm": {"pose": 3.0}, "last_mm": None}


@pytest.mark.parametrize(
    "state",
    [
        *WRONG_JSON,
        *(json.dumps(STATE | change) for change in ({"stage": "x"}, {"stage_step": -1}, {"stage_step": "1"})),
        *(json.dumps(STATE | change) for change in ({"seconds": None}, {"best_mm": []}, {"best_mm": {"pose": "x"}})),
    ],
)
def test_a_checkpoints_state_of_any_kind(run: Run, untrained: Checkpoint, state: str) -> None:
    run.save_checkpoint(1, untrained, {"moment": torch.zeros(1)}, STATE)
    path = run.save_checkpoint(2, untrained, {"moment": torch.zeros(1)}, STATE)
    checkpoint.write_tensors(path.with_suffix(".state.safetensors"), {"moment": torch.ones(1)}, {"state": state})
    latest = run.latest()  # the one before
    assert latest is not None
    assert latest[1]["moment"].item() == 0
    path.with_name("00000001.safetensors").unlink()
    with pytest.raises(RunError, match="no checkpoint") as caught:
        run.latest()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", [NESTED, "null", "[]", "3", '{"kind": 3}', '{"kind": "step"}', "\0", "{" * 100_000])
def test_events_of_any_kind(run: Run, line: str) -> None:
    run.record(Noted(message="first"))
    with run.layout.events.open("a") as file:
        file.write(line + "\n")
    _, events = EventsFile(run.layout.events).read()
    assert events[0].kind == "note"
    run.rewind(0)
    assert b"first" in run.layout.events.read_bytes()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pipes as Linux has them")
def test_events_that_are_a_pipe(run: Run) -> None:
    os.mkfifo(run.layout.events)
    with pytest.raises(LspsError, match="pipe"):
        run.rewind(0)


def test_numbers_of_a_hundred_thousand_digits_are_read_in_time(tmp_path: Path) -> None:
    """A pattern that tries every way to divide the digits takes an hour."""
    (tmp_path / "a.txt").write_text("1" * 200_000 + "x " + "1" * 200_000 + "y\n")
    started_s = time.process_time()
    with pytest.raises(LspsError):
        published.read(tmp_path / "a.txt", NYU_14)
    assert time.process_time() - started_s < 5


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pipes as Linux has them")
def test_nothing_but_a_file_is_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="pipe"):
        write_whole(tmp_path / "pipe", "text")
    with pytest.raises(WriteError, match="pipe"):
        published.write(tmp_path / "pipe", np.zeros((1, 1, 3)))
    with pytest.raises(FrameStoreError, match="pipe"):
        FrameWriter(tmp_path / "pipe", domain="real", camera=NYU, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


HUGE = ["1" + "0" * 30, "-1" + "0" * 30, "9" * 400, "9" * 5000, "nan", "inf", "x"]
ARGUMENTS = {
    "simulate": (["o.h5", "--domain", "sensor", "--frames", "1"], ("--frames", "--subjects", "--seed", "--jobs")),
    "generate": (["m.safetensors", "o.h5", "--frames", "1"], ("--frames", "--seed", "--temperature")),
    "fit": (["s.h5", "o.h5", "--model", "m.safetensors"], ("--frames", "--steps")),
    "evaluate": (["m.safetensors", "s.h5"], ("--fit",)),
    "train": (["run", "--synthetic", "s.h5", "--real", "s.h5"], ("--seed", "--labels")),
    "import": (["msra", "none", "o.h5"], ("--limit", "--cube-mm", "--jobs")),
}


@pytest.mark.parametrize("value", HUGE, ids=lambda value: value[:6])
@pytest.mark.parametrize("command", ARGUMENTS)
def test_a_huge_number_as_an_argument(
    command: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rest, options = ARGUMENTS[command]
    for option in options:
        try:
            status = main([command, *rest, f"{option}={value}"])
        except SystemExit as left:
            status = left.code
        assert status == 2
        assert capsys.readouterr().err.splitlines()[-1].startswith(f"lsps {command}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [*HUGE, "-1", "1e999"], ids=lambda value: value[:6])
def test_a_huge_number_as_a_setting(value: str) -> None:
    config = TrainConfig(synthetic_path="s.h5", real_path="r.h5")
    keys = ("seed", "base_channels", "pose_hidden", "posterior_width", "labels", "rotation_degrees", "zoom_percent")
    stages = ("pose.steps", "depth.batch_size", "depth.extra_annotated", "pose.learning_rate", "depth.mapping_rate")
    for key in (*keys, *stages, "weights.mapping"):
        with pytest.raises(LspsError) as caught:
            config.with_settings([f"{key}={value}"])
        assert len(str(caught.value)) < 300
        assert caught.value.field.endswith(key.rpartition(".")[2])


@pytest.mark.parametrize("text", ["1e308,1e308,1,1", "nan,1,1,1", "1,1,1e30,1"])
def test_a_camera_that_no_image_has(text: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        Camera.parse(text)


COMMANDS = [
    "evaluate PIPE.safetensors s.h5",
    "evaluate m.safetensors PIPE.h5",
    "evaluate m.safetensors s.h5 --against PIPE.txt",
    "failures PIPE.safetensors s.h5",
    "failures m.safetensors PIPE.h5",
    "predict m.safetensors PIPE.h5 --out p.txt",
    "predict PIPE.safetensors s.h5 --out p.txt",
    "generate PIPE.safetensors o.h5 --frames 1",
    "fit PIPE.h5 o.h5 --model m.safetensors",
    "fit s.h5 o.h5 --model PIPE.safetensors",
    "score icvl PIPE.txt PIPE.txt",
    "info PIPE.h5",
    "info PIPE.safetensors",
    "info run",
    "train run --resume",
    "train new --synthetic PIPE.h5 --real PIPE.h5",
    "train new --synthetic s.h5 --real s.h5 --set initial_path=PIPE.safetensors",
    "import frames o.h5 PIPE.png --camera 240,240,160,120",
    "import frames o.h5 PIPE.npy --camera 240,240,160,120",
    "simulate PIPE.h5 --domain synthetic --frames 1 --overwrite",
]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pipes as Linux has them")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_as_a_file_of_any_command(
    command: str,
    store: Path,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A writer that never comes would let its reader wait for ever."""
    monkeypatch.chdir(tmp_path)
    assert model.name == "m.safetensors"
    (tmp_path / "run").mkdir()
    for suffix in ("safetensors", "h5", "txt", "png", "npy"):
        os.mkfifo(f"PIPE.{suffix}")
    os.mkfifo("run/config.json")
    store.rename("s.h5")
    assert main(command.split()) == 2
    assert "pipe" in capsys.readouterr().err.splitlines()[-1]
    assert not {"o.h5", "p.txt", "new"} & {path.name for path in tmp_path.iterdir()}


def test_a_runs_result_is_read_again_and_one_of_other_types_is_not(tmp_path: Path) -> None:
    numbers = {"mean_error_mm": 9.5, "within_40mm_percent": 90.0, "frames": 5, "seconds": 3.0, "cpu_seconds": 2.0}
    result = RunResult(**numbers, protocol="p", machine="cpu, 1 thread")
    test: Any = SimpleNamespace(path=Path("t.h5"), provenance={"a": 1})
    good = {"data": "t.h5", "data_provenance": {"a": 1}} | result.to_json()
    file = tmp_path / "evaluation.json"
    file.write_text(json.dumps(good))
    assert read_result(tmp_path, test) == result
    for change in ({"frames": "x"}, {"mean_error_mm": None}, {"machine": {}}, {"seconds": True}):
        file.write_text(json.dumps(good | change))
        assert read_result(tmp_path, test) is None
    for older in ({key: value for key, value in good.items() if key != "cpu_seconds"}, good | {"cpu_seconds": None}):
        file.write_text(json.dumps(older))
        assert "cpu_seconds=nan" in repr(read_result(tmp_path, test))
    for content in ("[]", "null", '"x"'):
        file.write_text(content)
        assert read_result(tmp_path, test) is None
