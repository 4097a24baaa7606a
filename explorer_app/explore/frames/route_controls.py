"""Options for the images of a frame, its domain, and how well its routes agree."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from explorer_app.model.routes import Routes
from explorer_app.session.session import Session
from explorer_app.widgets import theme
from explorer_app.widgets.fields import choice, label, show_choice
from explorer_app.widgets.layouts import row_layout
from explorer_app.widgets.small import CheckBox


class RouteControls(QWidget):
    """A view of `Session.domain_choice` and of the routes of `encoding`."""

    differences_toggled = Signal(bool)
    before_and_after_toggled = Signal(bool)
    route_pointed_at = Signal(object)
    """The name of a route in the list of poses, None when the list is left."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.differences = QAction("&Differences", self)
        self.differences.setCheckable(True)
        self.differences.setShortcut(QKeySequence("D"))
        self.differences.setToolTip(
            "Show the difference of each route’s image from the input, or of the input from the fitted hand, in mm (D)"
        )
        self.differences.toggled.connect(self.differences_toggled)
        self.before_and_after = QAction("&Before and after the fit", self)
        self.before_and_after.setIconText("Before and after")
        self.before_and_after.setCheckable(True)
        self.before_and_after.setChecked(True)
        self.before_and_after.setShortcut(QKeySequence("B"))
        self.before_and_after.setToolTip("After a fit, show P’s pose and the fitted one in place of the routes (B)")
        self.before_and_after.toggled.connect(self.before_and_after_toggled)
        self.fit_box = CheckBox(self.before_and_after)
        self.fit_box.setVisible(False)
        self.agreement = QPushButton()
        self.poses = QMenu(self)
        self.poses.hovered.connect(self._point_at)
        self.poses.aboutToHide.connect(self._point_at_nothing)
        self.agreement.setMenu(self.poses)
        layout = row_layout(self)
        layout.addWidget(CheckBox(self.differences))
        layout.addWidget(self.fit_box)
        self._build_domain(layout)
        layout.addWidget(self.agreement)
        session.domain_changed.connect(self._show_domain)
        for signal in (session.data_changed, session.encoding_changed, session.routes_changed):
            signal.connect(self._show_routes)
        self._show_domain()
        self._show_routes()

    def _build_domain(self, layout: QHBoxLayout) -> None:
        encoder = "The encoder for these frames; for images of unknown origin try both"
        self.domain = choice({None: "", "real": "", "synthetic": ""}, "Domain", encoder)
        self.domain.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.domain.currentIndexChanged.connect(self._choose_domain)
        self.domain.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        title = label("Domain", self.domain)
        title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        layout.addSpacing(theme.GAP)
        layout.addWidget(title)
        layout.addWidget(self.domain)
        layout.addSpacing(theme.GAP)

    @Slot(int)
    def _choose_domain(self, index: int) -> None:
        self._session.set_domain_choice(self.domain.itemData(index))

    @Slot()
    def _show_domain(self) -> None:
        with QSignalBlocker(self.domain):
            show_choice(self.domain, self._session.domain_choice)

    @Slot()
    def _show_routes(self) -> None:
        data, encoding = self._session.data, self._session.encoding
        routes = encoding.routes if encoding is not None else None
        origin = f"{data.domain} (from file)" if data is not None else "as in the file"
        for index, text in enumerate((origin, "real", "synthetic")):
            self.domain.setItemText(index, text)
        self.agreement.setEnabled(routes is not None)
        self.poses.clear()
        if routes is None:
            self.agreement.setText("Routes")
            self.agreement.setToolTip("The pose of each route, after the frame is encoded")
        else:
            self.agreement.setText(f"Routes agree within {routes.disagreement_mm:.1f} mm")
            self.agreement.setToolTip(_table_of(routes))
            self._list_poses(routes)
        self.updateGeometry()
        self.agreement.setAccessibleName(self.agreement.text())

    def _list_poses(self, routes: Routes) -> None:
        for name, error_mm in routes.errors_mm.items():
            off = f"\t{error_mm:.1f} mm off" if error_mm is not None else ""
            self.poses.addAction(f"Pose of the {name}{off}").setData(name)

    @Slot(QAction)
    def _point_at(self, action: QAction) -> None:
        self.route_pointed_at.emit(action.data())

    @Slot()
    def _point_at_nothing(self) -> None:
        self.route_pointed_at.emit(None)


def _table_of(routes: Routes) -> str:
    """Rich text: the pose of each route, and the domain that reconstructs the frame better."""
    rows = "".join(
        f"<tr><td>the {name}&nbsp;</td><td align=right>{f'{off:.1f} mm off' if off is not None else ''}</td></tr>"
        for name, off in routes.errors_mm.items()
    )
    fits = ", ".join(f"{domain} {routes.fit_mm[domain]:.2f} mm" for domain in routes.fit_mm)
    return (
        f"<p>Joints of {len(routes.poses)} routes differ by {routes.disagreement_mm:.1f} mm on average.</p>"
        f"<table><tr><td colspan=2>Pose estimated from</td></tr>{rows}</table>"
        f"<p>Reconstructed better as <b>{routes.better_domain}</b> depth ({fits} per pixel).</p>"
    )
