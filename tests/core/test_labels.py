"""Labels of one's own in a store beside their source."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from lsps_core.data.store import FrameStore, FrameStoreError
from lsps_core.finetuning.labels import Label, labels_path, read_labels, write_labels
from lsps_core.finetuning.mixture import labelled_frames
from lsps_core.skeleton import HAND21


@pytest.fixture
def labels(stores):
    """Of two frames; the second is of a flipped image."""
    with FrameStore(stores["real"]) as store:
        cameras = [store.camera_of(0), replace(store.camera_of(3), is_mirrored=True, width_px=640)]
        return {
            store.names[index]: Label(
                frame=replace(store.frame(index), joints_mm=store.joints_mm[index] + 1),
                camera=camera,
                skeleton=HAND21,
                how=how,
                author="Ada",
                time="2026-11-29T05:00:00",
                model="compact",
                latent=tuple(0.1 * axis for axis in range(20)),
                reached_mm=reached_mm,
            )
            for index, camera, how, reached_mm in zip(
                (0, 3), cameras, ("pulled", "fitted"), ({"thumb_tip": (1.5, -2.0, 600.0)}, {}), strict=True
            )
        }


def write(path, labels):
    write_labels(path, labels, is_simulated=True, source="sensor.h5")


def test_labels_come_back_with_who_made_them_when_and_how(labels, tmp_path):
    path = tmp_path / "sensor.labels.h5"
    write(path, labels)
    found = read_labels(path)
    assert list(found) == list(labels)
    for name, label in labels.items():
        back = found[name]
        for key in ("how", "author", "time", "camera", "model", "latent", "reached_mm"):
            assert getattr(back, key) == getattr(label, key)
        for key in ("depth_mm", "center_mm", "joints_mm"):
            np.testing.assert_array_equal(getattr(back.frame, key), getattr(label.frame, key))
    with FrameStore(path) as store:  # a store like any other
        assert len(labelled_frames(store)) == 2
        assert store.is_simulated


@pytest.mark.parametrize(
    "wrong", [{"sixth_tip": [0.0, 0.0, 1.0]}, {"thumb_tip": [0.0, 1.0]}, {"thumb_tip": [0.0, 1.0, "x"]}]
)
def test_places_that_are_not_of_the_skeleton_are_refused(labels, tmp_path, wrong):
    path = tmp_path / "sensor.labels.h5"
    write(path, labels)
    with h5py.File(path, "r+") as file:
        about = json.loads(file.attrs["provenance"])
        about["labels"][1]["reached_mm"] = wrong
        file.attrs["provenance"] = json.dumps(about)
    with pytest.raises(FrameStoreError, match="label 2 is not described"):
        read_labels(path)


def test_the_last_label_takes_the_store_along(labels, tmp_path):
    path = tmp_path / "sensor.labels.h5"
    write(path, labels)
    write(path, dict(list(labels.items())[1:]))
    assert len(read_labels(path)) == 1
    write(path, {})
    assert not path.exists()
    assert read_labels(path) == {}


def test_a_store_that_is_no_labels_is_neither_read_nor_replaced(labels, stores, tmp_path):
    path = tmp_path / "sensor.labels.h5"
    path.write_bytes(stores["real"].read_bytes())
    for attempt in (lambda: read_labels(path), lambda: write(path, labels), lambda: write(path, {})):
        with pytest.raises(FrameStoreError, match="holds frames, but no labels"):
            attempt()
    assert path.read_bytes() == stores["real"].read_bytes()


_WRITER = """
import sys
from pathlib import Path
from lsps_core.finetuning.labels import read_labels, write_labels
source, path = map(Path, sys.argv[1:])
labels = list(read_labels(source).items())
while True:
    for count in (1, 2):
        write_labels(path, dict(labels[:count]), is_simulated=True, source="s")
        print(count, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no such signal")
def test_labels_are_whole_after_a_kill(labels, tmp_path):
    source, path = tmp_path / "source.labels.h5", tmp_path / "sensor.labels.h5"
    write(source, labels)
    command = [sys.executable, "-c", _WRITER, str(source), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for pause_s in (0.0, 0.002, 0.01):
            process.stdout.readline()
            time.sleep(pause_s)
        process.kill()
    assert list(read_labels(path)) in (list(labels), list(labels)[:1])


@pytest.mark.parametrize(
    ("origin", "beside"),
    [
        ("/data/sensor.h5", "/data/sensor.labels.h5"),
        ("/data/frame 1.png", "/data/frame 1.labels.h5"),
        ("/data/recording", "/data/recording.labels.h5"),
    ],
)
def test_labels_are_beside_their_source(origin, beside):
    assert labels_path(Path(origin)) == Path(beside)
