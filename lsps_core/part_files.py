"""Unfinished files beside the ones that they will replace, and the removal of those whose process is gone. No torch.

Their names have the machine and the process that writes: .NAME.MACHINE-PROCESS-TOKEN.part. On a shared disk a process
number says nothing about the processes of other machines, so their files are left to them.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import socket
import uuid
from contextlib import suppress
from functools import cache
from itertools import islice
from pathlib import Path

_PART = re.compile(r"\..*\.([0-9a-f]{8})-([0-9]{1,10})-[0-9a-f]{8}\.part", re.DOTALL)
_MOST_NAME_BYTES = 200
"""File systems take 255, and the other parts of the name need up to 40."""
_MOST_ENTRIES = 20_000
"""Looked through in a folder: a quarter of a second on a slow disk."""
_seen: set[Path] = set()
"""Folders that this process looked through."""


def new_part(path: Path, folder: Path | None = None) -> Path:
    """A name for the unfinished file of `path`, in its folder or another one.

    The first time that a process writes into a folder, files left there by dead processes of this machine are removed.
    """
    folder = path.parent if folder is None else folder
    if folder.absolute() not in _seen:
        _seen.add(folder.absolute())
        remove_left_parts(folder)
    name = path.name.encode("utf-8", "surrogateescape")[:_MOST_NAME_BYTES].decode("utf-8", "ignore")
    return folder / f".{name}.{_machine()}-{os.getpid()}-{secrets.token_hex(4)}.part"


def remove_left_parts(folder: Path) -> None:
    """Remove the unfinished files of dead processes of this machine; what cannot be read or removed stays."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in islice(entries, _MOST_ENTRIES):
            if is_left(entry.name):
                with suppress(OSError):
                    (folder / entry.name).unlink()


def is_left(name: str) -> bool:
    """Whether this is the name of an unfinished file whose process ran on this machine and is gone."""
    found = _PART.fullmatch(name)
    if found is None or found[1] != _machine():
        return False
    import psutil  # seldom needed, and slow to import

    return not psutil.pid_exists(int(found[2]))


def is_part_of_a_process(name: str) -> bool:
    """Whether the name says which process writes it; names of older versions do not."""
    return _PART.fullmatch(name) is not None


@cache
def _machine() -> str:
    """Equal for processes that see each other's numbers: of one machine, and there of one container."""
    known = [socket.gethostname()]
    with suppress(OSError):
        known.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    try:
        known.append(Path("/etc/machine-id").read_text())
    except (OSError, ValueError):
        known.append(str(uuid.getnode()))
    return hashlib.sha256("\0".join(known).encode("utf-8", "surrogateescape")).hexdigest()[:8]
