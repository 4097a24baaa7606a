"""What threads deliver, and what becomes of it when the receiver is gone."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading

import shiboken6
from app_helpers import WAIT_MS
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from explorer_app.workers.mailbox import mailbox

OWNERS = 400
"""Of a worker that emitted signals of its own, 40 were enough for a segmentation fault."""


def test_deliveries_come_in_order_in_the_gui_thread(qtbot: QtBot) -> None:
    owner, found = QObject(), []
    gui = QThread.currentThread()

    def send() -> None:
        for number in range(50):
            mailbox().post(owner, lambda number=number: found.append((number, QThread.currentThread() is gui)))

    mailbox()
    thread = threading.Thread(target=send)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(found) == 50, timeout=WAIT_MS)
    assert found == [(number, True) for number in range(50)]


def test_a_delivery_to_a_deleted_owner_is_dropped(qtbot: QtBot) -> None:
    gone, here, found = QObject(), QObject(), []
    mailbox().post(gone, lambda: found.append("gone"))
    mailbox().post(here, lambda: found.append("here"))
    shiboken6.delete(gone)
    qtbot.waitUntil(lambda: bool(found), timeout=WAIT_MS)
    assert found == ["here"]


def test_owners_that_are_deleted_while_their_threads_answer_do_not_end_the_program() -> None:
    code = f"""
    import sys, threading
    from PySide6.QtCore import QCoreApplication, QObject
    import shiboken6
    from explorer_app.workers import in_order

    sys.setswitchinterval(1e-5)
    in_order._AT_ONCE_S = 0
    app = QCoreApplication([])
    for number in range({OWNERS}):
        owner, go = QObject(), threading.Event()
        worker = in_order.InOrder("test", owner)
        for _ in range(4):
            worker.ask("wait", go.wait, print)
        go.set()
        shiboken6.delete(owner)
        if number % 50 == 0:
            app.processEvents()
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join()
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=600, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert not ran.stderr
