from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from explorer_app.model.opening import CAMERA_PRESETS, ImageSettings, Opening, parse_camera, sort_paths
from explorer_app.model.raw_image import list_images
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
        (["a.h5", "b.db3"], "one recording"),
        (["missing.txt"], "does not exist"),
        ([__file__], "has an unknown type"),
    ],
)
def test_what_cannot_be_opened_together_says_why(names: list[str], line: str) -> None:
    opening = sort_paths([Path(name) for name in names])
    assert line in opening.complaint
    assert (opening.model or opening.store) == (Path(names[0]) if len(names) > 1 else None)


def test_what_cannot_be_opened_keeps_nothing_else_from_opening(tmp_path: Path) -> None:
    opening = sort_paths([Path("missing.txt"), Path("m.safetensors"), Path("a.png"), tmp_path / "b.xyz"])
    assert (opening.model, opening.images) == (Path("m.safetensors"), (Path("a.png"),))
    assert "missing.txt" in opening.complaint
    assert "1 more" in opening.complaint


def test_a_recording_is_opened_alone() -> None:
    recording = Path("a.DB3")
    assert sort_paths([recording, Path("m.safetensors")]) == Opening(model=Path("m.safetensors"), recording=recording)
    for other in ("b.png", "b.h5", "b.db3", "b.bag", "b.mkv"):
        opening = sort_paths([recording, Path(other)])
        assert opening.recording == recording
        assert f"{other} was not opened besides" in opening.complaint


def test_hdf5_files_are_stores_or_raw_depth(tmp_path: Path, store_path: Path) -> None:
    plain = tmp_path / "plain.h5"
    with h5py.File(plain, "w") as file:
        file["depth"] = np.full((3, 32, 40), 500, np.uint16)
    assert sort_paths([store_path]) == Opening(store=store_path)
    assert sort_paths([plain, Path("a.png")]) == Opening(images=(plain, Path("a.png")))


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "count"),
    [("depth", (3, 32, 40), np.uint16, 3), ("camera/Depth", (32, 40), np.float32, 1), ("frames", (2, 32, 40), "i4", 2)],
)
def test_raw_depth_in_hdf5_is_read_in_its_unit(
    tmp_path: Path, name: str, shape: tuple[int, ...], dtype: object, count: int
) -> None:
    path = tmp_path / "raw.h5"
    depth = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    with h5py.File(path, "w") as file:
        file[name] = depth
        file["labels"] = np.zeros((3, 63), np.float32)
        file["mask"] = np.zeros(shape, np.uint8)
    images, complaints = list_images([path])
    assert (len(images), complaints) == (count, [])
    for row, image in enumerate(images):
        expected = depth.reshape(count, 32, 40)[row] * 0.5
        read = image.read(replace(CAMERA_PRESETS["icvl"], unit_mm=0.5))
        np.testing.assert_array_equal(np.nan_to_num(read), expected)


def test_hdf5_without_or_with_too_much_depth_says_so(tmp_path: Path) -> None:
    for name, datasets in (("none.h5", ["labels"]), ("two.h5", ["left", "right"])):
        with h5py.File(tmp_path / name, "w") as file:
            for dataset in datasets:
                file[dataset] = np.zeros((4, 4) if dataset == "labels" else (2, 32, 32), np.uint16)
    images, complaints = list_images([tmp_path / "none.h5", tmp_path / "two.h5"])
    assert images == []
    assert "none" in complaints[0]
    assert "left, right" in complaints[1]


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
