"""Depth images and recordings of any camera: find the hand in an image, and make a store of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera, FloatArray
from lsps_core.data.crop import DEFAULT_CUBE_MM, DEFAULT_SIZE, cube_window
from lsps_core.data.frame import HandFrame
from lsps_core.data.frame_cameras import FrameCamera
from lsps_core.data.importing.pictures import Depth, read_depth
from lsps_core.data.importing.plan import ImportPlan, Shot, cut_frame
from lsps_core.data.importing.run import ImportReport, run_import
from lsps_core.data.importing.shots import Shots
from lsps_core.data.recordings.opening import is_recording, open_recording
from lsps_core.errors import LspsError

if TYPE_CHECKING:
    from lsps_core.data.hand_search import FoundHand
    from lsps_core.data.recordings.source import Recording

__all__ = ["ImportReport", "frame_from_depth", "import_frames", "read_depth"]


def frame_from_depth(
    depth_mm: npt.NDArray[np.uint16] | FloatArray,
    camera: Camera,
    *,
    cube_mm: float = DEFAULT_CUBE_MM,
    center_uvd: tuple[float, float, float] | None = None,
    name: str = "",
    size: int = DEFAULT_SIZE,
) -> tuple[HandFrame, FoundHand]:
    """Cut the hand out of a raw frame, depth_mm [H, W]: the frame of size x size, and how the hand was found.

    center_uvd (column px, row px, depth mm) is the hand's position; without it `find_hand` searches. ValueError if
    no hand is found, or the cube is empty.
    """
    if center_uvd is None:
        from lsps_core.data.hand_search import find_hand  # imports scipy, which a given hand does not need

        found = find_hand(depth_mm, camera, cube_mm=cube_mm)
    else:
        found = _given_hand(camera, cube_mm, center_uvd)
    return cut_frame(depth_mm, camera, found.center_mm, found.half_mm, name=name, size=size), found


def _given_hand(camera: Camera, cube_mm: float, center_uvd: tuple[float, float, float]) -> FoundHand:
    from lsps_core.data.hand_search import FoundHand

    center = camera.unproject(np.array(center_uvd, dtype=np.float64)).astype(np.float32)
    return FoundHand(
        center_mm=center,
        half_mm=cube_mm / 2,
        box_px=cube_window(camera, center, cube_mm / 2),
        end_px=center_uvd[:2],
        area_cm2=float("nan"),
        candidates=0,
        note="the centre was given",
    )


def import_frames(
    out: Path,
    paths: Sequence[Path],
    camera: Camera | None = None,
    *,
    unit_mm: float | None = None,
    nyu_packed: bool = False,
    cube_mm: float = DEFAULT_CUBE_MM,
    center_uvd: tuple[float, float, float] | None = None,
    domain: str = "real",
    is_mirrored: bool = False,
    jobs: int = 1,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Write a store without skeleton from depth images and recordings.

    camera, unit_mm: None for those of the recordings; images need a camera, and have 1 mm without a unit. The other
    arguments as in `read_depth` and `frame_from_depth`. is_mirrored: the images are flipped left to right first, so
    that a left hand becomes a right one. The frames of a single recording keep their times. An image that cannot be
    used is skipped and named in the report. LspsError for a recording that cannot be opened, FrameStoreError if no
    frame is left, or `out` cannot be written. jobs, overwrite and progress as in `run_import`.
    """
    plan = plan_frames(
        paths,
        camera,
        unit_mm=unit_mm,
        nyu_packed=nyu_packed,
        cube_mm=cube_mm,
        center_uvd=center_uvd,
        domain=domain,
        is_mirrored=is_mirrored,
    )
    return run_import(out, plan, jobs=jobs, overwrite=overwrite, progress=progress)


def plan_frames(
    paths: Sequence[Path],
    camera: Camera | None = None,
    *,
    unit_mm: float | None = None,
    nyu_packed: bool = False,
    cube_mm: float = DEFAULT_CUBE_MM,
    center_uvd: tuple[float, float, float] | None = None,
    domain: str = "real",
    is_mirrored: bool = False,
) -> ImportPlan:
    """The plan of `import_frames`, with its arguments and errors."""
    if not paths and camera is None:
        raise LspsError("there is nothing to import", "give depth images or recordings")
    half_mm = cube_mm / 2
    shots = Shots()
    found: list[FrameCamera] = []
    image_unit_mm = 1.0 if unit_mm is None else unit_mm
    read = partial(read_depth, unit_mm=image_unit_mm, nyu_packed=nyu_packed)
    for path in map(Path, paths):
        if is_recording(path):
            recording = _as_given(open_recording(path), camera, unit_mm)
            used = _used(recording.camera, recording.size_px[0] if is_mirrored else None)
            found.append(used)
            for shot in _recorded_shots(recording, used, half_mm, center_uvd, is_alone=len(paths) == 1):
                shots.append(shot)
        elif camera is None:
            raise LspsError(f"{path} does not say which camera took it", "give {camera}", field="camera")
        else:
            center = _center(camera, center_uvd, is_mirrored)
            shots.append(Shot(path=path, name=path.name, half_mm=half_mm, center_mm=center))
    images = [Path(path) for path in paths if not is_recording(Path(path))]
    image_camera = _used(camera, _width_px(images, read) if is_mirrored else None) if camera is not None else found[0]
    is_recorded = all(shot.read is not None for shot in shots)
    settings = {"nyu_packed": nyu_packed, "cube_mm": cube_mm, "center_uvd": center_uvd}
    settings |= {"unit_mm": unit_mm if is_recorded else image_unit_mm, "mirrored": is_mirrored}
    return ImportPlan(
        shots=shots,
        read=read,
        camera=image_camera.camera,
        mirrored_width_px=image_camera.width_px,
        domain=domain,
        settings={"importer": "frames", "folders": sorted({str(Path(path).parent) for path in paths}), **settings},
    )


def _center(camera: Camera, center_uvd: tuple[float, float, float] | None, is_mirrored: bool) -> FloatArray | None:
    """In the frame of the camera that is used; center_uvd: in the image as it is in its file."""
    if center_uvd is None:
        return None
    center_mm = camera.unproject(np.array(center_uvd, dtype=np.float64))
    return center_mm * (-1, 1, 1) if is_mirrored else center_mm


def _used(camera: Camera, mirrored_width_px: int | None) -> FrameCamera:
    if mirrored_width_px is None:
        return FrameCamera(camera=camera)
    return FrameCamera.flipped(camera, mirrored_width_px)


def _width_px(images: Sequence[Path], read: Callable[[Path], Depth]) -> int | None:
    """Of the first image that can be read."""
    for path in images:
        with suppress(ValueError):
            return int(read(path).shape[1])
    return None


def _as_given(recording: Recording, camera: Camera | None, unit_mm: float | None) -> Recording:
    """The recording with the user's camera and unit, where given."""
    return replace(
        recording,
        camera=camera or recording.camera,
        unit_mm=recording.unit_mm if unit_mm is None else unit_mm,
    )


def _recorded_shots(
    recording: Recording,
    camera: FrameCamera,
    half_mm: float,
    center_uvd: tuple[float, float, float] | None,
    *,
    is_alone: bool,
) -> list[Shot]:
    """camera: of the images, flipped or not. is_alone: whether there are no frames of other recordings."""
    return [
        Shot(
            path=recording.path,
            name=f"{recording.path.stem}/{index + 1:06d}",
            half_mm=half_mm,
            center_mm=_center(recording.camera, center_uvd, camera.is_mirrored),
            camera=camera,
            time_s=float(time_s) if is_alone else None,
            read=partial(recording.depth_mm, index),
        )
        for index, time_s in enumerate(recording.times_s)
    ]
