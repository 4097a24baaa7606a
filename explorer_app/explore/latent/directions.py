"""Sliders of directions from examples, above those of the latent's axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from explorer_app.explore.latent.row import LatentRow
from explorer_app.explore.model.directions import Directions, read_directions, write_directions
from explorer_app.model.latent import Direction, DirectionAxis, LatentAxes
from explorer_app.model.wording import grouped
from explorer_app.preferences import Preferences
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from explorer_app.session.undo import Merge
from explorer_app.widgets import theme
from explorer_app.widgets.file_dialog import ask_for_paths
from explorer_app.widgets.layouts import column_layout
from explorer_app.widgets.menus import add_action

_FILTERS = ("Directions (*.json)",)


class DirectionSliders(QWidget):
    """A view of `Session.latent` along the directions kept for its model; locked axes do not change.

    axes: the axes of the other sliders now.
    """

    changed = Signal()
    """There are other rows."""

    def __init__(
        self,
        session: Session,
        background: Background,
        axes: Callable[[], LatentAxes],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._latent_axes = session, axes
        self._directions = Directions()
        self.axes: dict[str, DirectionAxis] = {}
        self.rows: dict[str, LatentRow] = {}
        self._files = background.add_worker("directions", self._on_read)
        self._lines = column_layout(self, gap=0)
        self._lines.setContentsMargins(0, 0, 0, theme.GAP)
        session.model_changed.connect(self._show_all)
        session.latent_changed.connect(self._show)
        self._show_all()

    def set_directions(self, directions: Directions) -> None:
        """Show those of another file."""
        self._directions = directions
        self._show_all()

    @property
    def known(self) -> dict[str, Direction]:
        """The directions of the open model by name."""
        return self._directions.of(self._fingerprint)

    @property
    def _fingerprint(self) -> str:
        model = self._session.model
        return model.scale.fingerprint if model is not None else ""

    @Slot(str, Direction)
    def add(self, name: str, direction: Direction) -> None:
        """Keep a direction, whose slider is shown if it is of the open model."""
        self._change(partial(self._directions.save, name, direction))

    def import_from(self, path: Path) -> None:
        """Add the directions in a file."""
        self._files.ask(path, partial(read_directions, path))

    def export_to(self, path: Path) -> None:
        """Write the directions of the open model."""
        self._session.asked.emit()
        self._files.ask(path, partial(write_directions, path, list(self.known.items())))

    @Slot(object, object)
    def _on_read(self, path: Path, found: Sequence[tuple[str, Direction]] | None) -> None:
        if found is None:
            self._session.done.emit(f"{path.name} saved")
        else:
            self._change(partial(self._directions.take, found, self._fingerprint))

    def _change(self, change: Callable[[], None]) -> None:
        try:
            change()
        except ValueError as error:
            self._session.message.emit(str(error))
        self._show_all()

    def fill_menu(self, menu: QMenu, preferences: Preferences) -> None:
        """The entries of the Latent menu. preferences: know where file dialogs open."""
        entry = add_action(menu, "&Import …", partial(self._ask, "file", preferences))
        entry.setEnabled(self._session.model is not None)
        entry = add_action(menu, "&Export …", partial(self._ask, "save", preferences))
        entry.setEnabled(bool(self.rows))

    def _ask(self, kind: Literal["file", "save"], preferences: Preferences) -> None:
        act, title = (self.import_from, "Import") if kind == "file" else (self.export_to, "Export")

        def go(names: list[str]) -> None:
            preferences.last_folder = str(Path(names[0]).parent)
            act(Path(names[0]))

        ask_for_paths(
            self,
            f"{title} directions",
            preferences.last_folder,
            kind,
            go,
            filters=_FILTERS,
            name="" if kind == "file" else "directions.json",
            suffix=".json",
        )

    def remove(self, name: str) -> None:
        self._change(partial(self._directions.remove, self._fingerprint, name))

    def rename(self, old: str, new: str) -> None:
        self._change(partial(self._directions.rename, self._fingerprint, old, new))

    def _ask_name(self, name: str) -> None:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Rename direction")
        dialog.setLabelText("Name:")
        dialog.setTextValue(name)
        dialog.textValueSelected.connect(partial(self.rename, name))
        dialog.open()

    @Slot()
    def _show_all(self) -> None:
        """Rebuild the rows, which are few."""
        for row in self.rows.values():
            self._lines.removeWidget(row)
            row.hide()
            row.deleteLater()
        model = self._session.model
        self.axes = {name: model.direction_axis(each) for name, each in self.known.items()} if model else {}
        self.rows = {name: self._row(place, name) for place, name in enumerate(self.axes)}
        self.setVisible(bool(self.rows))
        self._show()
        self.changed.emit()

    def _row(self, place: int, name: str) -> LatentRow:
        row, (start, end) = LatentRow(), self.known[name].frames
        counts = f"from the mean code of {grouped(start)} frames to that of {grouped(end)}"
        tip = f"{name}: {counts}, in σ of the training codes along it; a right click renames or deletes it"
        row.show_name(f"d{place + 1}", name, tip)
        row.has_lock = False
        row.value_asked.connect(partial(self._set_value, name))
        row.held.connect(partial(self._hold, name))
        row.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        row.customContextMenuRequested.connect(partial(self._show_menu, name))
        self._lines.addWidget(row)
        return row

    def _show_menu(self, name: str, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_action(menu, "Re&name …", partial(self._ask_name, name))
        add_action(menu, "&Delete", partial(self.remove, name))
        menu.popup(self.rows[name].mapToGlobal(place))

    @Slot()
    def _show(self) -> None:
        for name, axis in self.axes.items():
            self.rows[name].show_value(axis.coordinate(self._session.latent), is_locked=False)

    def _set_value(self, name: str, value: float) -> None:
        latent = self._session.latent
        code = self._latent_axes().merged(latent, self.axes[name].moved(latent, value))
        self._session.set_latent(code, f"move {name}", merge=Merge.AXIS)

    def _hold(self, name: str, is_held: bool) -> None:
        if is_held:
            self._session.begin_edit(f"move {name}")
        else:
            self._session.end_edit()
