"""The simulated depth cameras by name. Their names need no import; a camera is imported when it is used."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING

from lsps_core.errors import LspsError

if TYPE_CHECKING:
    from lsps_core.simulator.cameras.camera import DepthCamera

CAMERAS = {
    "sr300": "lsps_core.simulator.cameras.structured_light:SR300",
    "kinect": "lsps_core.simulator.cameras.kinect:KINECT",
    "tof": "lsps_core.simulator.cameras.time_of_flight:TOF",
    "d415": "lsps_core.simulator.cameras.stereo:D415",
}
"""By the name in `lsps simulate --camera`: module and name of the `DepthCamera`."""
MIXED = "mixed"


def load(name: str) -> DepthCamera:
    """One of CAMERAS."""
    camera: DepthCamera = resolve_name(CAMERAS[name])
    return camera


def chosen(option: str) -> tuple[str, ...]:
    """The cameras of an option: all for `mixed`, or a name, or several with commas between. LspsError for another."""
    names = tuple(CAMERAS) if option == MIXED else tuple(name.strip() for name in option.split(","))
    for name in names:
        if name not in CAMERAS:
            remedy = f"choose {MIXED} or some of {', '.join(CAMERAS)}, with commas between"
            raise LspsError(f"unknown camera {name!r}", remedy, field="camera")
    return names
