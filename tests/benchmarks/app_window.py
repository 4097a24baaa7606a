"""The explorer's own window for benchmarks: opened as `lsps-explorer` does it, and waited for without polling."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a fresh checkout, installed or not
if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LSPS_NO_OPENGL"] = "1"  # the painter's skeleton, which is there on every machine

import psutil
from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from explorer_app.application import SWITCH_S
from explorer_app.resources import resource
from explorer_app.shell.appearance import ensure_font
from explorer_app.shell.main_window import MainWindow


def write_preset(preset: str, folder: Path) -> Path:
    """A model of a preset's size: the bundled one for `compact`, else one with random weights, written to `folder`."""
    if preset == "compact":
        return resource("models", "compact.safetensors")
    import torch

    from lsps_core import checkpoint
    from lsps_core.config.presets import PRESETS
    from lsps_core.config.training import TrainConfig
    from lsps_core.networks.tri_domain import TriDomainModel
    from lsps_core.skeleton import HAND21

    torch.manual_seed(0)
    config = TrainConfig(synthetic_path="", real_path="", **PRESETS[preset]).model_config(HAND21)
    made = checkpoint.Checkpoint(
        config=config,
        skeleton=HAND21,
        half_mm=125.0,
        latent_mean=(0.0,) * 20,
        latent_std=(1.0,) * 20,
        weights=TriDomainModel(config).state_dict(),
        training={"simulated": True},
    )
    path = folder / f"{preset}.safetensors"
    checkpoint.save(made, path)
    return path


@contextmanager
def open_window(model_path: Path, device: str = "cpu", store: str = "") -> Iterator[MainWindow]:
    """The window with a model, and bundled frames if `store` names them, once all of it is shown."""
    sys.setswitchinterval(SWITCH_S)
    app = QApplication.instance() or QApplication(["benchmark"])
    app.setStyle("Fusion")
    ensure_font()
    window = MainWindow(device)
    window.show()
    window.open_paths([model_path, *([resource("samples", store)] if store else [])])
    wait_until(lambda: window.session.pictures is not None and not window.background.is_busy)
    if window.session.model is None:
        raise RuntimeError(f"{model_path} was not opened")
    try:
        yield window
    finally:
        window.close()


def wait_until(is_done: Callable[[], bool]) -> None:
    """Handle events, asleep between them, until `is_done`."""
    while not is_done():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def wait_ms(duration_ms: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(duration_ms, loop.quit)
    loop.exec()


def used_bytes() -> int:
    """Of memory, without pages that glibc keeps free for later."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return psutil.Process().memory_info().rss


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]
