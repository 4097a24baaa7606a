"""Somebody who presses everything: seeded actions on whatever the window shows."""

from __future__ import annotations

import os
import random
import signal
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import world
from made_camera import MadeCamera
from PySide6.QtCore import QMimeData, QObject, QPoint, QPointF, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QAction, QDropEvent, QInputMethodEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QWidget,
)

from explorer_app.model import open_data
from explorer_app.shell.main_window import MainWindow

CONTROLS = (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QAbstractItemView,
    QHeaderView,
    QTabBar,
)
_NAMES = ("Left", "Right", "Up", "Down", "Space", "Tab", "Return", "Delete", "Home", "End", "Escape", "F2", "F5")
_NAMES += ("Plus", "Minus", "Backspace", "PageUp", "PageDown")
KEYS = [getattr(Qt.Key, f"Key_{name}") for name in [*_NAMES, *"ABCDEFKLPRSTUVXYZ0123456789"]]
MODIFIERS = [Qt.KeyboardModifier.NoModifier] * 4 + [
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
]
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
TEXTS = [
    "",
    "0",
    "-1",
    "3",
    "0.5",
    "1e400",
    "nan",
    "-inf",
    "9" * 400,
    "é🖐\u202e",
    "a" * 5000,
    "%s%n",
    "../..",
    "\x00",
    "50",
]
_AREAS = [getattr(Qt.DockWidgetArea, f"{side}DockWidgetArea") for side in ("Left", "Right", "Top", "Bottom")]
_MOST_PROCESSES = 1
_TURN_MS = 5
"""Between two actions: longer than the watch's beat, so that a pause belongs to one action, as with a user's input."""
_STUCK_S = 0.3
"""An action that takes longer runs an event loop of its own (a menu, a drag): then the next one is for that loop."""


class Monkey(QObject):
    """Does the actions `first` to `last` of a seed, each drawn by itself, so that any of them can be left out.

    Which widget an action meets is chosen by a hash of its path and the action's number: leaving other actions out
    changes it only where the widget itself is gone.
    """

    def __init__(self, window: MainWindow, folder: Path, seed: int, log: Callable[[str], None]) -> None:
        super().__init__()
        self.window, self.folder, self.seed, self.log = window, folder, seed, log
        self._camera = MadeCamera()
        open_data.start_camera = self._start_camera
        self.number = 0
        self.kinds: dict[str, int] = {}
        self.own_s = 0.0
        self._random = random.Random(seed)
        self._files = world.files(folder)
        self._acting_since: float | None = None
        self._acts: list[tuple[int, Callable[[], None]]] = [
            (30, self.use_a_control),
            (10, self.drag),
            (5, self.hover_or_wheel),
            (10, self.press_a_key),
            (5, self.trigger_a_shortcut),
            (8, self.choose_from_the_menu_bar),
            (5, self.ask_for_a_context_menu),
            (3, self.undo_or_redo),
            (6, self.change_the_window),
            (4, self.change_a_dock),
            (3, self.drop_files),
            (1, self.open_a_camera),
            (2, self.disturb_from_outside),
            (3, self.wait),
        ]

    @property
    def may_act(self) -> bool:
        """False amid an action that is merely slow; True amid one that waits in an event loop of its own."""
        return self._acting_since is None or time.monotonic() - self._acting_since > _STUCK_S

    def act(self, number: int) -> None:
        """One action; what it is depends on the seed, the number and what is on screen alone."""
        self.number = number
        self._random = random.Random(f"{self.seed}:{number}")
        self._acting_since = time.monotonic()
        try:
            if QApplication.activePopupWidget() is not None and self._random.random() < 0.6:
                self.answer_a_popup()
            elif QApplication.activeModalWidget() is not None and self._random.random() < 0.4:
                self.answer_a_dialog()
            else:
                weights, acts = zip(*self._acts, strict=True)
                self._random.choices(acts, weights)[0]()
        except RuntimeError as error:  # the widget ended amid the action, which is no fault of the window's
            if "already deleted" not in str(error):
                raise
        finally:
            self._acting_since = None

    def _start_camera(self, _name: str) -> MadeCamera:
        self._camera = MadeCamera()
        return self._camera

    # what to act on

    def _note(self, what: str, widget: QObject | None = None, detail: object = "") -> None:
        where = path_of(widget) if widget is not None else ""
        self.kinds[what] = self.kinds.get(what, 0) + 1
        self.log(f"{self.number} {what} {where} {detail!s:.80}")

    def _roots(self) -> list[QWidget]:
        popup, modal = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if popup is not None or modal is not None:
            return [popup or modal]
        return [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]

    def _pick(self, *kinds: type[QWidget]) -> QWidget | None:
        """A visible, enabled widget of these kinds, in whatever the user may use now."""
        with self._own_work():
            roots = [root for root in self._roots() if not isinstance(root, QFileDialog)]
            pick = self._pick_by_place if self._random.random() < 0.5 else self._pick_by_name
            return pick(roots, kinds)

    @contextmanager
    def _own_work(self) -> Iterator[None]:
        started = time.thread_time()
        yield
        self.own_s += time.thread_time() - started

    def _pick_by_place(self, roots: Sequence[QWidget], kinds: tuple[type[QWidget], ...]) -> QWidget | None:
        """What lies at some place: large ones more often, and in little time."""
        root = self._random.choice(roots) if roots else None
        widget = root.childAt(self._place(root)) if root is not None else None
        while widget is not None and not (isinstance(widget, kinds) and widget.isEnabled()):
            widget = widget.parentWidget()
        return widget

    def _pick_by_name(self, roots: Sequence[QWidget], kinds: tuple[type[QWidget], ...]) -> QWidget | None:
        """Any of them with the same chance."""
        everything = (widget for root in roots for widget in (root, *root.findChildren(QWidget)))
        usable = [w for w in everything if isinstance(w, kinds) and w.isVisible() and w.isEnabled()]
        usable.sort(key=lambda widget: zlib.crc32(f"{self.seed}:{self.number}:{path_of(widget)}".encode()))
        return next((widget for widget in usable if not widget.visibleRegion().isEmpty()), None)

    def _place(self, widget: QWidget) -> QPoint:
        area = widget.visibleRegion().boundingRect()
        x, y = (self._random.random() for _ in range(2))
        return QPoint(area.left() + int(x * area.width()), area.top() + int(y * area.height()))

    def _mouse(self, do: Callable[..., None], widget: QWidget, at: QPoint, *button: object) -> None:
        """Through the window system, as real input comes: what lies on top gets it."""
        window = _window_of(widget)
        if window is not None:
            place = window.mapFromGlobal(widget.mapToGlobal(at))
            if window.geometry().translated(-window.position()).contains(place):  # a smaller screen cuts windows off
                do(window, *button, pos=place) if button else do(window, place)

    # what to do

    def use_a_control(self) -> None:
        widget = self._pick(*CONTROLS)
        if widget is None:
            return
        if isinstance(widget, QLineEdit | QAbstractSpinBox | QPlainTextEdit) and self._random.random() < 0.6:
            self._type(widget)
        elif isinstance(widget, QAbstractSlider) and self._random.random() < 0.5:
            value = self._random.randint(widget.minimum(), max(widget.minimum(), widget.maximum()))
            self._note("slide", widget, value)
            widget.setValue(value)
        elif isinstance(widget, QComboBox) and widget.count() and self._random.random() < 0.6:
            row = self._random.randrange(widget.count())
            self._note("choose", widget, row)
            widget.setCurrentIndex(row)
            widget.activated.emit(row)
        elif isinstance(widget, QTabBar) and widget.count():
            tab = self._random.randrange(widget.count())
            self._note("tab", widget, tab)
            self._mouse(QTest.mouseClick, widget, widget.tabRect(tab).center(), LEFT, self._modifiers())
        elif isinstance(widget, QAbstractItemView):
            self._use_an_item(widget)
        else:
            self._note("click", widget)
            self._mouse(QTest.mouseClick, widget, self._place(widget), LEFT, self._modifiers())

    def _type(self, widget: QWidget) -> None:
        text = self._random.choice([*TEXTS, str(self._random.choice(self._files))])
        self._note("type", widget, text)
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        if text.isprintable() and text.isascii() and len(text) <= 40:
            QTest.keyClicks(widget, text)
        else:  # as an input method does: QTest itself aborts on letters beyond ASCII
            event = QInputMethodEvent()
            event.setCommitString(text)
            QApplication.sendEvent(widget, event)
        if self._random.random() < 0.5:
            QTest.keyClick(widget, Qt.Key.Key_Return)

    def _use_an_item(self, view: QAbstractItemView) -> None:
        target = view.viewport()
        do = QTest.mouseDClick if self._random.random() < 0.3 else QTest.mouseClick
        self._note("item", view)
        self._mouse(do, target, self._place(target), LEFT, self._modifiers())

    def drag(self) -> None:
        view = self.window.skeleton.view
        widget = self._random.choice([self._pick(QWidget), self._pick(*CONTROLS), view, self.window.pictures])
        if widget is None or not widget.isVisible() or widget.visibleRegion().isEmpty():
            return
        button = self._random.choice([LEFT, LEFT, LEFT, RIGHT, MIDDLE])
        self._note("drag", widget, button.name)
        self._mouse(QTest.mousePress, widget, self._place(widget), button, self._modifiers())
        goal = self._random.choice([widget, self._pick(QWidget) or widget])
        for _ in range(self._random.randint(1, 4)):
            self._mouse(QTest.mouseMove, widget, self._place(widget))
        self._mouse(QTest.mouseMove, goal, self._place(goal))
        self._mouse(QTest.mouseRelease, goal, self._place(goal), button, Qt.KeyboardModifier.NoModifier)

    def hover_or_wheel(self) -> None:
        widget = self._pick(QWidget)
        window = _window_of(widget) if widget is not None else None
        if widget is None or window is None:
            return
        at = self._place(widget)
        self._note("hover", widget)
        self._mouse(QTest.mouseMove, widget, at)
        if self._random.random() < 0.5:
            turn = QPoint(0, self._random.choice([-480, -120, 120, 480]))
            QTest.wheelEvent(window, QPointF(window.mapFromGlobal(widget.mapToGlobal(at))), turn)

    def press_a_key(self) -> None:
        key, modifiers = self._random.choice(KEYS), self._modifiers()
        widget = QApplication.focusWidget() or QApplication.activePopupWidget() or self.window
        self._note("key", widget, f"{key.name} {modifiers.name}")
        for _ in range(self._random.choice([1, 1, 1, 5])):
            QTest.keyClick(widget, key, modifiers)
            QApplication.processEvents()

    def trigger_a_shortcut(self) -> None:
        if QApplication.activeModalWidget() is None:
            with self._own_work():
                actions = [action for action in self.window.findChildren(QAction) if action.shortcuts()]
            self._trigger("shortcut", actions)

    def choose_from_the_menu_bar(self) -> None:
        if QApplication.activeModalWidget() is None:
            self._trigger("menu", list(_leaves(self.window.menuBar().actions(), self._random)))

    def _trigger(self, kind: str, actions: Sequence[QAction]) -> None:
        usable = [action for action in actions if action.isEnabled()]
        if usable:
            action = self._random.choice(usable)
            self._note(kind, action, action.text())
            action.trigger()

    def ask_for_a_context_menu(self) -> None:
        widget = self._pick(QAbstractItemView, QWidget)
        if widget is not None:
            target = widget.viewport() if isinstance(widget, QAbstractItemView) else widget
            self._note("context menu", widget)
            self._mouse(QTest.mouseClick, target, self._place(target), RIGHT, Qt.KeyboardModifier.NoModifier)

    def undo_or_redo(self) -> None:
        stack = self.window.session.undo_stack
        is_undo = self._random.random() < 0.6
        self._note("undo" if is_undo else "redo")
        for _ in range(self._random.choice([1, 1, 2, 8])):
            (stack.undo if is_undo else stack.redo)()
            QApplication.processEvents()  # as between two strokes of a key

    def change_the_window(self) -> None:
        window, what = self.window, self._random.randrange(8)
        self._note("window", None, what)
        if what == 0:
            window.resize(self._random.randint(400, 1500), self._random.randint(300, 1000))
        elif what == 1:
            window.move(self._random.randint(-200, 400), self._random.randint(-200, 400))
        elif what == 2:
            window.setVisible(False)
            QTimer.singleShot(self._random.choice([0, 20, 100]), window.show)
        elif what == 3:
            self._random.choice([window.showMinimized, window.showMaximized, window.showFullScreen])()
            QTimer.singleShot(30, window.showNormal)
        elif what == 4:
            window.reset_layout()
        elif what in (5, 6):
            window.workspaces.go(self._random.choice(["Explore", "Inspect", "Train"]))
        else:
            window.activateWindow()

    def change_a_dock(self) -> None:
        dock = self._random.choice(list(self.window.docks.values()))
        what = self._random.randrange(6)
        self._note("dock", dock, what)
        if what == 0:
            dock.setFloating(not dock.isFloating())
        elif what == 1:
            dock.setVisible(not dock.isVisible())
        elif what == 2:
            dock.close()
        elif what == 3:
            dock.raise_()
        elif what == 4:
            self.window.addDockWidget(self._random.choice(_AREAS), dock)
        else:
            self.window.tabifyDockWidget(self._random.choice(list(self.window.docks.values())), dock)

    def drop_files(self) -> None:
        if QApplication.activeModalWidget() is not None:
            return
        paths = self._random.sample(self._files, self._random.choice([1, 1, 1, 2, 5]))
        self._note("drop", None, " ".join(path.name for path in paths))
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        event = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self.window, event)

    def open_a_camera(self) -> None:
        if QApplication.activeModalWidget() is None:
            self._note("camera")
            self.window.opener.open_camera("realsense")

    def disturb_from_outside(self) -> None:
        """A job killed or paused from a terminal, a file gone or changed under the window, a camera covered or gone."""
        children = psutil.Process().children(recursive=True)
        runs = sorted((self.folder / "runs").iterdir())
        what = self._random.randrange(5)
        self._note("outside", None, what)
        if what == 4:
            self._camera.state = self._random.choice(["hand", "covered", "unplugged"])
        elif what == 0 and children:
            os.kill(self._random.choice(children).pid, signal.SIGKILL)
        elif what == 1:
            self.window.train.runs.add(self._random.choice(runs))
        elif what == 2:
            path = self._random.choice(runs) / "events.jsonl"
            with path.open("a") as file:
                file.write(self._random.choice(['{"event": "step"', "\n", "{}\n", '{"event": "note", "text": "x"}\n']))
        elif self._random.random() < 0.3:
            self.window.train.start_run(self._random.choice(runs))

    def spare_the_machine(self) -> None:
        """So many jobs at once are no user's: end the oldest of those beyond a few."""
        children = psutil.Process().children(recursive=True)
        for child in sorted(children, key=lambda each: each.create_time())[: max(0, len(children) - _MOST_PROCESSES)]:
            child.kill()

    def wait(self) -> None:
        self._note("wait")
        QTest.qWait(self._random.choice([0, 10, 40, 120]))

    # what asks

    def answer_a_popup(self) -> None:
        popup = QApplication.activePopupWidget()
        if popup is None:
            return
        actions = [a for a in popup.actions() if a.isEnabled() and not a.isSeparator()]
        if isinstance(popup, QMenu) and actions and self._random.random() < 0.7:
            action = self._random.choice(actions)
            self._note("popup", action, action.text())
            QTest.mouseClick(popup, LEFT, Qt.KeyboardModifier.NoModifier, popup.actionGeometry(action).center())
        else:
            self._note("close popup", popup)
            popup.close()

    def answer_a_dialog(self) -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QFileDialog):
            self._answer_a_file_dialog(dialog)
        elif isinstance(dialog, QDialog):
            is_accepted = self._random.random() < 0.3
            self._note("accept" if is_accepted else "reject", dialog)
            (dialog.accept if is_accepted else dialog.reject)()
        elif dialog is not None:
            self._note("close", dialog)
            dialog.close()

    def _answer_a_file_dialog(self, dialog: QFileDialog) -> None:
        """Never freely: its own menus delete files."""
        name = self._random.choice([*map(str, self._files), str(self.folder / "saved" / f"file{self.number % 5}")])
        if self._random.random() < 0.5:
            self._note("reject", dialog)
            dialog.reject()
            return
        if dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave:
            name = str(self.folder / "saved" / f"file{self.number % 5}")
        self._note("file", dialog, name)
        dialog.selectFile(name)
        dialog.accept()

    def _modifiers(self) -> Qt.KeyboardModifier:
        return self._random.choice(MODIFIERS)


class Play(QObject):
    """Has a monkey do its actions one after the other, in whatever event loop runs."""

    def __init__(
        self, monkey: Monkey, numbers: Sequence[int], on_action: Callable[[int], None], on_end: Callable[[], None]
    ) -> None:
        super().__init__()
        self._monkey, self._numbers, self._on_action, self._on_end = monkey, numbers, on_action, on_end
        self._next = 0
        self.is_over = False

    @Slot()
    def begin(self) -> None:
        if self.is_over:
            return
        QTimer.singleShot(_TURN_MS if self._monkey.may_act else 20, self.begin)  # before acting: it may open a dialog
        if not self._monkey.may_act:
            return
        if self._next >= len(self._numbers):
            self.is_over = True
            self._on_end()
            return
        number = self._numbers[self._next]
        self._next += 1
        self._on_action(number)
        self._monkey.act(number)


def path_of(widget: QObject) -> str:
    """What a widget is called by, alike in every run."""
    known = widget.property("monkeyPath")
    if known is None:
        names, each = [], widget
        while each is not None:
            called = each.objectName() or (each.accessibleName() if isinstance(each, QWidget) else "")
            called = called or (each.text() if isinstance(each, QAbstractButton | QAction) else "")
            names.append(f"{type(each).__name__}:{called[:24]}")
            each = each.parent()
        known = "/".join(reversed(names[:3]))
        widget.setProperty("monkeyPath", known)
    return str(known)


def _window_of(widget: QWidget) -> QWindow | None:
    return widget.window().windowHandle() if widget.isVisible() else None


def _leaves(actions: Sequence[QAction], chance: random.Random) -> Iterator[QAction]:
    """The actions of one menu after the other, down to the bottom of one branch."""
    entries = [action for action in actions if not action.isSeparator() and action.isVisible()]
    if not entries:
        return
    menu = chance.choice(entries).menu()
    if menu is None:
        yield from (action for action in entries if action.menu() is None)
        return
    menu.aboutToShow.emit()
    yield from _leaves(menu.actions(), chance)
