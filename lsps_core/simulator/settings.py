"""What a simulation shows, and the groups that its frames fall into. No torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from lsps_core.errors import LspsError
from lsps_core.simulator.cameras.registry import CAMERAS, chosen

Views = Literal["palm", "any", "egocentric"]
Crop = Literal["true", "found"]
Wrist = Literal["free", "straight"]

VIEWS: tuple[Views, ...] = get_args(Views)
CROPS: tuple[Crop, ...] = get_args(Crop)
WRISTS: tuple[Wrist, ...] = get_args(Wrist)

SEEN_SIDES = ("palm", "back", "thumb side", "little finger side", "fingertips", "wrist")
"""Names of the group `view`: the side of the hand that faces the camera most."""
THINGS = ("none", "box", "cylinder", "sphere", "mug", "phone", "pen", "salt cellar")
"""Names of the group `thing`."""
SEEN_BY = ("none", "sensor", *CAMERAS)
"""Names of the group `camera`: no camera's noise, the first camera there was, one by name."""
HANDS = ("right", "left")
"""Names of the group `hand`. A left hand is shown mirrored, as in an imported store that is mirrored."""


@dataclass(frozen=True, kw_only=True)
class SimulationSettings:
    """Options of a simulation besides domain, people and seed. The defaults show an empty palm in front of the camera.

    views: from which sides hands are seen: `palm` up to 60 degrees off the palm, `any` from all sides alike,
    `egocentric` from above and behind the wrist. things: share of frames with an object in the hand, 0 to 1.
    camera: the sensor domain's depth cameras, as in `cameras.registry.chosen`; None for the first one there was.
    crop: `true` centres the cube on the hand's visible middle, `found` where the search for a hand in a raw frame
    finds it.
    wrist: `free` bends at random, `straight` only as far as the forearm would else point to the camera: so the joints
    determine it.

    With other views than `palm` or with things, people differ more (children, large hands, left hands), their hands
    have more flesh and bend further. LspsError for a value that is not possible.
    """

    views: Views = "palm"
    things: float = 0.0
    camera: str | None = None
    crop: Crop = "true"
    wrist: Wrist = "free"

    def __post_init__(self) -> None:
        if self.views not in VIEWS:
            raise LspsError(f"unknown views {self.views!r}", f"choose one of {', '.join(VIEWS)}", field="views")
        if not 0 <= self.things <= 1:
            raise LspsError(f"the share of things is {self.things}", "give a number from 0 to 1", field="things")
        if self.camera is not None:
            chosen(self.camera)
        if self.crop not in CROPS:
            raise LspsError(f"unknown crop {self.crop!r}", f"choose one of {', '.join(CROPS)}", field="crop")
        if self.wrist not in WRISTS:
            raise LspsError(f"unknown wrist {self.wrist!r}", f"choose one of {', '.join(WRISTS)}", field="wrist")

    @property
    def is_wide(self) -> bool:
        """Whether hands are seen from more sides, or hold things: with other people and poses than an empty palm's."""
        return self.views != "palm" or self.things > 0

    def to_json(self) -> dict[str, Any]:
        """The settings that differ from the defaults."""
        usual = asdict(SimulationSettings())
        return {name: value for name, value in asdict(self).items() if value != usual[name]}


PALM = SimulationSettings()
"""The defaults."""
