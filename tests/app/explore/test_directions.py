"""Directions from examples: what their coordinate means, their file, and their sliders."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from explorer_app.explore.model.directions import Directions, read_directions, write_directions
from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import Direction, LatentCode, LatentScale
from explorer_app.preferences import Preferences
from explorer_app.shell.main_window import MainWindow

SCALE = LatentScale(mean=[0.5] * 20, std=[2.0] * 20)
STEP = tuple(np.linspace(-1, 2, 20).tolist())


def direction(step: tuple[float, ...] = STEP, scale: LatentScale = SCALE) -> Direction:
    return Direction(step, (3, 5), "tiny", scale.fingerprint)


def test_the_coordinate_is_in_deviations_of_the_training_codes() -> None:
    generator = np.random.default_rng(0)
    latents = generator.normal(size=(5000, 20)) @ generator.normal(size=(20, 20)) + 0.3
    scale = LatentScale(mean=latents.mean(axis=0).tolist(), std=latents.std(axis=0).tolist())
    axis = direction(scale=scale).axis(np.cov(latents.T).tolist(), scale)
    coordinates = [axis.coordinate(scale.to_code(latent)) for latent in latents]
    assert np.mean(coordinates) == pytest.approx(0, abs=1e-3)
    assert np.std(coordinates) == pytest.approx(1, abs=0.01)


@given(st.lists(st.floats(-3, 3), min_size=20, max_size=20), st.floats(-5, 5))
def test_a_move_sets_the_coordinate_and_nothing_across(values: list[float], value: float) -> None:
    axis, code = direction().axis(None, SCALE), LatentCode(tuple(values))
    moved = axis.moved(code, value)
    assert axis.coordinate(moved) == pytest.approx(value, abs=1e-9)
    change = np.array(moved.values) - values
    along = np.array(STEP) / np.linalg.norm(STEP)
    np.testing.assert_allclose(change, (change @ along) * along, atol=1e-9)
    np.testing.assert_allclose(axis.moved(moved, axis.coordinate(code)).values, values, atol=1e-9)


def test_equal_groups_have_no_direction() -> None:
    with pytest.raises(ValueError, match="same mean code"):
        direction((0.0,) * 20)


def test_a_file_keeps_them_by_latent_and_name(tmp_path: Path) -> None:
    path = tmp_path / "data" / "directions.json"
    other = LatentScale(mean=[0.0] * 20, std=[1.0] * 20)
    kept = Directions(path)
    kept.save(" öffnen ", direction())
    kept.save("b", direction(scale=other))
    kept.save("c", direction())
    kept.rename(SCALE.fingerprint, "c", "d")
    kept.remove(other.fingerprint, "b")
    again = Directions(path)
    assert list(again.of(SCALE.fingerprint)) == ["öffnen", "d"]
    assert again.of(SCALE.fingerprint)["d"] == direction()
    assert again.of(other.fingerprint) == {}
    assert "öffnen" in path.read_text(encoding="utf-8")
    for change in (lambda: again.rename(SCALE.fingerprint, "d", "öffnen"), lambda: again.save(" ", direction())):
        with pytest.raises(ValueError, match=r"exists already|needs a name"):
            change()
    assert list(again.of(SCALE.fingerprint)) == ["öffnen", "d"]


ENTRY = {"name": "a", "model": "m", "fingerprint": "f", "frames": [1, 2], "step": list(STEP)}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"format": "lsps-presets", "version": 1, "models": {}}',
        '{"format": "lsps-directions", "version": 9, "directions": []}',
        '{"format": "lsps-directions", "version": 1}',
        *(
            json.dumps({"format": "lsps-directions", "version": 1, "directions": [ENTRY | change]})
            for change in (
                {"step": [1.0] * 19},
                {"step": [0.0] * 20},
                {"step": "all"},
                {"frames": [1]},
                {"frames": [1.5, 2]},
                {"name": ""},
                {"model": 3},
            )
        ),
        '{"format": "lsps-directions", "version": 1, "directions": [3]}',
        '{"format": "lsps-directions", "version": 1, "directions": [{"name": "a"}]}',
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "directions.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"directions\.json") as error:
        read_directions(path)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="cannot be written"):
        write_directions(path / "in the way.json", [])


@pytest.fixture
def shown(window: MainWindow, model: HandModel) -> MainWindow:
    """A window with a model that has a direction of the first two dimensions."""
    window.session.set_model(model)
    window.latent.directions.add("a → b", direction((3.0, 4.0, *(0.0,) * 18), model.scale))
    return window


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)


def test_a_direction_is_a_slider_with_undo(qtbot: QtBot, shown: MainWindow) -> None:
    session, row = shown.session, shown.latent.directions.rows["a → b"]
    assert row.isVisible()
    assert row.label.text() == "d1 a → b"
    row.slider.setValue(100)
    assert session.latent.values[:3] == pytest.approx((0.6, 0.8, 0.0))
    assert row.field.value() == pytest.approx(1.0)
    assert session.undo_stack.undoText() == "move a → b"
    session.undo_stack.undo()
    assert session.latent == LatentCode()
    assert row.slider.value() == 0
    shown.latent.rows[0].lock.click()
    row.slider.setValue(100)
    assert session.latent.values[:2] == pytest.approx((0.0, 0.8))
    assert row.field.value() == pytest.approx(0.64)
    settle(qtbot, shown)


def test_a_slider_is_of_one_latent_only(
    qtbot: QtBot, shown: MainWindow, model: HandModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sliders = shown.latent.directions
    sliders.rename("a → b", "a & b")
    assert list(sliders.rows) == ["a & b"]
    monkeypatch.setattr(model, "scale", SCALE)
    shown.session.set_model(model)
    assert not sliders.rows
    assert not sliders.isVisible()
    monkeypatch.undo()
    shown.session.set_model(model)
    sliders.remove("a & b")
    assert not sliders.rows
    settle(qtbot, shown)


def test_directions_go_to_others_as_a_file(qtbot: QtBot, shown: MainWindow, tmp_path: Path) -> None:
    sliders, path = shown.latent.directions, tmp_path / "mine.json"
    sliders.export_to(path)
    settle(qtbot, shown)
    sliders.remove("a → b")
    sliders.import_from(path)
    settle(qtbot, shown)
    assert list(sliders.rows) == ["a → b"]
    write_directions(path, [("of others", direction())])
    sliders.import_from(path)
    settle(qtbot, shown)
    assert "of the latent of tiny; open that model first" in shown.messages.text
    path.write_text("{")
    sliders.import_from(path)
    settle(qtbot, shown)
    assert "mine.json is not a file of directions" in shown.messages.text
    assert list(sliders.rows) == ["a → b"]


def test_directions_are_there_at_the_next_start(qtbot: QtBot, model: HandModel, tmp_path: Path) -> None:
    for number in range(2):
        window = MainWindow("cpu", Preferences(folder=tmp_path))
        qtbot.addWidget(window)
        window.session.set_model(model)
        assert len(window.latent.directions.rows) == number
        window.latent.directions.add("a", direction(scale=model.scale))
        settle(qtbot, window)
        window.close()
    (tmp_path / "directions.json").write_text("{}")
    window = MainWindow("cpu", Preferences(folder=tmp_path))
    qtbot.addWidget(window)
    assert "directions.json.damaged" in window.messages.text
    window.close()


def test_the_groove_shows_where_hands_are_along_a_direction(
    qtbot: QtBot, window: MainWindow, fitted_model: HandModel
) -> None:
    session, prior = window.session, fitted_model.prior
    session.set_model(fitted_model)
    session.set_latent(fitted_model.sample(3))
    window.latent.directions.add("a", direction(scale=fitted_model.scale))
    axis, slider = window.latent.directions.axes["a"], window.latent.directions.rows["a"].slider
    codes = [axis.moved(session.latent, value) for value in np.linspace(-3, 3, 41)]
    expected = pytest.approx(prior.typicality(codes), abs=0.02)
    qtbot.waitUntil(lambda: slider.typicality == expected, timeout=WAIT_MS)
    assert max(slider.typicality) > 0
    assert window.latent.sliders[6].typicality is not None
    settle(qtbot, window)
