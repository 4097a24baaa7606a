"""What the app's tests make and measure."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import torch
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from explorer_app.model.latent import LatentCode
from explorer_app.model.walk import WalkPlan
from explorer_app.shell.main_window import MainWindow
from lsps_core import checkpoint
from lsps_core.camera import SIMULATED
from lsps_core.checkpoint import Checkpoint
from lsps_core.config.model import ModelConfig
from lsps_core.data.store import FrameWriter
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import HAND21

FRAME_COUNT = 5
WAIT_MS = 300_000
"""Far beyond what anything takes, a training in a process of its own on a loaded machine included."""


def write_model(path: Path, seed: int = 0, *, has_prior: bool = False) -> Path:
    """A tiny model whose pose and pictures depend plainly on every latent axis.

    has_prior: it has a fitted prior, of codes from 1 to 2 in every dimension.
    """
    torch.manual_seed(seed)
    config = ModelConfig(joint_count=HAND21.joint_count, base_channels=4)
    weights = {name: value.detach().clone() for name, value in TriDomainModel(config).state_dict().items()}
    checkpoint.save(
        Checkpoint(
            config=config,
            skeleton=HAND21,
            half_mm=125.0,
            latent_mean=(0.1,) * 20,
            latent_std=(0.8,) * 20,
            weights=weights,
            training={"simulated": True, "seed": seed},
            prior_codes=1 + torch.rand(200, 20) if has_prior else None,
        ),
        path,
    )
    return path


def write_store(path: Path, frame_count: int = FRAME_COUNT) -> Path:
    """Annotated frames of a slab that moves from frame to frame."""
    generator = np.random.default_rng(0)
    depth = np.zeros((frame_count, 128, 128), dtype=np.uint16)
    for index in range(frame_count):
        depth[index, 30 + 5 * index : 90, 40:80] = 480 + 10 * index
    center = np.tile(np.float32([0, 0, 500]), (frame_count, 1))
    joints = center[:, None] + generator.normal(0, 40, (frame_count, HAND21.joint_count, 3))
    with FrameWriter(path, domain="real", camera=SIMULATED, skeleton=HAND21, is_simulated=True) as writer:
        names = [f"frame {index}" for index in range(frame_count)]
        writer.append(depth_mm=depth, center_mm=center, half_mm=125.0, names=names, joints_mm=joints)
    return path


def clear_session(window: MainWindow) -> None:
    """The mean latent, and no walk, history or undo step; model and data stay."""
    session = window.session
    session.set_walk(WalkPlan(path="hands"))
    session.set_latent(LatentCode())
    session.undo_stack.clear()
    session.set_history(())


def unless_open(window: MainWindow, model_path: Path) -> list[Path]:
    """That model, for a window that does not show it yet."""
    model = window.session.model
    return [] if model is not None and model.path == model_path else [model_path]


def pixels(widget: QWidget) -> np.ndarray:
    """What a widget shows, [H, W, 3]."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def make_store_without_depth(path: Path, source: Path) -> Path:
    path.write_bytes(source.read_bytes())
    with h5py.File(path, "r+") as file:
        del file["depth"]
    return path
