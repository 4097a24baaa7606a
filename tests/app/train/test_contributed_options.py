"""The data set of CONTRIBUTING.md in the Import dialog."""

from __future__ import annotations

import pytest
from contributing_page import add_module, add_row
from PySide6.QtWidgets import QWidget

from explorer_app.preferences import Preferences
from explorer_app.train.import_dialog import ImportDialog
from lsps_core.cli import build_parser
from lsps_core.data.importers.registry import DATASETS


@pytest.fixture
def dialog(qtbot, monkeypatch):
    add_module(monkeypatch, "lsps_core/data/importers/ours.py")
    add_row(monkeypatch, DATASETS, "lsps_core/data/importers/registry.py, in DATASETS")
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = ImportDialog(Preferences(), parent)
    dialog.show()
    yield dialog
    dialog.close_down()


def test_the_dialog_lists_it_with_its_options(dialog, tmp_path):
    dialog.source.setCurrentIndex(dialog.source.findText("Our recordings"))
    assert dialog.source.currentData() == "ours"
    for name in ("split", "cube_mm", "limit"):
        assert dialog.option(name).editor.isVisible()
    dialog.folder.text, dialog.out.text = str(tmp_path), str(tmp_path / "o.h5")
    dialog.option("split").editor.setCurrentIndex(1)
    dialog.option("limit").editor.setValue(5)
    read = build_parser().parse_args(dialog.form().arguments())
    assert (read.source, read.src, read.out, read.split, read.limit) == (
        "ours", tmp_path, tmp_path / "o.h5", "test", 5,
    )  # fmt: skip
