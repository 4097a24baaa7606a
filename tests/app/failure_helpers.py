"""Results of frames without an evaluation: made up, but such that everything in them can be told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from app_helpers import WAIT_MS
from pytestqt.qtbot import QtBot

from explorer_app.inspect.model.failure_table import FailureTable
from explorer_app.shell.main_window import MainWindow
from lsps_core.evaluation.about import About
from lsps_core.evaluation.frame_results import FrameResults
from lsps_core.skeleton import HAND21


def results(
    count: int,
    *,
    is_annotated: bool = True,
    is_fitted: bool = False,
    turns: int = 1,
    is_divided: bool = False,
    seed: int = 0,
    data_path: str = "",
) -> FrameResults:
    """Every frame has one bad joint: frame i the joint i modulo 21, with 30 + i mm; groups are two halves.

    is_fitted: frame i has a residual of 1 + i / 10 mm. is_divided: even frames are of the camera kinect, others of tof;
    every third shows the back of the hand, others the palm.
    """
    generator = np.random.default_rng(seed)
    joints = len(HAND21.joints)
    errors = generator.uniform(1, 20, (count, joints)).astype(np.float32)
    errors[np.arange(count), np.arange(count) % joints] = 30 + np.arange(count) % 60
    if not is_annotated:
        errors[:] = np.nan
    about = About(
        model="tiny.safetensors",
        model_digest="0",
        data=Path(data_path).stem or "frames",
        data_path=data_path,
        frame_count=count,
        data_digest="0",
        labels_digest="0" if is_annotated else "",
        domain="real",
        is_simulated=True,
        protocol="all 21 joints of hand21",
        skeleton="hand21",
        joints=HAND21.joints,
        fit_steps=10 if is_fitted else None,
        turns=turns,
    )
    return FrameResults(
        about=about,
        names=np.array([f"frame {index}" for index in range(count)]),
        groups=np.array([f"subject{2 * index // count}" for index in range(count)]),
        pose_latent=generator.normal(0, 1, (count, 20)).astype(np.float32),
        errors_mm=errors,
        disagreement_mm=generator.uniform(0, 30, count).astype(np.float32),
        latent_distance=generator.uniform(0, 1, count).astype(np.float32),
        divisions={
            "camera": np.array(["tof" if index % 2 else "kinect" for index in range(count)]),
            "view": np.array(["palm" if index % 3 else "back" for index in range(count)]),
        }
        if is_divided
        else {},
        residual_mm=(1 + np.arange(count) / 10).astype(np.float32) if is_fitted else None,
    )


def table(count: int, **options: object) -> FailureTable:
    return FailureTable(results(count, **options))


def show_plots(qtbot: QtBot, window: MainWindow, count: int) -> None:
    """The plots of made-up results of `count` frames, in the Inspect workspace."""
    window.workspaces.go("Inspect")
    window.docks["Plots"].raise_()
    window.failures.set_table(table(count))
    qtbot.waitUntil(lambda: window.inspect.plots.grid is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
