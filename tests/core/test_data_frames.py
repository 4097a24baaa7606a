import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lsps_core.camera import NYU, SR305
from lsps_core.data.crop import crop_pixels
from lsps_core.data.frame import FrameList
from lsps_core.data.hand_search import find_hand
from lsps_core.data.importers.frames import frame_from_depth, import_frames, read_depth
from lsps_core.data.store import FrameStore, FrameStoreError

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the sample frames in {DATA}")

# the middle of the hand as seen in the picture: column and row px, and the depth there in mm
SR305_HANDS = {
    "20210326-230536_30": (290, 310, 605),
    "20210326-230536_50": (285, 280, 575),
    "20210326-230536_90": (315, 225, 557),
    "20210326-231615_0": (272, 285, 607),
    "20210326-231615_100": (325, 290, 588),
    "20210326-231615_180": (330, 280, 608),
}


def limb(depth: np.ndarray, start: list[float], stop: list[float], radius: float) -> None:
    """Draw a limb into a depth image: a chain of balls."""
    rows, columns = np.mgrid[: depth.shape[0], : depth.shape[1]]
    for x, y, z in np.linspace(start, stop, 40):
        u, v, _ = SR305.project(np.array([x, y, z]))
        reach = radius * SR305.fx / z
        window = np.s_[max(0, int(v - reach)) : max(0, int(v + reach) + 2), max(0, int(u - reach)) : int(u + reach) + 2]
        off = np.hypot(columns[window] - u, rows[window] - v) * z / SR305.fx
        front = z - np.sqrt(np.maximum(radius**2 - off**2, 0))
        is_here = (off < radius) & ((depth[window] == 0) | (front < depth[window]))
        depth[window] = np.where(is_here, front, depth[window])


@cache
def person(has_fingers: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """A torso, a head and a forearm held to the camera, and where its palm is."""
    depth = np.zeros((480, 640))
    limb(depth, [150, -500, 950], [150, -150, 950], 170)
    limb(depth, [150, 150, 930], [150, 200, 930], 90)
    x, y, z = -60.0, -30.0, 600.0
    limb(depth, [x + 30, y - 280, z + 60], [x, y - 60, z], 38)
    limb(depth, [x - 15, y - 10, z], [x + 15, y + 15, z], 40)
    for angle in np.deg2rad((-50, -20, 0, 20, 40)) if has_fingers else ():
        across, up = np.sin(angle), np.cos(angle)
        limb(depth, [x + 35 * across, y + 35 * up, z], [x + 115 * across, y + 115 * up, z], 9)
    depth.flags.writeable = False
    return depth, np.array([x, y, z])


@pytest.mark.parametrize("has_fingers", [True, False])
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_find_the_hand_of_a_person(has_fingers, dtype):
    depth, palm = person(has_fingers)
    found = find_hand(depth.astype(dtype), SR305)
    assert np.linalg.norm(found.center_mm - palm) < 60
    assert found.half_mm == 125.0
    assert found.candidates > 1
    u, v, _ = SR305.project(palm)
    u0, v0, u1, v1 = found.box_px
    assert u0 < u < u1
    assert v0 < v < v1


def test_find_the_hand_alone_and_under_noise():
    depth, palm = person()
    alone = np.where(depth < 650, depth, 0)
    rng = np.random.default_rng(0)
    for picture in (alone, np.where(rng.random(depth.shape) < 0.1, 0, depth), np.where(depth > 0, depth, 1400)):
        assert np.linalg.norm(find_hand(picture, SR305).center_mm - palm) < 60


def test_find_no_hand():
    with pytest.raises(ValueError, match="no reading between 150 and 1500 mm"):
        find_hand(np.zeros((48, 64), np.uint16), SR305)
    with pytest.raises(ValueError, match="no reading"):
        find_hand(np.full((48, 64), 4000, np.uint16), SR305)
    specks = np.where(np.random.default_rng(0).random((480, 640)) < 0.01, 500, 0)
    with pytest.raises(ValueError, match="nothing as large as a hand"):
        find_hand(specks, SR305)
    with pytest.raises(ValueError, match="nothing shaped like a hand"):
        find_hand(np.full((480, 640), 1400), SR305)  # a wall


@needs_data
@pytest.mark.parametrize("name", SR305_HANDS)
def test_find_the_hand_in_real_frames(name):
    depth = read_depth(DATA / "sr305" / f"{name}.png", unit_mm=0.125)
    frame, found = frame_from_depth(depth, SR305, name=name)
    expected = SR305.unproject(np.array(SR305_HANDS[name], dtype=float))
    assert np.linalg.norm(found.center_mm - expected) < 35
    assert 0.1 < (frame.depth_mm > 0).mean() < 0.5
    # nothing of the hand reaches the crop's sides; the arm may
    assert min((frame.depth_mm[:2] > 0).sum(), (frame.depth_mm[:, :2] > 0).sum()) == 0


@needs_data
def test_find_the_hand_in_the_first_nyu_frame():
    depth = read_depth(DATA / "nyu" / "depth_1_0000001.png", nyu_packed=True)
    assert depth.dtype == np.uint16
    assert depth.max() < 2001
    with (DATA / "nyu" / "test_labels_uvd.txt").open() as file:
        labels = NYU.unproject(np.array(file.readline().split(), dtype=float).reshape(14, 3))
    found = find_hand(depth, NYU)
    assert np.linalg.norm(found.center_mm - labels[-1]) < 45
    pixels = crop_pixels(labels, NYU, found.center_mm, found.half_mm)
    assert ((pixels > -0.5) & (pixels < 127.5)).all()


def save(path: Path, values: np.ndarray) -> Path:
    if path.suffix == ".npy":
        np.save(path, values)
    else:
        Image.fromarray(values).save(path)
    return path


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.tiff", "a.npy", "a.PNG"])
def test_read_16_bit(tmp_path, name):
    values = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000
    path = save(tmp_path / name, values)
    depth = read_depth(path)
    assert depth.dtype == np.uint16
    np.testing.assert_array_equal(depth, values)
    scaled = read_depth(path, unit_mm=0.125)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, values / 8)


@pytest.mark.parametrize("name", ["a.tif", "a.npy"])
def test_read_floating_point(tmp_path, name):
    values = np.array([[0.5, np.nan, -1], [np.inf, 0.25, 0]], np.float32)
    depth = read_depth(save(tmp_path / name, values), unit_mm=1000)
    np.testing.assert_array_equal(depth, np.array([[500, 0, 0], [0, 250, 0]], np.float32))


def test_read_32_bit(tmp_path):
    values = np.array([[1, 70000], [0, -3]], np.int32)
    np.testing.assert_array_equal(read_depth(save(tmp_path / "a.tif", values)), [[1, 70000], [0, 0]])


def test_read_nyus_packing(tmp_path):
    millimetres = np.array([[0, 1, 700], [2000, 2001, 9000]])
    packed = np.stack([np.full((2, 3), 7), millimetres // 256, millimetres % 256], -1).astype(np.uint8)
    depth = read_depth(save(tmp_path / "a.png", packed), nyu_packed=True)
    np.testing.assert_array_equal(depth, [[0, 1, 700], [2000, 0, 0]])


def bad_files(folder: Path) -> dict[str, Path]:
    """A file for everything that may be wrong, by what is to be said about it."""
    good = save(folder / "good.png", np.random.default_rng(0).integers(0, 60000, (90, 90)).astype(np.uint16))
    made = {
        "cut off": folder / "cut.png",
        "not an image": folder / "text.png",
        "is empty": folder / "empty.png",
        "8-bit image": save(folder / "grey.png", np.zeros((4, 4), np.uint8)),
        "8-bit colour image": save(folder / "colour.png", np.zeros((4, 4, 3), np.uint8)),
        "holds uint8": save(folder / "bytes.npy", np.zeros((4, 4), np.uint8)),
        "rows and columns": save(folder / "deep.npy", np.zeros((4, 4, 2), np.uint16)),
        "no pixels": save(folder / "nothing.npy", np.zeros((0, 4), np.uint16)),
        "not a readable .npy": folder / "cut.npy",
        "does not exist": folder / "missing.png",
        "is a folder": folder / "folder",
    }
    made["cut off"].write_bytes(good.read_bytes()[:500])
    made["not an image"].write_text("hello")
    made["is empty"].touch()
    made["not a readable .npy"].write_bytes(save(folder / "whole.npy", np.zeros((50, 50))).read_bytes()[:300])
    made["is a folder"].mkdir()
    objects = folder / "objects.npy"
    np.save(objects, np.array([{}], dtype=object), allow_pickle=True)
    return made | {"Python objects": objects}


def test_what_is_wrong_with_a_picture(tmp_path):
    for said, path in bad_files(tmp_path).items():
        with pytest.raises(ValueError, match=r".") as caught:
            read_depth(path)
        message = str(caught.value)
        assert said in message
        assert str(path) in message
        assert "\n" not in message


def test_every_cut_of_a_picture_is_refused(tmp_path):
    content = save(tmp_path / "a.png", np.random.default_rng(0).integers(0, 60000, (40, 40)).astype(np.uint16))
    whole = content.read_bytes()
    for length in range(1, len(whole) - 20, 37):
        content.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"a\.png"):
            read_depth(content)


def test_packed_and_unpacked_are_told_apart(tmp_path):
    with pytest.raises(ValueError, match="not a packed NYU image"):
        read_depth(save(tmp_path / "a.png", np.zeros((4, 4), np.uint16)), nyu_packed=True)
    with pytest.raises(ValueError, match="--nyu-packed"):
        read_depth(save(tmp_path / "b.png", np.zeros((4, 4, 3), np.uint8)))


@pytest.mark.parametrize("unit_mm", [0.0, -1.0, float("nan")])
def test_impossible_units(tmp_path, unit_mm):
    with pytest.raises(ValueError, match="depth unit"):
        read_depth(tmp_path / "a.png", unit_mm=unit_mm)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_picture_without_permission(tmp_path):
    path = save(tmp_path / "a.png", np.zeros((4, 4), np.uint16))
    path.chmod(0)
    with pytest.raises(ValueError, match="Permission denied"):
        read_depth(path)


def test_a_given_centre_is_taken():
    depth, palm = person()
    u, v, d = SR305.project(palm)
    frame, found = frame_from_depth(depth, SR305, cube_mm=200, center_uvd=(u, v, d), name="x")
    np.testing.assert_allclose(frame.center_mm, palm, atol=1e-3)
    assert frame.half_mm == found.half_mm == 100
    assert frame.joints_mm is None
    assert frame.name == "x"
    with pytest.raises(ValueError, match="nothing is inside the cube"):
        frame_from_depth(depth, SR305, center_uvd=(5, 5, 300))
    with pytest.raises(ValueError, match="in front of the camera"):
        frame_from_depth(depth, SR305, center_uvd=(5, 5, 0))


def test_import_skips_and_names_the_bad_ones(tmp_path):
    depth, palm = person()
    good = save(tmp_path / "good-hand.png", depth.astype(np.uint16))
    empty = save(tmp_path / "far.npy", np.full((10, 10), 9000, np.uint16))
    (tmp_path / "bad").mkdir()
    bad = [*bad_files(tmp_path / "bad").values(), empty]
    seen = []
    report = import_frames(
        tmp_path / "out.h5", [good, *bad, good], SR305, progress=lambda done, total: seen.append((done, total))
    )
    assert report.frame_count == 2
    assert len(report.skipped) == len(bad)
    for line, path in zip(report.skipped, bad, strict=True):
        assert line.count(str(path)) == 1
        assert "\n" not in line
    assert seen[-1] == (len(bad) + 2, len(bad) + 2)
    with FrameStore(report.path) as store:
        assert len(store) == 2
        assert store.skeleton is None
        assert store.domain == "real"
        assert not store.is_simulated
        assert store.camera == SR305
        assert store.names == ["good-hand.png"] * 2
        assert store.provenance["importer"] == "frames"
        assert np.linalg.norm(store.center_mm[0] - palm) < 60


def test_import_of_nothing_usable(tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("hello")
    with pytest.raises(FrameStoreError, match=r"none of 1 images.*bad\.png"):
        import_frames(tmp_path / "out.h5", [bad], SR305)
    with pytest.raises(FrameStoreError, match="none of 0 images"):
        import_frames(tmp_path / "out.h5", [], SR305)
    assert list(tmp_path.iterdir()) == [bad]


def test_loose_frames_are_a_source():
    depth, _ = person()
    frame, _ = frame_from_depth(depth, SR305, name="x")
    source = FrameList(frames=(frame,), camera=SR305)
    assert len(source) == 1
    assert source.frame(0) is frame
    assert (source.domain, source.skeleton, source.is_simulated) == ("real", None, False)
    with pytest.raises(IndexError):
        source.frame(1)
