"""Below the frame: go to a frame, play a range of them, at which speed."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtGui import QAction, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QLabel,
    QPushButton,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QWidget,
)

from explorer_app.explore.frames.record_controls import RecordControls
from explorer_app.model.playing.play_range import SPEEDS
from explorer_app.session.live_recording import LiveRecording
from explorer_app.session.playback import Playback
from explorer_app.session.session import Session
from explorer_app.widgets.fields import Slider, SpinBox, choice, named, show_choice
from explorer_app.widgets.icons import give_icon
from explorer_app.widgets.layouts import row_layout
from explorer_app.widgets.menus import NAME_PROPERTY
from explorer_app.widgets.plot_colours import PlotColours
from explorer_app.widgets.small import Tag

_MARK_PX = 3


class Transport(QWidget):
    """A view of `Session.index` and of the playback; the actions are for a menu."""

    def __init__(
        self, session: Session, playback: Playback, recording: LiveRecording, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._playback = session, playback
        self.record = RecordControls(recording)
        self._build_actions()
        self._build_position()
        self._build_playing()
        layout = row_layout(self)
        before: tuple[QWidget, ...] = (self.previous, self.play_button, self.next, self.position)
        behind: tuple[QWidget, ...] = (self.time, self.no_hand, self.record, *self.range_buttons, self.speed, self.loop)
        for widget in before:
            layout.addWidget(widget)
        layout.addWidget(self.scrubber, 1)
        for widget in behind:
            layout.addWidget(widget)
        session.data_changed.connect(self._show_data)
        session.index_changed.connect(self._show_index)
        session.frame_changed.connect(self._show_hand)
        playback.changed.connect(self._show_playing)
        playback.frame_shown.connect(self._show_time)
        self._show_data()

    def _build_actions(self) -> None:
        playback = self._playback
        self.play, self.begin, self.end = QAction("&Play", self), QAction("Play &from here", self), QAction(self)
        self.end.setText("Play t&o here")
        self.play.setProperty(NAME_PROPERTY, "Play the frames, or pause")
        for action, keys, slot, tip in (
            (self.play, "Shift+Space", playback.toggle, "Play the frames, or pause (Shift+Space)"),
            (self.begin, "[", playback.begin_here, "Play from this frame on; again: from the first one ([)"),
            (self.end, "]", playback.end_here, "Play up to this frame; again: to the last one (])"),
        ):
            action.setShortcut(QKeySequence(keys))
            action.setToolTip(tip)
            action.triggered.connect(slot)

    def _build_position(self) -> None:
        self.previous, self.next = QToolButton(), QToolButton()
        for button, icon, step, key in ((self.previous, "previous", -1, "←"), (self.next, "next", 1, "→")):
            give_icon(button, icon)
            button.setAutoRepeat(True)
            button.setToolTip(f"{'Next' if step > 0 else 'Previous'} frame ({key})")
            button.setAccessibleName("Next frame" if step > 0 else "Previous frame")
        self.previous.clicked.connect(self.step_back)
        self.next.clicked.connect(self.step_on)
        self.position = SpinBox()
        self.position.setKeyboardTracking(False)
        named(self.position, "Frame number", "The frame shown; type a number to go to another")
        self.position.valueChanged.connect(self._go_to)
        self.scrubber = RangeSlider()
        self.scrubber.setMinimumWidth(80)
        self.scrubber.setAccessibleName("Frame")
        self.scrubber.setToolTip("Drag to browse the frames")
        self.scrubber.valueChanged.connect(self._session.set_index)

    def _build_playing(self) -> None:
        self.play_button = QPushButton()
        self.play_button.setToolTip(self.play.toolTip())
        self.play_button.setFixedWidth(self.fontMetrics().horizontalAdvance("Resume") + 52)
        self.play_button.clicked.connect(self._playback.toggle)
        self.time = QLabel()
        self.time.setToolTip("Time of this frame; while it plays, the frames shown in a second")
        self.no_hand = Tag("no hand in sight")
        self.no_hand.setToolTip("No hand was found in this frame; the next ones are searched for it")
        self.range_buttons = tuple(QToolButton() for _ in range(2))
        for button, action, text in zip(self.range_buttons, (self.begin, self.end), ("[", "]"), strict=True):
            button.setText(text)
            button.setToolTip(action.toolTip())
            button.setAccessibleName(action.text().replace("&", ""))
            button.clicked.connect(action.trigger)
        self.speed = choice({speed: f"{speed:g}×" for speed in SPEEDS}, "Speed", "1× is as recorded")
        self.speed.currentIndexChanged.connect(self._set_speed)
        self.loop = QCheckBox("Loop")
        self.loop.setToolTip("Play it again and again")
        self.loop.toggled.connect(self._playback.set_loop)

    @Slot()
    def step_back(self) -> None:
        self._session.set_index(self._session.index - 1)

    @Slot()
    def step_on(self) -> None:
        self._session.set_index(self._session.index + 1)

    @Slot(int)
    def _go_to(self, number: int) -> None:
        self._session.set_index(number - 1)

    @Slot()
    def _set_speed(self) -> None:
        self._playback.set_speed(self.speed.currentData())

    @Slot()
    def _show_data(self) -> None:
        data = self._session.data
        if data is None:
            return
        with QSignalBlocker(self.position), QSignalBlocker(self.scrubber):
            self.position.setRange(1, len(data))
            self.scrubber.setRange(0, len(data) - 1)
        self.position.setSuffix(f" of {len(data)}")
        self._show_playing()
        self._show_index()
        self._show_hand()

    @Slot()
    def _show_index(self) -> None:
        data, index = self._session.data, self._session.index
        if data is None:
            return
        with QSignalBlocker(self.position), QSignalBlocker(self.scrubber):
            self.position.setValue(index + 1)
            self.scrubber.setValue(index)
        self.previous.setEnabled(index > 0)
        self.next.setEnabled(index < len(data) - 1)
        if not self._playback.is_playing:
            self._show_time()

    @Slot()
    def _show_time(self) -> None:
        range_, data = self._playback.range, self._session.data
        if range_ is None or data is None or (data.times_s is None and not self._playback.is_playing):
            self.time.clear()
            return
        parts = [] if data.times_s is None else [f"{data.times_s[self._session.index]:.2f} s"]
        if self._playback.rate:
            of = "" if self._playback.is_live else f" of {range_.rate * range_.speed:.0f}"
            parts.append(f"{self._playback.rate:.0f}{of} frames/s")
        self.time.setText(", ".join(parts))

    @Slot()
    def _show_hand(self) -> None:
        self.no_hand.setVisible(self._playback.is_without_hand)

    @Slot()
    def _show_playing(self) -> None:
        range_, is_playing, can_play = self._playback.range, self._playback.is_playing, self._playback.can_play
        is_live = self._playback.is_live
        going, still = ("Freeze", "Resume") if is_live else ("Pause", "Play")
        self.play_button.setText(going if is_playing else still)
        give_icon(self.play_button, "pause" if is_playing else "play")
        self.play.setText(f"&{going if is_playing else still}")
        self.play.setEnabled(can_play)
        is_range = can_play or (range_ is not None and not range_.is_whole)
        self.play_button.setVisible(is_range)
        for widget in (*self.range_buttons, self.speed, self.loop):
            widget.setVisible(is_range and not is_live)
        for widget in (self.previous, self.next, self.position):
            widget.setVisible(not is_live)
        self.scrubber.setEnabled(not is_live)
        if range_ is None:
            return
        self.scrubber.set_range(None if range_.is_whole else (range_.first, range_.last))
        with QSignalBlocker(self.speed), QSignalBlocker(self.loop):
            show_choice(self.speed, range_.speed)
            self.loop.setChecked(range_.is_loop)
        self._show_time()


class RangeSlider(Slider):
    """Marks the range that is played."""

    def __init__(self) -> None:
        super().__init__()
        self._range: tuple[int, int] | None = None

    def set_range(self, first_and_last: tuple[int, int] | None) -> None:
        """None for all of it, which is not marked."""
        self._range = first_and_last
        first_to_last = "" if self._range is None else f"plays {self._range[0] + 1} to {self._range[1] + 1}"
        self.setAccessibleDescription(first_to_last)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._range is None:
            return
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style, control = self.style(), QStyle.ComplexControl.CC_Slider
        groove = style.subControlRect(control, option, QStyle.SubControl.SC_SliderGroove, self)
        handle = style.subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
        length = groove.width() - handle.width()
        left, right = (
            groove.left()
            + handle.width() // 2
            + QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), value, length)
            for value in self._range
        )
        painter = QPainter(self)
        painter.fillRect(
            left, self.height() - _MARK_PX, right - left + 1, _MARK_PX, PlotColours(self.palette()).selected
        )
