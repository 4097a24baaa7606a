"""Groups in a store: written by a simulation, read, kept by copies, and split by in evaluations."""

import json

import h5py
import numpy as np
import pytest

from lsps_core.camera import NYU
from lsps_core.cli import main
from lsps_core.data.store import FrameStore, FrameStoreError, FrameWriter
from lsps_core.evaluation import frame_results
from lsps_core.fitting.fit_store import fit_store
from lsps_core.inference import Predictor

GROUPS = {"view": ["back", "palm", "back"], "camera": ["kinect", "kinect", 'é, "x"']}


def write(path, groups=GROUPS):
    with FrameWriter(path, domain="real", camera=NYU, image_size=8) as writer:
        writer.append(
            depth_mm=np.zeros((3, 8, 8), np.uint16), center_mm=np.ones((3, 3)), half_mm=100.0, names=["a", "b", "c"]
        )
        writer.groups |= groups
    return path


def test_groups_are_read_as_they_were_written(tmp_path):
    with FrameStore(write(tmp_path / "x.h5")) as store:
        assert {division: groups.tolist() for division, groups in store.groups.items()} == GROUPS
        assert list(store.groups) == ["view", "camera"]
    with h5py.File(tmp_path / "x.h5") as file:
        assert (file["groups"].dtype, file["groups"].shape) == ("uint16", (3, 2))
        assert json.loads(file.attrs["groups"])["view"] == ["back", "palm"]


def test_a_store_without_groups_has_none_and_nothing_of_them_on_disk(tmp_path):
    with FrameStore(write(tmp_path / "x.h5", {})) as store:
        assert store.groups == {}
    with h5py.File(tmp_path / "x.h5") as file:
        assert "groups" not in file
        assert "groups" not in file.attrs


def test_groups_for_other_frames_are_refused_and_no_store_is_left(tmp_path):
    with pytest.raises(FrameStoreError, match="2 groups of view were given for 3 frames"):
        write(tmp_path / "x.h5", {"view": ["back", "palm"]})
    assert not list(tmp_path.iterdir())


def test_a_division_of_another_name_is_refused(tmp_path):
    with pytest.raises(FrameStoreError, match=r"not divided by 'mood'; use one of subject, sequence"):
        write(tmp_path / "x.h5", {"mood": ["good", "bad", "good"]})


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.attrs.__delitem__("groups"),
        lambda file: file.attrs.__setitem__("groups", np.bytes_("[1, 2]")),
        lambda file: file.attrs.__setitem__("groups", np.bytes_('{"view": ["back"], "camera": ["kinect", "tof"]}')),
        lambda file: file.attrs.__setitem__("groups", np.bytes_('{"view": "back", "camera": ["kinect"]}')),
        lambda file: file.attrs.__setitem__("groups", np.bytes_('{"view": ["back", "palm"]}')),
        lambda file: file.__delitem__("groups") or file.create_dataset("groups", data=np.zeros((3, 2), np.float32)),
        lambda file: file.__delitem__("groups") or file.create_dataset("groups", shape=(1 << 40, 2), dtype=np.uint16),
        lambda file: file.__delitem__("groups") or file.create_group("groups"),
    ],
)
def test_damaged_groups_are_one_line(tmp_path, change):
    path = write(tmp_path / "x.h5")
    with h5py.File(path, "a") as file:
        change(file)
    with FrameStore(path) as store, pytest.raises(FrameStoreError, match="its groups cannot be read") as caught:
        _ = store.groups
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def divided(make_once):
    """A simulated store of 40 frames from all sides before two cameras."""
    options = ["--domain", "sensor", "--subjects", "2", "--views", "any", "--camera", "sr300,tof"]

    def make(folder):
        assert main(["simulate", str(folder / "divided.h5"), "--frames", "40", *options]) == 0

    return make_once("divided", make) / "divided.h5"


def test_a_simulation_with_settings_divides_its_frames(divided):
    with FrameStore(divided) as store:
        groups = {division: set(names.tolist()) for division, names in store.groups.items()}
        people = [name.partition("/")[0] for name in store.names]
        assert store.groups["person"].tolist() == people
    assert groups["camera"] == {"sr300", "tof"}
    assert groups["thing"] == {"none"}
    assert groups["hand"] <= {"left", "right"}
    assert {"palm", "back"} < groups["view"]


def test_a_simulation_without_settings_keeps_its_format(stores):
    for path in stores.values():
        with FrameStore(path) as store:
            assert store.groups == {}


def test_an_evaluation_splits_its_errors_by_the_groups(divided, trained_run, capsys):
    model = str(trained_run / "model.safetensors")
    assert main(["evaluate", model, str(divided), "--json", "--device", "cpu"]) == 0
    found = json.loads(capsys.readouterr().out)
    with FrameStore(divided) as store:
        camera = store.groups["camera"]
    parts = found["divisions"]["camera"]
    assert {name: part["frames"] for name, part in parts.items()} == {
        name: int((camera == name).sum()) for name in ("sr300", "tof")
    }
    mean = sum(part["frames"] * part["mean_error_mm"] for part in parts.values()) / 40
    assert mean == pytest.approx(found["mean_error_mm"], abs=0.01)
    assert found["divisions"]["person"] == found["per_group"]

    assert main(["evaluate", model, str(divided), "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    for name, part in parts.items():
        assert f"per_camera {name} {part['mean_error_mm']:.2f} mm" in printed
    assert "per_person" not in printed


def test_a_fitted_store_keeps_the_groups(divided, tmp_path, trained_run):
    predictor = Predictor.load(trained_run / "model.safetensors")
    with FrameStore(divided) as store:
        fit_store(
            predictor, store, tmp_path / "fitted.h5", steps=1, provenance={}, on_progress=lambda _: None, accept_mm=5.0
        )
        with FrameStore(tmp_path / "fitted.h5") as fitted:
            assert {key: names.tolist() for key, names in fitted.groups.items()} == {
                key: names.tolist() for key, names in store.groups.items()
            }


def test_results_of_every_frame_keep_the_groups(divided, trained_run, tmp_path):
    out, model = tmp_path / "results.npz", str(trained_run / "model.safetensors")
    assert main(["failures", model, str(divided), "--out", str(out), "--device", "cpu"]) == 0
    results = frame_results.load(out)
    with FrameStore(divided) as store:
        assert {key: names.tolist() for key, names in results.divisions.items()} == {
            key: names.tolist() for key, names in store.groups.items()
        }


def test_info_counts_the_frames_of_each_group(divided, stores, capsys):
    assert main(["info", str(divided), "--json"]) == 0
    divisions = json.loads(capsys.readouterr().out)["divisions"]
    with FrameStore(divided) as store:
        assert divisions["camera"]["tof"] == int((store.groups["camera"] == "tof").sum())
    assert all(sum(counts.values()) == 40 for counts in divisions.values())
    assert main(["info", str(stores["real"]), "--json"]) == 0
    assert "divisions" not in json.loads(capsys.readouterr().out)
