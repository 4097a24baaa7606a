"""Saves of the core: each writes a file whose content is of a version."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from lsps_core.camera import NYU, SR305
from lsps_core.checkpoint import Checkpoint
from lsps_core.config.model import ModelConfig
from lsps_core.config.training import TrainConfig
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan, Shot
from lsps_core.data.importing.run import run_import
from lsps_core.data.store import FrameWriter
from lsps_core.evaluation import report
from lsps_core.evaluation.about import About
from lsps_core.evaluation.frame_results import FrameResults
from lsps_core.evaluation.metrics import ErrorTable
from lsps_core.networks.tri_domain import TriDomainModel
from lsps_core.skeleton import HAND21
from lsps_core.training.run import Run


def save_store(path: Path, version: int) -> None:
    with FrameWriter(path, domain="real", camera=NYU, image_size=16, overwrite=True) as writer:
        depth, center = np.full((2, 16, 16), version, np.uint16), np.full((2, 3), 500.0)
        writer.append(depth_mm=depth, center_mm=center, half_mm=100.0, names=["a", "b"])


def save_config(path: Path, version: int) -> None:
    Run(path.parent).write_config(TrainConfig(synthetic_path="s.h5", real_path="r.h5", seed=version))


def save_results(path: Path, version: int) -> None:
    texts = {"model": "m", "model_digest": "1", "data": "d", "data_path": "d.h5", "data_digest": "2"}
    texts |= {"labels_digest": "", "domain": "real", "protocol": "p", "skeleton": "s"}
    about = About(**texts, frame_count=4, is_simulated=False, joints=("a", "b"))
    FrameResults(
        about=about,
        names=np.array(["a"] * 4),
        groups=np.array(["g"] * 4),
        pose_latent=np.full((4, 20), version, np.float32),
        errors_mm=np.ones((4, 2), np.float32),
        disagreement_mm=np.ones(4, np.float32),
        latent_distance=np.ones(4, np.float32),
    ).save(path)


def save_evaluation(folder: Path, version: int) -> None:
    """The files of `lsps evaluate --out`."""
    errors_mm = np.full((2, 2), 10.0 * version, np.float32)
    frames, places = ("a", "b"), np.arange(2)
    table = ErrorTable(
        method="m", errors_mm=errors_mm, joints=("i", "j"), frames=frames, groups=("g", "g"), places=places
    )
    report.write(folder, {"protocol": "p", "version": version}, [table], f"version {version}", is_simulated=True)


def save_import(path: Path, version: int, picture: Path) -> None:
    """Of five frames of one picture."""
    center = np.array([0, 0, 600.0])
    shots = tuple(Shot(path=picture, name=str(n), half_mm=100.0, center_mm=center) for n in range(5))
    plan = ImportPlan(shots=shots, read=partial(read_depth, unit_mm=1.0), camera=SR305, settings={"version": version})
    run_import(path, plan, overwrite=True)


def small_model(base_channels: int = 4, pose_hidden: int = 8) -> Checkpoint:
    torch.manual_seed(0)
    model = TriDomainModel(ModelConfig(joint_count=21, base_channels=base_channels, pose_hidden=pose_hidden))
    numbers = {"latent_mean": (0.0,) * 20, "latent_std": (0.9,) * 20}
    weights = model.state_dict()
    return Checkpoint(config=model.config, skeleton=HAND21, half_mm=125.0, weights=weights, training={}, **numbers)


def save_checkpoint(run: Run, version: int, model: Checkpoint) -> None:
    """Model and training state of step `version`."""
    state = {"stage": "pose", "stage_step": version, "seconds": 1.0, "best_mm": {}, "last_mm": None}
    versioned = replace(model, half_mm=100.0 + version)
    run.save_checkpoint(version, versioned, {"moment": torch.full((8,), float(version))}, json.loads(json.dumps(state)))
