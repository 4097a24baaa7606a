"""Three hundred damaged files: read where possible, else one line; never a traceback, a hang or half a store."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_sets import make_icvl, make_msra, make_nyu
from mutations import damaged, damaged_text
from PIL import Image

from lsps_core.camera import NYU
from lsps_core.data.importers.icvl import plan_icvl
from lsps_core.data.importers.msra import plan_msra, read_msra_depth
from lsps_core.data.importers.nyu import plan_nyu
from lsps_core.data.importing.labels import parse_points, read_lines
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan
from lsps_core.data.importing.run import run_import
from lsps_core.data.store import FrameStore, FrameStoreError, FrameWriter
from lsps_core.skeleton import HAND21


def refused_in_one_line(action: Callable[[], object]) -> bool:
    """Run it: whether it was refused. Anything but a ValueError of one line fails the test."""
    try:
        action()
    except ValueError as error:
        message = str(error)
        assert message
        assert "\n" not in message
        return True
    return False


def imported_or_not(make_plan: Callable[[], ImportPlan], out: Path) -> bool:
    """Plan and run an import; afterwards there is a readable store or nothing at all. Whether it was refused."""
    refused = refused_in_one_line(lambda: run_import(out, make_plan(), overwrite=True))
    if refused:
        assert not out.exists()
    else:
        with FrameStore(out) as store:
            assert store.depth_mm(slice(None)).any()
            assert np.isfinite(store.joints_mm).all()
        out.unlink()
    assert not list(out.parent.glob(".*"))
    return refused


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("damage")
    make_nyu(folder / "nyu", 2, 1)
    make_icvl(folder / "icvl", 4, 2, quirks=False)
    make_msra(folder / "msra", 4, 3, subjects=("P0",))
    return folder


def test_pictures(tmp_path):
    rng = np.random.default_rng(0)
    depth = rng.integers(0, 2500, (48, 64)).astype(np.uint16)
    packed = np.stack([depth * 0, depth >> 8, depth & 255], -1).astype(np.uint8)
    Image.fromarray(depth).save(tmp_path / "a.png")
    Image.fromarray(packed).save(tmp_path / "b.png")
    np.save(tmp_path / "c.npy", depth)
    refused = 0
    for name in ("a.png", "b.png", "c.npy"):
        whole = (tmp_path / name).read_bytes()
        for _ in range(40):
            (tmp_path / name).write_bytes(damaged(whole, rng))
            refused += refused_in_one_line(partial(read_depth, tmp_path / name, nyu_packed=name == "b.png"))
    assert refused > 80


@pytest.mark.parametrize("edge", [9_000, 60_000, 2**31 - 1])
def test_a_picture_that_claims_to_be_enormous(tmp_path, edge):
    stream = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(stream, "PNG")
    content = bytearray(stream.getvalue())
    content[16:24] = struct.pack(">II", edge, edge)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.png is cut off or damaged") as caught:
        read_depth(tmp_path / "a.png")
    assert "\n" not in str(caught.value)


def test_nyus_labels(sets, tmp_path):
    rng = np.random.default_rng(1)
    labels = sets / "nyu" / "dataset" / "train" / "joint_data.mat"
    whole = labels.read_bytes()
    plan = partial(plan_nyu, sets / "nyu", split="train", domain="real")
    refused = 0
    for _ in range(50):
        labels.write_bytes(damaged(whole, rng))
        refused += imported_or_not(plan, tmp_path / "o.h5")
    labels.write_bytes(whole)
    assert refused > 15
    assert not imported_or_not(plan, tmp_path / "o.h5")


def test_msras_pictures_and_labels(sets, tmp_path):
    rng = np.random.default_rng(2)
    folder = sets / "msra" / "P0" / "1"
    picture, labels = folder / "000000_depth.bin", folder / "joint.txt"
    whole = picture.read_bytes()
    refused = 0
    for _ in range(40):
        picture.write_bytes(damaged(whole, rng, hot=24))
        refused += refused_in_one_line(partial(read_msra_depth, picture))
    assert refused > 20
    picture.write_bytes(whole)
    text = labels.read_bytes()
    for _ in range(25):
        labels.write_bytes(damaged_text(text, rng))
        imported_or_not(partial(plan_msra, sets / "msra"), tmp_path / "o.h5")
    labels.write_bytes(text)
    report = run_import(tmp_path / "whole.h5", plan_msra(sets / "msra"))
    assert (report.frame_count, report.skipped) == (4, ())


def test_icvls_labels(sets, tmp_path):
    rng = np.random.default_rng(3)
    labels = sets / "icvl" / "Training" / "labels.txt"
    text = labels.read_bytes()
    for _ in range(40):
        labels.write_bytes(damaged_text(text, rng))
        imported_or_not(partial(plan_icvl, sets / "icvl", split="train"), tmp_path / "o.h5")
    labels.write_bytes(text)
    report = run_import(tmp_path / "whole.h5", plan_icvl(sets / "icvl", split="train"))
    assert (report.frame_count, report.skipped) == (4, ())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_lines_of_labels_or_refused(tmp_path, content):
    (tmp_path / "labels.txt").write_bytes(content)
    for line in read_lines(tmp_path / "labels.txt"):
        refused_in_one_line(partial(parse_points, line.split(), 1))


@pytest.fixture(scope="module")
def store_bytes(tmp_path_factory) -> tuple[bytes, np.ndarray]:
    """A store, and the places in it that HDF5 keeps its own books in."""
    path = tmp_path_factory.mktemp("store") / "a.h5"
    rng = np.random.default_rng(4)
    depth = rng.integers(400, 900, (20, 32, 32)).astype(np.uint16)
    with FrameWriter(path, domain="real", camera=NYU, skeleton=HAND21, image_size=32) as writer:
        joints, centers = rng.normal(600, 10, (20, 21, 3)), rng.normal(600, 10, (20, 3))
        names = [f"a/{number}" for number in range(20)]
        writer.append(depth_mm=depth, center_mm=centers, half_mm=125.0, joints_mm=joints, names=names)
    content = path.read_bytes()
    is_book = np.ones(len(content), bool)
    with h5py.File(path) as file:
        for dataset in file.values():
            for number in range(dataset.id.get_num_chunks()):
                chunk = dataset.id.get_chunk_info(number)
                is_book[chunk.byte_offset : chunk.byte_offset + chunk.size] = False
    return content, np.flatnonzero(is_book)


def read_all(path: Path) -> None:
    with FrameStore(path) as store:
        for index in range(0, len(store), 7):
            store.frame(index)
        _ = store.depth_mm(slice(None)), store.names, store.joints_mm


@pytest.mark.parametrize("kind", ["anywhere", "books"])
def test_stores(tmp_path, store_bytes, kind):
    whole, books = store_bytes
    rng = np.random.default_rng(5)
    path = tmp_path / "a.h5"
    refused = 0
    for _ in range(50):
        content = bytearray(whole)
        if kind == "books":
            for place in rng.choice(books, rng.integers(1, 5)):
                content[place] = rng.choice([0, 127, 128, 255, rng.integers(256)])
        else:
            content = damaged(whole, rng)
        path.write_bytes(content)
        refused += refused_in_one_line(partial(read_all, path))
    assert refused > 20


def test_a_damaged_heap_does_not_hang(tmp_path, store_bytes):
    """HDF5 itself would search it for ever."""
    whole, _ = store_bytes
    start = whole.find(b"GCOL")
    assert 0 < start < 1 << 16
    for place, value in ((24, 0xFF), (31, 0xFF), (24, 0), (9, 0)):
        content = bytearray(whole)
        content[start + place] = value
        if place == 31:
            content[start + 24 : start + 32] = b"\xf0" + b"\xff" * 7
        (tmp_path / "a.h5").write_bytes(content)
        with pytest.raises(FrameStoreError, match="damaged"):
            read_all(tmp_path / "a.h5")
