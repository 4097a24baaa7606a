"""The frame in the explorer, for the Inspect workspace: its input with both skeletons, and the worst joints."""

from __future__ import annotations

from html import escape

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QWidget

from explorer_app.explore.frames.pictures import annotated_figures
from explorer_app.model.pose_error import annotated_pose
from explorer_app.model.scene import figure
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.pictures.depth_picture import DepthPicture

_WORST = 8
_GAP = theme.MARGIN
_TURN_MS = 16
_FACTS_PX = 170


class FailingFrame(QWidget):
    """A view of `Session.view`, `encoding` and `pose`; the skeleton follows the sliders while it is of this frame."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._is_due = False
        self.input = DepthPicture("Input", "No frame", self)
        self.decoded = DepthPicture("The model’s hand", parent=self)
        self.input.setToolTip("What the networks get. White: the annotation; in colours: the pose that the model reads")
        self.decoded.setToolTip("The pose that the model reads, decoded as an image of the same domain")
        for picture in (self.input, self.decoded):
            picture.caption = ""
        self.facts = QLabel(self)
        self.facts.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.facts.setWordWrap(True)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.facts.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.facts.setAccessibleName("Errors of this frame")
        for signal in (session.frame_changed, session.encoding_changed, session.latent_changed, session.model_changed):
            signal.connect(self._ask)
        session.pictures_changed.connect(self._show_decoded)

    @Slot()
    def _ask(self) -> None:
        """A step changes the frame, its encoding and the latent, and all views: this one follows once, a turn later."""
        if self.isVisible() and not self._is_due:
            self._is_due = True
            QTimer.singleShot(_TURN_MS, self, self._show)

    @Slot()
    def _show(self) -> None:
        self._is_due = False
        session, view = self._session, self._session.view
        self.decoded.placeholder = "" if view is None else "No model" if session.model is None else "Encoding …"
        if view is None:
            self.input.clear()
            self.decoded.clear()
            self.facts.clear()
            return
        half_mm = float(view.frame.half_mm)
        self.input.show_depth(view.input_mm, -half_mm, half_mm)
        figures = annotated_figures(view)
        self.input.set_caption("annotated in white" if figures else "not annotated")
        if session.model is not None and session.pose is not None and session.is_near_frame:
            figures.append(figure(session.model.skeleton, view.pixels_of(session.pose)))
        self.input.set_overlay(figures)
        facts = self._facts()
        if facts != self.facts.text():
            self.facts.setText(facts)
            self.facts.setToolTip(view.frame.name)
        self._show_decoded()

    @Slot()
    def _show_decoded(self) -> None:
        """The picture of the sliders, as long as they are about this frame."""
        session = self._session
        if not self.isVisible():
            return
        if session.pictures is None or session.model is None or not session.is_near_frame:
            self.decoded.clear()
            return
        half_mm = session.model.half_mm
        picture = session.pictures.real if session.domain == "real" else session.pictures.synthetic
        self.decoded.show_depth(picture, -half_mm, half_mm)

    def _facts(self) -> str:
        """Name, mean error, and the worst joints."""
        session, view = self._session, self._session.view
        if view is None:
            return ""
        bold = QFont(self.facts.font())
        bold.setBold(True)
        width, middle = self.facts.width(), Qt.TextElideMode.ElideMiddle
        lines = [f"<b>{escape(QFontMetrics(bold).elidedText(view.frame.name, middle, width))}</b>"]
        error_mm = session.error_mm
        truth = annotated_pose(view.frame)
        if error_mm is None or truth is None or session.pose is None or session.model is None:
            return lines[0]
        lines.append(f"<b>{error_mm:.1f} mm</b> off on average")
        errors_mm = np.linalg.norm(session.pose - truth, axis=1) * float(view.frame.half_mm)
        order = np.argsort(-np.nan_to_num(errors_mm, nan=-1.0))[:_WORST]
        joints = session.model.skeleton.joints
        rows = "".join(
            f"<tr><td align='right'>{errors_mm[joint]:.0f} mm&nbsp;</td><td>{escape(joints[joint].replace('_', ' '))}"
            "</td></tr>"
            for joint in order
            if np.isfinite(errors_mm[joint])
        )
        return "<br>".join(lines) + f"<table>{rows}</table>"

    def sizeHint(self) -> QSize:
        wanted = self.input.sizeHint()
        return QSize(2 * (wanted.width() + _GAP) + _FACTS_PX, wanted.height())

    def minimumSizeHint(self) -> QSize:
        least = self.input.minimumSizeHint()
        return QSize(2 * (least.width() + _GAP) + _FACTS_PX, least.height())

    def width_for(self, height: int) -> int:
        """The width that the pictures and the facts need at this height."""
        return 2 * (max(height - self._around, 1) + _GAP) + _FACTS_PX

    @property
    def _around(self) -> int:
        """px above and below the pictures."""
        return self.input.title_height + self.input.caption_height

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Square pictures as large as they fit, and the facts beside them."""
        super().resizeEvent(event)
        around = self._around
        edge = max(min(self.height() - around, (self.width() - _FACTS_PX) // 2 - _GAP), 1)
        for number, picture in enumerate((self.input, self.decoded)):
            picture.setGeometry(number * (edge + _GAP), 0, edge, edge + around)
        left = 2 * (edge + _GAP)
        self.facts.setGeometry(left, 0, self.width() - left, self.height())
        self._ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()
