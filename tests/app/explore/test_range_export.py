"""The played range as a file: others' readers read back what the model reads in each frame; nothing half-written."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from app_helpers import WAIT_MS
from made_recordings import hand, write_db3
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from test_bvh import joints_in, read_bvh

from explorer_app.explore.model.range_export import FORMATS, VIEW_PX, PlayedRange, export_range
from explorer_app.explore.model.sequence import FrameSequence
from explorer_app.model.hand.model import HandModel
from explorer_app.model.open_data import open_recording
from explorer_app.shell.main_window import MainWindow
from explorer_app.workers.task import CancelledError
from lsps_core.camera import SR305
from lsps_core.errors import LspsError

FIRST, LAST = 1, 4
"""Of six frames; there is no hand in frame 2."""


def ignore(_done: int, _in_all: int) -> None:
    """A progress function."""


@pytest.fixture(scope="module")
def recording_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hand that moves to the right, out of sight once."""
    images = [hand(10 * index) for index in range(6)]
    images[2] = np.full_like(images[2], 11000)
    return write_db3(tmp_path_factory.mktemp("recording") / "a.db3", images, camera=SR305, seconds=0.05)


@pytest.fixture
def played(model: HandModel, recording_path: Path) -> PlayedRange:
    return PlayedRange(FrameSequence(open_recording(recording_path).data, model, "real"), FIRST, LAST)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_range_that_is_not_read_yet_is_read_first(played: PlayedRange, tmp_path: Path, suffix: str) -> None:
    seen: list[tuple[int, int]] = []
    line = export_range(played, suffix, tmp_path / f"a{suffix}", lambda *progress: seen.append(progress))
    assert line.startswith(f"a{suffix} written, 4 frames")
    assert played.sequence.is_read.tolist() == [False, True, True, True, True, False]
    assert seen[-1] == (4, 4)
    assert list(tmp_path.iterdir()) == [tmp_path / f"a{suffix}"]


def test_a_table_and_arrays_hold_what_is_read(played: PlayedRange, tmp_path: Path) -> None:
    export_range(played, ".npz", tmp_path / "a.npz", ignore)
    export_range(played, ".csv", tmp_path / "a.csv", ignore)
    sequence = played.sequence
    with np.load(tmp_path / "a.npz") as arrays:
        assert arrays["frames"].tolist() == [1, 2, 3, 4]
        assert arrays["times_s"] == pytest.approx([0.05, 0.1, 0.15, 0.2])
        for name in ("codes", "joints_mm", "error_mm", "residual_mm", "disagreement_mm", "typicality"):
            assert np.array_equal(arrays[name], getattr(sequence, name)[1:5], equal_nan=True)
        assert tuple(arrays["joints"]) == sequence.model.skeleton.joints
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["frame"] for row in rows] == ["2", "3", "4", "5"]
    assert [float(row["time_s"]) for row in rows] == pytest.approx([0.05, 0.1, 0.15, 0.2])
    assert float(rows[0]["z3_sigma"]) == pytest.approx(sequence.codes[1, 2], rel=1e-4)
    assert float(rows[3]["wrist_z_mm"]) == pytest.approx(sequence.joints_mm[4, 0, 2], rel=1e-4)
    assert {value for name, value in rows[1].items() if name not in ("frame", "time_s")} == {""}


def test_a_video_has_the_input_both_decodings_and_the_skeleton(played: PlayedRange, tmp_path: Path) -> None:
    export_range(played, ".mp4", tmp_path / "a.mp4", ignore)
    with av.open(tmp_path / "a.mp4") as video:
        rate = float(video.streams.video[0].average_rate)
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert (len(frames), rate) == (4, pytest.approx(20))
    assert frames[0].shape[1] == 4 * VIEW_PX
    views = [np.split(frame[:VIEW_PX], 4, axis=1) for frame in frames]
    drawn = [[np.ptp(view) > 60 for view in each] for each in views]
    assert drawn[0] == drawn[2] == [True] * 4
    assert drawn[1][1:] == [False] * 3
    assert (frames[1][VIEW_PX:] < 128).any()  # its caption


def test_bvh_holds_the_last_pose_where_there_is_no_hand(played: PlayedRange, tmp_path: Path) -> None:
    line = export_range(played, ".bvh", tmp_path / "a.bvh", ignore)
    assert "1 without a hand keep the pose before them" in line
    frames, seconds = read_bvh((tmp_path / "a.bvh").read_text())
    assert seconds == pytest.approx(0.05)
    skeleton, joints_mm = played.sequence.model.skeleton, played.sequence.joints_mm
    found = [joints_in(places, skeleton) for places in frames]
    assert found[1] == pytest.approx(found[0])
    off = float(line.rpartition("up to ")[2].partition(" mm")[0]) if "off by" in line else 0.1
    for place, index in ((0, 1), (2, 3), (3, 4)):
        assert np.linalg.norm(found[place] - joints_mm[index], axis=1).max() <= off + 0.06


def test_a_range_without_a_hand_or_a_folder_that_is_gone_is_one_line(
    model: HandModel, recording_path: Path, tmp_path: Path
) -> None:
    data = open_recording(recording_path).data
    with pytest.raises(LspsError, match="no frame of the range has a hand"):
        export_range(PlayedRange(FrameSequence(data, model, "real"), 2, 2), ".bvh", tmp_path / "a.bvh", ignore)
    with pytest.raises(LspsError, match="cannot be written"):
        export_range(PlayedRange(FrameSequence(data, model, "real"), 0, 1), ".csv", tmp_path / "b" / "a.csv", ignore)
    assert not list(tmp_path.iterdir())


def test_a_stopped_export_leaves_the_file_that_was_there(played: PlayedRange, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("before")
    played.sequence.read(ignore)

    def stop(done: int, _in_all: int) -> None:
        if done == 2:
            raise CancelledError

    with pytest.raises(CancelledError):
        export_range(played, ".mp4", tmp_path / "a.mp4", stop)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.mp4", "before")]


def test_the_window_exports_the_played_range(
    qtbot: QtBot,
    window: MainWindow,
    open_and_wait: Callable[..., None],
    model_path: Path,
    recording_path: Path,
    tmp_path: Path,
) -> None:
    exporting = window.explore.time.exporting
    assert not exporting.button.isEnabled()
    open_and_wait(model_path, recording_path)
    assert exporting.button.isEnabled()
    window.explore.playback.set_range(0, 1)
    lines: list[str] = []
    window.session.done.connect(lines.append)
    exporting.menu.actions()[2].trigger()
    (dialog,) = window.findChildren(QFileDialog)
    dialog.filesSelected.emit([str(tmp_path / "b.npz")])
    dialog.close()
    assert exporting.file_export.is_running
    assert not exporting.menu.isEnabled()
    qtbot.waitUntil(lambda: not exporting.file_export.is_running, timeout=WAIT_MS)
    assert lines == ["b.npz written, 2 frames"]
    with np.load(tmp_path / "b.npz") as arrays:
        assert np.isfinite(arrays["joints_mm"]).all()
