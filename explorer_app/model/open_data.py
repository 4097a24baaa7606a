"""Opens stores, recordings and raw depth images for the window. Imports HDF5 and SciPy: use it in a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from explorer_app.error_words import line_of
from explorer_app.model.crop import Crop
from explorer_app.model.data import Data, FrameView, OpenedData, StoreData
from explorer_app.model.image_data import ImageData
from explorer_app.model.opening import ImageSettings
from explorer_app.model.playing.live_data import LiveData
from explorer_app.model.raw_image import list_images
from lsps_core.data.recordings.live import open_camera as start_camera
from lsps_core.data.recordings.opening import open_recording as read_recording
from lsps_core.data.store import FrameStore

_TRIES = 10
"""Number of images that are searched for a hand on opening: with a wrong unit, none has one."""


def open_store(path: Path, index: int = 0) -> OpenedData:
    """Open a store at one of its frames; ValueError, in one line, for other files."""
    store = FrameStore(path)
    try:
        data = StoreData(store, path.name)
        _check_index(data, index, path)
        return OpenedData(data, data.view(index))
    except ValueError:
        store.close()
        raise


def _check_index(data: Data, index: int, path: Path) -> None:
    if not 0 <= index < len(data):
        raise ValueError(f"{path} has no frame {index + 1}, its last is {len(data)}; choose another frame")


def open_recording(path: Path, index: int = 0, settings: ImageSettings | None = None) -> OpenedData:
    """Open a recording; settings: None for the camera and unit that it names. ValueError, in one line."""
    if settings is None:
        recording = read_recording(path)
        settings = ImageSettings(camera=recording.camera, unit_mm=recording.unit_mm)
    return open_images([path], settings, index)


def open_camera(name: str) -> OpenedData:
    """Open a camera, a key of `CAMERAS`, at its first frame. LspsError, in one line, if there is none."""
    data = LiveData(start_camera(name))
    try:
        return OpenedData(data, data.view(0))
    except ValueError:
        data.close()
        raise


def open_images(
    paths: Sequence[Path], settings: ImageSettings, index: int = 0, crops: Mapping[int, Crop] | None = None
) -> OpenedData:
    """Open images, recordings and folders of images, at the first image from `index` with a hand.

    crops: earlier changes to single images.
    If none of the first few has a hand, the first readable one. ValueError, in one line, if there is none.
    """
    images, complaints = list_images(paths)
    if not images:
        raise ValueError(complaints[0])
    data = ImageData(images, settings, paths, crops)
    _check_index(data, index, paths[0])
    readable: list[FrameView] = []
    for number in range(index, len(data)):
        try:
            readable.append(data.view(number))
        except ValueError as error:
            complaints.append(line_of(error))
            continue
        if not readable[-1].complaint or len(readable) == _TRIES:
            break
    if not readable:
        raise ValueError(complaints[0])
    is_found = not readable[-1].complaint
    return OpenedData(data, readable[-1 if is_found else 0], complaints[0] if complaints else "")
