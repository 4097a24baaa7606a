"""Saves the window's state while it runs, and offers the state of a window that ended unexpectedly."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QGuiApplication

from explorer_app.log import LOG_NAME, LOGGER
from explorer_app.model.saved_session import SavedSession
from explorer_app.session.snapshot import snapshot
from explorer_app.shell.recovery.files import Found, Leftover, RecoveryFiles, take_newest
from explorer_app.workers.latest import LatestWins

if TYPE_CHECKING:
    from explorer_app.shell.main_window import MainWindow

INTERVAL_MS = 2000
"""Interval of snapshots: a crash loses at most this time and that of one write."""
_TOUCH_S = 30.0
"""Interval at which an unchanged window marks itself as running, so that the time of its end is known."""


class Recovery(QObject):
    """The GUI thread takes the snapshot, which is cheap; a worker does all file access.

    A window saves nothing before it has looked for a state to offer, nor, while it offers one, before it has settled
    and then changed. Otherwise a window killed while it starts would leave its initial state before the useful one.
    """

    def __init__(self, window: MainWindow, files: RecoveryFiles) -> None:
        super().__init__(window)
        self._window, self._files = window, files
        self._kept: SavedSession | None = None
        self._first: SavedSession | None = None
        self._offered: Leftover | None = None
        self._has_looked = False
        self._touched_s = 0.0
        self._has_complained = False
        self._worker = LatestWins("recovery", self)
        self._worker.answered.connect(self._on_answer)
        self._worker.failed.connect(self._on_failure)
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self._keep)
        self._timer.start()
        bar = window.recovery_bar
        bar.restore_asked.connect(self._restore)
        bar.discard_asked.connect(self._discard)
        bar.log_asked.connect(window.help.show_log)
        window.painted.connect(self._look)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.commitDataRequest.connect(self._keep)  # the desktop's session may end at any time
        window.background.settled.connect(self._note_first)

    @property
    def offered(self) -> SavedSession | None:
        """The offered state, until the user answers."""
        return self._offered.state if self._offered is not None else None

    def end(self) -> None:
        """After a normal close: nothing to restore. An unanswered offer is kept for the next window."""
        if self._stop():
            self._files.remove()

    def end_by_system(self, why: str) -> None:
        """The system is ending the window: save its state, for the next window to offer."""
        state = self._state_to_keep()
        if not self._stop():
            return
        try:
            if state is not None:
                self._files.keep(state)
                self._files.say_end(why)
        except OSError as error:
            LOGGER.warning("the window's state cannot be saved: %s", error)
        self._files.release()

    def _stop(self) -> bool:
        """Stop saving; False if a write hangs, as on a dead network disk."""
        self._timer.stop()
        has_ended = self._worker.close()
        if self._offered is not None:
            self._offered.files.release()
            self._offered = None
        return has_ended

    def _state(self) -> SavedSession | None:
        """The window's state; None while nothing is open."""
        window = self._window
        if window.session.model is None and window.session.data is None:
            return None
        return replace(
            snapshot(window.session),
            device=window.opener.device,
            workspace=window.workspaces.current,
            sliders=window.latent.slider_view,
        )

    def _state_to_keep(self) -> SavedSession | None:
        if not self._has_looked or self._window.opener.is_restoring:
            return None
        state = self._state()
        is_untouched = self._offered is not None and self._first in (None, state)
        return None if is_untouched else state

    @Slot()
    def _note_first(self) -> None:
        """Note the state in which the window settles with its first model or data."""
        if self._first is None:
            self._first = self._state()

    @Slot()
    def _look(self) -> None:
        self._worker.ask("found", partial(take_newest, self._files.folder.parent))

    @Slot()
    def _keep(self) -> None:
        state = self._state_to_keep()
        if state is None or self._worker.is_busy:
            return
        if state != self._kept:
            self._worker.ask(state, partial(self._files.keep, state))
        elif time.monotonic() - self._touched_s > _TOUCH_S:
            self._worker.ask(state, self._files.touch)

    @Slot(object, object)
    def _on_answer(self, stamp: Any, answer: Found | None) -> None:
        if isinstance(stamp, SavedSession):
            self._kept, self._touched_s = stamp, time.monotonic()
        elif isinstance(answer, Found):
            self._has_looked = True
            self._offer(answer)

    @Slot(object, str)
    def _on_failure(self, _stamp: Any, line: str) -> None:
        self._kept = None
        if not self._has_complained:
            self._has_complained = True
            folder = self._files.folder
            self._window.session.message.emit(
                f"the window's state cannot be saved for a crash: {folder}: {line}; "
                "free some space there, or save the session elsewhere"
            )

    def _offer(self, found: Found) -> None:
        for line in found.complaints:
            self._window.session.message.emit(line)
        leftover = found.newest
        if leftover is None:
            return
        level = logging.WARNING if leftover.was_ended else logging.ERROR
        happened = _describe_end(leftover)
        LOGGER.log(level, "%s%s", happened, f"\n{leftover.trace}" if leftover.trace else "")
        log = self._files.folder.parent / LOG_NAME
        if leftover.state is None:  # it crashed before it showed anything
            self._window.session.message.emit(f"{happened} See {log}")
            leftover.files.remove()
            return
        self._offered = leftover
        others = f" ({found.others} more kept for later)" if found.others else ""
        self._window.recovery_bar.offer(happened, f"Restore its state?{others} Log: {log}")

    @Slot()
    def _restore(self) -> None:
        self._window.recovery_bar.hide()
        if self._offered is None or self._offered.state is None:
            return
        saved = self._offered.state
        opener = self._window.opener
        opener.device = saved.device if opener.device == "auto" else opener.device
        opener.restore(saved, partial(self._finish, saved, self._offered.files))

    def _finish(self, saved: SavedSession, files: RecoveryFiles) -> None:
        """Everything that could be opened is restored. The old files are removed after this window has saved its state.

        If the model or the data could not be opened, the files stay, and the next start offers them again.
        """
        window = self._window
        if saved.sliders is not None:
            window.latent.set_slider_view(saved.sliders)
        if saved.workspace:
            window.workspaces.go(saved.workspace)
        self._offered = None
        state = self._state()
        if state is not None and _shows_files_of(saved, state):
            self._worker.ask(state, partial(_replace, self._files, state, files))
        else:
            files.release()

    @Slot()
    def _discard(self) -> None:
        """Offer the next one, if there is another."""
        self._window.recovery_bar.hide()
        leftover, self._offered = self._offered, None
        if leftover is not None:
            self._worker.ask("found", partial(_remove_and_look, leftover.files))


def _describe_end(leftover: Leftover) -> str:
    """What happened to the window, as a sentence."""
    when = f"{leftover.ended_time:%Y-%m-%d at %H:%M}"
    reason = f" ({leftover.reason})" if leftover.reason else ""
    if leftover.was_ended:
        return f"The last window was ended by the system on {when}{reason}."
    return f"The last window ended unexpectedly on {when}{reason}."


def _shows_files_of(saved: SavedSession, state: SavedSession) -> bool:
    """Whether everything that was open is open again."""
    return saved.model_path in (None, state.model_path) and saved.data_paths in ((), state.data_paths)


def _replace(files: RecoveryFiles, state: SavedSession, old: RecoveryFiles) -> None:
    files.keep(state)
    old.remove()


def _remove_and_look(files: RecoveryFiles) -> Found:
    files.remove()
    return take_newest(files.folder.parent)
