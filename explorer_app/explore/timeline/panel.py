"""The time view: what the model reads in every frame, as curves over time."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QWidget

from explorer_app.explore.model.time_rows import (
    CODES,
    DISAGREEMENT,
    ERROR,
    JOINT,
    MEASURED,
    RESIDUAL,
    TYPICALITY,
    RowChoice,
    rows_of,
)
from explorer_app.explore.timeline.export_bar import RangeExport
from explorer_app.explore.timeline.picture import Look, TimePicture, draw_rows
from explorer_app.explore.timeline.plot import TimePlot
from explorer_app.explore.timeline.reading import SequenceReading
from explorer_app.model.latent import LatentCode
from explorer_app.model.opening import MODEL_SUFFIXES, STORE_SUFFIXES
from explorer_app.model.walk import MAX_KEYFRAMES
from explorer_app.session.background import Background
from explorer_app.session.playback import Playback
from explorer_app.session.session import Session
from explorer_app.widgets.fields import choice, named
from explorer_app.widgets.file_dialog import ask_for_paths
from explorer_app.widgets.layouts import column_layout
from explorer_app.widgets.small import FlowLayout
from lsps_core.data.recordings.opening import RECORDING_SUFFIXES

if TYPE_CHECKING:
    from explorer_app.explore.model.range_export import PlayedRange
    from explorer_app.explore.model.sequence import FrameSequence

_TIPS = {
    CODES: "The 20 coordinates of each frame’s code",
    JOINT: "One joint in the camera’s frame, from its mean",
    ERROR: "Mean joint error, of annotated frames",
    RESIDUAL: "How far the hand that is read is from the measured depth, or the fitted one in fitted stores; slow",
    DISAGREEMENT: "How far the model’s routes to a pose differ; needs no annotation; slow",
    TYPICALITY: "How usual each pose is among the training poses; of models with a fitted prior",
}
_COMPARE_TIP = "Dashed beside it: another model on these frames, or this model in another store or recording"
_REMOVE_TIP = "Take the dashed curves away"
_SECOND_SUFFIXES = (*MODEL_SUFFIXES, *STORE_SUFFIXES, *RECORDING_SUFFIXES)
_KEYFRAMES = 20
"""Of a range as a walk."""


class TimeView(QWidget):
    """A view of the frames of `Session.data` as `Session.model` reads them; reads them all when it is asked to."""

    range_selected = Signal(int, int)
    """the first and the last frame"""

    def __init__(
        self, session: Session, background: Background, playback: Playback, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._playback = session, playback
        self._is_seen = False
        self.reading = SequenceReading(session, self)
        self._choice = RowChoice()
        self._drawing = background.add_worker("time view", self._on_picture)
        self.plot = TimePlot()
        self._build_controls()
        layout = column_layout(self)
        layout.addWidget(self.plot, 1)
        layout.addLayout(self._controls)
        self.reading.changed.connect(self._on_reading)
        self.reading.progressed.connect(self._on_progress)
        self.plot.clicked.connect(session.set_index)
        self.plot.selected.connect(self._select)
        self.plot.redraw_asked.connect(self._draw)
        session.data_changed.connect(self._drop)
        session.model_changed.connect(self._drop)
        session.domain_changed.connect(self._drop)
        session.index_changed.connect(self._show_index)
        playback.changed.connect(self._show_range)
        self._drop()

    def _build_controls(self) -> None:
        self.read = QPushButton()
        self.read.setToolTip("Read every frame with the model, the hand followed from one to the next")
        self.read.clicked.connect(self._toggle)
        self.rows = {name: QCheckBox(name) for name in _TIPS}
        self.joint = choice({0: "wrist"}, "Joint", _TIPS[JOINT], 8)
        self.smooth = QCheckBox("Smooth")
        self.smooth.setToolTip("Codes and joints through a one-euro filter. It hides jitter, which is an error as well")
        self.compare = QPushButton()
        self.compare.clicked.connect(self._compare)
        self.to_walk = QPushButton("Range to walk")
        self.to_walk.setToolTip(f"Make up to {_KEYFRAMES} codes of the played range the keyframes of the walk")
        self.to_walk.clicked.connect(self._make_walk)
        self.note = QLabel()
        self.exporting = RangeExport(self._session, self._playback, self._played_range)
        self._controls = FlowLayout()
        self._controls.addWidget(self.read)
        for name, box in self.rows.items():
            named(box, name, _TIPS[name])
            box.setChecked(name in self._choice.rows)
            box.toggled.connect(self._choose)
            self._controls.addWidget(box)
            if name == JOINT:
                self._controls.addWidget(self.joint)
        self.joint.currentIndexChanged.connect(self._choose)
        self.smooth.toggled.connect(self._choose)
        for name in MEASURED:
            self.rows[name].toggled.connect(self._choose_measures)
        for widget in (self.smooth, self.compare, self.to_walk, self.exporting):
            self._controls.addWidget(widget)
        self._controls.addWidget(self.note)

    @Slot(bool)
    def set_seen(self, is_seen: bool) -> None:
        """Whether it is the raised tab."""
        self._is_seen = is_seen
        self._draw()

    def close_down(self) -> None:
        self.reading.close_down()
        self.exporting.close_down()

    @Slot()
    def _drop(self) -> None:
        """Other data, another model or domain."""
        data, model = self._session.data, self._session.model
        self.plot.set_count(len(data) if data is not None else 0)
        self.plot.placeholder = (
            "“Read all frames” shows what the model reads in each as curves over time"
            if data is not None and model is not None
            else "Open a model and a recording, a store or a folder of images"
        )
        if model is not None:
            with QSignalBlocker(self.joint):
                kept = self.joint.currentIndex()
                self.joint.clear()
                for number, name in enumerate(model.skeleton.joints):
                    self.joint.addItem(name, number)
                self.joint.setCurrentIndex(min(max(kept, 0), self.joint.count() - 1))
        self._show_state()

    @Slot()
    def _toggle(self) -> None:
        if self.reading.is_running:
            self.reading.stop()
        else:
            self.reading.read()

    @Slot()
    def _compare(self) -> None:
        if self.reading.second is not None:
            self.reading.remove_second()
            return
        ask_for_paths(
            self.window(),
            "Compare with a model, or with other frames",
            "",
            "file",
            self._read_second,
            filters=[f"Models, stores and recordings ({' '.join(f'*{suffix}' for suffix in _SECOND_SUFFIXES)})"],
        )

    @Slot(list)
    def _read_second(self, names: list[str]) -> None:
        self.reading.read_second(Path(names[0]))

    @Slot(int, int)
    def _on_progress(self, done: int, count: int) -> None:
        self.note.setText(f"{done} of {count}")
        self._draw()

    @Slot()
    def _on_reading(self) -> None:
        self._show_state()
        self._draw()

    @Slot()
    def _choose_measures(self) -> None:
        self.reading.set_measures([array for name, array in MEASURED.items() if self.rows[name].isChecked()])

    @Slot()
    def _choose(self) -> None:
        rows = tuple(name for name, box in self.rows.items() if box.isChecked())
        joint = max(self.joint.currentIndex(), 0)
        self._choice = RowChoice(rows=rows, joint=joint, is_smooth=self.smooth.isChecked())
        self._draw()

    @Slot()
    def _draw(self) -> None:
        sequence, second = self.reading.sequence, self.reading.second
        if sequence is None or not self.reading.is_current(sequence) or not self._is_seen:
            return
        self._drawing.ask(sequence, partial(_draw, sequence, second, self._choice, self.plot.span, self.plot.look))

    @Slot(object, object)
    def _on_picture(self, sequence: FrameSequence, picture: TimePicture) -> None:
        if sequence is self.reading.sequence:
            self.plot.show_picture(picture)

    @Slot()
    def _show_index(self) -> None:
        self.plot.show_current(self._session.index)

    @Slot()
    def _show_range(self) -> None:
        range_ = self._playback.range
        self.plot.show_range(None if range_ is None or range_.is_whole else (range_.first, range_.last))
        self.to_walk.setEnabled(self.reading.sequence is not None and range_ is not None)

    def _played_range(self) -> PlayedRange | None:
        """What is exported: the played range, read already or not."""
        from explorer_app.explore.model.range_export import PlayedRange
        from explorer_app.explore.model.sequence import FrameSequence

        session, range_ = self._session, self._playback.range
        if session.data is None or session.model is None or session.domain is None or range_ is None:
            return None
        sequence = self.reading.sequence
        if sequence is None or self.reading.is_running or not self.reading.is_current(sequence):
            sequence = FrameSequence(session.data, session.model, session.domain)
        return PlayedRange(sequence, range_.first, range_.last)

    @Slot(int, int)
    def _select(self, first: int, last: int) -> None:
        self._playback.set_range(first, last)
        self.range_selected.emit(first, last)

    @Slot()
    def _make_walk(self) -> None:
        sequence, range_, session = self.reading.sequence, self._playback.range, self._session
        if sequence is None or range_ is None:
            return
        known = np.flatnonzero(np.isfinite(sequence.codes[range_.first : range_.last + 1]).all(axis=1)) + range_.first
        if len(known) < 2:
            session.message.emit("the range has fewer than two frames with a hand; choose a longer one")
            return
        count = min(_KEYFRAMES, MAX_KEYFRAMES, len(known))
        chosen = known[np.linspace(0, len(known) - 1, count).round().astype(int)]
        keyframes = tuple(LatentCode(tuple(map(float, sequence.codes[frame]))) for frame in chosen)
        session.edit_walk(replace(session.walk, keyframes=keyframes), "range to walk")

    def _show_state(self) -> None:
        session, reading = self._session, self.reading
        self.read.setText("Stop" if reading.is_running else "Read all frames")
        self.read.setEnabled(session.data is not None and session.model is not None)
        is_compared = reading.second is not None
        self.compare.setText("Remove second" if is_compared else "Compare …")
        self.compare.setToolTip(_REMOVE_TIP if is_compared else _COMPARE_TIP)
        self.compare.setEnabled(reading.sequence is not None and not reading.is_running)
        if not reading.is_running:
            self.note.setText(f"dashed: {reading.second_path.name}" if is_compared else "")
        self._show_range()
        self._show_index()


def _draw(
    sequence: FrameSequence, second: FrameSequence | None, chosen: RowChoice, span: tuple[int, int], look: Look
) -> TimePicture:
    return draw_rows(rows_of(sequence, chosen, second), sequence.times_s, sequence.is_timed, *span, look)
