"""The Import dialog: every source's own options, what is skipped, and a stop that keeps what is done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS
from made_folders import FOLDERS, Folder
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from explorer_app.model.opening import ImageSettings
from explorer_app.preferences import Preferences
from explorer_app.train.import_dialog import ImportDialog
from explorer_app.train.model.store_forms import ImportForm, options_of, sources
from explorer_app.workers import in_order
from lsps_core.camera import SR305
from lsps_core.cli import build_parser
from lsps_core.data.importers.registry import load
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


def shown(dialog: ImportDialog) -> set[str]:
    """The names of the options that have a row to be seen."""
    return {option.name for option, row in dialog.rows.items() if row.isVisible()}


def set_option(dialog: ImportDialog, name: str, value: object) -> None:
    editor = dialog.option(name).editor
    if isinstance(editor, QComboBox):
        editor.setCurrentIndex(editor.findData(value))
    elif isinstance(editor, QCheckBox):
        editor.setChecked(bool(value))
    elif isinstance(editor, QLineEdit):
        editor.setText(str(value))
    else:
        editor.setValue(value)


def test_every_source_has_its_own_options(dialog: ImportDialog) -> None:
    assert shown(dialog) == {"split", "domain", "cube_mm", "limit"}
    assert not dialog.images.isVisible()
    choose(dialog, "icvl")
    assert shown(dialog) == {"split", "with_rotated", "cube_mm", "limit"}
    choose(dialog, "msra")
    assert shown(dialog) == {"subjects", "cube_mm", "limit"}
    assert dialog.folder.isVisible()
    choose(dialog, "frames")
    assert shown(dialog) == {"domain", "center", "mirrored", "cube_mm"}
    assert dialog.images.isVisible()
    assert not dialog.folder.isVisible()


def test_recordings_have_a_camera_of_their_own(dialog: ImportDialog) -> None:
    choose(dialog, "frames")
    dialog.files.paths = ("a.db3", "b.db3")
    assert not dialog.images.isVisible()
    assert "--camera" not in " ".join(dialog.form().arguments())
    dialog.files.paths = ("a.db3", "b.png")
    assert dialog.images.isVisible()
    assert "--camera" in " ".join(dialog.form().arguments())
    choose(dialog, "msra")
    assert not dialog.images.isVisible()


def test_a_left_hand_of_the_window_is_imported_flipped(dialog: ImportDialog, tmp_path: Path) -> None:
    for is_mirrored in (True, False):
        dialog.fill([tmp_path / "a.db3"], ImageSettings(camera=SR305, is_mirrored=is_mirrored))
        assert ("--mirrored" in dialog.form().arguments()) == is_mirrored


def test_rows_have_names_tips_and_mnemonics_of_their_own(dialog: ImportDialog) -> None:
    for source in sources():
        choose(dialog, source)
        for option in options_of(source):
            editor = dialog.option(option.name).editor
            assert editor.accessibleName()
            assert editor.toolTip()
        labels = [label.text() for label in dialog.box.findChildren(QLabel) if label.isVisible()]
        letters = [label[label.index("&") + 1].lower() for label in labels if "&" in label]
        assert len(set(letters)) == len(letters), (source, labels)


def test_every_data_set_says_where_to_get_it_and_on_which_terms(dialog: ImportDialog) -> None:
    for source in sources():
        choose(dialog, source)
        note = dialog.fields["source"].note
        if source == "frames":
            assert not note.isVisible()
            continue
        assert note.text() == load(source).origin
        place, terms = note.text().split("; ")
        assert "." in place
        assert any(known in terms for known in ("academic use only", "see there", "CC BY-NC 4.0"))
        with pytest.raises(SystemExit):
            build_parser().parse_args(["import", source, "-h"])


def test_the_sets_of_today_have_their_options(dialog: ImportDialog, tmp_path: Path) -> None:
    expected = {"hands17": {"split"}, "hands19": {"split"}, "bighand": {"subjects"}, "fpha": {"split"}}
    for source, own in expected.items():
        choose(dialog, source)
        assert shown(dialog) == own | {"with_outside", "cube_mm", "limit"}
        dialog.folder.text, dialog.out.text = str(tmp_path), str(tmp_path / "o.h5")
        set_option(dialog, "with_outside", True)
        read = build_parser().parse_args(dialog.form().arguments())
        assert (read.source, read.with_outside) == (source, True)


@pytest.mark.parametrize("source", ["nyu", "icvl", "msra", "frames"])
def test_what_the_fields_say_is_what_the_command_reads(dialog: ImportDialog, source: str, tmp_path: Path) -> None:
    choose(dialog, source)
    files = ["dataset/test/joint_data.mat", "dataset/test/synthdepth_1_0000001.png", "P3/1/joint.txt", "a.png"]
    files += [*FOLDERS["icvl"].files, *FOLDERS["msra"].files]
    Folder({}, dict.fromkeys(files, "")).make(tmp_path / "set")
    (dialog.files if source == "frames" else dialog.folder).text = str(tmp_path / "set")
    dialog.out.text = str(tmp_path / "o.h5")
    wanted = {"limit": 7, "cube_mm": 280, "split": "test", "domain": "synthetic", "subjects": "P0, P3"}
    wanted |= {"with_rotated": True, "mirrored": True, "center": "-1, 2, 300"}
    for name in shown(dialog):
        set_option(dialog, name, wanted[name])
    assert dialog.start.isEnabled()
    read = build_parser().parse_args(dialog.form().arguments(overwrite=True))
    assert (read.source, read.out, read.cube_mm) == (source, tmp_path / "o.h5", 280)
    assert read.events
    assert read.overwrite
    if source == "frames":
        assert (read.files, read.center, read.unit_mm) == ([tmp_path / "set"], (-1, 2, 300), 0.125)
        assert read.camera.startswith("47")
        assert read.mirrored
    else:
        assert (read.src, read.limit) == (tmp_path / "set", 7)
    if source in ("nyu", "frames"):
        assert read.domain == "synthetic"
    if source in ("nyu", "icvl"):
        assert read.split == "test"
    if source == "msra":
        assert read.subjects == ("P0", "P3")
    if source == "icvl":
        assert read.with_rotated


def test_fields_left_alone_are_not_given(dialog: ImportDialog, tmp_path: Path) -> None:
    choose(dialog, "icvl")
    dialog.folder.text, dialog.out.text = str(tmp_path), str(tmp_path / "o.h5")
    read = build_parser().parse_args(dialog.form().arguments())
    assert (read.split, read.with_rotated, read.limit, read.cube_mm) == ("train", False, None, None)
    assert (read.overwrite, read.centers_mm) == (False, None)


def test_problems_stand_beside_their_field(dialog: ImportDialog, tmp_path: Path) -> None:
    dialog.folder.text = str(tmp_path / "gone")
    assert "does not exist" in dialog.fields["folder"].problem
    choose(dialog, "frames")
    assert not dialog.fields["files"].problem
    set_option(dialog, "center", "1,2")
    assert "U,V,D" in dialog.rows[dialog.option("center").option].problem
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
    folder = hands(tmp_path / "images", 300)
    choose(dialog, "frames")
    dialog.images.unit.setValue(1)
    dialog.files.text = str(folder)
    dialog.out.text = str(tmp_path / "o.h5")
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.bar.progress.value() > 0, timeout=WAIT_MS)
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.bar.stop_button, Qt.MouseButton.LeftButton)
    assert "resumes from them" in dialog.bar.line.text()
    assert not (tmp_path / "o.h5").exists()
    qtbot.waitUntil(dialog.start.isEnabled, timeout=WAIT_MS)
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert "done before" in dialog.bar.line.text()
    with FrameStore(tmp_path / "o.h5") as store:
        assert len(store) == 300


@pytest.mark.parametrize("source", FOLDERS)
def test_a_wrong_folder_is_described_beside_its_field(
    dialog: ImportDialog, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before Import can be clicked; only the right folder lets it be."""
    monkeypatch.setattr(in_order, "_AT_ONCE_S", WAIT_MS / 1000)  # each look is waited for, however busy the machine
    choose(dialog, source)
    for name, value in FOLDERS[source].values.items():
        set_option(dialog, name, value)
    dialog.out.text = str(tmp_path / "o.h5")
    field, note = (
        (dialog.files, dialog.fields["files"]) if source == "frames" else (dialog.folder, dialog.fields["folder"])
    )
    (tmp_path / "empty").mkdir()
    right = FOLDERS[source].make(tmp_path / "disk" / "set")
    wrong = {tmp_path / "empty": next(iter(FOLDERS[source].files.values()))}
    wrong[FOLDERS["msra" if source == "nyu" else "nyu"].make(tmp_path / "other")] = "has no"
    for number, (file, lacking) in enumerate(FOLDERS[source].files.items()):
        wrong[FOLDERS[source].make(tmp_path / f"set {number}", without=file)] = lacking
    if source != "frames":
        wrong[right.parent] = f"; give {right}"
    for folder, lacking in wrong.items():
        field.text = str(folder)
        assert lacking in note.problem or (lacking == "has no" and "has none of" in note.problem)
        assert str(folder) in note.problem
        assert "\n" not in note.problem
        assert not dialog.start.isEnabled()
    field.text = str(right)
    assert not note.problem
    assert dialog.start.isEnabled()


def test_labels_that_cannot_be_read_are_one_line(qtbot: QtBot, dialog: ImportDialog, tmp_path: Path) -> None:
    dialog.folder.text = str(FOLDERS["nyu"].make(tmp_path / "set"))
    dialog.out.text = str(tmp_path / "o.h5")
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert "joint_data.mat" in dialog.bar.problem.text()
    assert "Traceback" not in dialog.bar.problem.text()


def test_loose_images_need_a_camera() -> None:
    with pytest.raises(ValueError, match="camera"):
        ImportForm(source="frames", paths=("a.png",), out="o.h5").arguments()
