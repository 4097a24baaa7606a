"""Depth images of any camera: find the hand in an image, and make a store of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera, FloatArray
from lsps_core.data.crop import DEFAULT_CUBE_MM, DEFAULT_SIZE, cube_window
from lsps_core.data.frame import HandFrame
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan, Shot, cut_frame
from lsps_core.data.importing.run import ImportReport, run_import
from lsps_core.data.importing.shots import Shots

if TYPE_CHECKING:
    from lsps_core.data.hand_search import FoundHand

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
    camera: Camera,
    *,
    unit_mm: float = 1.0,
    nyu_packed: bool = False,
    cube_mm: float = DEFAULT_CUBE_MM,
    center_uvd: tuple[float, float, float] | None = None,
    domain: str = "real",
    jobs: int = 1,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Write a store without skeleton from depth images; arguments as in `read_depth` and `frame_from_depth`.

    An image that cannot be used is skipped and named in the report. FrameStoreError if none is left, or `out`
    cannot be written. jobs, overwrite and progress as in `run_import`.
    """
    settings = {"unit_mm": unit_mm, "nyu_packed": nyu_packed, "cube_mm": cube_mm, "center_uvd": center_uvd}
    folders = sorted({str(Path(path).parent) for path in paths})
    center = None if center_uvd is None else camera.unproject(np.array(center_uvd, dtype=np.float64))
    plan = ImportPlan(
        shots=Shots(
            Shot(path=Path(path), name=Path(path).name, half_mm=cube_mm / 2, center_mm=center) for path in paths
        ),
        read=partial(read_depth, unit_mm=unit_mm, nyu_packed=nyu_packed),
        camera=camera,
        domain=domain,
        settings={"importer": "frames", "folders": folders, **settings},
    )
    return run_import(out, plan, jobs=jobs, overwrite=overwrite, progress=progress)
