"""A model is traced when it has been open for a moment, once for each domain of the frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from pytestqt.qtbot import QtBot

from explorer_app.model.hand.model import HandModel
from explorer_app.shell.main_window import MainWindow

Open = Callable[..., None]


def test_a_model_is_traced_once_for_each_domain(
    qtbot: QtBot,
    window: MainWindow,
    open_and_wait: Open,
    model_path: Path,
    store_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    traced: list[tuple[str, str]] = []
    monkeypatch.setattr(HandModel, "trace", lambda model, domain: traced.append((model.name, domain)))
    window.explore.tracing._timer.setInterval(0)
    session = window.session
    open_and_wait(model_path)
    qtbot.waitUntil(lambda: traced == [("tiny", "real")], timeout=WAIT_MS)
    open_and_wait(store_path)
    session.set_domain_choice("synthetic")
    qtbot.waitUntil(lambda: traced[1:] == [("tiny", "synthetic")], timeout=WAIT_MS)
    session.set_domain_choice("real")
    qtbot.wait(50)
    assert len(traced) == 2


def test_a_window_that_closes_traces_nothing(window: MainWindow, open_and_wait: Open, model_path: Path) -> None:
    open_and_wait(model_path)
    window.close()
    assert not window.explore.tracing._timer.isActive()
