"""Which protocol a model or a store is scored with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsps_core.camera import SIMULATED, Camera
from lsps_core.data.importers.registry import DATASETS, datasets, load
from lsps_core.data.protocol import Protocol
from lsps_core.skeleton import HAND21, Skeleton

if TYPE_CHECKING:
    from lsps_core.data.store import FrameStore

ALL_JOINTS = "all"
SIMULATED_DATA = "simulated"


def all_joints(skeleton: Skeleton, camera: Camera) -> Protocol:
    """Every joint of a skeleton, in its order."""
    count = skeleton.joint_count
    return Protocol(
        name=f"all {count} joints of {skeleton.name}", skeleton=skeleton, indices=tuple(range(count)), camera=camera
    )


SIMULATED_21 = all_joints(HAND21, SIMULATED)


def protocols() -> dict[str, Protocol]:
    """The protocols of all data sets, by their names for `--protocol`."""
    found = (dataset.protocol for dataset in datasets().values())
    return {protocol.key: protocol for protocol in found if protocol is not None}


def protocol_help(whose: str) -> str:
    """The help of `--protocol`; whose: "store" or "skeleton"."""
    return f"{', '.join(protocols())} or {ALL_JOINTS}; the {whose}'s own if left out"


def scored_names() -> tuple[str, ...]:
    """The names of data sets for `lsps score`."""
    return (*DATASETS, SIMULATED_DATA)


def of_dataset(name: str) -> Protocol:
    """The protocol of one of `scored_names`; ValueError if the data set has none."""
    protocol = SIMULATED_21 if name == SIMULATED_DATA else load(name).protocol
    if protocol is None:
        raise ValueError(f"{name} has no protocol; give one of {', '.join(scored_names())} that has")
    return protocol


def of_store(store: FrameStore, skeleton: Skeleton, name: str | None = None) -> Protocol:
    """The protocol for a model of `skeleton` on a store: that of the store's skeleton if it has the same joints.

    name and errors as in `choose`.
    """
    own = store.skeleton
    is_alike = own is not None and own.joints == skeleton.joints
    return choose(own if own is not None and is_alike else skeleton, store.camera, name)


def choose(skeleton: Skeleton, camera: Camera, name: str | None = None) -> Protocol:
    """The protocol of a store's skeleton and camera; `name` ("nyu14", "NYU-14", "all", ...) selects another one.

    ValueError for an unknown name, and for a protocol of another skeleton.
    """
    known = protocols()
    asked = name.lower().replace("-", "") if name is not None else None
    if asked is None:
        fitting = (each for each in known.values() if each.skeleton == skeleton)
        return next(fitting, all_joints(skeleton, camera))
    if asked == ALL_JOINTS:
        return all_joints(skeleton, camera)
    if asked not in known:
        raise ValueError(f"there is no protocol {name!r}; give one of {', '.join(known)}, {ALL_JOINTS}")
    protocol = known[asked]
    if protocol.skeleton.joints != skeleton.joints:
        raise ValueError(
            f"{protocol.name} scores joints of {protocol.skeleton.name}, these are the {skeleton.joint_count} of "
            f"{skeleton.name}; leave the protocol out, or give {ALL_JOINTS!r}"
        )
    return protocol
