"""The images of one frame: the raw image with the hand cube, the input, and the output of each route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from explorer_app.explore.frames.route_controls import RouteControls
from explorer_app.model.colours import ANNOTATED
from explorer_app.model.pose_error import annotated_pose
from explorer_app.model.routes import Routes
from explorer_app.model.scene import Figure, figure
from explorer_app.session.fitting import FrameFitting
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout
from explorer_app.widgets.pictures.depth_picture import OR_SHORTER, DepthPicture
from explorer_app.widgets.pictures.picture_row import TO_INPUT, DifferenceWords, PictureRow

if TYPE_CHECKING:
    from explorer_app.model.data import FrameView
    from lsps_core.evaluation.consistency import RouteName

DIFFERENCE_LIMIT_MM = 30.0
"""Range of the colours for differences: the same for all frames, so that frames can be compared."""
DISTANCE_LIMIT_MM = 10.0
"""The same for distances from a hand's skin; a fitted hand is 1 to 2 mm off, the sensor's noise included."""
_TO_HAND = DifferenceWords("inside", "outside", "distance from the hand’s skin", "not compared")

_COMPARED = "\nBelow: how far it is from the input on average, and the share of the hand that only one of both has."
_TIPS: dict[RouteName, str] = {
    "reconstruction": f"The input, encoded and decoded in its own domain.{_COMPARED}",
    "translation": f"The input, encoded in its own domain and decoded in the other.{_COMPARED}",
    "cycle": f"The translation, translated back. What gets lost on the way shows here.{_COMPARED}",
    "image of the pose": f"The pose that is read, decoded as an image. Where it differs, the pose is wrong.{_COMPARED}",
}
"""Of the titles and captions."""


class FramePictures(QWidget):
    """A view of `Session.view` and `encoding`; the predicted skeleton follows the sliders.

    After a fit, `before` and `after` show P's pose and the fitted one in place of the routes.
    While the mouse is over a route's image, or over its entry in the list of poses, the input shows its skeleton.
    """

    legend_changed = Signal(bool)
    """Whether it is on screen with the colours of depth."""

    def __init__(
        self, session: Session, fitting: FrameFitting, actions: QWidget, parent: QWidget | None = None
    ) -> None:
        """actions: controls for the frame, above those of the routes."""
        super().__init__(parent)
        self._session, self._fitting = session, fitting
        self._pointed_at: str | None = None
        self._is_seen = False
        self.raw = DepthPicture("Raw image, hand cube")
        self.input = DepthPicture("Input", "This frame cannot be read")
        self.reconstruction = DepthPicture("Reconstruction")
        self.translation = DepthPicture("Translation")
        self.cycle = DepthPicture("Cycle")
        self.of_pose = DepthPicture("Image of the pose")
        self.by_route: dict[RouteName, DepthPicture] = {
            "reconstruction": self.reconstruction,
            "translation": self.translation,
            "cycle": self.cycle,
            "image of the pose": self.of_pose,
        }
        self.input.setToolTip("What the networks get: the hand in its cube. White is the annotation.")
        for name, tip in _TIPS.items():
            self.by_route[name].setToolTip(tip)
        self.before, self.after = DepthPicture("Before: P’s pose"), DepthPicture("After: fitted pose")
        self.controls = RouteControls(session)
        pictures = (self.input, self.before, self.after, *self.by_route.values())
        for picture in (self.raw, *pictures):
            picture.caption = ""
        below = QWidget()
        lines = column_layout(below, gap=theme.UNIT)
        lines.addWidget(actions)
        lines.addWidget(self.controls)
        self._row = PictureRow(pictures, beside=(self.raw,), controls=below)
        layout = column_layout(self)
        layout.addWidget(self._row)
        self.controls.differences_toggled.connect(self._show_encoding)
        self.controls.before_and_after_toggled.connect(self._show_encoding)
        fitting.changed.connect(self._show_encoding)
        self.controls.route_pointed_at.connect(self.point_at)
        for name, picture in self.by_route.items():
            picture.pointed_at.connect(lambda is_here, name=name: self.point_at(name if is_here else None))
        session.frame_changed.connect(self._show_frame)
        session.latent_changed.connect(self._show_skeletons)
        for signal in (
            session.encoding_changed,
            session.routes_changed,
            session.model_changed,
            session.playing_changed,
        ):
            signal.connect(self._show_encoding)
        self._show_frame()

    @Slot(object)
    def point_at(self, name: str | None) -> None:
        """Draw the pose of this route over the input; None for the pose of the sliders."""
        if name != self._pointed_at:
            self._pointed_at = name
            self._show_skeletons()

    @property
    def _routes(self) -> Routes | None:
        encoding = self._session.encoding
        return encoding.routes if encoding is not None and self._session.view is not None else None

    @Slot()
    def _show_frame(self) -> None:
        view = self._session.view
        self.raw.setVisible(view is not None and view.raw is not None)
        if view is None:
            self.input.clear()
            self._row.legend.set_cube(None)
        else:
            frame = view.frame
            self._row.legend.set_cube(frame.half_mm, float(frame.center_mm[2]))
            self.input.show_depth(view.input_mm, -frame.half_mm, frame.half_mm)
            if view.raw is not None:
                self.raw.set_caption(f"{view.raw.near_mm:.0f} to {view.raw.far_mm:.0f} mm")
                self.raw.setToolTip(view.raw.note)
                self.raw.show_depth(view.raw.depth_mm, view.raw.near_mm, view.raw.far_mm)
                self.raw.set_overlay(box_px=view.raw.box_px)
        self._show_encoding()

    @Slot()
    def _show_encoding(self) -> None:
        view, routes, is_difference = self._session.view, self._routes, self.controls.differences.isChecked()
        for name, picture in self.by_route.items():
            if view is None or routes is None:
                picture.placeholder = self._placeholder()
                if self._session.encoding is None or self._session.is_playing:  # else those of this frame follow soon
                    picture.set_caption("")
                    picture.clear()
                continue
            route, half_mm = routes.routes[name], view.frame.half_mm
            line = route.difference.line
            picture.set_caption(f"{line}{OR_SHORTER}{line.removesuffix(' only')}")
            if is_difference:
                picture.show_difference(route.difference, DIFFERENCE_LIMIT_MM)
            else:
                picture.show_depth(route.picture_mm, -half_mm, half_mm)
        is_fit = self._show_fit(is_difference)
        if routes is not None:
            other = routes.routes["translation"].domain
            self.translation.title = f"Translation to {other}{OR_SHORTER}To {other}"
        limit_mm, words = (DISTANCE_LIMIT_MM, _TO_HAND) if is_fit else (DIFFERENCE_LIMIT_MM, TO_INPUT)
        self._row.legend.show_differences(limit_mm if is_difference else None, words)
        self._row.arrange()
        self._tell_legend()
        self._show_skeletons()

    def _tell_legend(self) -> None:
        is_shown = self._is_seen and self._session.data is not None
        self.legend_changed.emit(is_shown and not self.controls.differences.isChecked())

    @Slot(bool)
    def set_seen(self, is_seen: bool) -> None:
        """Whether the tab is raised."""
        self._is_seen = is_seen
        self._tell_legend()

    def _show_fit(self, is_difference: bool) -> bool:
        """P's pose and the fitted one in place of the routes; False if there is no fit, or the routes are wanted."""
        fit, view, model = self._fitting.result, self._session.view, self._session.model
        self.controls.fit_box.setVisible(fit is not None)
        is_shown = fit is not None and self.controls.before_and_after.isChecked()
        for picture in (self.before, self.after):
            picture.setVisible(is_shown)
        for picture in self.by_route.values():
            picture.setVisible(not is_shown)
        if not is_shown or fit is None or view is None or model is None:
            return False
        for picture, hand, what, size in (
            (self.before, fit.before, "Before: ", []),
            (self.after, fit.after, "After: ", [fit.size_text]),
        ):
            error = hand.error_text
            name = picture.accessibleName()
            picture.title = OR_SHORTER.join((f"{name}, {error}", f"{what}{error}")) if error else name
            picture.set_caption(OR_SHORTER.join((", ".join([hand.residual_text, *size]), hand.residual_text)))
            picture.setAccessibleDescription(", ".join(filter(None, (error, hand.residual_text, *size))))
            if is_difference:
                picture.show_difference(hand.distances, DISTANCE_LIMIT_MM, "not compared", "no reading")
                picture.set_overlay()
            else:
                picture.show_depth(view.input_mm, -view.frame.half_mm, view.frame.half_mm)
                picture.set_overlay((*annotated_figures(view), figure(model.skeleton, view.pixels_of(hand.pose))))
        return True

    def _placeholder(self) -> str:
        session = self._session
        if session.view is None:
            return ""
        if session.model is None:
            return "No model yet"
        if session.is_playing:
            return "Shown when the frames stop"
        is_under_way = session.is_encoding_under_way or session.encoding is not None
        return "Encoding …" if is_under_way else "Press Encode (E) to run the model on this frame"

    @Slot()
    def _show_skeletons(self) -> None:
        session = self._session
        view, pose = session.view, session.pose
        if view is None or pose is None or session.encoding is None or session.model is None:
            self.input.set_caption("")
            self.input.set_overlay()
            return
        annotated = annotated_figures(view)
        caption = "annotated in white" if annotated else ""
        routes = self._routes
        if routes is not None and self._pointed_at is not None:
            pose, error_mm = routes.poses[self._pointed_at], routes.errors_mm[self._pointed_at]
            where = f"from the {self._pointed_at}"
            caption = f"pose {where}" if error_mm is None else f"{error_mm:.1f} mm off, {where}"
        self.input.set_caption(caption)
        self.input.set_overlay((*annotated, figure(session.model.skeleton, view.pixels_of(pose))))


def annotated_figures(view: FrameView) -> list[Figure]:
    """The annotation in px of the crop, if there is one."""
    pose = annotated_pose(view.frame)
    if pose is None or view.data.skeleton is None:
        return []
    return [figure(view.data.skeleton, view.pixels_of(pose), ANNOTATED)]
