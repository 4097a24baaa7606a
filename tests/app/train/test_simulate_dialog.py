"""The Simulate dialog: fields to a store, by a real process."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from explorer_app.preferences import Preferences
from explorer_app.train.model.store_forms import new_stores
from explorer_app.train.model.train_form import TrainForm
from explorer_app.train.simulate_dialog import SimulateDialog
from explorer_app.widgets.fields import show_choice
from lsps_core.data.store import FrameStore
from lsps_core.simulator.cameras.registry import CAMERAS, MIXED
from lsps_core.simulator.settings import CROPS, VIEWS, SimulationSettings


@pytest.fixture
def dialog(qtbot: QtBot, tmp_path: Path):
    parent = QWidget()
    qtbot.addWidget(parent)
    preferences = Preferences()
    preferences.last_folder = str(tmp_path)
    dialog = SimulateDialog(preferences, parent)
    dialog.show()
    qtbot.waitUntil(lambda: bool(dialog.out.text), timeout=WAIT_MS)
    yield dialog
    dialog.close_down()


def type_into(qtbot: QtBot, field, text: str) -> None:
    edit = field.line
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, text)


def test_nothing_starts_before_there_is_a_name(qtbot: QtBot, dialog: SimulateDialog, tmp_path: Path) -> None:
    dialog.out.line.clear()
    assert not dialog.start.isEnabled()
    assert dialog.fields["out"].note.text() == "choose a path for the store"
    assert not dialog.fields["out"].problem
    type_into(qtbot, dialog.out, str(tmp_path / "none" / "s.h5"))
    assert "does not exist" in dialog.fields["out"].problem
    assert not dialog.start.isEnabled()
    type_into(qtbot, dialog.out, str(tmp_path / "s.txt"))
    assert "must end in .h5" in dialog.fields["out"].problem
    type_into(qtbot, dialog.out, str(tmp_path / "s.h5"))
    assert not dialog.fields["out"].problem
    assert dialog.start.isEnabled()


def test_a_name_is_proposed_for_each_domain_until_one_is_typed(
    qtbot: QtBot, dialog: SimulateDialog, tmp_path: Path
) -> None:
    assert dialog.out.text == str(tmp_path / "synthetic.h5")
    assert dialog.start.isEnabled()
    show_choice(dialog.domain, "sensor")
    assert dialog.out.text == str(tmp_path / "sensor.h5")
    (tmp_path / "sensor.h5").touch()
    assert new_stores(tmp_path)["sensor"] == str(tmp_path / "sensor-2.h5")
    type_into(qtbot, dialog.out, str(tmp_path / "mine.h5"))
    show_choice(dialog.domain, "synthetic")
    assert dialog.out.text == str(tmp_path / "mine.h5")


def test_a_store_is_made_and_can_be_opened(qtbot: QtBot, dialog: SimulateDialog, tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    dialog.domain.setCurrentIndex(1)
    assert dialog.subjects.isEnabled()
    dialog.frames.setValue(70)
    dialog.subjects.setValue(2)
    dialog.seed.setValue(5)
    show_choice(dialog.views, "any")
    dialog.things.setValue(50)
    show_choice(dialog.camera, "tof")
    type_into(qtbot, dialog.out, str(path))
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
        assert dialog.bar.stop_button.isVisible()
        assert not dialog.start.isEnabled()
        assert not dialog.box.isEnabled()
    assert dialog.bar.line.text() == "70 frames in s.h5"
    with FrameStore(path) as store:
        assert (len(store), store.domain, store.provenance["seed"]) == (70, "real", 5)
        assert [store.provenance[name] for name in ("views", "things", "camera")] == ["any", 0.5, "tof"]
    with qtbot.waitSignal(dialog.open_asked, timeout=WAIT_MS) as asked:
        qtbot.mouseClick(dialog.bar.open_button, Qt.MouseButton.LeftButton)
    assert asked.args == [path]


def test_stop_leaves_nothing_behind(qtbot: QtBot, dialog: SimulateDialog, tmp_path: Path) -> None:
    dialog.frames.setValue(1_000_000)
    type_into(qtbot, dialog.out, str(tmp_path / "s.h5"))
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "frames/s" in dialog.bar.line.text(), timeout=WAIT_MS)
    assert dialog.bar.progress.maximum() == 1_000_000
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.bar.stop_button, Qt.MouseButton.LeftButton)
        assert dialog.bar.line.text() == "Stopping …"
    assert dialog.bar.line.text().startswith("Stopped")
    assert not dialog.bar.problem.text()
    assert dialog.start.isEnabled()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_only_when_asked_and_a_closed_dialog_comes_back(
    qtbot: QtBot, dialog: SimulateDialog, tmp_path: Path
) -> None:
    path = tmp_path / "s.h5"
    path.write_bytes(b"precious")
    type_into(qtbot, dialog.out, str(path))
    dialog.frames.setValue(8)
    assert "exists already" in dialog.fields["out"].note.text()
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert dialog.question is not None
    dialog.question.defaultButton().click()
    assert not dialog.bar.is_running
    assert path.read_bytes() == b"precious"
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    replace = next(button for button in dialog.question.buttons() if "Replace" in button.text())
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS), qtbot.assertNotEmitted(dialog.retired):
        replace.click()
        dialog.close()
        assert not dialog.isVisible()
    assert dialog.isVisible()
    with FrameStore(path) as store:
        assert len(store) == 8
    with qtbot.waitSignal(dialog.retired, timeout=WAIT_MS):
        dialog.close()


def test_a_refusal_is_one_line(qtbot: QtBot, dialog: SimulateDialog, tmp_path: Path) -> None:
    dialog.device.addItem("abacus")
    dialog.device.setCurrentText("abacus")
    type_into(qtbot, dialog.out, str(tmp_path / "s.h5"))
    with qtbot.waitSignal(dialog.bar.ended, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert "abacus" in dialog.bar.problem.text()
    assert "\n" not in dialog.bar.problem.text()
    assert dialog.bar.details_button.isVisible()


def test_closed_twice_it_retires_once(dialog: SimulateDialog) -> None:
    retired = []
    dialog.retired.connect(lambda: retired.append(dialog))
    dialog.close()
    dialog.reject()
    assert retired == [dialog]


def test_every_choice_is_one_of_the_command(dialog: SimulateDialog) -> None:
    def choices(field: QComboBox) -> set[str]:
        return {field.itemData(row) for row in range(field.count())}

    assert choices(dialog.views) == set(VIEWS)
    assert choices(dialog.crop) == set(CROPS)
    assert choices(dialog.camera) == {"", *CAMERAS, MIXED}
    assert not dialog.camera.isEnabled()
    assert "--camera" not in dialog.form().arguments()
    assert SimulationSettings() == SimulationSettings(
        views=dialog.form().views, things=dialog.form().things / 100, crop=dialog.form().crop
    )


def test_it_fits_its_rows_where_no_line_is_wrapped(dialog: SimulateDialog) -> None:
    for line in dialog.findChildren(QLabel):
        if line.wordWrap():
            line.hide()
    dialog.fit()
    assert dialog.minimumHeight() > dialog.start.height()


def test_simulated_stores_are_proposed_for_the_next_run(dialog: SimulateDialog, tmp_path: Path) -> None:
    synthetic, sensor, later = (tmp_path / f"{name}.h5" for name in ("synthetic", "sensor", "later"))
    show_choice(dialog.domain, "synthetic")
    dialog.bar.finished.emit(synthetic)
    show_choice(dialog.domain, "sensor")
    dialog.bar.finished.emit(sensor)
    dialog.bar.finished.emit(later)  # what was chosen before stays
    form = TrainForm.from_text(dialog.preferences.get("train/form"))
    assert (form.synthetic_path, form.real_path) == (str(synthetic), str(sensor))
