"""Tries inputs in a process of its own, with limits of time and memory, which a hang or a crash does not end.

Linux: processes are forked, and their memory is limited by the system.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import resource
import shutil
import signal
import struct
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from mutations import damaged
from readers import Reader, refuses

from lsps_core.files import ARRAY_ERRORS

HANG_S, WAIT_S = 5.0, 120.0
"""Of a process's own time, which other processes do not lengthen, and of waiting, as on a pipe."""
SPARE_BYTES = 2 << 30
_FIELDS = struct.Struct("<qd")
_FOLDERS = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""In memory: a disk takes several times as long to write a small file as most readers take to read it."""
KINDS = ("traceback", "hang", "crash", "wrongly accepted")


@dataclass
class Tally:
    """read, refused: clean inputs. findings: kind, input and the last lines of the error."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[str, bytes, str]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def tried(self) -> int:
        return self.counts.total()

    def add(self, kind: str, content: bytes, text: str) -> None:
        self.counts[kind] += 1
        if kind in KINDS:
            self.findings.append((kind, content, text))


def inputs_of(reader: Reader, seed: int) -> Callable[[int], bytes]:
    """Input number k of a reader, a function of the seed and k."""
    with tempfile.TemporaryDirectory() as folder:
        bases = reader.make(Path(folder))

    def make(number: int) -> bytes:
        rng, base = np.random.default_rng([seed, number]), bases[number % len(bases)]
        try:
            return reader.mutate(base, rng)
        except ARRAY_ERRORS:  # the format's own library does not write it
            return damaged(base, rng)

    return make


def attempt(reader: Reader, content: bytes, folder: Path) -> tuple[str, str]:
    """How the reader takes one input, in this process: the kind, and the last lines of an error."""
    path = folder / reader.file
    path.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ("refused" if refuses(reader.read, path) else "read"), ""
    except AssertionError:
        return "wrongly accepted", _last_lines()
    except Exception:  # noqa: BLE001 - what is looked for
        return "traceback", _last_lines()


def _last_lines() -> str:
    return "\n".join(traceback.format_exc().strip().splitlines()[-5:])


def try_inputs(reader: Reader, make: Callable[[int], bytes], first: int, last: int, seconds: float = 1e9) -> Tally:
    """Inputs first..last, or those of so many seconds, one after the other in a process."""
    tally, started_s = Tally(), time.monotonic()
    while first < last and time.monotonic() - started_s < seconds:
        first = _run_process(reader, make, first, last, started_s + seconds, tally)
    tally.seconds = time.monotonic() - started_s
    return tally


def _run_process(
    reader: Reader, make: Callable[[int], bytes], first: int, last: int, end_s: float, tally: Tally
) -> int:
    """One process from input `first` until it ends, by itself or not; returns the next input."""
    shared = mmap.mmap(-1, _FIELDS.size)
    _FIELDS.pack_into(shared, 0, first, time.monotonic())
    folder = Path(tempfile.mkdtemp(dir=_FOLDERS))
    source, target = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(source)
        _work(reader, make, first, last, end_s, shared, target, folder)
    os.close(target)
    is_hanging = _watch(process, shared, source, tally)
    os.close(source)
    _, status = os.waitpid(process, 0)
    shutil.rmtree(folder, ignore_errors=True)
    number = int(_FIELDS.unpack_from(shared, 0)[0])
    if is_hanging or os.WIFSIGNALED(status):
        kind = "hang" if is_hanging else "crash"
        why = "" if is_hanging else signal.Signals(os.WTERMSIG(status)).name
        tally.add(kind, make(number), why)
        return number + 1
    return number


def _work(
    reader: Reader,
    make: Callable[[int], bytes],
    first: int,
    last: int,
    end_s: float,
    shared: mmap.mmap,
    target: int,
    folder: Path,
) -> None:
    """In the process: never returns."""
    status = 1
    try:
        used = 4096 * int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (used + SPARE_BYTES, used + SPARE_BYTES))
        reader.prepare(folder)
        number = first
        while number < last and time.monotonic() < end_s:
            content = make(number)
            _FIELDS.pack_into(shared, 0, number, time.process_time())
            kind, text = attempt(reader, content, folder)
            line = json.dumps([kind, number if kind in KINDS else -1, text]) + "\n"
            os.write(target, line.encode())
            number += 1
            _FIELDS.pack_into(shared, 0, number, time.process_time())
        status = 0
    except BaseException:  # noqa: BLE001 - the parent counts it as a crash
        traceback.print_exc()
    finally:
        os._exit(status) if status == 0 else os.kill(os.getpid(), signal.SIGABRT)


def _watch(process: int, shared: mmap.mmap, source: int, tally: Tally) -> bool:
    """Collect what the process writes, until it ends; kill it if one input takes too long, and return True then."""
    with os.fdopen(os.dup(source), "rb", buffering=0) as stream:
        os.set_blocking(stream.fileno(), False)
        rest, seen, seen_s, was_late = b"", -1, time.monotonic(), False
        while True:
            data = stream.read(1 << 16)
            if data == b"":
                return False
            rest = _take(rest + (data or b""), tally)
            number, used_s = _FIELDS.unpack_from(shared, 0)
            if number != seen:
                seen, seen_s, was_late = number, time.monotonic(), False
            is_late, was_late = (
                was_late,
                _used_s(process) - used_s > HANG_S,
            )  # twice: both fields are not written at once
            if time.monotonic() - seen_s > WAIT_S or (is_late and was_late):
                os.kill(process, signal.SIGKILL)
                _take(rest + (stream.read() or b""), tally)
                return True
            time.sleep(0.02)


def _used_s(process: int) -> float:
    with contextlib.suppress(OSError, IndexError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _take(data: bytes, tally: Tally) -> bytes:
    """Count the complete lines; returns the rest."""
    *lines, rest = data.split(b"\n")
    for line in lines:
        kind, number, text = json.loads(line)
        tally.counts[kind] += 1
        if number >= 0:
            tally.findings.append((kind, struct.pack("<q", number), text))
    return rest
