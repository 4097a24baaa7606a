"""How long the GUI thread is deaf while a run trains: watching it, and dragging a slider beside it.

The run is a compact one on bundled frames, in a process of its own, with each way to share the machine.

Run: python tests/benchmarks/training_window.py [--seconds 20] [--device cpu]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from app_window import open_window, percentile, wait_ms, wait_until, write_preset
from event_loop import LIMIT_MS, Probe, drag

from explorer_app.resources import resource
from explorer_app.shell.main_window import MainWindow
from explorer_app.train.model.run_process import SHARES
from lsps_core.config.presets import PRESETS
from lsps_core.config.training import TrainConfig
from lsps_core.training.run import Run


def prepare(path: Path, device: str) -> Path:
    """A compact run that is at its costly stage at once."""
    stores = {"synthetic_path": str(resource("samples", "synthetic.h5"))}
    stores["real_path"] = str(resource("samples", "sensor.h5"))
    config = TrainConfig(**stores, **PRESETS["compact"], device=device)
    Run.create(path, config.with_settings(["pose.steps=200", "checkpoint_minutes=0.1"]))
    return path


def watch(window: MainWindow, path: Path, duration_ms: int) -> dict[str, Probe]:
    panel = window.train
    window.workspaces.go("Train")
    panel.start_run(path)
    wait_until(lambda: panel.monitor.view is not None and panel.monitor.view.curves.stage == "depth")
    probes = {"watching": Probe(), "dragging": Probe()}
    with probes["watching"].watching():
        wait_ms(duration_ms)
    window.workspaces.go("Explore")
    wait_ms(500)
    with probes["dragging"].watching():
        drag(window)
    return probes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--device", default="cpu", help="of the run and of the explorer")
    options = parser.parse_args()
    print(f"{'':36s}  longest      p99   over 16 ms   asked")
    with tempfile.TemporaryDirectory() as folder:
        model_path = write_preset("compact", Path(folder))
        for share in SHARES:
            path = prepare(Path(folder) / share, options.device)
            with open_window(model_path, options.device, store="sensor.h5") as window:
                window.train.runs.share = share
                try:
                    probes = watch(window, path, round(1000 * options.seconds))
                finally:
                    window.train.runs.cancel(path)
                wait_until(lambda path=path, runs=window.train.runs: not runs.views[path].is_alive)
            for name, probe in probes.items():
                waits = probe.waits_ms
                over = sum(wait > LIMIT_MS for wait in waits)
                print(
                    f"{SHARES[share] + ', ' + name:36s} {max(waits):5.1f} ms {percentile(waits, 99):5.1f} ms ", end=""
                )
                print(f"{over:12d} {len(waits):7d}")
                for culprit, count in probe.culprits.most_common(5):
                    print(f"    {count:4d} x {culprit}")


if __name__ == "__main__":
    main()
