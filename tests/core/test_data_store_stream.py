"""Streamed frames are the ones that memory would hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lsps_core.camera import NYU
from lsps_core.data.device_frames import DeviceFrames
from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.data.store_stream import StreamedFrames, free_memory, training_frames
from lsps_core.skeleton import HAND21

CPU = torch.device("cpu")


@pytest.fixture
def store(tmp_path):
    rng = np.random.default_rng(0)
    with FrameWriter(tmp_path / "a.h5", domain="real", camera=NYU, skeleton=HAND21, image_size=16) as writer:
        writer.append(
            depth_mm=rng.integers(0, 65536, (30, 16, 16)).astype(np.uint16),
            center_mm=rng.uniform(300, 40_000, (30, 3)),
            half_mm=rng.uniform(100, 150, 30),
            names=[str(number) for number in range(30)],
            joints_mm=rng.normal(size=(30, 21, 3)),
        )
    with FrameStore(tmp_path / "a.h5") as opened:
        yield opened


def test_what_does_not_fit_is_streamed_and_the_same(store):
    whole = training_frames(store, CPU, free_bytes=1 << 30)
    streamed = training_frames(store, CPU, free_bytes=2 * 30 * 16 * 16)
    assert isinstance(whole, DeviceFrames)
    assert isinstance(streamed, StreamedFrames)
    store.close()  # training closes it; the stream has its own
    assert len(streamed) == len(whole) == 30
    for indices in (np.array([3, 29, 3, 0]), torch.arange(30)):
        for a, b in zip(whole.batch(indices), streamed.batch(indices), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=0)
    torch.testing.assert_close(whole.pose, streamed.pose)
    streamed.close()


def test_free_memory_is_known_or_not():
    free = free_memory(CPU)
    assert free is None or free > 1 << 20
