"""A working folder full of modules that are named like real ones: none of them is ever run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from app_helpers import WAIT_MS
from pytestqt.qtbot import QtBot
from run_helpers import prepare_run

from explorer_app.shell.main_window import MainWindow
from explorer_app.train.model.store_forms import ImportForm, SimulateForm
from explorer_app.workers.command import lsps_command
from explorer_app.workers.job import Job
from explorer_app.workspace_names import INSPECT

BEFORE_ANY_CODE = {"runpy", "pkgutil", "importlib", "encodings", "codecs", "io", "abc", "zipimport", "inspect"}
"""What `python -m` itself imports, before a module of ours has a say; and what that imports."""


class Hostile:
    """A folder whose every module leaves a mark when it is run."""

    def __init__(self, path: Path) -> None:
        self.path, self._marks = path / "here", path / "marks"
        self.path.mkdir()
        names = {name.partition(".")[0] for name in sys.modules} | set(sys.stdlib_module_names)
        names |= {
            "sitecustomize",
            "usercustomize",
            "tqdm",
            "torch",
            "numpy",
            "h5py",
            "scipy",
            "PIL",
            "matplotlib",
            "av",
        }
        names |= {"safetensors", "filelock", "lsps_core", "explorer_app", "conftest", "readline", "yaml", "sympy"}
        for name in names - {"__main__"}:
            self._write(self.path / f"{name}.py")
        self._write(self.path / "startup")

    def _write(self, path: Path) -> None:
        path.write_text(f"open({str(self._marks)!r}, 'a').write(__file__ + '\\n')\n")

    def spare(self, names: set[str]) -> None:
        for name in names:
            (self.path / f"{name}.py").unlink(missing_ok=True)

    @property
    def marks(self) -> str:
        return self._marks.read_text() if self._marks.exists() else ""


@pytest.fixture
def hostile(tmp_path: Path) -> Hostile:
    return Hostile(tmp_path)


@pytest.fixture
def within(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> Hostile:
    """This process is in the folder, and every variable of Python's points there."""
    monkeypatch.chdir(hostile.path)
    monkeypatch.setenv("PYTHONPATH", f"{hostile.path}{os.pathsep}")
    monkeypatch.setenv("PYTHONSTARTUP", str(hostile.path / "startup"))
    monkeypatch.setenv("PYTHONINSPECT", "1")
    monkeypatch.setenv("PYTHONBREAKPOINT", "tqdm.breakpoint")
    monkeypatch.setenv("PYTHONWARNINGS", "error::tqdm.Warning")
    monkeypatch.setenv("PYTHONHOME", str(hostile.path))
    return hostile


def do(qtbot: QtBot, arguments: list[str]) -> None:
    job = Job(arguments)
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as told:
        job.start()
    assert told.args[0].how == "finished"


def test_a_simulation_runs_nothing_from_the_working_folder(qtbot: QtBot, within: Hostile, tmp_path: Path) -> None:
    do(qtbot, SimulateForm(out=str(tmp_path / "s.h5"), frames=2).arguments())
    assert not within.marks


def test_the_processes_of_an_import_run_nothing_from_the_working_folder(
    qtbot: QtBot, within: Hostile, tmp_path: Path, image_path: Path, window: MainWindow
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    for number in range(12):
        (images / f"{number}.npy").symlink_to(image_path)
    form = ImportForm(
        source="frames",
        paths=(str(images),),
        out=str(tmp_path / "i.h5"),
        images=window.preferences.image_settings,
        values={"center": "320,240,500"},
    )
    do(qtbot, [*form.arguments(), "--jobs", "2"])
    assert not within.marks


def test_the_command_itself_shares_its_import_safely(hostile: Hostile, tmp_path: Path, image_path: Path) -> None:
    """As from a terminal, by the installed script: its own processes are `python -c`, which looks around first."""
    script = Path(sys.executable).parent / "lsps"
    if not script.exists():
        pytest.skip("lsps is not installed as a script")
    command = [script, "import", "frames", tmp_path / "i.h5", *[image_path] * 12, "--camera", "475,475,320,240"]
    command += ["--center", "320,240,500", "--jobs", "2"]
    ended = subprocess.run(command, cwd=hostile.path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert not hostile.marks


def test_an_evaluation_and_a_training_run_nothing_from_the_working_folder(
    qtbot: QtBot,
    within: Hostile,
    window: MainWindow,
    model_path: Path,
    store_path: Path,
    small_stores: dict[str, Path],
    tmp_path: Path,
) -> None:
    model = tmp_path / "m.safetensors"
    model.write_bytes(model_path.read_bytes())
    window.open_paths([model, store_path])
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    window.workspaces.go(INSPECT)
    window.evaluate()
    qtbot.waitUntil(lambda: window.evaluation.is_complete, timeout=WAIT_MS)
    run = prepare_run(tmp_path / "run", small_stores)
    window.train.start_run(run)
    runs = window.train.runs
    qtbot.waitUntil(lambda: run in runs.views and runs.views[run].curves.end_reason != "", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not runs.views[run].is_alive, timeout=WAIT_MS)
    assert runs.views[run].state == "finished", runs.views[run].why
    assert not within.marks


def test_a_process_uses_the_package_of_this_one_and_the_flags_of_this_one() -> None:
    program, *arguments = lsps_command(["--version"])
    ended = subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("lsps ")
    assert "-m" not in arguments
    assert ("-s" in arguments) == bool(sys.flags.no_user_site)


@pytest.mark.parametrize("is_script", [True, False], ids=["lsps-explorer", "python -m explorer_app"])
def test_the_window_runs_nothing_from_the_working_folder(
    is_script: bool, hostile: Hostile, tmp_path: Path, model_path: Path
) -> None:
    script = Path(sys.executable).parent / "lsps-explorer"
    if is_script and not script.exists():
        pytest.skip("lsps-explorer is not installed as a script")
    if not is_script:
        hostile.spare(BEFORE_ANY_CODE | set(sys.stdlib_module_names) - {"json", "argparse", "pathlib", "dataclasses"})
        hostile.spare({"explorer_app"})
    command = [script] if is_script else [sys.executable, "-m", "explorer_app"]
    ended = subprocess.run(
        [*command, model_path, "--screenshot", tmp_path / "shot.png"],
        cwd=hostile.path,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not hostile.marks
    assert ended.returncode == 0, ended.stderr
