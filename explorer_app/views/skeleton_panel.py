"""The pose in 3D: the shown one in colours, the frame's annotation in grey."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QPalette
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from explorer_app.model.colours import FINGER_COLOURS
from explorer_app.model.comparison import annotated_pose
from explorer_app.model.scene import Figure, figure
from explorer_app.session import Session
from explorer_app.views import theme
from explorer_app.views.skeleton_painter import SkeletonPainter
from lsps_core.skeleton import FINGERS


class SkeletonPanel(QWidget):
    """A view of `Session.pose`. Starts drawn by the painter; `use` puts an OpenGL stage in its place."""

    def __init__(self, session: Session, has_opengl: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.stage: QWidget = SkeletonPainter()
        self._stages = QStackedWidget()
        self._stages.addWidget(self.stage)
        if has_opengl:
            # a window that gets its first OpenGL widget while on screen is built anew: have one from the start
            self._stages.addWidget(QOpenGLWidget())
        self.reset = QPushButton("Reset view")
        self.reset.setToolTip("Look from where the depth camera looks (V)\nDrag turns, the wheel zooms")
        self.reset.clicked.connect(self.reset_view)
        header = QHBoxLayout()
        header.addWidget(QLabel("<b>Skeleton</b>"), 1)
        header.addWidget(self.reset)
        self._legend = QLabel()
        self._legend.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._legend.setWordWrap(True)
        small = self._legend.font()
        small.setPointSizeF(small.pointSizeF() * 0.9)
        self._legend.setFont(small)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(header)
        layout.addWidget(self._stages, 1)
        layout.addWidget(self._legend)
        for signal in (session.latent_changed, session.model_changed, session.encoding_changed, session.frame_changed):
            signal.connect(self._show)
        self._show()

    def use(self, stage: QWidget) -> None:
        """Draw on another stage from now on: a `SkeletonGl`, or a `SkeletonPainter` again."""
        previous, self.stage = self.stage, stage
        self._stages.addWidget(stage)
        self._stages.setCurrentWidget(stage)
        self._stages.removeWidget(previous)
        previous.deleteLater()
        self._show()

    @Slot()
    def use_painter(self) -> None:
        """What to do when the driver gives up."""
        if not isinstance(self.stage, SkeletonPainter):
            self.use(SkeletonPainter())

    @Slot()
    def reset_view(self) -> None:
        self.stage.reset_view()

    def figures(self) -> list[Figure]:
        """The shown pose, and behind it the annotation of the encoded frame."""
        session = self._session
        shown = []
        if session.model is not None and session.pose is not None:
            shown.append(figure(session.model.skeleton, session.pose))
        if shown and session.encoding is not None and session.view.data.skeleton is not None:
            annotated = annotated_pose(session.view.frame)
            if annotated is not None:
                colour = theme.annotated(self.palette()).getRgb()[:3]
                shown.append(figure(session.view.data.skeleton, annotated, colour))
        return shown

    @Slot()
    def _show(self) -> None:
        figures = self.figures()
        self.stage.show_figures(figures)
        self._legend.setText(self._legend_text(has_annotation=len(figures) > 1))

    def _legend_text(self, has_annotation: bool) -> str:
        entries = [(finger, "#{:02x}{:02x}{:02x}".format(*FINGER_COLOURS[finger])) for finger in FINGERS]
        if has_annotation:
            entries.append(("annotated", theme.annotated(self.palette()).name()))
        colour = self.palette().color(QPalette.ColorRole.WindowText).name()
        return " ".join(
            f'<span style="color:{dot}">●</span>&nbsp;<span style="color:{colour}">{name}</span>'
            for name, dot in entries
        )
