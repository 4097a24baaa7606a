"""Correct, label, fine-tune: the whole loop in the window, with a made-up hand and a tiny model."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu
from run_helpers import TINY

from explorer_app.train.model.finetune_form import FinetuneForm
from lsps_core.cli import main
from lsps_core.data.store import FrameStore
from lsps_core.evaluation.evaluate import predict
from lsps_core.finetuning.labels import read_labels
from lsps_core.inference import Predictor

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
TIP = 8
QUICK = ["--simulated", "100", "--folds", "2"]


@pytest.fixture(scope="module")
def trained_model(stores, make_once):
    settings = [*TINY, "pose.steps=100"]
    options = ["--synthetic", str(stores["synthetic"]), "--real", str(stores["real"]), "--device", "cpu"]
    options += [part for item in settings for part in ("--set", item)]

    def train(folder):
        assert main(["train", str(folder / "run"), *options]) == 0

    return make_once("label_loop_model", train) / "run" / "model.safetensors"


def pull(qtbot, window, joint, move):
    skeleton = window.explore.skeleton
    view, control = skeleton.view, skeleton.control
    dots, _, _ = control.orbit.project(control.points, view.width(), view.height())
    start = QPointF(*dots[joint]).toPoint()
    qtbot.mousePress(view, LEFT, PLAIN, start)
    for share in (0.25, 0.5, 0.75, 1.0):
        at, button = QPointF(start + move * share), Qt.MouseButton.NoButton
        QApplication.sendEvent(
            view, QMouseEvent(QEvent.Type.MouseMove, at, view.mapToGlobal(at), button, button, PLAIN)
        )
    qtbot.mouseRelease(view, LEFT, PLAIN, start + move)


def go(qtbot, window, index):
    window.session.set_index(index)
    qtbot.waitUntil(lambda: window.session.view.index == index and window.session.is_at_code, timeout=WAIT_MS)


def errors_mm(qtbot, window, frames):
    """As the strip shows them, of what the open model reads."""
    found = []
    for index in frames:
        go(qtbot, window, index)
        found.append(window.explore.labelling.error_mm)
        assert window.strip.result.text() == f"<b>{found[-1]:.1f} mm</b> off its label"
    return found


def measured_mm(model, labels):
    """The same without the window."""
    with FrameStore(labels) as store:
        ((_, joints_mm),) = predict(Predictor.load(model), store, np.arange(len(store)))
        return np.linalg.norm(joints_mm - store.joints_mm, axis=2).mean(axis=1)


def test_two_frames_are_corrected_kept_learned_from_and_compared_with_their_labels(
    qtbot, window, open_and_wait, trained_model, stores, tmp_path, monkeypatch
):
    plain = FinetuneForm.arguments
    monkeypatch.setattr(FinetuneForm, "arguments", lambda form, *_: [*plain(form), *QUICK])
    model_path = shutil.copy(trained_model, tmp_path / "base.safetensors")
    before = model_path.read_bytes()
    path = shutil.copy(stores["real"], tmp_path / "hand.h5")
    open_and_wait(model_path, path)
    session, frames = window.session, (0, 1)
    for index in frames:
        go(qtbot, window, index)
        pull(qtbot, window, TIP, QPoint(25, -15))
        pull(qtbot, window, 4, QPoint(-20, 10))
        window.explore.labelling.keep()
    labels_path = tmp_path / "hand.labels.h5"
    qtbot.waitUntil(lambda: labels_path.exists() and len(read_labels(labels_path)) == 2, timeout=WAIT_MS)
    go(qtbot, window, 2)
    first = errors_mm(qtbot, window, frames)

    menus = {found.title().replace("&", ""): found for found in window.findChildren(QMenu)}
    next(action for action in menus["Train"].actions() if action.text() == "&Fine-tune …").trigger()
    (dialog,) = window.training_dialogs.jobs
    dialog.steps.setValue(5)
    qtbot.waitUntil(dialog.start.isEnabled, timeout=WAIT_MS)
    with qtbot.waitSignal(dialog.bar.ended, timeout=2 * WAIT_MS):
        qtbot.mouseClick(dialog.start, LEFT)
    assert "2 own labels" in dialog.bar.line.text()
    assert window.train.runs.known[0].name == "all"
    assert model_path.read_bytes() == before

    qtbot.mouseClick(dialog.bar.open_button, LEFT)
    tuned = tmp_path / "hand-tuned" / "model.safetensors"
    qtbot.waitUntil(lambda: session.model is not None and session.model.path == tuned, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    go(qtbot, window, 2)
    after = errors_mm(qtbot, window, frames)
    assert after != first
    np.testing.assert_allclose(after, measured_mm(tuned, labels_path), atol=0.05)
    np.testing.assert_allclose(first, measured_mm(trained_model, labels_path), atol=0.05)
