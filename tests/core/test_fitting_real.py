"""Fits to frames of real cameras, which the bundled model never saw in training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lsps_core.camera import NYU, SR305, Camera
from lsps_core.data.crop import normalise, to_joints_mm
from lsps_core.data.importers.frames import frame_from_depth, read_depth
from lsps_core.fitting import fit
from lsps_core.inference import Predictor
from lsps_core.skeleton import HAND21

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the sample frames in {DATA}")

TIPS = ("little_tip", "ring_tip", "middle_tip", "index_tip", "thumb_tip")
"""In the order of their places 0, 2, 4, 6, 8 among NYU's 14 evaluated joints."""


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load(ROOT / "resources" / "models" / "compact.safetensors")


def cut(depth_mm: np.ndarray, camera: Camera, **options):
    frame, _ = frame_from_depth(depth_mm, camera, **options)
    center, half = torch.tensor(frame.center_mm)[None], torch.tensor([frame.half_mm])
    return normalise(torch.from_numpy(frame.depth_mm.astype(np.float32))[None], center, half), center, half


def test_six_frames_of_an_sr305_are_met_closer(predictor):
    frames = [cut(read_depth(path, unit_mm=0.125), SR305) for path in sorted((DATA / "sr305").glob("*.png"))]
    assert len(frames) == 6
    found = fit(predictor, *(torch.cat(parts) for parts in zip(*frames, strict=True)))
    assert (found.residual_mm < 0.75 * found.start_residual_mm).all()
    assert (found.residual_mm < 3).all()
    assert ((found.size > 0.8) & (found.size < 1.25)).all()


def test_the_fingertips_of_an_nyu_frame(predictor):
    depth_mm = read_depth(DATA / "nyu" / "depth_1_0000001.png", nyu_packed=True)
    uvd = np.loadtxt(DATA / "nyu" / "test_labels_uvd.txt", max_rows=1).reshape(14, 3)
    image, center, half = cut(depth_mm, NYU, cube_mm=300, center_uvd=tuple(uvd[13]))
    found = fit(predictor, image, center, half)
    joints = to_joints_mm(found.pose, center, half)[0].numpy()[[HAND21.joints.index(tip) for tip in TIPS]]
    assert np.linalg.norm(joints - NYU.unproject(uvd[0:10:2]), axis=1).mean() < 10
    flipped = cut(depth_mm[:, ::-1].copy(), NYU.mirrored(640), cube_mm=300, center_uvd=(639 - uvd[13, 0], *uvd[13, 1:]))
    assert float(fit(predictor, *flipped).residual_mm) > 1.3 * float(found.residual_mm)
