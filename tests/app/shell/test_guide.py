"""The guide and the tour: their pages, links and menu entries are there, and the tour leaves nothing behind."""

from __future__ import annotations

import re

import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import QRect, Qt, QUrl
from pytestqt.qtbot import QtBot

from explorer_app.preferences import Preferences
from explorer_app.shell.help.guide import Guide, pages, title_of
from explorer_app.shell.help.tour import Tour
from explorer_app.shell.help.tour_offer import TourOffer
from explorer_app.shell.main_window import MainWindow
from explorer_app.widgets.menus import entries


def test_pages_have_titles_and_links_between_them_lead_somewhere() -> None:
    names = [page.name for page in pages()]
    assert len(names) == 6
    for page in pages():
        assert title_of(page)
        for link in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            assert link in names, f"{page.name} links to {link}"


def test_menu_entries_and_keys_of_the_guide_are_those_of_the_window(window: MainWindow) -> None:
    known = {entry.path.rstrip(" …").replace("&", "") for entry in entries(window.menuBar())}
    keys = {key for entry in entries(window.menuBar()) for key in entry.keys.split(" or ")}
    for page in pages():
        text = " ".join(page.read_text(encoding="utf-8").split())
        for menu, rest in re.findall(r"\b(File|Train|View|Help|Latent|Frame) ▸ ([A-Z][\w-]*(?: [a-z]+)?)", text):
            start = f"{menu} ▸ {rest.split()[0]}"
            assert any(entry.startswith(start) for entry in known), f"{page.name}: {start}"
        for key in re.findall(r"(?:Ctrl\+\w|\bF\d+)\b", text):
            assert key in keys, f"{page.name}: {key}"


def test_the_guide_shows_its_pages_and_follows_links(qtbot: QtBot, window: MainWindow) -> None:
    window.help.show_guide()
    guide = window.findChild(Guide)
    qtbot.waitExposed(guide)
    assert "What you see" in guide.text.toPlainText()
    guide.text.anchorClicked.emit(QUrl("2-words.md"))
    assert guide.list.currentRow() == 1
    assert "σ" in guide.text.toPlainText()
    guide.close()


@pytest.mark.parametrize("way", ["buttons", "escape"])
def test_the_tour_goes_through_the_window_and_ends(qtbot: QtBot, window: MainWindow, way: str) -> None:
    entry = next(entry for entry in entries(window.menuBar()) if entry.path == "Help ▸ Tour")
    entry.action.trigger()
    tour = window.findChild(Tour)
    seen = []
    for number in range(5):
        assert tour.bubble.isVisible()
        assert QRect(window.rect()).contains(tour.bubble.geometry())
        seen.append((window.workspaces.current, tour.bubble.accessibleName()))
        if number < 4:
            qtbot.mouseClick(tour.bubble.next, Qt.MouseButton.LeftButton)
    assert [workspace for workspace, _ in seen] == ["Explore"] * 3 + ["Inspect", "Train"]
    assert len(set(seen)) == 5
    if way == "buttons":
        qtbot.mouseClick(tour.bubble.next, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChild(Tour) is None, timeout=WAIT_MS)
    window.resize(900, 700)


def test_the_tour_is_offered_once_and_starts_from_the_offer(qtbot: QtBot, window: MainWindow) -> None:
    offer = window.tour_offer
    assert offer.bar.text == ""
    offer.offer_once()
    assert "five steps" in offer.bar.text
    qtbot.mouseClick(offer.later, Qt.MouseButton.LeftButton)
    assert offer.bar.text == ""
    offer.offer_once()
    assert offer.bar.text == ""
    again = TourOffer(Preferences(), window.start_tour, window)
    qtbot.addWidget(again.bar)
    again.offer_once()
    qtbot.mouseClick(again.start, Qt.MouseButton.LeftButton)
    tour = window.findChild(Tour)
    assert tour is not None
    tour.end()
    qtbot.waitUntil(lambda: window.findChild(Tour) is None, timeout=WAIT_MS)
