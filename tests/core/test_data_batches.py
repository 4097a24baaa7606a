import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lsps_core.camera import NYU
from lsps_core.data.batches import batch_indices, labelled_subset
from lsps_core.data.crop import normalise, to_pose
from lsps_core.data.device_frames import DeviceFrames
from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.skeleton import HAND21


@given(seed=st.integers(0, 2**31), batch_size=st.integers(1, 40), frame_count=st.integers(1, 30))
def test_every_frame_comes_once_an_epoch(seed, batch_size, frame_count):
    steps = -(-3 * frame_count // batch_size)
    drawn = np.concatenate([batch_indices(seed, step, batch_size, frame_count) for step in range(steps)])
    for epoch in range(3):
        part = drawn[epoch * frame_count : (epoch + 1) * frame_count]
        assert sorted(part) == list(range(frame_count))


def test_batches_are_a_function_of_seed_and_step():
    first = [batch_indices(5, step, 32, 1000) for step in range(100)]
    again = {step: batch_indices(5, step, 32, 1000) for step in reversed(range(100))}
    for step, indices in enumerate(first):
        np.testing.assert_array_equal(indices, again[step])
    assert first[0].dtype == np.int64
    assert not np.array_equal(first[0], batch_indices(6, 0, 32, 1000))


def test_epochs_differ_and_changing_a_batch_changes_no_other():
    epochs = [batch_indices(0, step, 50, 50) for step in range(3)]
    assert not np.array_equal(epochs[0], epochs[1])
    assert not np.array_equal(epochs[1], epochs[2])
    expected = epochs[0].copy()
    epochs[0][:] = -1
    np.testing.assert_array_equal(batch_indices(0, 0, 50, 50), expected)


@pytest.mark.parametrize("arguments", [(-1, 0, 1, 1), (0, -1, 1, 1), (0, 0, 0, 1), (0, 0, 1, 0)])
def test_impossible_batches(arguments):
    with pytest.raises(ValueError, match=r"seed|step"):
        batch_indices(*arguments)


@given(
    seed=st.integers(0, 2**31),
    small=st.floats(0, 1),
    large=st.floats(0, 1),
    frame_count=st.integers(1, 500),
)
def test_labelled_subsets_are_nested(seed, small, large, frame_count):
    small, large = sorted((small, large))
    few, many = labelled_subset(seed, small, frame_count), labelled_subset(seed, large, frame_count)
    assert set(few) <= set(many)
    assert list(many) == sorted(set(many))
    assert len(many) == (max(1, round(large * frame_count)) if large else 0)


def test_labelled_subset_is_uniform():
    counts = np.zeros(40)
    for seed in range(2000):
        counts[labelled_subset(seed, 0.25, 40)] += 1
    assert abs(counts / 500 - 1).max() < 0.2


@pytest.mark.parametrize("share", [-0.1, 5, float("nan")])
def test_impossible_share(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        labelled_subset(0, share, 10)


@pytest.fixture
def store(tmp_path):
    rng = np.random.default_rng(0)
    joints = rng.normal(size=(700, 21, 3))
    joints[3] = np.nan
    with FrameWriter(tmp_path / "a.h5", domain="real", camera=NYU, skeleton=HAND21, image_size=8) as writer:
        writer.append(
            depth_mm=rng.integers(0, 65536, (700, 8, 8)).astype(np.uint16),  # all 16 bits are used
            center_mm=rng.uniform(500, 40000, (700, 3)),
            half_mm=rng.uniform(100, 10000, 700),
            names=["x"] * 700,
            joints_mm=joints,
        )
    with FrameStore(tmp_path / "a.h5") as opened:
        yield opened


def test_frames_on_the_device_are_those_of_the_store(store):
    seen = []
    frames = DeviceFrames(store, "cpu", progress=lambda done, total: seen.append((done, total)))
    assert len(frames) == 700
    assert seen[-1] == (700, 700)
    indices = np.array([5, 3, 699, 5])
    image, pose, center_mm, half_mm = frames.batch(indices)
    assert image.shape == (4, 1, 8, 8)
    assert image.dtype == pose.dtype == torch.float32
    center, half = torch.tensor(store.center_mm[indices]), torch.tensor(store.half_mm[indices])
    torch.testing.assert_close(center_mm, center)
    torch.testing.assert_close(half_mm, half)
    depth = torch.tensor(store.depth_mm(indices).astype(np.float32))
    torch.testing.assert_close(image, normalise(depth, center, half))
    joints = torch.tensor(store.joints_mm[indices])
    torch.testing.assert_close(pose, to_pose(joints, center, half), equal_nan=True)
    assert pose[1].isnan().all()


def test_fewer_frames_on_the_device(store):
    assert len(DeviceFrames(store, "cpu", limit=10)) == 10
    assert len(DeviceFrames(store, "cpu", limit=10_000)) == 700
    with pytest.raises(ValueError, match="at least one frame"):
        DeviceFrames(store, "cpu", limit=0)


def test_frames_without_joints_on_the_device(tmp_path):
    with FrameWriter(tmp_path / "b.h5", domain="real", camera=NYU, image_size=8) as writer:
        writer.append(depth_mm=np.ones((2, 8, 8), np.uint16), center_mm=[[0, 0, 5]] * 2, half_mm=3, names=["a", "b"])
    with FrameStore(tmp_path / "b.h5") as opened:
        assert DeviceFrames(opened, "cpu").batch(np.array([1]))[1].shape == (1, 0, 3)
