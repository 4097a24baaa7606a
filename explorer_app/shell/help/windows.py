"""The help windows: commands, shortcuts, message log and About."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QMainWindow,
    QMenuBar,
    QPlainTextEdit,
    QTextBrowser,
    QWidget,
)

from explorer_app.log import LOG_NAME, LOGGER, RecentRecords
from explorer_app.model.wording import SIMULATED_ONLY
from explorer_app.preferences import Preferences
from explorer_app.session.session import Session
from explorer_app.shell.help.command_palette import CommandPalette
from explorer_app.shell.help.guide import Guide
from explorer_app.shell.help.model_info import ModelInfo
from explorer_app.widgets import theme
from explorer_app.widgets.layouts import column_layout
from explorer_app.widgets.menus import entries
from lsps_core import __version__

if TYPE_CHECKING:
    from explorer_app.model.hand.model import HandModel

_PAPER = (
    "One latent of a hand, seen as real depth, synthetic depth and 3D pose. A new implementation of Abdi, "
    "Abbasnejad, Lim, Nahavandi, <i>3D Hand Pose Estimation using Simulation and Partial-Supervision with a Shared "
    'Latent Space</i>, BMVC 2018, <a href="https://arxiv.org/abs/1807.05380">arXiv 1807.05380</a>. MIT licence.'
)
_DATA = (
    "The bundled samples were rendered by this project’s own simulator and come under its MIT licence. Frames of NYU, "
    "ICVL and MSRA are under the terms of their authors; none comes with this program. The font DejaVu Sans is under "
    "its own free licence."
)


class AboutDialog(QDialog):
    """Version, paper, origin of the open model, licences of data."""

    def __init__(self, model: HandModel | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About LSPS Explorer")
        self.text = QLabel(
            f"<h3>LSPS Explorer {__version__}</h3><p>{_PAPER}</p>"
            f"<p><b>Model</b><br>{provenance(model)}</p><p><b>Data</b><br>{_DATA}</p>"
        )
        self.text.setWordWrap(True)
        self.text.setOpenExternalLinks(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.text.setMinimumWidth(520)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = column_layout(self)
        layout.setContentsMargins(2 * theme.MARGIN, theme.MARGIN, 2 * theme.MARGIN, theme.MARGIN)
        layout.addWidget(self.text)
        layout.addWidget(buttons)


def provenance(model: HandModel | None) -> str:
    """The open model and what it was trained on, as rich text; texts from the file are escaped."""
    if model is None:
        return "No model is open."
    lines = [escape(model.name)]
    if model.is_trained_on_simulated_only:
        lines.append(f"<b>{escape(SIMULATED_ONLY)}</b>")
    return "<br>".join([*lines, "Model ▸ Model info shows how it was trained."])


class LogWindow(QDialog):
    """All messages since the start with their time; not modal."""

    def __init__(self, records: RecentRecords, where: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Log")
        self.resize(760, 420)
        self._records = records
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setPlaceholderText("No messages yet")
        self.text.setAccessibleName("Log")
        self.text.setToolTip("All messages since the start, the newest last")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton("Copy all", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.setToolTip("Copy the whole log to the clipboard")
        self.copy.clicked.connect(self.copy_all)
        buttons.rejected.connect(self.reject)
        layout = column_layout(self, margin=theme.MARGIN)
        layout.addWidget(self.text)
        if where:
            layout.addWidget(QLabel(f"Also in {where}"))
        layout.addWidget(buttons)
        self.show_records()

    @Slot()
    def show_records(self) -> None:
        self.text.setPlainText(self._records.text)
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())

    @Slot()
    def copy_all(self) -> None:
        QGuiApplication.clipboard().setText(self._records.text)


_EVERYWHERE = [("Move through the controls", "Tab"), ("Open a menu", "Alt+letter"), ("Leave a dialog", "Esc")]


def shortcuts_of(bar: QMenuBar) -> list[tuple[str, list[tuple[str, str]]]]:
    """(menu, [(action, keys)]) of all actions that have a key, submenus included."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for entry in entries(bar):
        if entry.keys:
            groups.setdefault(entry.menu, []).append((entry.name, entry.keys))
    return list(groups.items())


class ShortcutSheet(QDialog):
    """The shortcuts of all menus, to read and copy."""

    def __init__(self, bar: QMenuBar, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        self.resize(460, 620)
        self.text = QTextBrowser()
        self.text.setAccessibleName("Shortcuts")
        faint = theme.faint(self.palette()).name()
        self.text.setHtml(
            "".join(_html_table(*group, faint) for group in (*shortcuts_of(bar), ("Everywhere", _EVERYWHERE)))
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = column_layout(self, margin=theme.MARGIN)
        layout.addWidget(self.text)
        layout.addWidget(buttons)


def _html_table(title: str, rows: list[tuple[str, str]], faint: str) -> str:
    lines = "".join(
        f'<tr><td width="270">{escape(name)}</td><td style="color:{faint}">{escape(keys)}</td></tr>'
        for name, keys in rows
    )
    return f'<p style="margin-bottom:2px"><b>{escape(title)}</b></p><table cellpadding="2">{lines}</table>'


class HelpWindows(QObject):
    """Opens the help windows beside the main window, and keeps the messages for the log."""

    def __init__(self, window: QMainWindow, session: Session, preferences: Preferences) -> None:
        super().__init__(window)
        self._window, self._session, self._preferences = window, session, preferences
        self._records = RecentRecords()
        LOGGER.addHandler(self._records)
        self.log_window: LogWindow | None = None

    def close_down(self) -> None:
        LOGGER.removeHandler(self._records)

    @Slot(str)
    def log(self, line: str) -> None:
        LOGGER.warning(line)
        if self.log_window is not None:
            self.log_window.show_records()

    @Slot()
    def show_log(self) -> None:
        """All messages since the start, in a window beside this one."""
        if self.log_window is None:
            folder = self._preferences.folder
            path = str(folder / LOG_NAME) if folder is not None else ""
            self.log_window = LogWindow(self._records, path, self._window)
        self.log_window.show_records()
        self.log_window.show()
        self.log_window.raise_()

    @Slot()
    def show_commands(self) -> None:
        palette = CommandPalette(self._window.menuBar(), self._window)
        palette.finished.connect(palette.deleteLater)
        palette.open()

    @Slot()
    def show_shortcuts(self) -> None:
        sheet = ShortcutSheet(self._window.menuBar(), self._window)
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    @Slot()
    def show_model_info(self) -> None:
        if self._session.model is None:
            self._session.message.emit("there is no model yet; open one with File ▸ Open")
            return
        info = ModelInfo(self._session.model, self._window)
        info.finished.connect(info.deleteLater)
        info.open()

    @Slot()
    def show_guide(self) -> None:
        """The guide, in a window beside this one."""
        try:
            guide = Guide(self._window)
        except FileNotFoundError as error:
            self._session.message.emit(str(error))
            return
        guide.open_page("what-you-see")

    @Slot()
    def show_about(self) -> None:
        about = AboutDialog(self._session.model, self._window)
        about.finished.connect(about.deleteLater)
        about.open()
