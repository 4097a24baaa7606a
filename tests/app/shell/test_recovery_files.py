"""The files that a window keeps for the case of a crash, and what another one finds of them."""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from explorer_app.model.latent import LatentCode
from explorer_app.model.saved_session import SavedSession
from explorer_app.shell.recovery.files import RecoveryFiles, take_newest

ROOT = Path(__file__).parents[3]
MONTH_S = 31 * 24 * 3600


def _state(value: float) -> SavedSession:
    return SavedSession(latent=LatentCode().with_value(0, value))


def _left(folder: Path, value: float, age_s: float = 0.0) -> RecoveryFiles:
    """What a window has left that was killed so long ago."""
    files = RecoveryFiles(folder)
    files.keep(_state(value))
    files.release()
    then = time.time() - age_s
    os.utime(files.state_path, (then, then))
    return files


def _inside(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "recovery").iterdir())


def test_a_running_window_is_not_offered_and_a_clean_end_leaves_nothing(tmp_path: Path) -> None:
    files = RecoveryFiles(tmp_path)
    files.keep(_state(1))
    assert take_newest(tmp_path).newest is None
    files.remove()
    assert take_newest(tmp_path).newest is None
    assert _inside(tmp_path) == []


def test_a_state_comes_back_exactly_and_one_window_only_offers_it(tmp_path: Path) -> None:
    _left(tmp_path, 0.1 + 0.2)
    found = take_newest(tmp_path)
    assert found.newest.state == _state(0.1 + 0.2)
    assert take_newest(tmp_path).newest is None
    found.newest.files.release()
    again = take_newest(tmp_path).newest
    assert again.state == _state(0.1 + 0.2)
    again.files.remove()
    assert _inside(tmp_path) == []


def test_the_newest_is_offered_and_the_rest_is_kept(tmp_path: Path) -> None:
    for value, age_s in ((1, 50), (2, 10), (3, 90)):
        _left(tmp_path, value, age_s)
    offered = []
    for _ in range(3):
        found = take_newest(tmp_path)
        offered.append((found.newest.state.latent.values[0], found.others))
        found.newest.files.remove()
    assert offered == [(2, 2), (1, 1), (3, 0)]


def test_what_nobody_wanted_for_a_month_is_removed(tmp_path: Path) -> None:
    _left(tmp_path, 1, MONTH_S)
    running = RecoveryFiles(tmp_path)
    running.keep(_state(2))
    os.utime(running.state_path, (0, 0))
    assert take_newest(tmp_path).newest is None
    assert running.state_path.exists()
    running.remove()
    assert _inside(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"format": "lsps-session", "version": 99}'])
def test_a_damaged_state_is_moved_aside_and_said_once(content: bytes, tmp_path: Path) -> None:
    good, damaged = _left(tmp_path, 1, 60), _left(tmp_path, 2)
    damaged.state_path.write_bytes(content)
    found = take_newest(tmp_path)
    assert found.newest.files.name == good.name
    (complaint,) = found.complaints
    assert "damaged" in complaint
    assert "\n" not in complaint
    found.newest.files.remove()
    assert take_newest(tmp_path).complaints == []
    assert _inside(tmp_path) == [f"{damaged.name}.lsps.json.damaged"]
    assert (tmp_path / "recovery" / _inside(tmp_path)[0]).read_bytes() == content


def test_half_written_files_go_with_the_rest(tmp_path: Path) -> None:
    files = _left(tmp_path, 1)
    (files.folder / f".{files.name}.lsps.json.x1y2").write_text("{")
    found = take_newest(tmp_path)
    assert found.newest.state == _state(1)
    found.newest.files.remove()
    assert _inside(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    files = RecoveryFiles(blocked)
    with pytest.raises(OSError, match="blocked"):
        files.keep(_state(1))
    assert take_newest(blocked).newest is None
    files.remove()


def test_why_a_window_ended_is_kept(tmp_path: Path) -> None:
    files = RecoveryFiles(tmp_path)
    files.keep(_state(1))
    files.say_end("SIGTERM")
    files.release()
    found = take_newest(tmp_path).newest
    assert (found.reason, found.was_ended, found.trace) == ("SIGTERM", True, "")
    found.files.remove()


def test_tracing_ends_with_the_files(tmp_path: Path) -> None:
    was_enabled = faulthandler.is_enabled()
    files = RecoveryFiles(tmp_path)
    files.trace_crashes()
    files.remove()
    assert not faulthandler.is_enabled()
    assert _inside(tmp_path) == []
    if was_enabled:
        faulthandler.enable(sys.__stderr__)


CRASH = """
import os, signal, sys
from pathlib import Path
from explorer_app.shell.recovery.files import RecoveryFiles
from explorer_app.model.saved_session import SavedSession

files = RecoveryFiles(Path(sys.argv[1]))
files.trace_crashes()
if sys.argv[3] == "True":
    files.keep(SavedSession())

def somewhere_deep():
    os.kill(os.getpid(), int(sys.argv[2]))

somewhere_deep()
"""


needs_signals = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no such signals")


def _crash(folder: Path, name: str, is_kept: bool) -> None:
    """Have a process end by this signal, which had kept a state or not."""
    number = getattr(signal, name)
    arguments = [str(folder), str(int(number)), str(is_kept)]
    ended = subprocess.run([sys.executable, "-c", CRASH, *arguments], cwd=ROOT, check=False)
    assert ended.returncode == -number


@needs_signals
@pytest.mark.parametrize(
    ("name", "is_kept", "reason"),
    [("SIGSEGV", True, "Segmentation fault"), ("SIGSEGV", False, "Segmentation fault"), ("SIGKILL", True, "")],
)
def test_a_crash_leaves_its_stack(name: str, is_kept: bool, reason: str, tmp_path: Path) -> None:
    _crash(tmp_path, name, is_kept)
    found = take_newest(tmp_path).newest
    assert (found.state is not None) == is_kept
    assert ("somewhere_deep" in found.trace, found.reason) == (bool(reason), reason)
    found.files.remove()
    assert _inside(tmp_path) == []


@needs_signals
def test_a_kill_before_anything_was_kept_leaves_nothing_to_offer(tmp_path: Path) -> None:
    _crash(tmp_path, "SIGKILL", is_kept=False)
    assert take_newest(tmp_path).newest is None
