"""Of a slow model: coarse pictures while its latent moves, exact ones when it is still."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from app_helpers import WAIT_MS
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from explorer_app.model.hand import model as coarse
from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import LatentCode
from explorer_app.shell.main_window import MainWindow
from lsps_core.inference import Predictor


@pytest.fixture
def slow_model(model_path: Path) -> HandModel:
    return HandModel(model_path, Predictor.load(model_path), Predictor.load(model_path, precision="bfloat16"))


@pytest.fixture
def kinds(qtbot: QtBot, window: MainWindow, slow_model: HandModel) -> list[bool]:
    """A window with a slow model; whether each of the pictures shown from now on is coarse."""
    window.session.set_model(slow_model)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    assert not window.session.pictures.is_coarse
    shown: list[bool] = []
    window.session.pictures_changed.connect(lambda: shown.append(window.session.pictures.is_coarse))
    return shown


def test_a_key_shows_coarse_pictures_and_then_exact_ones(qtbot: QtBot, window: MainWindow, kinds: list[bool]) -> None:
    qtbot.keyClick(window.latent.sliders[0], Qt.Key.Key_Right)
    with qtbot.waitSignal(window.background.settled, timeout=WAIT_MS):
        pass
    assert kinds == [True, False]
    session = window.session
    assert session.pictures.latent == session.latent
    np.testing.assert_array_equal(session.pictures.real, session.model.decode(session.latent).real)


def test_exact_pictures_wait_until_the_latent_is_still(qtbot: QtBot, window: MainWindow, kinds: list[bool]) -> None:
    for step in range(20):
        window.session.preview_latent(LatentCode().with_value(1, 0.05 * step))
        qtbot.waitUntil(lambda: not window.background.decoding.is_busy, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    assert kinds[-1] is False
    assert kinds.count(True) > kinds.count(False)


def test_coarse_pictures_are_close_to_the_exact_ones(slow_model: HandModel) -> None:
    code = slow_model.sample(3)
    exact, quick = slow_model.decode(code), slow_model.decode(code, is_coarse=True)
    assert (exact.is_coarse, quick.is_coarse) == (False, True)
    assert np.nanmean(np.abs(exact.real - quick.real)) < 1


def test_a_quick_model_has_no_coarse_pictures(
    qtbot: QtBot, window: MainWindow, open_and_wait: Callable[..., None], model_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(coarse, "SLOW_MS", 1e9)
    open_and_wait(model_path)
    assert not window.session.model.has_coarse
    shown = []
    window.session.pictures_changed.connect(lambda: shown.append(window.session.pictures.is_coarse))
    qtbot.keyClick(window.latent.sliders[0], Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    assert shown == [False]


def test_the_coarse_way_is_taken_only_where_it_is_quicker(model: HandModel, monkeypatch) -> None:
    exact = Predictor.load(model.path)
    monkeypatch.setattr(coarse, "SLOW_MS", 0.0)
    monkeypatch.setattr(coarse, "decode_ms", lambda predictor: 100.0 if predictor.precision == "float32" else 90.0)
    assert coarse.coarse_predictor(exact) is None
    monkeypatch.setattr(coarse, "decode_ms", lambda predictor: 100.0 if predictor.precision == "float32" else 50.0)
    assert coarse.coarse_predictor(exact).precision == "bfloat16"


def test_the_pose_of_the_sliders_is_that_of_the_network(model: HandModel) -> None:
    code = model.sample(5)
    expected = Predictor.load(model.path).decode_pose(torch.from_numpy(model.scale.to_latent(code))[None])[0]
    np.testing.assert_allclose(model.decode_pose(code), expected.numpy(), atol=1e-5)
