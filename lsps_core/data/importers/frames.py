"""Depth images and recordings of any camera: find the hand in an image, and make a store of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from lsps_core.data.importing.pictures import read_depth
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
    jobs: int = 1,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Write a store without skeleton from depth images and recordings.

    camera, unit_mm: None for those of the recordings; images need a camera, and have 1 mm without a unit. The other
    arguments as in `read_depth` and `frame_from_depth`. An image that cannot be used is skipped and named in the
    report. LspsError for a recording that cannot be opened, FrameStoreError if no frame is left, or `out` cannot be
    written. jobs, overwrite and progress as in `run_import`.
    """
    plan = plan_frames(
        paths,
        camera,
        unit_mm=unit_mm,
        nyu_packed=nyu_packed,
        cube_mm=cube_mm,
        center_uvd=center_uvd,
        domain=domain,
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
) -> ImportPlan:
    """The plan of `import_frames`, with its arguments and errors."""
    if not paths and camera is None:
        raise LspsError("there is nothing to import", "give depth images or recordings")
    half_mm = cube_mm / 2
    shots = Shots()
    found: list[Camera] = []
    for path in map(Path, paths):
        if is_recording(path):
            recording = open_recording(path)
            found.append(recording.camera)
            for shot in _recorded_shots(_as_given(recording, camera, unit_mm), half_mm, center_uvd):
                shots.append(shot)
        elif camera is None:
            raise LspsError(f"{path} does not say which camera took it", "give {camera}", field="camera")
        else:
            center = _center(camera, center_uvd)
            shots.append(Shot(path=path, name=path.name, half_mm=half_mm, center_mm=center))
    image_unit_mm = 1.0 if unit_mm is None else unit_mm
    is_recorded = all(shot.read is not None for shot in shots)
    settings = {"nyu_packed": nyu_packed, "cube_mm": cube_mm, "center_uvd": center_uvd}
    settings |= {"unit_mm": unit_mm if is_recorded else image_unit_mm}
    return ImportPlan(
        shots=shots,
        read=partial(read_depth, unit_mm=image_unit_mm, nyu_packed=nyu_packed),
        camera=camera or found[0],
        domain=domain,
        settings={"importer": "frames", "folders": sorted({str(Path(path).parent) for path in paths}), **settings},
    )


def _center(camera: Camera, center_uvd: tuple[float, float, float] | None) -> FloatArray | None:
    return None if center_uvd is None else camera.unproject(np.array(center_uvd, dtype=np.float64))


def _as_given(recording: Recording, camera: Camera | None, unit_mm: float | None) -> Recording:
    """The recording with the user's camera and unit, where given."""
    return replace(
        recording,
        camera=camera or recording.camera,
        unit_mm=recording.unit_mm if unit_mm is None else unit_mm,
    )


def _recorded_shots(recording: Recording, half_mm: float, center_uvd: tuple[float, float, float] | None) -> list[Shot]:
    return [
        Shot(
            path=recording.path,
            name=f"{recording.path.stem}/{index + 1:06d}",
            half_mm=half_mm,
            center_mm=_center(recording.camera, center_uvd),
            camera=FrameCamera(camera=recording.camera),
            read=partial(recording.depth_mm, index),
        )
        for index in range(len(recording))
    ]
