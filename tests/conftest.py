"""What the tests of both packages share: workers, files made once for a whole run, the folder of real frames."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings
from programs import Programs

gc.disable()  # until all is imported: looking through torch's million objects takes a second of each worker
settings.register_profile("any machine", deadline=None)  # it may be busy, and the first example may import SciPy
settings.load_profile("any machine")
os.environ.setdefault("OMP_NUM_THREADS", "1")

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"
MOST_WORKERS = 8  # each holds torch and Qt, about 700 MB

MakeOnce = Callable[[str, Callable[[Path], object]], Path]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """For folders a worker a core, and one more: tests wait for windows and processes now and then.

    Chosen files and tests run in this process: sooner, and where a debugger works.
    """
    chosen = [Path(argument.partition("::")[0]) for argument in config.args]
    count = min((os.cpu_count() or 1) + 1, MOST_WORKERS)
    return count if all(path.is_dir() for path in chosen) else 0


@pytest.fixture(autouse=True, scope="session")
def _imports_are_no_garbage() -> None:
    """Going through all of torch after every test would take longer than the tests."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real depth frames beside the project; the test skips where it is missing."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"real depth frames are not here: {REAL_DATA}")
    return REAL_DATA


@pytest.fixture(scope="session")
def make_once(tmp_path_factory: pytest.TempPathFactory) -> MakeOnce:
    """`make_once(name, make)`: the folder that `make(folder)` fills, once for all workers. It is only to be read."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def folder_of(name: str, make: Callable[[Path], object]) -> Path:
        folder, is_made = root / name, root / f"{name}.made"
        with FileLock(root / f"{name}.lock"):
            if not is_made.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of a worker whose `make` failed
                folder.mkdir()
                make(folder)
                is_made.touch()
        return folder

    return folder_of


@pytest.fixture(scope="session")
def programs() -> Iterator[Programs]:
    """Starts Python programs, of which one of a kind should be `is_fresh`, or no test would miss an import."""
    programs = Programs()
    yield programs
    programs.close()


@pytest.fixture(scope="session")
def stores(make_once: MakeOnce) -> dict[str, Path]:
    """A synthetic and a sensor store of 96 frames each, written by the command line."""
    return _simulated(make_once, 96)


@pytest.fixture(scope="session")
def small_stores(make_once: MakeOnce) -> dict[str, Path]:
    """Such stores of 20 frames each, of which two are held out: for runs in processes of their own, which draw every
    held-out frame, up to twelve, by all routes.
    """
    return _simulated(make_once, 20)


def _simulated(make_once: MakeOnce, frames: int) -> dict[str, Path]:
    from lsps_core.cli import main

    def simulate(folder: Path) -> None:
        for seed, kind in enumerate(("synthetic", "sensor")):
            options = ["--domain", kind, "--frames", str(frames), "--subjects", "2", "--seed", str(seed)]
            assert main(["simulate", str(folder / f"{kind}.h5"), *options]) == 0

    folder = make_once(f"stores_of_{frames}", simulate)
    return {"synthetic": folder / "synthetic.h5", "real": folder / "sensor.h5"}
