"""Every reader of files: what it is fuzzed with, and what must be true of what it accepts."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import formats
import h5py
import mutations
import numpy as np
import torch
from PIL import Image

from explorer_app.explore.model.directions import Directions
from explorer_app.explore.model.presets import Presets
from explorer_app.inspect.model.tags import Tags
from explorer_app.model.opening import CAMERA_PRESETS
from explorer_app.model.raw_image import list_images
from explorer_app.model.saved_session import SavedSession
from lsps_core import checkpoint
from lsps_core.camera import NYU
from lsps_core.checkpoint import Checkpoint
from lsps_core.config.model import ModelConfig
from lsps_core.config.training import TrainConfig
from lsps_core.data.importers.dexycb import read_joints
from lsps_core.data.importers.msra import read_msra_depth
from lsps_core.data.importers.nyu import NYU_14
from lsps_core.data.importing.labels import parse_points, read_lines
from lsps_core.data.importing.matfile import read_array
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plain_pickle import read_plain_pickle
from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.evaluation import frame_results, published
from lsps_core.evaluation.about import About
from lsps_core.evaluation.frame_results import FrameResults
from lsps_core.events import Noted, Started, Stepped
from lsps_core.finetuning.coco_labels import write_coco
from lsps_core.finetuning.label_json import OutsideLabel, read_label_json
from lsps_core.finetuning.labels import Label, read_labels, write_labels
from lsps_core.finetuning.outside import read_outside
from lsps_core.finetuning.patches import Patch
from lsps_core.networks.numpy_decoder import numpy_pose_decoder
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.runs.follow import EventsFile, last_error
from lsps_core.skeleton import HAND21
from lsps_core.training.run import Run

_FRAMES, _SIZE = 6, 16
_SR305 = CAMERA_PRESETS["sr305"]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """file: the name in an empty folder. make: the contents that are mutated. read: ValueError or OSError where it
    refuses a file, AssertionError where it accepted what it must not. prepare: fills the folder besides. costs: it
    gets so many times fewer inputs, as each takes longer."""

    file: str
    make: Callable[[Path], list[bytes]]
    mutate: mutations.Mutation
    read: Callable[[Path], object]
    prepare: Callable[[Path], object] = lambda _: None
    costs: int = 1


def _store(folder: Path) -> list[bytes]:
    path, rng = folder / "made.h5", np.random.default_rng(4)
    depth = rng.integers(400, 900, (_FRAMES, _SIZE, _SIZE)).astype(np.uint16)
    with FrameWriter(path, domain="real", camera=NYU, skeleton=HAND21, image_size=_SIZE, overwrite=True) as writer:
        joints, centers = rng.normal(600, 10, (_FRAMES, 21, 3)), rng.normal(600, 10, (_FRAMES, 3))
        names = [f"a/{number}" for number in range(_FRAMES)]
        writer.append(depth_mm=depth, center_mm=centers, half_mm=125.0, joints_mm=joints, names=names)
        writer.groups["camera"] = ["a", "b"] * (_FRAMES // 2)
        writer.fit_residual_mm = [1.0] * _FRAMES
        writer.times_s = [0.5] * _FRAMES
    return [path.read_bytes()]


def _read_store(path: Path) -> None:
    with FrameStore(path) as store:
        depth = store.depth_mm(slice(0, min(len(store), 8)))
        assert depth.dtype == np.uint16
        assert np.isfinite(store.center_mm).all()
        assert np.isfinite(store.half_mm).all()
        assert len(store.half_mm) == len(store) == len(store.names)
        joints = store.joints_mm
        assert joints is None or not np.isinf(joints).any()
        store.frame(len(store) - 1)
        _ = store.groups, store.fit_residual_mm
        assert store.times_s is None or (np.diff(store.times_s) >= 0).all()
        json.dumps([store.provenance, store.camera.to_json()])


def _label(folder: Path) -> Label:
    (folder / "source.h5").write_bytes(_store(folder)[0])
    with FrameStore(folder / "source.h5") as store:
        joints = store.joints_mm
        assert joints is not None
        return Label(
            frame=replace(store.frame(1), joints_mm=joints[1] + 3),
            camera=store.camera_of(1),
            skeleton=HAND21,
            how="pulled",
            author="a",
            time="2026",
            model="m",
            latent=(0.5,) * 20,
            reached_mm={"thumb_tip": (1.0, 2.0, 600.0)},
        )


def _own_labels(folder: Path) -> list[bytes]:
    label = _label(folder)
    write_labels(folder / "made.labels.h5", {label.name: label}, is_simulated=True, source="s")
    return [(folder / "made.labels.h5").read_bytes()]


def _read_own_labels(path: Path) -> None:
    for name, label in read_labels(path).items():
        assert label.name == name
        assert label.frame.joints_mm is not None
        assert np.isfinite(label.frame.joints_mm).all()
        json.dumps([label.author, label.time, label.model, label.latent, label.reached_mm], allow_nan=False)


def _coco_labels(folder: Path) -> list[bytes]:
    label = _label(folder)
    write_coco(folder / "made.json", {label.name: label}, "s")
    return [(folder / "made.json").read_bytes()]


def _read_coco_labels(path: Path) -> None:
    for found in read_outside(path, HAND21).values():
        assert isinstance(found, OutsideLabel)
        assert found.joints_mm.shape == (21, 3)
        assert np.isfinite(found.joints_mm).all()
        (found.author + found.time).encode()


def _patch(folder: Path) -> list[bytes]:
    label = _label(folder)
    with FrameStore(folder / "source.h5") as store:
        Patch.of(store, {label.name: label}).write(folder / "made.json")
    return [(folder / "made.json").read_bytes()]


def _read_patch(path: Path) -> None:
    patch = Patch.from_json(path, read_label_json(path))
    for found in patch.labels_for(patch.skeleton, path).values():
        assert np.isfinite(found.joints_mm).all()
    patch.write(path.with_name("again.json"))


def _raw_hdf5(_: Path) -> list[bytes]:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        depth = np.full((3, 40, 50), 500, "<u2")
        file.create_dataset("depth", data=depth, chunks=(1, 40, 50), compression="gzip", shuffle=True)
        file.create_dataset("half_mm", data=np.ones(3, "<f4"))
    return [stream.getvalue()]


def _read_raw(path: Path) -> None:
    images, complaints = list_images([path])
    assert images or complaints
    for image in images[:3]:
        image.read(_SR305)


def _model(folder: Path) -> list[bytes]:
    config = ModelConfig(joint_count=21, base_channels=4, pose_hidden=8)
    made = Checkpoint(
        config=config,
        skeleton=HAND21,
        half_mm=125.0,
        latent_mean=(0.0,) * 20,
        latent_std=(1.0,) * 20,
        weights={name: torch.full_like(each, 0.01) for name, each in TriDomainModel(config).state_dict().items()},
        training={"commands": ["x"], "steps": {"pose": 3}, "simulated": True},
        latent_covariance=tuple(tuple(float(i == j) for j in range(20)) for i in range(20)),
        prior_codes=torch.zeros(4, 20),
    )
    checkpoint.save(made, folder / "made.safetensors")
    return [(folder / "made.safetensors").read_bytes()]


def _read_model(path: Path) -> None:
    found = checkpoint.load(path)
    json.dumps(found.training)
    model = found.build()
    assert all(bool(each.isfinite().all()) for each in model.state_dict().values())
    pose = numpy_pose_decoder(model.pose_vae)(np.zeros(20, np.float32))
    assert pose.shape == (found.skeleton.joint_count, 3)


def _state(folder: Path) -> list[bytes]:
    state = {"stage": "pose", "stage_step": 1, "seconds": 1.0, "best_mm": {"pose": 3.0}, "last_mm": None}
    path = folder / "made.state.safetensors"
    checkpoint.write_tensors(path, {"moment": torch.zeros(8)}, {"state": json.dumps(state)})
    return [path.read_bytes()]


def _prepare_run(folder: Path) -> None:
    """A run with a checkpoint whose state is the file that is fuzzed."""
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir(exist_ok=True)
    (checkpoints / "00000001.safetensors").write_bytes(_model(folder)[0])
    (folder / "made.safetensors").unlink()


def _read_state(path: Path) -> None:
    path.replace(path.parent / "checkpoints" / "00000001.state.safetensors")
    latest = Run(path.parent).latest()
    assert latest is not None
    state = latest[2]
    assert state["stage"] in ("pose", "depth", "posterior")
    assert isinstance(state["stage_step"], int)
    json.dumps(state)


def _config(_: Path) -> list[bytes]:
    return [json.dumps(TrainConfig(synthetic_path="s.h5", real_path="r.h5").to_json()).encode()]


def _read_config(path: Path) -> None:
    config = Run(path.parent).config()
    config.model_config(HAND21)
    assert abs(config.seed) < 2**63
    json.dumps(config.to_json(), allow_nan=False)


def _events(_: Path) -> list[bytes]:
    counts = {"stage_step": 1, "step": 1, "frames_per_s": 9.0, "eta_s": 1.0}
    events = [Started(step=0, total_steps=9, device="cpu", parameters=1), Noted(message="a")]
    events += [Stepped(stage="pose", terms={"a": 0.5}, **counts)] * 3
    return ["".join(event.line() + "\n" for event in events).encode()]


def _read_events(path: Path) -> None:
    _, events = EventsFile(path).read()
    for event in events:
        event.line()
    last_error(path)
    Run(path.parent).rewind(1)


def _results(folder: Path) -> list[bytes]:
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
    made = FrameResults(
        about=about,
        names=np.array(["a"] * 4),
        groups=np.array(["é"] * 4),
        pose_latent=np.zeros((4, 20), np.float32),
        errors_mm=np.full((4, 2), np.nan, np.float32),
        disagreement_mm=np.ones(4, np.float32),
        latent_distance=np.ones(4, np.float32),
        divisions={"camera": np.array(["x", "y"] * 2)},
    )
    made.save(folder / "made.npz")
    return [(folder / "made.npz").read_bytes()]


def _read_results(path: Path) -> None:
    found = frame_results.load(path)
    assert found.is_done.all()
    for name in found.about.columns:
        values = getattr(found, name)
        assert values.dtype == np.float32
        assert len(values) == found.about.frame_count
        assert not np.isinf(values).any()
    assert isinstance(found.about.key, str)
    assert isinstance(found.about.file_name, str)


def _picture(kind: str, packed: bool = False) -> Callable[[Path], list[bytes]]:
    def make(_: Path) -> list[bytes]:
        depth = np.random.default_rng(0).integers(0, 2500, (24, 32)).astype(np.uint16)
        image = np.stack([depth * 0, depth >> 8, depth & 255], -1).astype(np.uint8) if packed else depth
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, kind)
        return [stream.getvalue()]

    return make


def _npy(_: Path) -> list[bytes]:
    stream = io.BytesIO()
    np.save(stream, np.full((24, 32), 500, "<u2"))
    return [stream.getvalue()]


def _read_picture(path: Path, packed: bool = False) -> None:
    depth = read_depth(path, nyu_packed=packed)
    assert depth.ndim == 2
    assert depth.dtype in (np.uint16, np.float32)
    assert np.isfinite(depth).all()
    assert (depth >= 0).all()


def _msra(_: Path) -> list[bytes]:
    return [struct.pack("<6i", 40, 30, 5, 5, 25, 20) + np.full(20 * 15, 400.0, "<f4").tobytes()]


def _read_msra(path: Path) -> None:
    depth = read_msra_depth(path)
    assert np.isfinite(depth).all()
    assert (depth >= 0).all()


def _element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def _mat(_: Path) -> list[bytes]:
    values = np.arange(24.0).reshape(2, 3, 4, order="F")
    parts = _element(6, struct.pack("<II", 6, 0)) + _element(5, struct.pack("<3i", 2, 3, 4)) + _element(1, b"uvd")
    matrix = _element(14, parts + _element(9, values.tobytes(order="F")))
    head = b"MATLAB 5.0".ljust(124) + b"\x00\x01IM"
    packed = zlib.compress(matrix)
    return [head + matrix, head + struct.pack("<II", 15, len(packed)) + packed]


def _table(folder: Path) -> list[bytes]:
    uvd = np.round(np.random.default_rng(11).normal([150, 120, 400], [30, 30, 40], (8, 14, 3)), 3)
    published.write(folder / "made.txt", uvd)
    return [(folder / "made.txt").read_bytes()]


def _read_table(path: Path) -> None:
    found = published.read(path, NYU_14)
    assert np.isfinite(found.uvd).all()


def _read_labels(path: Path) -> None:
    for line in read_lines(path):
        try:
            assert np.isfinite(parse_points(line.split(), 14)).all()
        except ValueError:
            continue


def _session(folder: Path) -> list[bytes]:
    SavedSession(model_path=folder / "m.safetensors", data_paths=(folder / "a.png",), images=_SR305).save(
        folder / "made.json"
    )
    return [(folder / "made.json").read_bytes()]


def _read_session(path: Path) -> None:
    session = SavedSession.load(path)
    session.save(path.with_name("again.json"))
    _ = session.missing


_CODE = {"step": [0.5] * 20, "name": "a", "model": "m", "fingerprint": "1", "frames": [3, 4]}
_SETTINGS: dict[str, dict[str, Any]] = {
    "presets": {"models": {"m": {"p": [0.5] * 20}}},
    "directions": {"directions": [_CODE, _CODE | {"name": "b"}]},
    "tags": {"data": {"1": {"name": "d", "frames": {"a/1": {"tag": "blurred, thumb", "note": "x"}}}}},
}


def _settings(kind: str, reader: Callable[[Path], object]) -> Reader:
    """A file of the app's own."""
    content = {"format": f"lsps-{kind}", "version": 1} | _SETTINGS[kind]
    return Reader(
        file=f"{kind}.json", make=lambda _: [json.dumps(content).encode()], mutate=mutations.mutate_json, read=reader
    )


def _pickle(_: Path) -> list[bytes]:
    """As in HO-3D: in the protocols of Python 2 and of Python 3."""
    value = {"camMat": np.eye(3), "handJoints3D": np.ones((21, 3), np.float32), "objName": "box", "n": [1, 2.5, None]}
    return [pickle.dumps(value, protocol) for protocol in (0, 2, 4)]


def _read_pickle(path: Path) -> None:
    """Only plain values may come out."""
    values = [read_plain_pickle(path)]
    for value in values:
        assert isinstance(
            value, dict | list | tuple | str | bytes | int | float | complex | None | np.ndarray | np.generic
        )
        if isinstance(value, np.ndarray):
            assert not value.dtype.hasobject
        elif isinstance(value, dict | list | tuple) and len(values) < 10_000:
            values += [*value.values(), *value] if isinstance(value, dict) else value


def _joints(_: Path) -> list[bytes]:
    stream = io.BytesIO()
    np.savez(stream, joint_3d=np.ones((1, 21, 3), np.float32), seg=np.zeros((4, 4), np.uint8))
    return [stream.getvalue()]


def _read_joints(path: Path) -> None:
    found = read_joints(path)
    assert found is None or found.shape == (21, 3)


def _read_mat(path: Path) -> None:
    found = read_array(path, "uvd")
    assert found is None or found.dtype == np.float64


READERS: dict[str, Reader] = {
    "store": Reader(file="a.h5", make=_store, mutate=formats.mutate_hdf5, read=_read_store),
    "own labels": Reader(file="a.labels.h5", make=_own_labels, mutate=formats.mutate_hdf5, read=_read_own_labels),
    "COCO labels": Reader(file="a.json", make=_coco_labels, mutate=mutations.mutate_json, read=_read_coco_labels),
    "patch": Reader(file="a.json", make=_patch, mutate=mutations.mutate_json, read=_read_patch),
    "raw HDF5": Reader(file="raw.h5", make=_raw_hdf5, mutate=formats.mutate_hdf5, read=_read_raw),
    "model": Reader(file="a.safetensors", make=_model, mutate=formats.mutate_safetensors, read=_read_model),
    "training state": Reader(
        file="state", make=_state, mutate=formats.mutate_safetensors, read=_read_state, prepare=_prepare_run
    ),
    "run config": Reader(file="config.json", make=_config, mutate=mutations.mutate_json, read=_read_config),
    "run events": Reader(file="events.jsonl", make=_events, mutate=mutations.mutate_json_lines, read=_read_events),
    "stored evaluation": Reader(file="a.npz", make=_results, mutate=formats.mutate_npz, read=_read_results),
    "PNG": Reader(file="a.png", make=_picture("PNG"), mutate=formats.mutate_png, read=_read_picture),
    "packed PNG": Reader(
        file="a.png",
        make=_picture("PNG", packed=True),
        mutate=formats.mutate_png,
        read=lambda path: _read_picture(path, packed=True),
    ),
    "TIFF": Reader(file="a.tif", make=_picture("TIFF"), mutate=formats.mutate_tiff, read=_read_picture),
    "NPY": Reader(file="a.npy", make=_npy, mutate=formats.mutate_npy, read=_read_picture),
    "MAT": Reader(file="a.mat", make=_mat, mutate=formats.mutate_mat, read=_read_mat),
    "BIN": Reader(file="a.bin", make=_msra, mutate=formats.mutate_integers(6), read=_read_msra),
    "pickle": Reader(file="a.pkl", make=_pickle, mutate=mutations.damaged, read=_read_pickle),
    "label arrays": Reader(file="a.npz", make=_joints, mutate=formats.mutate_npz, read=_read_joints),
    "predictions": Reader(file="a.txt", make=_table, mutate=mutations.mutate_table, read=_read_table),
    "labels": Reader(file="labels.txt", make=_table, mutate=mutations.mutate_table, read=_read_labels),
    "session": Reader(file="a.lsps.json", make=_session, mutate=mutations.mutate_json, read=_read_session),
    "presets": _settings("presets", Presets),
    "directions": _settings("directions", Directions),
    "tags": _settings("tags", Tags),
}


def refuses(read: Callable[[Path], object], path: Path) -> bool:
    """Whether it refuses the file, in one line; anything else is raised."""
    try:
        read(path)
    except (ValueError, OSError) as error:
        text = str(error)
        assert text, "an error without a text"
        assert "\n" not in text, "an error of several lines"
        return True
    return False
