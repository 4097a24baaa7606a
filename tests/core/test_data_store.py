import json
import os
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest

from lsps_core.camera import NYU
from lsps_core.data.store import FrameStore, FrameStoreError, FrameWriter
from lsps_core.skeleton import HAND21

SIZE = 16


def batch(count: int, seed: int = 0, joints: bool = True) -> dict:
    rng = np.random.default_rng(seed)
    made = {
        "depth_mm": rng.integers(0, 2000, (count, SIZE, SIZE)).astype(np.uint16),
        "center_mm": rng.uniform(300, 900, (count, 3)),
        "half_mm": rng.uniform(100, 150, count),
        "names": [f"bild-{index}.png" for index in range(count)],
    }
    if joints:
        made["joints_mm"] = rng.normal(size=(count, 21, 3))
    return made


def write(path: Path, count: int = 10, **options) -> dict:
    frames = batch(count)
    with FrameWriter(path, domain="real", camera=NYU, skeleton=HAND21, image_size=SIZE, **options) as writer:
        writer.append(**frames)
    return frames


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "frames.h5"


def refusal(path: Path) -> str:
    """What opening says; always one line that names the file."""
    with pytest.raises(FrameStoreError) as caught:
        FrameStore(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_what_was_written_is_read(path):
    frames = write(path, is_simulated=True, is_mirrored=True, provenance={"seed": 3})
    with FrameStore(path) as store:
        assert (store.domain, store.is_simulated, store.is_mirrored) == ("real", True, True)
        assert (store.camera, store.skeleton, store.image_size) == (NYU, HAND21, SIZE)
        assert store.provenance == {"seed": 3}
        assert len(store) == 10
        assert store.names == frames["names"]
        np.testing.assert_array_equal(store.depth_mm(slice(None)), frames["depth_mm"])
        np.testing.assert_array_equal(store.joints_mm, frames["joints_mm"].astype(np.float32))
        frame = store.frame(7)
        assert frame.name == "bild-7.png"
        assert frame.depth_mm.dtype == np.uint16
        np.testing.assert_array_equal(frame.depth_mm, frames["depth_mm"][7])
        np.testing.assert_array_equal(frame.center_mm, frames["center_mm"][7].astype(np.float32))
        np.testing.assert_array_equal(frame.joints_mm, frames["joints_mm"][7].astype(np.float32))
        assert frame.half_mm == pytest.approx(frames["half_mm"][7])


def test_the_layout_is_the_documented_one(path):
    write(path)
    with h5py.File(path) as file:
        assert file["depth"].dtype == np.uint16
        assert file["depth"].shape == (10, SIZE, SIZE)
        assert 1 < file["depth"].chunks[0] <= 8
        assert file["joints_mm"].dtype == file["center_mm"].dtype == file["half_mm"].dtype == np.float32
        assert file["name"].asstr()[3] == "bild-3.png"
        assert file.attrs["format"] == "lsps-frames"
        assert file.attrs["format_version"] == 1
        assert set(file.attrs) >= {"domain", "simulated", "mirrored", "provenance"}
        assert json.loads(file.attrs["skeleton"]) == HAND21.to_json()
        assert json.loads(file.attrs["camera"]) == NYU.to_json()


def test_any_frames_in_any_order(path):
    frames = write(path, count=50)
    wanted = np.random.default_rng(1).integers(0, 50, 80)
    with FrameStore(path) as store:
        np.testing.assert_array_equal(store.depth_mm(wanted), frames["depth_mm"][wanted])
        np.testing.assert_array_equal(store.depth_mm(slice(3, 20)), frames["depth_mm"][3:20])
        assert store.depth_mm([]).shape == (0, SIZE, SIZE)
        for wrong in (-1, 50):
            with pytest.raises(IndexError, match="0 to 49"):
                store.frame(wrong)
            with pytest.raises(IndexError, match="0 to 49"):
                store.depth_mm([0, wrong])


def test_frames_without_skeleton(path):
    with FrameWriter(path, domain="real", camera=NYU, image_size=SIZE) as writer:
        writer.append(**batch(2, joints=False))
    with FrameStore(path) as store:
        assert store.skeleton is None
        assert store.joints_mm is None
        assert store.frame(1).joints_mm is None


def test_frames_not_annotated_are_nan(path):
    with FrameWriter(path, domain="real", camera=NYU, skeleton=HAND21, image_size=SIZE) as writer:
        writer.append(**batch(3))
        writer.append(**batch(2, joints=False))
    with FrameStore(path) as store:
        assert np.isnan(store.joints_mm).all(axis=(1, 2)).tolist() == [False, False, False, True, True]


def test_times_are_kept_where_they_are_known(path, tmp_path):
    write(path)
    with FrameStore(path) as store:
        assert store.times_s is None
    made = batch(3, joints=False)
    with FrameWriter(tmp_path / "timed.h5", domain="real", camera=NYU, image_size=SIZE) as writer:
        writer.append(**made)
        writer.times_s = [0.0, 100_000.001, 100_000.002]
    with FrameStore(tmp_path / "timed.h5") as store:
        assert store.times_s.tolist() == [0.0, 100_000.001, 100_000.002]
    for wrong in ([0, 2, 1], [0, np.nan, 1]):
        with h5py.File(tmp_path / "timed.h5", "r+") as file:
            file["time_s"][:] = wrong
        with (
            FrameStore(tmp_path / "timed.h5") as store,
            pytest.raises(FrameStoreError, match="its times cannot be read"),
        ):
            _ = store.times_s
    with h5py.File(tmp_path / "timed.h5", "r+") as file:
        del file["time_s"]
        file["time_s"] = np.zeros(2)
    assert "'time_s' is float64 [2]" in refusal(tmp_path / "timed.h5")


def test_names_of_any_kind_and_a_long_provenance(path):
    frames = batch(3)
    frames["names"] = ["手", "a\0b", "caf\udce9.png"]
    with FrameWriter(
        path, domain="real", camera=NYU, skeleton=HAND21, image_size=SIZE, provenance={"x": "y" * 200_000}
    ) as writer:
        writer.append(**frames)
    with FrameStore(path) as store:
        assert store.names == ["手", "a?b", "caf?.png"]
        assert len(store.provenance["x"]) == 200_000


def test_read_from_many_threads(path):
    frames = write(path, count=60)
    store = FrameStore(path)
    wrong = []

    def look(seed: int) -> None:
        for index in np.random.default_rng(seed).integers(0, 60, 40):
            if not np.array_equal(store.frame(int(index)).depth_mm, frames["depth_mm"][index]):
                wrong.append(index)

    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert not wrong


def test_a_closed_store_says_so(path):
    write(path)
    store = FrameStore(path)
    store.close()
    with pytest.raises(FrameStoreError, match="was closed"):
        store.frame(0)


def test_missing_file(path):
    assert "does not exist" in refusal(path)


def test_folder(tmp_path):
    assert "is a folder" in refusal(tmp_path)


@pytest.mark.parametrize(("content", "said"), [(b"", "is empty"), (b"hello, I am text\n" * 50, "not an HDF5 file")])
def test_not_hdf5(path, content, said):
    path.write_bytes(content)
    assert said in refusal(path)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.99])
def test_cut_off(path, share):
    write(path, count=200)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "copy it again" in refusal(path)


def test_damage_inside_is_found_when_the_frame_is_read(path):
    write(path, count=200)
    with h5py.File(path) as file:
        offset = file["depth"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[offset : offset + 400] = b"\xff" * 400
    path.write_bytes(content)
    with FrameStore(path) as store, pytest.raises(FrameStoreError, match="frame 0 cannot be read"):
        store.frame(0)


def test_no_memory_is_no_damage(path, monkeypatch):
    write(path)

    def rows(_dataset: object, _start: int, _stop: int) -> None:
        raise MemoryError("Unable to allocate 12.5 MiB")

    with FrameStore(path) as store:
        monkeypatch.setattr("lsps_core.data.store.CheckedDataset.rows", rows)
        with pytest.raises(FrameStoreError, match="no memory is left to read its joints; close other programs"):
            store.joints_mm  # noqa: B018


@pytest.mark.parametrize("name", ["depth", "center_mm", "half_mm", "name"])
def test_missing_dataset(path, name):
    write(path)
    with h5py.File(path, "a") as file:
        del file[name]
    assert f"no dataset '{name}'" in refusal(path)


def test_missing_joints_of_a_skeleton(path):
    write(path)
    with h5py.File(path, "a") as file:
        del file["joints_mm"]
    assert "'joints_mm' has 0 joints, the skeleton 21" in refusal(path)


def test_somebody_elses_hdf5(path):
    with h5py.File(path, "w") as file:
        file["x"] = np.zeros(3)
    assert "no dataset 'depth'" in refusal(path)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("depth", np.zeros((10, SIZE, SIZE), np.float32)),
        ("depth", np.zeros((10, SIZE, SIZE + 1), np.uint16)),
        ("depth", np.zeros((0, SIZE, SIZE), np.uint16)),
        ("center_mm", np.ones((9, 3), np.float32)),
        ("half_mm", np.ones((10, 1), np.float32)),
        ("half_mm", np.ones(10, np.int32)),
        ("name", np.ones(10, np.int32)),
        ("joints_mm", np.ones((10, 21, 2), np.float32)),
        ("joints_mm", np.ones((9, 21, 3), np.float32)),
    ],
)
def test_wrong_type_or_shape(path, name, values):
    write(path)
    with h5py.File(path, "a") as file:
        del file[name]
        file[name] = values
    assert f"dataset '{name}' is" in refusal(path)


@pytest.mark.parametrize("value", [np.nan, -5.0])
def test_impossible_cube(path, value):
    write(path)
    with h5py.File(path, "a") as file:
        file["half_mm"][4] = value
    assert "frame 4" in refusal(path)


def test_newer_version(path):
    write(path)
    with h5py.File(path, "a") as file:
        file.attrs["format_version"] = 7
        del file["depth"]  # a newer format may hold other things
    message = refusal(path)
    assert "newer version" in message
    assert "format version 7" in message
    assert "reads 1" in message


@pytest.mark.parametrize("name", ["domain", "skeleton", "camera", "provenance", "mirrored"])
def test_description_missing_or_unreadable(path, name):
    write(path)
    with h5py.File(path, "a") as file:
        del file.attrs[name]
    assert "description cannot be read" in refusal(path)
    with h5py.File(path, "a") as file:
        file.attrs[name] = "{"
    if name != "mirrored":
        assert ("unknown domain" if name == "domain" else "description cannot be read") in refusal(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read and write everything")
def test_no_permission(path, tmp_path):
    write(path)
    path.chmod(0)
    assert "Permission denied" in refusal(path)
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(FrameStoreError, match="Permission denied"):
            write(tmp_path / "new.h5")
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_an_error_while_writing_leaves_nothing(path, tmp_path):
    def interrupted() -> None:
        with FrameWriter(path, domain="real", camera=NYU, skeleton=HAND21, image_size=SIZE) as writer:
            writer.append(**batch(5))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_replacing_leaves_the_old_store(path, tmp_path):
    write(path)
    before = path.read_bytes()
    with pytest.raises(FrameStoreError), FrameWriter(path, domain="real", camera=NYU, overwrite=True):
        pass
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_seen_before_the_end(path):
    with FrameWriter(path, domain="real", camera=NYU, skeleton=HAND21, image_size=SIZE) as writer:
        writer.append(**batch(5))
        assert not path.exists()
    assert path.exists()


def test_an_existing_store_is_kept_unless_told(path, tmp_path):
    write(path)
    with pytest.raises(FrameStoreError, match="exists already"):
        write(path)
    write(path, count=3, overwrite=True)
    with FrameStore(path) as store:
        assert len(store) == 3
    with pytest.raises(FrameStoreError, match="folder"):
        write(tmp_path, overwrite=True)
    with pytest.raises(FrameStoreError, match="folder does not exist"):
        write(tmp_path / "no" / "frames.h5")


def test_no_frames(path, tmp_path):
    with (
        pytest.raises(FrameStoreError, match="would have no frames"),
        FrameWriter(path, domain="real", camera=NYU),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_unknown_domain(path):
    with pytest.raises(FrameStoreError, match="'b'"):
        FrameWriter(path, domain="b", camera=NYU)


@pytest.mark.parametrize(
    "change",
    [
        {"depth_mm": np.zeros((5, SIZE, SIZE), np.float32)},
        {"depth_mm": np.zeros((4, SIZE, SIZE), np.uint16)},
        {"depth_mm": np.zeros((5, 8, 8), np.uint16)},
        {"center_mm": np.ones((4, 3))},
        {"center_mm": np.full((5, 3), np.nan)},
        {"half_mm": np.zeros(5)},
        {"joints_mm": np.zeros((5, 20, 3))},
        {"names": ["only one"]},
    ],
)
def test_frames_that_do_not_fit(path, change):
    with (
        pytest.raises(FrameStoreError),
        FrameWriter(path, domain="real", camera=NYU, skeleton=HAND21, image_size=SIZE) as writer,
    ):
        writer.append(**(batch(5) | change))
    assert not path.exists()


def test_joints_without_a_skeleton(path):
    with (
        pytest.raises(FrameStoreError, match="declare the skeleton"),
        FrameWriter(path, domain="real", camera=NYU, image_size=SIZE) as writer,
    ):
        writer.append(**batch(5))


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files with the resource module")
@pytest.mark.parametrize("limit", [1_000, 60_000, 300_000])
def test_a_full_disk(tmp_path, limit):
    """In a process of its own, since HDF5 left to itself crashes here; the limit stands in for the disk."""
    script = """
        import os, resource, sys
        import numpy as np
        from pathlib import Path
        from lsps_core.camera import NYU
        from lsps_core.data.store import FrameStoreError, FrameWriter
        assert "torch" not in sys.modules
        folder = Path(sys.argv[1])
        limit = int(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        noise = np.random.default_rng(0).integers(0, 60000, (8, 128, 128)).astype(np.uint16)
        try:
            with FrameWriter(folder / "x.h5", domain="real", camera=NYU) as writer:
                for _ in range(5):
                    writer.append(depth_mm=noise, center_mm=np.ones((8, 3)), half_mm=1, names=["a"] * 8)
        except FrameStoreError as error:
            sys.stdout.write(str(error))
        assert os.listdir(folder) == []
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path), str(limit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "x.h5 cannot be written" in done.stdout
    assert "free some space" in done.stdout
    assert "\n" not in done.stdout


def test_the_same_frames_make_the_same_file(tmp_path):
    write(tmp_path / "a.h5")
    write(tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
