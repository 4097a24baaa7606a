"""Skeletons behind the shown pose: the label or the annotation of the frame, and the fitted pose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QPalette

from explorer_app.model.pose_error import annotated_pose
from explorer_app.model.scene import Figure, figure
from explorer_app.session.session import Session
from explorer_app.widgets import theme

if TYPE_CHECKING:
    from explorer_app.model.data import FrameView

FloatArray = npt.NDArray[np.floating]


class References(QObject):
    """A view of the encoded frame, its label and its fit."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._fitted: FloatArray | None = None
        self._label: FloatArray | None = None

    def set_fitted(self, pose: FloatArray | None) -> None:
        """Show a pose [J, 3] with its own size and shift, as no latent has it; None removes it."""
        if pose is not self._fitted:
            self._fitted = pose
            self.changed.emit()

    def set_label(self, pose: FloatArray | None) -> None:
        """Show the frame's label [J, 3] in place of its annotation; None without one."""
        if pose is not self._label:
            self._label = pose
            self.changed.emit()

    @property
    def view(self) -> FrameView | None:
        """The encoded frame; None if nothing is encoded, or the sliders have left its pose."""
        return self._session.view if self._session.is_near_frame else None

    def truth(self, palette: QPalette) -> Figure | None:
        """The label of the encoded frame, else its annotation."""
        view, model = self.view, self._session.model
        if view is None or model is None:
            return None
        pose, skeleton = self._label, model.skeleton
        if pose is None and view.data.skeleton is not None:
            pose, skeleton = annotated_pose(view.frame), view.data.skeleton
        return figure(skeleton, pose, theme.rgb(theme.annotated(palette))) if pose is not None else None

    def figures(self, palette: QPalette) -> list[Figure]:
        model, truth = self._session.model, self.truth(palette)
        shown = [truth] if truth is not None else []
        if self._fitted is not None and model is not None:
            shown.append(figure(model.skeleton, self._fitted, theme.rgb(theme.fitted(palette))))
        return shown

    def colours(self, palette: QPalette) -> dict[str, QColor]:
        """By name, for a legend."""
        found = {}
        if self.truth(palette) is not None:
            found["annotated" if self._label is None else "label"] = theme.annotated(palette)
        if self._fitted is not None:
            found["fitted"] = theme.fitted(palette)
        return found
