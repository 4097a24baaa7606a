"""Whatever is wrong with a file, the window says it in one line and lives on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from app_helpers import WAIT_MS, make_store_without_depth, write_model
from pytestqt.qtbot import QtBot

from explorer_app.explore.inspector.image_dialog import ImageDialog
from explorer_app.model.opening import ImageSettings
from explorer_app.shell.main_window import MainWindow
from lsps_core.camera import Camera

Open = Callable[..., None]
CAMERA = ImageSettings(camera=Camera(fx=475, fy=475, cx=320, cy=240))


def _truncated_png(folder: Path, _: Path) -> Path:
    from PIL import Image

    path = folder / "cut.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 9999, (480, 640)).astype(np.uint16)).save(path)
    path.write_bytes(path.read_bytes()[:9000])
    return path


def _text_store(folder: Path, _: Path) -> Path:
    path = folder / "text.h5"
    path.write_text("not a store")
    return path


def _store_without_depth(folder: Path, store: Path) -> Path:
    return make_store_without_depth(folder / "no_depth.h5", store)


def _other_version(folder: Path, _: Path) -> Path:
    path = write_model(folder / "new.safetensors")
    path.write_bytes(path.read_bytes().replace(b'"format_version":"1"', b'"format_version":"7"'))
    return path


def _truncated_model(folder: Path, _: Path) -> Path:
    path = write_model(folder / "cut.safetensors")
    path.write_bytes(path.read_bytes()[:5000])
    return path


def _empty_folder(folder: Path, _: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def _missing(folder: Path, _: Path) -> Path:
    return folder / "missing.safetensors"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_truncated_png, "cut.png"),
        (_text_store, "text.h5 is not an HDF5 file; give a store written by “Simulate data” or “Import data”"),
        (_store_without_depth, "depth"),
        (_other_version, "version 7"),
        (_truncated_model, "cut.safetensors"),
        (_empty_folder, "no depth images"),
        (_missing, "does not exist"),
    ],
)
def test_a_bad_file_is_a_message_and_the_window_lives(
    make: Callable[[Path, Path], Path],
    says: str,
    tmp_path: Path,
    qtbot: QtBot,
    shared_window: MainWindow,
    model_path: Path,
    store_path: Path,
) -> None:
    window = shared_window
    if window.session.model is None:
        open_in(qtbot, window, model_path)
    open_in(qtbot, window, make(tmp_path, store_path), settings=CAMERA)
    assert says in window.messages.text
    assert "\n" not in window.messages.text
    assert window.session.model.name == "tiny"
    open_in(qtbot, window, store_path)
    assert window.messages.text == ""
    assert window.session.is_at_code


def open_in(qtbot: QtBot, window: MainWindow, path: Path, **keywords: object) -> None:
    window.open_paths([path], **keywords)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def test_a_folder_without_permission_is_a_message(
    window: MainWindow, open_and_wait: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)  # root, who runs tests in containers, may read everything
    open_and_wait(tmp_path, settings=CAMERA)
    assert "Permission denied" in window.messages.text
    assert window.session.data is None


def test_a_damaged_image_among_others_is_named_and_passed_over(
    qtbot: QtBot, window: MainWindow, open_and_wait: Open, tmp_path: Path, image_path: Path
) -> None:
    bad = _truncated_png(tmp_path, tmp_path)
    open_and_wait(bad, image_path, settings=CAMERA)
    assert "cut.png" in window.messages.text
    assert window.session.view.index == 1
    window.messages.hide()
    window.strip.step_back()
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    assert "cut.png" in window.messages.text
    assert window.session.view is None
    assert window.strip.pictures.input.is_empty
    window.strip.step_on()
    qtbot.waitUntil(lambda: window.session.view is not None, timeout=WAIT_MS)
    assert not window.messages.text


def test_a_device_that_is_not_there_is_a_message(qtbot: QtBot, model_path: Path) -> None:
    window = MainWindow("cuda:77")
    qtbot.addWidget(window)
    window.open_paths([model_path])
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    assert "cuda:77" in window.messages.text
    window.close()


def test_bad_paths_in_a_drop_are_named_and_the_others_open(
    window: MainWindow, open_and_wait: Open, tmp_path: Path, model_path: Path, image_path: Path
) -> None:
    (tmp_path / "notes.md").write_text("no image")
    empty = _empty_folder(tmp_path, tmp_path)
    open_and_wait(tmp_path / "notes.md", model_path, empty, image_path, settings=CAMERA)
    assert window.session.model.name == "tiny"
    assert window.session.is_at_code
    assert "no depth images" in window.messages.text  # the last word of two
    assert len(window.session.data) == 1


def test_plain_hdf5_opens_as_raw_images_beside_others(
    window: MainWindow, open_and_wait: Open, tmp_path: Path, image_path: Path
) -> None:
    depth = np.load(image_path)
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        file["depth"] = np.stack([depth, depth[:, ::-1]]).astype(np.uint16)
    window.open_paths([tmp_path / "raw.h5"])
    dialog = window.findChild(ImageDialog)  # camera and unit are asked for, as with pictures
    assert dialog.isVisible()
    dialog.reject()
    open_and_wait(tmp_path / "raw.h5", image_path, settings=CAMERA)
    assert len(window.session.data) == 3
    assert window.session.view.frame.name == "raw.h5 1"
    assert window.session.data.title == "3 images"
    u, v, _ = window.session.view.raw.crop.center_uvd
    assert abs(u - 320) < 40
    assert abs(v - 220) < 60


def test_hdf5_cut_short_is_a_message(window: MainWindow, open_and_wait: Open, tmp_path: Path) -> None:
    path = tmp_path / "cut.h5"
    with h5py.File(path, "w") as file:
        file["depth"] = np.full((20, 64, 64), 500, np.uint16)
    path.write_bytes(path.read_bytes()[:9000])
    open_and_wait(path, settings=CAMERA)
    assert "cut.h5" in window.messages.text
    assert window.session.data is None
