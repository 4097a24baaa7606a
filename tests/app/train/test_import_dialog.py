"""The Import dialog: every source's own options, what is skipped, and a stop that keeps what is done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from explorer_app.preferences import Preferences
from explorer_app.train.import_dialog import ImportDialog
from explorer_app.train.model.store_forms import ImportForm
from lsps_core.cli import build_parser
from lsps_core.data.store import FrameStore


@pytest.fixture
def dialog(qtbot: QtBot):
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = ImportDialog(Preferences(), parent)
    dialog.show()
    yield dialog
    dialog.close_down()


def choose(dialog: ImportDialog, source: str) -> None:
    dialog.source.setCurrentIndex(dialog.source.findData(source))


def hands(folder: Path, count: int) -> Path:
    folder.mkdir()
    depth = np.zeros((480, 640), np.float32)
    depth[150:290, 280:360] = 500
    for index in range(count):
        np.save(folder / f"{index:04d}.npy", depth)
    return folder


def test_every_source_has_its_own_options(dialog: ImportDialog) -> None:
    assert dialog.split.isVisible()
    assert dialog.domain.isVisible()
    assert not dialog.images.isVisible()
    choose(dialog, "icvl")
    assert dialog.with_rotated.isVisible()
    assert not dialog.domain.isVisible()
    choose(dialog, "msra")
    assert dialog.subjects.isVisible()
    assert not dialog.split.isVisible()
    choose(dialog, "frames")
    assert dialog.images.isVisible()
    assert dialog.center.isVisible()
    assert not dialog.folder.isVisible()


@pytest.mark.parametrize("source", ["nyu", "icvl", "msra", "frames"])
def test_what_the_fields_say_is_what_the_command_reads(dialog: ImportDialog, source: str, tmp_path: Path) -> None:
    choose(dialog, source)
    (dialog.files if source == "frames" else dialog.folder).text = str(tmp_path)
    dialog.out.text = str(tmp_path / "o.h5")
    dialog.limit.setValue(7)
    dialog.cube.setValue(280)
    dialog.split.setCurrentText("test")
    dialog.subjects.setText("P0, P3")
    dialog.with_rotated.setChecked(True)
    dialog.center.setText("1, 2, 300")
    assert dialog.start.isEnabled()
    read = build_parser().parse_args(dialog.form().arguments(overwrite=True))
    assert (read.source, read.out, read.cube_mm) == (source, tmp_path / "o.h5", 280)
    assert read.events
    assert read.overwrite
    if source == "frames":
        assert (read.files, read.center, read.unit_mm) == ([tmp_path], "1,2,300", 0.125)
        assert read.camera.startswith("47")
    else:
        assert (read.src, read.limit) == (tmp_path, 7)
    if source == "msra":
        assert read.subjects == "P0,P3"
    if source == "icvl":
        assert read.with_rotated


def test_problems_stand_beside_their_field(dialog: ImportDialog, tmp_path: Path) -> None:
    dialog.folder.text = str(tmp_path / "gone")
    assert "does not exist" in dialog.fields["folder"].problem
    choose(dialog, "frames")
    assert not dialog.fields["files"].problem
    dialog.center.setText("1,2")
    assert "U,V,D" in dialog.fields["center"].problem
    assert not dialog.start.isEnabled()


def test_a_folder_of_images_becomes_a_store_and_the_bad_one_is_named(
    qtbot: QtBot, dialog: ImportDialog, tmp_path: Path
) -> None:
    folder = hands(tmp_path / "images", 3)
    (folder / "broken.npy").write_bytes(b"nothing")
    choose(dialog, "frames")
    dialog.images.unit.setValue(1)
    dialog.files.text = str(folder)
    dialog.out.text = str(tmp_path / "o.h5")
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert dialog.bar.problem.text() == ""
    assert dialog.bar.line.text() == "3 frames in o.h5; 1 skipped"
    assert "broken.npy" in dialog.bar.details.toPlainText()
    assert dialog.bar.details.isVisible()
    with FrameStore(tmp_path / "o.h5") as store:
        assert len(store) == 3


def test_a_stopped_import_goes_on(qtbot: QtBot, dialog: ImportDialog, tmp_path: Path) -> None:
    folder = hands(tmp_path / "images", 600)
    choose(dialog, "frames")
    dialog.images.unit.setValue(1)
    dialog.files.text = str(folder)
    dialog.out.text = str(tmp_path / "o.h5")
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.bar.progress.value() > 0, timeout=WAIT_MS)
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.bar.stop_button, Qt.MouseButton.LeftButton)
    assert "goes on from there" in dialog.bar.line.text()
    assert not (tmp_path / "o.h5").exists()
    qtbot.waitUntil(dialog.start.isEnabled, timeout=WAIT_MS)
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert "done before" in dialog.bar.line.text()
    with FrameStore(tmp_path / "o.h5") as store:
        assert len(store) == 600


def test_a_set_that_is_not_there_is_one_line(qtbot: QtBot, dialog: ImportDialog, tmp_path: Path) -> None:
    dialog.folder.text = str(tmp_path)
    dialog.out.text = str(tmp_path / "o.h5")
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert dialog.bar.problem.text()
    assert "Traceback" not in dialog.bar.problem.text()


def test_loose_images_need_a_camera() -> None:
    with pytest.raises(ValueError, match="camera"):
        ImportForm(source="frames", paths=("a.png",), out="o.h5").arguments()
