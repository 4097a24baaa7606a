from __future__ import annotations

from pathlib import Path

import pytest

from explorer_app.model.opening import CAMERA_PRESETS, ImageSettings, Opening, parse_camera, sort_paths
from lsps_core.camera import SR305, Camera


def test_paths_are_told_apart_by_their_names(tmp_path: Path) -> None:
    model, store, image = Path("m.safetensors"), Path("s.H5"), Path("a.png")
    assert sort_paths([model, store]) == Opening(model=model, store=store)
    assert sort_paths([image, tmp_path]) == Opening(images=(image, tmp_path))
    assert not sort_paths([model]).has_data


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (["a.safetensors", "b.safetensors"], "second model"),
        (["a.h5", "b.h5"], "one store"),
        (["a.h5", "b.png"], "one store"),
        (["missing.txt"], "does not exist"),
        ([__file__], "no kind that can be opened"),
    ],
)
def test_what_cannot_be_opened_together_says_why(names: list[str], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        sort_paths([Path(name) for name in names])


def test_a_camera_is_four_numbers_or_a_name() -> None:
    assert parse_camera("475,476,320,240").camera == Camera(fx=475, fy=476, cx=320, cy=240)
    assert parse_camera("SR305") == ImageSettings(camera=SR305, unit_mm=0.125)
    for wrong in ("475", "a,b,c,d", "-1,1,1,1"):
        with pytest.raises(ValueError, match="camera"):
            parse_camera(wrong)


def test_image_settings_survive_json() -> None:
    for preset in CAMERA_PRESETS.values():
        assert ImageSettings.from_json(preset.to_json()) == preset
    with pytest.raises(ValueError, match="not a description"):
        ImageSettings.from_json({})


@pytest.mark.parametrize("change", [{"unit_mm": 0.0}, {"cube_mm": -1.0}, {"domain": "other"}])
def test_impossible_image_settings_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        ImageSettings(camera=SR305, **change)
