"""The command line for the app's child processes, isolated from the working folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import lsps_core

_START = """\
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
sys.path.extend(path for path in {paths!r} if path not in sys.path)
spec = PathFinder.find_spec("lsps_core", [{root!r}])
package = sys.modules["lsps_core"] = module_from_spec(spec)
spec.loader.exec_module(package)
from lsps_core.cli import main
sys.exit(main())
"""
"""Runs the same package as the window, also from a checkout, even if another one is installed."""


def lsps_command(arguments: Sequence[str]) -> list[str]:
    """Program and arguments of `lsps ARGUMENTS`.

    -P: `python -m` puts the working folder first on sys.path, so that a user's json.py or torch.py would be run in
    place of the real one. -E: neither do PYTHONPATH (whose sitecustomize.py runs before anything else),
    PYTHONSTARTUP, PYTHONHOME, PYTHONINSPECT, PYTHONBREAKPOINT nor PYTHONWARNINGS have an effect. Not -I, which would
    hide what `pip install --user` has installed. What this process finds by its own sys.path, on a cluster by
    PYTHONPATH, the child finds as well, but last of all: that can add a package, never take the place of one.
    """
    return [sys.executable, "-E", "-P", "-u", *_kept_flags(), "-c", _code(), *arguments]


def shared_environment(threads: int, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables for a child that shares the cores with this window and other children; those of the user come first.

    threads: for torch, whose default is one a core. Threads that wait for each other must sleep: on cores that others
    use they would spin away the time of the one they wait for, which made an evaluation twenty times as slow.
    """
    return {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE", **environment}


def run_threads() -> int:
    """Threads for a training run: one core is left to the window."""
    return max(1, (os.cpu_count() or 2) - 1)


def job_threads() -> int:
    """Threads for a job: half the cores, the others are for the window and for a run."""
    return max(1, (os.cpu_count() or 2) // 2)


def _kept_flags() -> list[str]:
    """Options of this process that -E would drop and that make the child stricter."""
    flags = {"-s": sys.flags.no_user_site, "-B": sys.dont_write_bytecode}
    kept = [flag for flag, is_set in flags.items() if is_set]
    return [*kept, *(["-X", "utf8"] if sys.flags.utf8_mode else [])]


def _code() -> str:
    root = str(Path(lsps_core.__file__).parents[1])
    here = ""
    with suppress(OSError):  # it may have been deleted
        here = str(Path.cwd())
    paths = [path for path in sys.path if Path(path).is_absolute() and path != here]
    return _START.format(root=root, paths=[*paths, root])
