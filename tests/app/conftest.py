"""A window off screen where there is no display, or several workers; tiny models and stores; nothing left running."""

from __future__ import annotations

import gc
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

if not os.environ.get("DISPLAY") or "PYTEST_XDIST_WORKER" in os.environ:  # windows of two workers fight for the focus
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from app_helpers import WAIT_MS, clear_session, write_model, write_store
from PySide6.QtCore import QObject, QProcess, Qt, QThread, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer_app.inspect.model import reference
from explorer_app.model.hand import model as hand_model
from explorer_app.model.hand.model import HandModel
from explorer_app.session import undo
from explorer_app.shell.main_window import MainWindow
from explorer_app.workers import in_order
from lsps_core.cli import main

# before there is an application, as `explorer_app.application` does it
QApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)

_FULL_EVERY = 25
"""Tests between two collections of all generations, which take longer than most tests."""
_ENDED = count(1)
_SHARED: list[MainWindow] = []
"""The windows that `shared_window` keeps open."""


@pytest.fixture(autouse=True, scope="session")
def _few_measured_hands() -> Iterator[None]:
    """Effects of axes from a few hands, which else take half the time in which a tiny model is opened; codes of a few
    reference frames instead of all 800 samples, for every window that shows the Inspect workspace. A model counts as
    quick without being timed: on a busy machine it would now and then get coarse pictures. It is not traced.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hand_model, "MEASURED_HANDS", 4)
        patch.setattr(hand_model, "decode_ms", lambda _predictor: 0.0)
        patch.setattr(reference, "MOST_ENCODED", 16)
        patch.setattr(HandModel, "trace", lambda _model, _domain: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def _quick_changes_on_any_machine() -> Iterator[None]:
    """A drag is one edit, also where the machine is so busy that a frame is encoded once in seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(undo, "PAUSE_S", WAIT_MS)
        yield


@pytest.fixture(autouse=True, scope="session")
def _disks_answer_at_once() -> Iterator[None]:
    """A look at the disk is waited for as long as it takes on a busy machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_order, "_AT_ONCE_S", 0.05)
        yield


@pytest.fixture(autouse=True)
def _garbage_in_this_thread() -> Iterator[None]:
    """Windows of earlier tests must not be destroyed by a worker's thread that happens to collect garbage."""
    gc.disable()
    yield
    gc.collect(0 if next(_ENDED) % _FULL_EVERY else 2)  # what this test made is in the youngest generation


@pytest.fixture(autouse=True)
def _no_leaks() -> Iterator[None]:
    """Fail a test that leaves a thread, a running timer or a process behind; a shared window keeps its own."""
    yield
    left = [] if _SHARED else _threads_left()
    app = QApplication.instance()
    if app is not None:
        app.processEvents()  # what was to be painted in the next turn is no leak
    roots = [widget for widget in app.topLevelWidgets() if widget.parent() is None] if app is not None else []
    for widget in (root for root in roots if root not in _SHARED):  # menus and dialogs are among its children
        for kind in (QThread, QTimer, QProcess):
            left += [f"{kind.__name__} of {widget}" for child in widget.findChildren(kind) if _is_active(child)]
    assert not left, f"left running: {left}"


def _threads_left() -> list[str]:
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("lsps-")]
    for thread in threads:
        thread.join(WAIT_MS / 1000)  # on a loaded machine one may still be in its last work
    return [thread.name for thread in threads if thread.is_alive()]


def _is_active(child: QObject) -> bool:
    if isinstance(child, QTimer):
        return child.isActive()
    return child.isRunning() if isinstance(child, QThread) else child.state() != QProcess.ProcessState.NotRunning


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "tiny.safetensors")


@pytest.fixture(scope="session")
def other_model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "other.safetensors", seed=1)


@pytest.fixture(scope="session")
def fitted_model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a fitted prior."""
    return write_model(tmp_path_factory.mktemp("model") / "fitted.safetensors", has_prior=True)


@pytest.fixture(scope="session")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("store") / "frames.h5")


@pytest.fixture(scope="session")
def evaluations_path(make_once: Callable[..., Path], model_path: Path) -> Path:
    """The folder of results of that model on those frames, as `lsps failures` leaves it; copy it beside a model."""

    def evaluate(folder: Path) -> None:
        model, store = shutil.copy(model_path, folder), write_store(folder / "frames.h5")
        assert main(["failures", str(model), str(store), "--device", "cpu"]) == 0

    return make_once("evaluated", evaluate) / "evaluations"


@pytest.fixture(scope="session")
def image_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw depth image, 640 x 480 in mm: a hand's worth of surface half a metre from the camera."""
    depth = np.zeros((480, 640), dtype=np.float32)
    rows, columns = np.mgrid[:480, :640]
    depth[(rows - 240) ** 2 + (columns - 320) ** 2 < 45**2] = 500
    for column in (280, 300, 320, 340, 360):
        depth[120:220, column - 7 : column + 7] = 500
    path = tmp_path_factory.mktemp("image") / "hand.npy"
    np.save(path, depth)
    return path


@pytest.fixture(scope="session")
def model(model_path: Path) -> HandModel:
    return HandModel.load(model_path, "cpu")


@pytest.fixture(scope="session")
def fitted_model(fitted_model_path: Path) -> HandModel:
    return HandModel.load(fitted_model_path, "cpu")


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """A window on screen with nothing open; remembers nothing beyond the test."""
    window = MainWindow("cpu")
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.close()


@pytest.fixture(scope="module")
def shared_window(qapp: QApplication) -> Iterator[MainWindow]:  # noqa: ARG001 - Qt must be there
    """One window for several tests of a module, which leave it as they found it: building and filling one takes
    longer than most tests. The tests of windows that start and end have their own.
    """
    window = MainWindow("cpu")
    _SHARED.append(window)
    window.show()
    yield window
    _SHARED.remove(window)
    window.close()
    window.deleteLater()
    assert not _threads_left()


@pytest.fixture
def cleared_window(qtbot: QtBot, shared_window: MainWindow) -> MainWindow:
    """The module's window, with a session as at the start but for model and data; for tests that open what they need.
    A module takes it by a fixture `window` of its own.
    """
    clear_session(shared_window)
    shared_window.messages.hide()
    qtbot.waitUntil(lambda: not shared_window.background.is_busy, timeout=WAIT_MS)
    return shared_window


@pytest.fixture
def open_and_wait(qtbot: QtBot, window: MainWindow) -> Callable[..., None]:
    """Open paths as the command line would, and wait until all of it is shown."""

    def open_paths(*paths: Path, **keywords: object) -> None:
        window.open_paths(paths, **keywords)
        busy = window.background, window.explore.labelling
        qtbot.waitUntil(lambda: not any(worker.is_busy for worker in busy), timeout=WAIT_MS)

    return open_paths
