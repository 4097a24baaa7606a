"""Kill the window again and again while its latent, frame and walk move, and see what its next start offers.

    python tests/benchmarks/kill_window.py [--kills 20] [--seed 0]

Each window is started as `lsps-explorer` starts it, with its preferences in a temporary folder, takes what it is
offered and goes on from there. It notes every state it shows in a file. The kills (SIGKILL) come at random moments,
most while it is in use, some while it starts or restores. What is lost is the time from when the offered state was
last shown to the kill.
Exit status 1 where more than 5 s are lost, where a kill is followed by no offer, or where what is restored differs.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
LONGEST_LOSS_S = 5.0
STARTUP_SHARE, STARTUP_S, IN_USE_S = 0.25, 6.0, (0.2, 9.0)
LONGEST_START_S = 120.0
POLL_MS, MOVE_MS = 10, (20, 400)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the moments and of the moves")
    parser.add_argument("--folder", type=Path, help="keep all files here; default: a temporary folder")
    parser.add_argument("--window", type=Path, metavar="NOTES", help="be the window, and write NOTES")
    arguments = parser.parse_args()
    if arguments.window is not None:
        return be_the_window(arguments.window, arguments.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        kills, notes = kill_again_and_again(folder, arguments.kills, random.Random(arguments.seed))
    return report(kills, notes)


# The window


def be_the_window(notes: Path, seed: int) -> int:
    """`lsps-explorer` without arguments, that takes what it is offered and then moves by itself."""
    from explorer_app import application
    from explorer_app.command_line import parse

    begin = application.begin

    def begin_and_drive(window: Any, options: Any) -> None:
        begin(window, options)
        window.driver = Driver(window, notes, random.Random(seed))

    application.begin = begin_and_drive
    return application.run(parse([]))


class Driver:
    """Restores, then moves the window; notes what it shows whenever that changes."""

    def __init__(self, window: Any, notes: Path, chance: random.Random) -> None:
        from PySide6.QtCore import QTimer

        from explorer_app.shell.recovery.recovery import Recovery

        self.window, self.chance = window, chance
        self.recovery = window.findChild(Recovery)
        self.file = notes.open("a", encoding="utf-8")
        self.shown: Any = None
        self.offered: Any = None
        self.is_moving = False
        self.started_s = time.monotonic()
        self.poll = QTimer(window, interval=POLL_MS)
        self.poll.timeout.connect(self.look)
        self.poll.start()
        self.mover = QTimer(window, singleShot=True)
        self.mover.timeout.connect(self.move)

    def state(self) -> dict[str, Any]:
        from explorer_app.session.snapshot import snapshot

        window = self.window
        return comparable(replace(snapshot(window.session), workspace=window.workspaces.current))

    def note(self, kind: str, state: Any) -> None:
        self.file.write(json.dumps({"kind": kind, "time": time.time(), "state": state}) + "\n")
        self.file.flush()

    def look(self) -> None:
        if self.is_moving:
            self.note_change()
        elif self.window.background.is_busy or self.window.opener.is_restoring:
            return
        elif self.offered is not None:
            self.note("restored", self.state())
            self.begin_to_move()
        elif self.recovery.offered is not None:
            self.offered = self.recovery.offered
            self.note("offered", comparable(self.offered))
            self.window.recovery_bar.restore.click()
        elif not self.has_leftovers() and self.window.session.pictures is not None:
            self.note("nothing", None)
            self.begin_to_move()

    def has_leftovers(self) -> bool:
        """Something is there that this window has not written; for a while it may not have looked yet."""
        folder = self.window.preferences.folder / "recovery"
        return len(list(folder.glob("*.lsps.json"))) > 0 and time.monotonic() - self.started_s < 20

    def begin_to_move(self) -> None:
        self.is_moving = True
        self.note_change()
        self.mover.start(0)

    def note_change(self) -> None:
        state = self.state()
        if state != self.shown:
            self.shown = state
            self.note("state", state)

    def move(self) -> None:
        from explorer_app.model.latent import LatentCode

        session, chance = self.window.session, self.chance
        code = LatentCode(tuple(chance.gauss(0, 1) for _ in session.latent.values))
        kind = chance.choice(("latent", "latent", "preview", "frame", "keyframe", "walk", "pin", "workspace"))
        if kind == "latent":
            session.set_latent(code, "moved")
        elif kind == "preview":
            session.preview_latent(code)
        elif kind == "frame" and session.data is not None:
            session.set_index(chance.randrange(len(session.data)))
        elif kind == "keyframe":
            session.set_walk(replace(session.walk, keyframes=(*session.walk.keyframes[-20:], code)))
        elif kind == "walk":
            session.set_walk(
                replace(session.walk, path=chance.choice(("linear", "spline")), seconds=chance.random() + 1)
            )
        elif kind == "pin" and len(session.history):
            entry = chance.choice(list(session.history))
            session.history.pin(entry.number, not entry.is_pinned)
        elif kind == "workspace":
            self.window.workspaces.go(chance.choice(("Explore", "Inspect")))
        self.note_change()
        self.mover.start(chance.randrange(*MOVE_MS))


def comparable(state: Any) -> dict[str, Any]:
    """What is compared of a state; the window's own device and slider locks never move here."""
    value = state.to_json(Path("/"))
    return {name: value[name] for name in value if name not in ("device", "sliders")}


# The killer


@dataclass(frozen=True)
class Kill:
    """When it came, in the window's life and in the notes; note_count: what had been noted by then."""

    moment: str
    kill_time: float
    note_count: int


def kill_again_and_again(folder: Path, count: int, chance: random.Random) -> tuple[list[Kill], list[dict[str, Any]]]:
    """The kills, and all notes of all windows. A last window is started to see what it offers."""
    notes, kills = folder / "notes.jsonl", []
    for number in range(count + 1):
        before = len(read(notes))
        process = start(folder, notes, chance.randrange(10**6))
        is_last = number == count
        if number and not is_last and chance.random() < STARTUP_SHARE:
            moment, delay_s = "starting", chance.uniform(0, STARTUP_S)
        else:
            moment, delay_s = "in use", chance.uniform(*IN_USE_S)
            wait_until_in_use(process, notes, before)
        time.sleep(delay_s)
        kill_time = time.time()
        process.kill()
        process.wait()
        if not is_last:
            kills.append(Kill(f"{delay_s:4.1f} s {moment}", kill_time, len(read(notes))))
            print(f"kill {number + 1} of {count}: {kills[-1].moment}", file=sys.stderr, flush=True)
    return kills, read(notes)


def start(folder: Path, notes: Path, seed: int) -> subprocess.Popen[bytes]:
    places = {name: str(folder / name.lower()) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME")}
    environment = os.environ | places | {"QT_QPA_PLATFORM": "offscreen", "LSPS_NO_OPENGL": "1"}
    command = [sys.executable, __file__, "--window", str(notes), "--seed", str(seed)]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def wait_until_in_use(process: subprocess.Popen[bytes], notes: Path, before: int) -> None:
    until = time.monotonic() + LONGEST_START_S
    while not any(note["kind"] == "state" for note in read(notes)[before:]):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the window does not start")
        time.sleep(0.05)


def read(notes: Path) -> list[dict[str, Any]]:
    """All whole lines: a killed window's last one may be half, and the next one's first goes on in it."""
    found = []
    for line in notes.read_bytes().split(b"\n") if notes.exists() else []:
        try:
            found.append(json.loads(line[max(line.rfind(b'{"kind"'), 0) :]))
        except ValueError:
            continue
    return found


# The result


def report(kills: list[Kill], notes: list[dict[str, Any]]) -> int:
    problems, losses = [], []
    print("kill  moment              changes  lost s")
    for number, kill in enumerate(kills):
        offer = next((note for note in notes[kill.note_count :] if note["kind"] in ("offered", "nothing")), None)
        before = [note for note in notes[: kill.note_count] if note["kind"] == "state"]
        loss = lost_s(before, offer["state"], kill.kill_time) if offer is not None and before else None
        if loss is None:
            problems.append(f"after kill {number + 1} nothing, or something else, was offered")
        else:
            losses.append(loss)
        print(f"{number + 1:4}  {kill.moment:18}  {len(before):7}  {'-' if loss is None else f'{loss:6.2f}'}")
    pairs = [(one, other) for one, other in itertools.pairwise(notes) if other["kind"] == "restored"]
    equal = sum(one["state"] == other["state"] for one, other in pairs)
    print(f"lost: {max(losses, default=0):.2f} s at most, {median(losses or [0]):.2f} s in the median")
    print(f"restored: {equal} of {len(pairs)} exactly as offered")
    for one, other in pairs:
        if one["state"] != other["state"]:
            names = [name for name in one["state"] if one["state"][name] != other["state"][name]]
            problems.append(f"a restored state differs from the one that was offered in {', '.join(names)}")
    if max(losses, default=0) > LONGEST_LOSS_S:
        problems.append(f"more than {LONGEST_LOSS_S:g} s were lost")
    print("FAILED: " + "; ".join(problems) if problems else "Every kill was followed by the offer of what was shown.")
    return 1 if problems else 0


def lost_s(before: list[dict[str, Any]], offered: dict[str, Any] | None, kill_time: float) -> float | None:
    """From when the offered state was last shown to the kill, or to the last change where a window never got so far."""
    position = next((index for index in range(len(before) - 1, -1, -1) if before[index]["state"] == offered), None)
    if position is None:
        return None
    if position == len(before) - 1:
        return 0.0
    return min(kill_time, before[-1]["time"] + 1) - before[position + 1]["time"]


if __name__ == "__main__":
    sys.exit(main())
