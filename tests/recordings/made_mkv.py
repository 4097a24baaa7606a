"""Small Matroska files as the Azure Kinect SDK writes them, by the standard library alone."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lsps_core.camera import Camera

CAMERA = Camera(fx=252.25, fy=252.5, cx=160.5, cy=167.25)
"""Of images of 320 x 288."""
SIDE, CROP = 512, (96, 90)
LOCATION = "CALIBRATION_CameraLocationD0"
COLOUR_TRACK, DEPTH_TRACK = 1, 2


def element(kind: int, content: bytes) -> bytes:
    name = kind.to_bytes((kind.bit_length() + 7) // 8, "big")
    return name + (len(content) | 1 << 56).to_bytes(8, "big") + content


def number(kind: int, value: int) -> bytes:
    return element(kind, value.to_bytes(max((value.bit_length() + 7) // 8, 1), "big"))


def calibration(camera: Camera = CAMERA, distortion: Sequence[float] = (0.0,) * 10) -> bytes:
    """distortion: k1 to k6, the centre, p2 and p1."""
    lens = [(camera.cx + 0.5 + CROP[0]) / SIDE, (camera.cy + 0.5 + CROP[1]) / SIDE, camera.fx / SIDE, camera.fy / SIDE]
    cameras = [
        {"Location": "CALIBRATION_CameraLocationPV0", "Intrinsics": {"ModelParameters": [0.5] * 14}},
        {"Location": LOCATION, "Intrinsics": {"ModelParameters": [*lens, *distortion]}},
    ]
    return json.dumps({"CalibrationInformation": {"Cameras": cameras}}).encode() + b"\0"


def track(place: int, name: str, width: int, height: int, fourcc: bytes = b"b16g") -> bytes:
    header = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 16, fourcc, 2 * width * height, 0, 0, 0, 0)
    size = number(0xB0, width) + number(0xBA, height)
    about = number(0xD7, place) + number(0x73C5, place) + number(0x83, 1) + element(0x536E, name.encode())
    return element(0xAE, about + element(0x86, b"V_MS/VFW/FOURCC") + element(0x63A2, header) + element(0xE0, size))


def block(place: int, milliseconds: int, content: bytes, flags: int = 0) -> bytes:
    """In a group, as the SDK has them."""
    head = bytes([0x80 | place]) + struct.pack(">hB", milliseconds, flags)
    return element(0xA0, element(0xA1, head + content))


def assemble(tracks: bytes, clusters: bytes, attached: bytes, name: str = "calibration.json") -> bytes:
    head = element(0x1A45DFA3, number(0x4286, 1) + number(0x42F7, 1) + element(0x4282, b"matroska"))
    file = element(0x466E, name.encode()) + element(0x4660, b"application/octet-stream") + number(0x46AE, 7)
    parts = element(0x1549A966, number(0x2AD7B1, 1_000_000)) + element(0x1654AE6B, tracks)
    parts += element(0x1941A469, element(0x61A7, file + element(0x465C, attached)))
    return head + element(0x18538067, parts + clusters)


def write_mkv(
    path: Path,
    images: Sequence[np.ndarray],
    *,
    milliseconds: int = 33,
    attached: bytes | None = None,
    fourcc: bytes = b"b16g",
    name: str = "DEPTH",
) -> Path:
    """images: uint16 [H, W], mm, two in a cluster, each behind a picture of another track."""
    height, width = images[0].shape
    clusters = b""
    for first in range(0, len(images), 2):
        blocks = b""
        for place, counts in enumerate(images[first : first + 2]):
            blocks += block(COLOUR_TRACK, place * milliseconds, b"jpeg")
            blocks += block(DEPTH_TRACK, place * milliseconds, counts.astype(">u2").tobytes())
        clusters += element(0x1F43B675, number(0xE7, first * milliseconds) + blocks)
    tracks = track(COLOUR_TRACK, "COLOR", 64, 48, b"MJPG") + track(DEPTH_TRACK, name, width, height, fourcc)
    path.write_bytes(assemble(tracks, clusters, calibration() if attached is None else attached))
    return path
