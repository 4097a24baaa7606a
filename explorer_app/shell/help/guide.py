"""Help ▸ Guide: the pages of `resources/guide`."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QTextBrowser, QWidget

from explorer_app.resources import resource
from explorer_app.widgets import theme
from explorer_app.widgets.layouts import row_layout

_LIST_PX = 180
_MARGIN_PX = 18.0


def pages() -> list[Path]:
    """The pages, in their order; FileNotFoundError, in one line, if they are missing."""
    return sorted(resource("guide").glob("*.md"))


def title_of(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").strip()


class Guide(QDialog):
    """A list of pages and the page; not modal, so that it can be read beside the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Guide")
        self.resize(820, 620)
        self.list = QListWidget()
        self.list.setAccessibleName("Pages")
        self.list.setFixedWidth(_LIST_PX)
        self.list.setSpacing(theme.UNIT)
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.text = QTextBrowser()
        self.text.setAccessibleName("Page")
        self.text.setOpenLinks(False)
        self.text.document().setDocumentMargin(_MARGIN_PX)
        self._pages = pages()
        for page in self._pages:
            self.list.addItem(QListWidgetItem(title_of(page)))
        layout = row_layout(self, gap=0)
        layout.addWidget(self.list)
        layout.addWidget(self.text, 1)
        self.list.currentRowChanged.connect(self._show)
        self.text.anchorClicked.connect(self._follow)
        self.list.setCurrentRow(0)

    @Slot(int)
    def _show(self, row: int) -> None:
        if row >= 0:
            self.text.setMarkdown(self._pages[row].read_text(encoding="utf-8"))

    @Slot(QUrl)
    def _follow(self, link: QUrl) -> None:
        """Another page here, anything else in the browser."""
        names = [page.name for page in self._pages]
        if link.toString() in names:
            self.list.setCurrentRow(names.index(link.toString()))
        else:
            QDesktopServices.openUrl(link)

    def open_page(self, name: str) -> None:
        """Show the page whose file name contains this."""
        found = [row for row, page in enumerate(self._pages) if name in page.name]
        self.list.setCurrentRow(found[0] if found else 0)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.show()
        self.raise_()
