"""The history of latents, and walks between them: history above, keyframes below, then the options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QModelIndex, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QKeyEvent, QPalette, QStandardItemModel
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from explorer_app.explore.walk.export_bar import ExportBar
from explorer_app.explore.walk.history import HistoryStrip
from explorer_app.explore.walk.keyframes import KeyframeRow
from explorer_app.explore.walk.player import WalkPlayer
from explorer_app.explore.walk.thumbnails import Thumbnails
from explorer_app.model.latent import LatentCode
from explorer_app.model.walk import MAX_KEYFRAMES
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.fields import Slider, choice, number, seed, show_choice, whole_number
from explorer_app.widgets.icons import give_icon
from explorer_app.widgets.labels import SectionTitle
from explorer_app.widgets.layouts import column_layout, grid_layout, row_layout

if TYPE_CHECKING:
    from explorer_app.model.hand.model import HandModel

_TICKS = 200
"""Scrubber positions from one keyframe to the next."""
_PATH_TITLES = {"hands": "Through hands", "linear": "Linear", "spherical": "Spherical", "spline": "Spline"}
_NO_HANDS = "Depth latents have no poses between them to go through; choose the pose latent"
_SPACE_TITLES = {"pose": "Pose latent", "depth": "Depth latent"}
_ENDING_TITLES = {"once": "Once", "loop": "Loop", "ping-pong": "Ping-pong"}


class WalkPanel(QWidget):
    """A view of `Session.walk`, of `Session.history` and of the player."""

    def __init__(self, session: Session, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.player = WalkPlayer(session, background, self)
        thumbnails = Thumbnails(session, background, self)
        self.history = HistoryStrip(session, thumbnails)
        self.keyframes = KeyframeRow(session, thumbnails)
        self.exporting = ExportBar(session)
        self._build_keyframe_buttons()
        self._build_choices()
        self._build_random_walk()
        self._build_transport()
        self._lay_out()
        self.keyframes.chosen.connect(self._go_to_keyframe)
        session.walk_changed.connect(self._show)
        session.model_changed.connect(self._show)
        self.player.position_changed.connect(self._show_position)
        self.player.is_playing_changed.connect(self._show)
        self._show()

    def _build_keyframe_buttons(self) -> None:
        self.add = QPushButton("Add current")
        self.add.setToolTip("Append the shown latent to the keyframes")
        self.add.clicked.connect(self._add_current)
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Remove all keyframes (can be undone)")
        self.clear.clicked.connect(self._clear)

    def _build_choices(self) -> None:
        self.path = choice(
            _PATH_TITLES,
            "Path",
            "Interpolation between keyframes. Through hands: the hand turns and bends, its bones keep their lengths;\n"
            "the others leave the latents of hands between keyframes that are far apart",
        )
        self.space = choice(
            _SPACE_TITLES,
            "Space",
            "Pose latent: the sliders follow. Depth latent: images are interpolated, and the sliders show the "
            "pose that is estimated from them",
        )
        self.ending = choice(_ENDING_TITLES, "Ending", "What happens after the last keyframe")
        each = "Seconds from one keyframe to the next"
        self.seconds = number(0.1, 60, 1, " s each", "Seconds per keyframe", each, step=0.5)
        self.note = QLabel()
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        for combo in (self.path, self.space, self.ending):
            combo.currentIndexChanged.connect(self._change)
        self.seconds.valueChanged.connect(self._change)

    def _build_random_walk(self) -> None:
        self.random = QPushButton("Random walk")
        self.random.setToolTip("Replace the keyframes by prior samples; click again for others")
        self.random.clicked.connect(self.walk_at_random)
        keyframes = "Number of keyframes of the random walk"
        self.count = whole_number(2, MAX_KEYFRAMES, 6, "Number of samples", keyframes)
        self.count.setSuffix(" samples")
        same = "The seed of its first sample; the same seed gives the same walk"
        self.seed = seed("Seed of the random walk", same, most=999_999)
        self.seed.setPrefix("seed ")

    def _build_transport(self) -> None:
        self.play = QPushButton()
        self.play.setToolTip("Play the walk, or pause it (Space)")
        self.play.setFixedWidth(self.fontMetrics().horizontalAdvance("Pause") + 56)
        self.play.clicked.connect(self.player.toggle)
        self.scrubber = _Scrubber()
        self.scrubber.setAccessibleName("Position in the walk")
        self.scrubber.setToolTip("Drag along the walk")
        self.scrubber.setMinimumWidth(100)
        self.scrubber.setPageStep(_TICKS)
        self.scrubber.setSingleStep(_TICKS // 20)
        self.scrubber.sliderPressed.connect(self.player.hold)
        self.scrubber.sliderReleased.connect(self.player.release)
        self.scrubber.valueChanged.connect(self._seek)
        self.position = QLabel()
        self.position.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.position.setMinimumWidth(self.fontMetrics().horizontalAdvance("100.00 of 100"))
        self.position.setToolTip("Position in the walk: 2.50 is half-way between keyframes 2 and 3")

    def _lay_out(self) -> None:
        rows = grid_layout()
        rows.setVerticalSpacing(4)
        for row, (title, strip, buttons) in enumerate(
            (("History", self.history, ()), ("Keyframes", self.keyframes, (self.add, self.clear)))
        ):
            column = column_layout(gap=theme.UNIT)
            column.addWidget(SectionTitle(title))
            for button in buttons:
                column.addWidget(button)
            column.addStretch()
            rows.addLayout(column, row, 0)
            rows.addWidget(strip, row, 1)
        rows.setColumnStretch(1, 1)
        transport, choices = row_layout(), row_layout()
        transport.addWidget(self.play)
        transport.addWidget(self.scrubber, 1)
        transport.addWidget(self.position)
        transport.addWidget(self.ending)
        transport.addWidget(self.seconds)
        settings: tuple[QWidget, ...] = (self.path, self.space, self.random, self.count, self.seed)
        for widget in settings:
            choices.addWidget(widget)
        choices.addWidget(self.note, 1)
        choices.addWidget(self.exporting)
        layout = column_layout(self, gap=theme.UNIT)
        layout.addLayout(rows)
        layout.addLayout(transport)
        layout.addLayout(choices)
        layout.addStretch()

    @Slot(bool)
    def set_seen(self, is_seen: bool) -> None:
        """Whether it is the raised tab."""
        self.history.set_seen(is_seen)
        self.keyframes.set_seen(is_seen)

    def close_down(self) -> None:
        """Stop playback and export, because the window closes."""
        self.player.stop()
        self.exporting.file_export.close()

    @Slot()
    def walk_at_random(self) -> None:
        """Replace the keyframes by prior samples; if they are samples already, by the next ones."""
        model = self._session.model
        if model is None:
            return
        codes = self._samples(model)
        if codes == self._session.walk.keyframes:
            self.seed.setValue(self.seed.value() + self.count.value())
            codes = self._samples(model)
        self._session.edit_walk(replace(self._session.walk, keyframes=codes), "random walk")

    def _samples(self, model: HandModel) -> tuple[LatentCode, ...]:
        first = self.seed.value()
        return tuple(model.sample(seed, prior=self._session.prior) for seed in range(first, first + self.count.value()))

    @Slot()
    def _add_current(self) -> None:
        self._session.add_keyframe(self._session.latent)

    @Slot()
    def _clear(self) -> None:
        self._session.edit_walk(replace(self._session.walk, keyframes=()), "clear keyframes")

    @Slot()
    def _change(self) -> None:
        path, space, ending = (combo.currentData() for combo in (self.path, self.space, self.ending))
        seconds = self.seconds.value()
        if space == "depth" and path == "hands":
            path = "spherical"
        self._session.set_walk(replace(self._session.walk, path=path, space=space, ending=ending, seconds=seconds))

    @Slot(int)
    def _seek(self, tick: int) -> None:
        self.player.seek(tick / _TICKS)

    @Slot(QModelIndex)
    def _go_to_keyframe(self, index: QModelIndex) -> None:
        if self._session.walk.length:
            self.player.seek(index.row())
        else:
            self._session.set_latent(self._session.walk.keyframes[index.row()], "keyframe")

    @Slot()
    def _show(self) -> None:
        walk, has_model = self._session.walk, self._session.model is not None
        for combo, value in ((self.path, walk.path), (self.space, walk.space), (self.ending, walk.ending)):
            with QSignalBlocker(combo):
                show_choice(combo, value)
        hands = cast("QStandardItemModel", self.path.model()).item(self.path.findData("hands"))
        hands.setEnabled(walk.space == "pose")
        hands.setToolTip("" if walk.space == "pose" else _NO_HANDS)
        with QSignalBlocker(self.seconds):
            self.seconds.setValue(walk.seconds)
        self.note.setText("Sliders: the pose estimated from the blend" if walk.space == "depth" else "")
        self.random.setEnabled(has_model)
        self.clear.setEnabled(bool(walk.keyframes))
        for widget in (self.play, self.scrubber):
            widget.setEnabled(self.player.can_play)
        self.play.setText("Pause" if self.player.is_playing else "Play")
        give_icon(self.play, "pause" if self.player.is_playing else "play")
        self._show_position()

    @Slot()
    def _show_position(self) -> None:
        walk, position = self._session.walk, self.player.head.position
        with QSignalBlocker(self.scrubber):
            self.scrubber.setRange(0, walk.length * _TICKS)
            self.scrubber.setValue(round(position * _TICKS))
        self.position.setText(f"{position + 1:.2f} of {len(walk.keyframes)}" if walk.length else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.player.toggle()
        else:
            super().keyPressEvent(event)


class _Scrubber(Slider):
    """Here the arrow keys move along the walk, not through the frames."""

    def event(self, event: QEvent) -> bool:
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.accept()
            return True
        return super().event(event)
