"""A walk as a file: each kind can be read back, by others' readers; nothing half-written is ever left."""

from __future__ import annotations

import errno
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from explorer_app.explore.model import walk_export
from explorer_app.explore.model.walk_drawing import Look
from explorer_app.explore.model.walk_export import FORMATS, ExportOptions, export_walk, strip_size
from explorer_app.model.latent import LatentCode
from explorer_app.model.scene import PRESETS
from explorer_app.model.walk import WalkPlan
from explorer_app.workers.task import CancelledError
from lsps_core.data.store import FrameStore
from lsps_core.evaluation.evaluate import predict
from lsps_core.generation import CENTER_MM
from lsps_core.inference import Predictor

CODES = tuple(LatentCode().with_value(axis, 2.0) for axis in range(3))
PLAN = WalkPlan(CODES, ending="once")


@pytest.fixture
def export(model, tmp_path):
    def run(suffix, plan=PLAN, frames_per_segment=4, report=lambda _done, _in_all: None, **options):
        path = tmp_path / f"walk{suffix}"
        chosen = ExportOptions(suffix, frames_per_segment, **options)
        assert export_walk(model, plan, chosen, path, report) == len(plan.frame_positions(frames_per_segment))
        assert [item.name for item in tmp_path.iterdir()] == [path.name]
        return path

    return run


def test_a_video_plays(export):
    path = export(".mp4", views=("real", "skeleton"), frames_per_second=25)
    with av.open(path) as video:
        stream = video.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(stream)]
        assert (stream.average_rate, stream.codec_context.pix_fmt) == (25, "yuv420p")
    assert len(frames) == 9
    assert frames[0].shape == (256, 512, 3)
    assert np.abs(frames[0].astype(int) - frames[-1]).mean() > 0.5


def test_an_animation_plays(export):
    with Image.open(export(".gif", plan=WalkPlan(CODES), frames_per_second=20)) as image:
        assert (image.n_frames, image.size, image.info["duration"]) == (12, (384, 128), 50)
        assert image.info["loop"] == 0


def test_a_strip_has_a_column_for_every_frame(export):
    with Image.open(export(".png", views=("synthetic", "skeleton"))) as image:
        assert image.size == (9 * 128, 2 * 128)
        assert np.asarray(image)[128:].min() < 200  # a skeleton is there


def test_a_strip_has_size_caption_volume_camera_and_no_background_as_wanted(export):
    plain = np.asarray(Image.open(export(".png", views=("skeleton",))))
    look = Look(side_px=256, orbit=PRESETS["Side"], has_volume=True, caption="From a fist", is_transparent=True)
    with Image.open(export(".png", views=("skeleton",), look=look)) as image:
        picture = np.asarray(image)
    options = ExportOptions(".png", 4, views=("skeleton",), look=look)
    assert picture.shape == (*strip_size(9, options)[::-1], 4)
    assert picture.shape[0] > 256
    caption = picture[256:]
    assert (caption[..., 3] > 128).any()
    hand = picture[:256]
    assert 0.02 < (hand[..., 3] > 0).mean() < 0.9
    without = np.asarray(Image.open(export(".png", views=("skeleton",), look=replace(look, has_volume=False))))
    assert (hand[..., 3] > 0).sum() > 1.2 * (without[:256, :, 3] > 0).sum()
    assert plain.shape == (128, 9 * 128, 3)


def test_a_video_has_the_size_and_the_caption(export):
    look = Look(side_px=384, caption="Two views")
    options = ExportOptions(".mp4", 4, views=("real", "skeleton"), look=look)
    with av.open(export(".mp4", views=("real", "skeleton"), look=look)) as video:
        stream = video.streams.video[0]
        assert (stream.width, stream.height) == options.size_px
        assert stream.height > 384
        frame = next(video.decode(stream)).to_ndarray(format="rgb24")
    assert frame[384:].min() < 120  # the caption


def test_a_long_strip_has_several_lines(export):
    with Image.open(export(".png", frames_per_segment=9, views=("synthetic", "skeleton"))) as image:
        picture = np.asarray(image)
    count = 19  # two segments and the end
    assert picture.shape[:2] == (2 * 2 * 128, 16 * 128)
    first, second = picture[:256], picture[256:]
    left = (count - 16) * 128
    assert (second[:, left:] == 255).all()
    assert (first[128:, -128:] != 255).any()
    assert (second[128:, :128] != 255).any()


@pytest.mark.parametrize("space", ["pose", "depth"])
def test_arrays_hold_what_the_model_says(export, model, space):
    with np.load(export(".npz", plan=WalkPlan(CODES, space=space, ending="once")), allow_pickle=False) as arrays:
        shapes = {name: arrays[name].shape for name in ("latents", "poses_mm", "depth_real_mm", "depth_synthetic_mm")}
        latents, poses_mm, depth_mm = arrays["latents"], arrays["poses_mm"], arrays["depth_synthetic_mm"]
    assert shapes == {
        "latents": (9, 20), "poses_mm": (9, 21, 3), "depth_real_mm": (9, 128, 128), "depth_synthetic_mm": (9, 128, 128),
    }  # fmt: skip
    for row in (0, 4, 8):
        pose_mm = model.decode_pose(model.scale.to_code(latents[row])) * model.half_mm
        np.testing.assert_allclose(poses_mm[row], pose_mm, atol=1e-2)
    np.testing.assert_allclose(depth_mm[4], model.decode(CODES[1]).synthetic, atol=1e-2)


@pytest.mark.parametrize("domain", ["real", "synthetic"])
def test_a_store_is_read_like_any_other(export, model, domain):
    path = export(".h5", domain=domain)
    with FrameStore(path) as store:
        assert (len(store), store.domain, store.is_simulated) == (9, domain, True)
        assert store.provenance["origin"] == "generated by a model"
        frame = store.frame(8)
        assert sum(len(indices) for indices, _ in predict(Predictor.load(model.path), store, np.arange(9))) == 9
    expected = model.decode_pose(CODES[2]) * model.half_mm + np.array(CENTER_MM)
    np.testing.assert_allclose(frame.joints_mm, expected, atol=1e-2)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_cancelled_export_leaves_nothing_and_what_was_there(model, tmp_path, suffix):
    path = tmp_path / f"walk{suffix}"
    path.write_bytes(b"before")

    def stop(done: int, _in_all: int) -> None:
        if done == 3:
            raise CancelledError

    with pytest.raises(CancelledError):
        export_walk(model, PLAN, ExportOptions(suffix), path, stop)
    assert [(item.name, item.read_bytes()) for item in tmp_path.iterdir()] == [(path.name, b"before")]


@pytest.mark.parametrize("suffix", FORMATS)
def test_where_nothing_can_be_written_one_line_says_so(model, tmp_path, suffix):
    path = tmp_path / "missing" / f"walk{suffix}"
    with pytest.raises(ValueError, match="cannot be written") as caught:
        export_walk(model, PLAN, ExportOptions(suffix, 2), path, lambda _done, _in_all: None)
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".png", ".npz"])
def test_a_full_disk_is_one_line_and_no_file(model, tmp_path, suffix, monkeypatch):
    class Full:
        def __init__(self, file):
            self._file = file

        def write(self, data):
            if self._file.tell() + len(data) > 2000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self._file.write(data)

        def __getattr__(self, name):
            return getattr(self._file, name)

    for name in ("_write_mp4", "_write_gif", "_write_strip", "_write_arrays"):
        write = getattr(walk_export, name)
        monkeypatch.setattr(
            walk_export, name, lambda frames, options, file, write=write: write(frames, options, Full(file))
        )
    with pytest.raises(ValueError, match="No space left"):
        export_walk(model, PLAN, ExportOptions(suffix, 8), tmp_path / f"walk{suffix}", lambda _done, _in_all: None)
    assert list(tmp_path.iterdir()) == []


def test_an_export_says_what_it_cannot_be(model, tmp_path):
    with pytest.raises(ValueError, match=r"\.mov"):
        ExportOptions(".mov")
    with pytest.raises(ValueError, match="tick one"):
        ExportOptions(".gif", views=())
    with pytest.raises(ValueError, match="too long"):
        export_walk(model, PLAN, ExportOptions(".png", 500), tmp_path / "long.png", lambda _done, _in_all: None)
