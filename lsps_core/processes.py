"""Worker processes that end with their parent and can be stopped."""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Event

_stop: Event | None = None
"""Of a worker process: set when it should abandon its work."""


@contextmanager
def workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """`count` processes; at the end of the block, work that has not started is dropped, the rest is asked to stop."""
    os.environ["PYTHONSAFEPATH"] = "1"  # or these processes would run a json.py in the working folder
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(count, context, initializer=_start_worker, initargs=(stop,))
    try:
        yield pool
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def is_stopped() -> bool:
    """In a worker: whether it should abandon its work; elsewhere False."""
    return _stop is not None and _stop.is_set()


def _start_worker(stop: Event) -> None:
    """Start a worker process: it ends with its parent, leaves Ctrl-C to it, and stops when `stop` is set."""
    global _stop
    _stop = stop
    atexit.register(gc.freeze)  # as `lsps` does
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
