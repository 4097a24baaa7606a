"""The cameras of a store's frames: one, or in data sets of several views and both hands a table of them.

On disk, the attributes `camera`, `mirrored` and `mirrored_width_px` describe the camera of a store that has one (format
version 1). A store of several has the attribute `cameras` as well, a JSON list of them, and `camera`, uint16 [N], each
frame's place in that list (format version 2).
"""

from __future__ import annotations

import json

import h5py
import numpy as np

from lsps_core.camera import Camera
from lsps_core.data.frame_cameras import FrameCamera, FrameCameras
from lsps_core.data.hdf5 import CheckedDataset, find_dataset
from lsps_core.files import parse_json

FORMAT_OF_SEVERAL = 2


def write_cameras(file: h5py.File, cameras: FrameCameras) -> None:
    """Describe the cameras of the frames in an unfinished store.

    The texts are of fixed length: HDF5 has no checksum for the heap of variable-length texts.
    """
    first = cameras.table[0]
    file.attrs["camera"] = np.bytes_(json.dumps(first.camera.to_json()))
    file.attrs["mirrored"] = first.is_mirrored
    if first.width_px is not None:
        file.attrs["mirrored_width_px"] = first.width_px
    if len(cameras.table) > 1:
        file.attrs["format_version"] = FORMAT_OF_SEVERAL
        file.attrs["cameras"] = np.bytes_(json.dumps([camera.to_json() for camera in cameras.table]))
        file.create_dataset("camera", data=cameras.index, compression="gzip", compression_opts=1)


def read_cameras(file: h5py.File, frame_count: int) -> FrameCameras:
    """The cameras of a store; KeyError, TypeError, ValueError, OSError or AttributeError if they cannot be read."""
    attributes = file.attrs
    if "cameras" not in attributes:
        width_px = attributes.get("mirrored_width_px")
        camera = FrameCamera(
            camera=Camera.from_json(parse_json(attributes["camera"])),
            is_mirrored=bool(attributes["mirrored"]),
            width_px=None if width_px is None else int(width_px),
        )
        return FrameCameras((camera,), np.zeros(frame_count, np.uint16))
    table = tuple(FrameCamera.from_json(each) for each in parse_json(attributes["cameras"]))
    dataset = find_dataset(file, "camera")
    if dataset is None:
        raise ValueError("its frames have no cameras")
    if dataset.dtype != "uint16" or dataset.shape != (frame_count,):  # before it is read: it may declare anything
        raise ValueError(f"its cameras are {dataset.dtype} {list(dataset.shape)}")
    index = CheckedDataset(dataset).rows(0, frame_count)
    if index.max() >= len(table):
        raise ValueError(f"a frame of camera {index.max()} of {len(table)}")
    return FrameCameras(table, index)
