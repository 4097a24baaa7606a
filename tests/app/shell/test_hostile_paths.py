"""Whatever is opened, typed or followed, the window answers meanwhile, and says in one line what is wrong."""

from __future__ import annotations

import json
import os
import struct
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import QElapsedTimer, QTimer
from pytestqt.qtbot import QtBot
from run_helpers import prepare_run

from explorer_app.inspect.references import References
from explorer_app.model.opening import CAMERA_PRESETS
from explorer_app.shell.main_window import MainWindow
from explorer_app.workers.in_order import InOrder
from explorer_app.workspace_names import TRAIN

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pipes and devices as Linux has them")
LONGEST_MS = 20_000
"""Of silence in the event loop; far beyond what is wanted, since the machine may be busy."""
NAMES = ["a.safetensors", "a.h5", "a.png", "a.npy", "a.tif", "a.lsps.json", "a.txt"]
DEAD_S = 240
"""So long a dead disk keeps who asks it."""
Make = Callable[[Path], None]


class Watch:
    """How long the window's thread was silent at most."""

    def __init__(self) -> None:
        self.longest_ms = 0
        self._since = QElapsedTimer()
        self._since.start()
        self._timer = QTimer(interval=10)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        self.longest_ms = max(self.longest_ms, self._since.restart())

    def check(self) -> None:
        self._tick()
        self._timer.stop()
        assert self.longest_ms < LONGEST_MS, f"the window was silent for {self.longest_ms} ms"


@pytest.fixture
def _watch(window: MainWindow) -> Iterator[Watch]:  # noqa: ARG001 - a window takes its time to open
    watch = Watch()
    yield watch
    watch.check()


def _link_to(target: str) -> Make:
    return lambda path: path.symlink_to(target)


KINDS: dict[str, Make] = {
    "pipe": os.mkfifo,
    "loop": lambda path: path.symlink_to(path),
    "zero": _link_to("/dev/zero"),
    "random": _link_to("/dev/random"),
    "tty": _link_to("/dev/tty"),
    "kmsg": _link_to("/proc/kmsg"),
    "nowhere": _link_to("/nowhere"),
    "100 GB": lambda path: _sparse(path, 100 << 30),
    "folder of links": lambda path: _many(path, 3),
}


def _sparse(path: Path, size: int, head: bytes = b"") -> None:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)


def _many(path: Path, count: int) -> None:
    path.mkdir()
    for number in range(count):
        (path / f"{number}.png").symlink_to("/dev/zero")


def opened(qtbot: QtBot, window: MainWindow, path: Path) -> str:
    """The line that is said of it."""
    window.messages.hide()
    watch = Watch()
    window.open_paths([path], CAMERA_PRESETS["sr305"])
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    watch.check()
    line = window.messages.text
    assert line, path
    assert "\n" not in line
    return line


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_refused_at_once(kind: str, qtbot: QtBot, shared_window: MainWindow, tmp_path: Path) -> None:
    for name in NAMES:
        KINDS[kind](tmp_path / name)
        opened(qtbot, shared_window, tmp_path / name)
    assert shared_window.session.model is None
    assert shared_window.session.data is None


@pytest.mark.parametrize("name", ["\0.h5", "x" * 300 + ".png", "~nobody/a.h5", "\udcff.png"])
def test_names_that_no_file_has(name: str, qtbot: QtBot, shared_window: MainWindow, tmp_path: Path) -> None:
    opened(qtbot, shared_window, tmp_path / name)


def _png_bomb(path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 16, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10_000_000, 9)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def _huge_array(path: Path) -> None:
    header = "{'descr': '<u2', 'fortran_order': False, 'shape': (200000, 250000), }"
    head = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header.ljust(117).encode() + b"\n"
    _sparse(path, (100 << 30) + 128, head)


def _huge_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("depth", (10**12, 480, 640), "<u2", chunks=(1, 480, 640))


def _huge_image_in_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("depth", (10**6, 10**6), "<u2", chunks=(1000, 1000))


def _large_header(path: Path) -> None:
    tensor = '{"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}'
    tensors = ", ".join(f'"t{number}": {tensor}' for number in range(1_000_000))
    text = f"{{{tensors}}}".encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)


def _deep_header(path: Path) -> None:
    text = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    path.write_bytes(struct.pack("<Q", len(text)) + text)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("bomb.png", _png_bomb),
        ("huge.npy", _huge_array),
        ("huge.h5", _huge_hdf5),
        ("large.h5", _huge_image_in_hdf5),
        ("large.safetensors", _large_header),
        ("deep.safetensors", _deep_header),
        ("large.lsps.json", lambda path: _sparse(path, 1 << 30)),
    ],
)
def test_what_only_claims_to_be_large(
    name: str, make: Make, qtbot: QtBot, shared_window: MainWindow, tmp_path: Path
) -> None:
    make(tmp_path / name)
    assert name in opened(qtbot, shared_window, tmp_path / name)


def test_a_folder_of_very_many_files(qtbot: QtBot, shared_window: MainWindow, tmp_path: Path) -> None:
    for number in range(20_000):
        (tmp_path / f"{number}.dat").touch()
    opened(qtbot, shared_window, tmp_path)


@pytest.mark.usefixtures("_watch")
def test_typing_such_paths_in_the_dialogs(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialogs = window.training_dialogs
    dialogs.simulate()
    dialogs.import_data()
    dialogs.new_run()
    simulate, imports = dialogs.jobs
    names = ["~nobody/a.h5", "\0", "x" * 300 + ".h5", str(tmp_path / "pipe.h5"), str(tmp_path / "loop.h5"), "/dev/zero"]
    os.mkfifo(tmp_path / "pipe.h5")
    KINDS["loop"](tmp_path / "loop.h5")
    for name in names:
        simulate.out.text = name
        imports.out.text = imports.folder.text = name
        train = dialogs.train.fields
        for field in (train.synthetic, train.real, train.initial, train.run):
            field.text = name
        train.start.setCurrentIndex(train.start.findData("resume"))
        qtbot.waitUntil(lambda: dialogs.train.is_settled, timeout=WAIT_MS)
        train.start.setCurrentIndex(train.start.findData("model"))
        qtbot.waitUntil(lambda: dialogs.train.is_settled and not window.background.is_busy, timeout=WAIT_MS)
        assert not dialogs.train.start_button.isEnabled()
        assert train.notes["synthetic_path"].problem, name
    simulate.out.text = str(tmp_path / "pipe.h5")
    qtbot.waitUntil(lambda: "pipe" in simulate.fields["out"].problem, timeout=WAIT_MS)
    assert not simulate.start.isEnabled()


@pytest.mark.usefixtures("_watch")
def test_a_pipe_as_reference_and_in_the_recent_files(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, model_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.h5")
    window.open_paths([model_path])
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    references = window.findChild(References)
    references.choose([tmp_path / "pipe.h5"])
    references.want()
    qtbot.waitUntil(lambda: "pipe.h5" in references.trouble, timeout=WAIT_MS)
    window.preferences.add_recent(tmp_path / "pipe.h5")
    window.preferences.add_recent(tmp_path / ("x" * 300))
    qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    window.save_screenshot(str(tmp_path / "pipe.h5"))
    assert "cannot be written" in window.messages.text


HOSTILE_EVENTS = [
    {"kind": "started", "time": 1e400, "step": 10**18, "total_steps": -3, "device": None},
    {"kind": "started", "time": 1.0, "step": 0, "total_steps": 10**15, "device": ["x"]},
    {"kind": "step", "time": "x", "step": 1, "stage": 3, "stage_step": 10**18, "terms": [], "frames_per_s": "x"},
    {"kind": "step", "time": 2.0, "step": 1, "stage": "pose", "stage_step": 1, "terms": {"a": None}, "eta_s": "x"},
    {
        "kind": "step",
        "time": 2,
        "step": 1,
        "stage": "pose",
        "stage_step": 1,
        "terms": {"a": 1e308},
        "frames_per_s": 1e400,
    }
    | {"eta_s": 1e400},
    {"kind": "validation", "time": 2, "step": 1, "stage": "posterior", "mean_error_mm": 1e400},
    {"kind": "preview", "time": 2, "step": 1, "path": "/dev/zero"},
    {"kind": ["x"]},
]


@pytest.mark.parametrize("kind", ["pipe", "loop", "zero", "rubbish", "hostile"])
@pytest.mark.usefixtures("_watch")
def test_a_run_whose_files_are_none(
    kind: str, qtbot: QtBot, window: MainWindow, small_stores: dict[str, Path], tmp_path: Path
) -> None:
    run, other = prepare_run(tmp_path / "run", small_stores), prepare_run(tmp_path / "other", small_stores)
    (run / "previews").mkdir()
    for name in ("events.jsonl", "process.json", "stderr.log", "error.jsonl", ".lock", "previews/zero"):
        (run / name).unlink(missing_ok=True)
        if kind == "rubbish":
            (run / name).write_bytes(b"[" * 100_000 + b"\n" + os.urandom(2000))
        elif kind == "hostile":
            lines = [json.dumps(event) for event in HOSTILE_EVENTS] + ["[" * 100_000, '{"kind": 1%s}' % ("0" * 400)]
            (run / name).write_text("\n".join(lines) + "\n")
        else:
            KINDS[kind](run / name)
    if kind == "hostile":
        (run / "process.json").write_text(json.dumps({"pid": 10**15, "born": 3, "started_time": "x"}))
    window.workspaces.go(TRAIN)
    window.train.add_path(run)
    window.train.add_path(other)
    qtbot.waitUntil(lambda: {run, other} <= window.train.runs.views.keys(), timeout=WAIT_MS)
    window.train.list.select(run)
    qtbot.wait(200)
    for what in ("pause", "unpause", "stop", "cancel"):
        getattr(window.train.runs, what)(run)
    if kind in ("pipe", "zero"):
        assert not window.train.runs.start(run)
        assert "stderr.log" in window.messages.text
    assert window.train.runs.views[other].state == "new"


@pytest.fixture
def dead_disk() -> Iterator[threading.Event]:
    """Set at the end: what hangs on it is over then, and no thread is left."""
    event, others = threading.Event(), set(threading.enumerate())
    yield event
    event.set()
    for thread in set(threading.enumerate()) - others:
        if thread.name.startswith("lsps-"):
            thread.join(10)


def test_a_dead_disk_holds_nobody_up(
    dead_disk: threading.Event, qtbot: QtBot, model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer_app.workers.in_order.PATIENCE_MS", 300)
    monkeypatch.setattr("explorer_app.session.background.CLOSE_S", 0.5)
    stat = Path.stat

    def hang(self: Path, **keywords: bool) -> os.stat_result:
        if str(self).startswith("/dead"):
            dead_disk.wait(DEAD_S)
        return stat(self, **keywords)

    monkeypatch.setattr(Path, "stat", hang)
    window = MainWindow("cpu")
    qtbot.addWidget(window)
    window.show()
    said: list[str] = []
    window.session.message.connect(said.append)
    watch = Watch()
    window.open_paths([Path("/dead/a.h5")])
    window.open_paths([model_path])
    assert window.background.activity
    qtbot.waitUntil(lambda: any("/dead/a.h5 does not respond" in line for line in said), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.session.model is not None, timeout=WAIT_MS)
    for worker in window.background.workers[:3]:
        worker.ask(None, lambda: dead_disk.wait(DEAD_S))
    watch.check()
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < DEAD_S / 2
    assert not window.has_ended


def test_answers_come_in_order_and_late_ones_not_at_all(dead_disk: threading.Event, qtbot: QtBot) -> None:
    questions = InOrder("test")
    said: list[object] = []
    slow = threading.Event()
    questions.ask("slow", lambda: slow.wait(WAIT_MS / 1000), lambda _: said.append("slow"))
    questions.ask("quick", lambda: "quick", said.append)
    questions.ask("wrong", lambda: int("x"), said.append, lambda line: said.append(line[:7]))
    assert questions.is_busy
    assert said == []
    with qtbot.waitSignal(questions.settled, timeout=WAIT_MS):
        slow.set()
    assert said == ["slow", "quick", "invalid"]
    questions.ask("late", lambda: dead_disk.wait(DEAD_S), said.append)
    assert not questions.close(0.1)
    assert said == ["slow", "quick", "invalid"]


def test_a_question_to_a_healthy_disk_is_answered_at_once() -> None:
    questions = InOrder("test")
    said: list[bool] = []
    for _ in range(20):
        questions.ask("here", lambda: True, said.append)
    questions.close(5)
    assert said, "at the latest the first that the machine had time for"
