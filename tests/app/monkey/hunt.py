"""Many seeds of the monkey, each in a process of its own, and a table of what they found.

    python tests/app/monkey/hunt.py --seeds 1-20 --actions 10000 --jobs 2
    python tests/app/monkey/hunt.py --seeds 3 --cut 940         # which of the first 940 actions crash it

Under a display with OpenGL: xvfb-run -a -s "-screen 0 1600x1200x24" python tests/app/monkey/hunt.py …
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUN = Path(__file__).with_name("run.py")
_START_S = 300
PAUSE_S = 0.1
_SECONDS_PER_ACTION = 1.0
"""Far beyond what one takes on a loaded machine: what takes longer hangs."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one seed came to."""

    seed: int
    folder: Path
    status: int
    report: dict[str, Any]

    @property
    def end(self) -> str:
        if self.status:
            return f"CRASH {self.status}" if self.status > -100 else "HANGS"
        return "ended" if self.report.get("has_ended") else "ENDED UNASKED"

    @property
    def growth_mb(self) -> float:
        """Of the second half: the mean of its last quarter over that of its first."""
        half = self.report.get("memory_mb", [])
        half = half[len(half) // 2 :]
        quarter = max(1, len(half) // 4)
        return sum(half[-quarter:]) / quarter - sum(half[:quarter]) / quarter if half else 0.0

    @property
    def is_clean(self) -> bool:
        return self.end == "ended" and not self.report["problems"] and not self.report["left_over"]


def run(folder: Path, seed: int, actions: int, only: Sequence[int] | None = None) -> Found:
    """One seed in a process; HANGS where it does not end in time."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    arguments = [sys.executable, str(RUN), str(folder), "--seed", str(seed), "--actions", str(actions)]
    if only is not None:
        (folder / "only.json").write_text(json.dumps(list(only)))
        arguments += ["--only", str(folder / "only.json")]
    home = folder / "home"
    home.mkdir()
    environment = os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home)}
    environment["OMP_NUM_THREADS"] = "1"
    with (folder / "output.log").open("w") as output:
        limit = _START_S + _SECONDS_PER_ACTION * (len(only) if only is not None else actions)
        try:
            status = subprocess.run(
                arguments, stdout=output, stderr=subprocess.STDOUT, env=environment, timeout=limit, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            status = -1000
    path = folder / "report.json"
    return Found(seed=seed, folder=folder, status=status, report=json.loads(path.read_text()) if path.exists() else {})


def cut(folder: Path, seed: int, numbers: Sequence[int]) -> list[int]:
    """The actions without which it does not end badly (delta debugging, Zeller & Hildebrandt 2002)."""
    kept, parts = list(numbers), 2
    while len(kept) > 1:
        size = -(-len(kept) // parts)
        for start in range(0, len(kept), size):
            rest = kept[:start] + kept[start + size :]
            found = run(folder, seed, 0, rest)
            print(f"{len(rest)} actions: {found.end}", flush=True)
            if found.end != "ended":
                kept, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(2 * parts, len(kept))
    return kept


def _line(found: Found) -> str:
    report = found.report
    pauses = report.get("pauses", [])
    longest = max((pause["cpu_s"] for pause in pauses), default=0.0)
    own = sum(pause["cpu_s"] > PAUSE_S for pause in pauses)
    actions, seconds = report.get("actions", _last_action(found)), report.get("seconds", 0)
    problems, left = sum(report.get("problems", {}).values()), len(report.get("left_over", []))
    return (
        f"{found.seed:>4} {actions:>7} {seconds:>8.0f}  {found.end:<14} {problems:>8} {len(pauses):>6} {own:>4} "
        f"{1000 * longest:>8.0f} {found.growth_mb:>9.1f} {left:>5}"
    )


def _last_action(found: Found) -> int:
    lines = (found.folder / "actions.log").read_text().splitlines() if (found.folder / "actions.log").exists() else []
    return int(lines[-1].split()[0]) if lines else 0


def _print_details(found: Found) -> None:
    for text, count in found.report.get("problems", {}).items():
        print(f"     {count} x, first at action {found.report['first_seen'][text]}: {text}")
    for name in found.report.get("left_over", []):
        print(f"     left over: {name}")
    if found.end != "ended":
        print(f"     see {found.folder / 'crash.log'} and actions.log")


def _seeds(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=_seeds, default=[1], help="one, or a range such as 1-20")
    parser.add_argument("--actions", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1, help="how many at once; pauses are worth reading with 1 only")
    parser.add_argument("--folder", type=Path, help="what the seeds leave; otherwise a temporary one")
    parser.add_argument("--cut", type=int, metavar="N", help="look for the few of the first N actions that matter")
    typed = parser.parse_args()
    folder = typed.folder or Path(tempfile.mkdtemp(prefix="monkey-"))
    if typed.cut:
        seed = typed.seeds[0]
        print(json.dumps(cut(folder / f"cut-{seed}", seed, range(typed.cut + 1))))
        return 0
    started = time.monotonic()
    print(
        f"seed actions        s  end            problems pauses  own  ms most growth MB  left   (in {folder})",
        flush=True,
    )
    founds = []
    with ThreadPoolExecutor(typed.jobs) as pool:
        for found in pool.map(lambda seed: run(folder / str(seed), seed, typed.actions), typed.seeds):
            print(_line(found), flush=True)
            _print_details(found)
            founds.append(found)
    clean = sum(found.is_clean for found in founds)
    print(f"{clean} of {len(founds)} clean, {time.monotonic() - started:.0f} s")
    return 0 if clean == len(founds) else 1


if __name__ == "__main__":
    sys.exit(main())
