"""What is no plain file, or only claims to be large, is refused in one line and at once."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from lsps_core import checkpoint
from lsps_core.data.importers import msra
from lsps_core.data.importers.nyu import NYU_14
from lsps_core.data.importing import matfile
from lsps_core.data.importing.labels import read_lines
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.store import FrameStore
from lsps_core.evaluation import frame_results, published
from lsps_core.files import kind_of, parse_json, read_json, require_file
from lsps_core.training.run import Run

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pipes and devices as Linux has them")
Make = Callable[[Path, str], Path]
LONGEST_S = 20.0


def _pipe(folder: Path, name: str) -> Path:
    os.mkfifo(folder / name)
    return folder / name


def _link_to(target: str) -> Make:
    def make(folder: Path, name: str) -> Path:
        (folder / name).symlink_to(target)
        return folder / name

    make.__name__ = target
    return make


def _socket(folder: Path, name: str) -> Path:
    here = Path.cwd()
    os.chdir(folder)  # a socket's path may be no longer than a hundred characters
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(name)
    finally:
        os.chdir(here)
    return folder / name


def _loop(folder: Path, name: str) -> Path:
    (folder / name).symlink_to(folder / name)
    return folder / name


MAKERS = [
    _pipe,
    _socket,
    _loop,
    *map(_link_to, ("/dev/zero", "/dev/random", "/dev/tty", "/proc/kmsg", "/proc/self/mem")),
]
READERS: dict[str, Callable[[Path], object]] = {
    "a.safetensors": checkpoint.load,
    "a.h5": FrameStore,
    "a.png": read_depth,
    "a.npy": read_depth,
    "a.tif": read_depth,
    "a.npz": frame_results.load,
    "a.txt": lambda path: published.read(path, NYU_14),
    "labels.txt": read_lines,
    "a.mat": lambda path: matfile.read_array(path, "x"),
    "a.bin": msra.read_msra_depth,
    "config.json": lambda path: Run(path.parent).config(),
}


def refusal(read: Callable[[], object]) -> str:
    """The line with which it is refused, in a thread: what waits for ever is a failure, not the end of all tests."""
    said: list[BaseException] = []

    def attempt() -> None:
        try:
            read()
        except Exception as error:  # noqa: BLE001 - looked at below
            said.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(LONGEST_S)
    assert not thread.is_alive(), "it waits for ever"
    assert said, "it was taken for a file"
    assert isinstance(said[0], ValueError), repr(said[0])
    assert "\n" not in str(said[0])
    return str(said[0])


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("name", READERS)
def test_no_reader_opens_what_is_no_file(name: str, make: Make, tmp_path: Path) -> None:
    path = make(tmp_path, name)
    assert name.partition(".")[0] in refusal(lambda: READERS[name](path))


@pytest.mark.parametrize("name", ["\0.h5", "x" * 300 + ".h5", "\udcff\0"])
def test_names_that_no_file_has(name: str, tmp_path: Path) -> None:
    assert kind_of(tmp_path / name) == ""
    refusal(lambda: FrameStore(tmp_path / name))


def test_kinds(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert kind_of(tmp_path / "file") == "file"
    assert kind_of(tmp_path) == "folder"
    assert kind_of(tmp_path / "none") == ""
    assert kind_of(_pipe(tmp_path, "pipe")) == "pipe"
    assert kind_of(Path("/dev/null")) == "device"
    assert kind_of(_socket(tmp_path, "socket")) == "socket"
    require_file(tmp_path / "file")
    with pytest.raises(FileNotFoundError):
        require_file(tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "says"),
    [("[" * 100_000, "nested"), ("[1" + "0" * 400 + "]", "digits"), ("{", "Expecting"), (b"\xff", "utf-8")],
)
def test_json_of_anybody_is_a_value_error(text: str | bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=says):
        parse_json(text)
    path = tmp_path / "a.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=says):
        read_json(path)


def _sparse(path: Path, size: int, head: bytes = b"") -> Path:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    return path


def test_a_file_of_a_hundred_gigabytes_is_not_read(tmp_path: Path) -> None:
    for name in ("a.safetensors", "a.h5", "a.txt", "labels.txt", "a.bin", "config.json"):
        refusal(lambda name=name: READERS[name](_sparse(tmp_path / name, 100 << 30)))
    header = "{'descr': '<u2', 'fortran_order': False, 'shape': (200000, 250000), }"
    head = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header.ljust(117).encode() + b"\n"
    assert "200000" in refusal(lambda: read_depth(_sparse(tmp_path / "a.npy", (100 << 30) + 128, head)))


def test_a_model_whose_header_is_a_hundred_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    _sparse(path, 200_000_000, struct.pack("<Q", 99_000_000))
    assert "header" in refusal(lambda: checkpoint.load(path))


@pytest.mark.parametrize("value", ["[" * 100_000, "1" + "0" * 400, "1e999", "NaN", "null", '"x"', "{}"])
@pytest.mark.parametrize("key", ["config", "skeleton", "half_mm", "latent_mean", "training"])
def test_a_model_with_a_hostile_header(key: str, value: str, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    header = {"format": "lsps-model", "format_version": "1", "config": "{}", "skeleton": "{}", "half_mm": "1"}
    header |= {"latent_mean": json.dumps([0.0] * 20), "latent_std": json.dumps([1.0] * 20), "training": "{}"}
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors", header | {key: value})
    assert "a.safetensors" in refusal(lambda: checkpoint.load(tmp_path / "a.safetensors"))


@pytest.mark.parametrize(
    ("frames", "size", "names"), [(10**9, 128, "O"), (10**12, 128, "O"), (1, 10**6, "O"), (1, 128, "S100000000")]
)
def test_a_store_that_only_claims_to_be_large(frames: int, size: int, names: str, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["format"] = "lsps-frames"
        chunk = min(size, 1024)
        file.create_dataset("depth", (frames, size, size), "<u2", chunks=(1, chunk, chunk))
        file.create_dataset("center_mm", (frames, 3), "<f4", chunks=(1, 3))
        file.create_dataset("half_mm", (frames,), "<f4", chunks=(1,))
        kind = h5py.string_dtype() if names == "O" else np.dtype(names)
        file.create_dataset("name", (frames,), kind, chunks=(1,))
    assert "declares" in refusal(lambda: FrameStore(tmp_path / "a.h5"))


def test_results_that_unpack_to_more_than_there_is(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", about=np.zeros(10**7, np.uint8))
    assert "packed" in refusal(lambda: frame_results.load(tmp_path / "a.npz"))
