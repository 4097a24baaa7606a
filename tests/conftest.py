"""What the tests of both packages share: tiny models, small simulated stores, the folder of real frames."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real depth frames beside the project; the test skips where it is missing."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"real depth frames are not here: {REAL_DATA}")
    return REAL_DATA


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A synthetic and a sensor store of 96 frames each, written by the command line."""
    from lsps_core.cli import main

    folder = tmp_path_factory.mktemp("stores")
    paths = {"synthetic": folder / "synthetic.h5", "real": folder / "sensor.h5"}
    for seed, (kind, path) in enumerate({"synthetic": paths["synthetic"], "sensor": paths["real"]}.items()):
        arguments = ["simulate", str(path), "--domain", kind, "--frames", "96", "--subjects", "2", "--seed", str(seed)]
        assert main(arguments) == 0
    return paths
