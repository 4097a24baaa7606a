"""Everything can be read: contrast by computation, names of all widgets with focus, an order of the Tab key."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from app_helpers import WAIT_MS
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor, QPalette
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QDialog, QLabel, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from explorer_app.explore.frames.labels_dialog import LabelsDialog
from explorer_app.explore.inspector.image_dialog import ImageDialog
from explorer_app.explore.inspector.parts import InspectorFacts
from explorer_app.explore.latent.presets_dialog import PresetsDialog
from explorer_app.inspect.directions import DirectionDialog
from explorer_app.inspect.label_queue import QueueDialog
from explorer_app.model.opening import ImageSettings
from explorer_app.shell import appearance
from explorer_app.shell.main_window import MainWindow
from explorer_app.shell.recovery.bar import RecoveryBar
from explorer_app.shell.status import MessageBar
from explorer_app.train.job_dialog import JobDialog
from explorer_app.train.leave_dialog import LeaveDialog
from explorer_app.train.run_trouble import RunTrouble
from explorer_app.widgets import theme
from explorer_app.widgets.noted_field import NoteLabel
from explorer_app.widgets.plot_colours import PlotColours
from lsps_core.camera import SR305

TEXT, GRAPHIC = 4.5, 3.0
"""The least contrast of text, and of what is not text, by WCAG 2.2."""
Role = QPalette.ColorRole


def luminance(colour: QColor) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor, other: QColor) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(params=["light", "dark"])
def palette(qapp: QApplication, request: pytest.FixtureRequest) -> QPalette:  # noqa: ARG001
    return appearance.palette_of(is_dark=request.param == "dark")


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        (Role.WindowText, Role.Window),
        (Role.Text, Role.Base),
        (Role.Text, Role.AlternateBase),
        (Role.ButtonText, Role.Button),
        (Role.HighlightedText, Role.Highlight),
        (Role.Link, Role.Window),
        (Role.Link, Role.Base),
        (Role.PlaceholderText, Role.Base),
        (Role.ToolTipText, Role.ToolTipBase),
    ],
)
def test_text_of_the_palette_can_be_read(palette: QPalette, text: Role, ground: Role) -> None:
    assert contrast(palette.color(text), palette.color(ground)) >= TEXT


def test_secondary_text_can_be_read(palette: QPalette) -> None:
    grounds = [palette.color(Role.Window), palette.color(Role.Base), theme.view_background(palette)]
    for ground in (*grounds, theme.picture_background(palette)):
        assert contrast(theme.faint(palette), ground) >= TEXT
        assert contrast(theme.problem(palette), ground) >= TEXT
    colours = PlotColours(palette)
    for text in (colours.text, colours.faint):
        assert contrast(text, colours.ground) >= TEXT


def test_tags_can_be_read(palette: QPalette) -> None:
    ground, text = theme.tag(palette)
    assert contrast(ground, text) >= TEXT


def test_marks_in_views_can_be_seen(palette: QPalette) -> None:
    ground, colours = theme.view_background(palette), PlotColours(palette)
    for mark in (theme.error(palette), theme.fitted(palette), theme.annotated(palette), theme.halo(palette)):
        assert contrast(mark, ground) >= GRAPHIC
    for mark in (colours.plain, colours.selected, colours.current, *colours.others, *colours.curves):
        assert contrast(mark, ground) >= GRAPHIC
    window = palette.color(Role.Window)
    edge = appearance.edges_of(palette).color(Role.Window).darker(140)  # of boxes and fields, as the style draws it
    assert contrast(edge, window) >= GRAPHIC
    assert contrast(edge, palette.color(Role.Base)) >= GRAPHIC  # boxes in lists
    assert contrast(palette.color(Role.Link), window) >= GRAPHIC  # the line below a raised tab


@pytest.mark.parametrize("make", [MessageBar, RecoveryBar, RunTrouble])
def test_coloured_bars_can_be_read_and_follow_the_theme(qtbot: QtBot, make: Callable[[], QWidget]) -> None:
    widget = make()
    qtbot.addWidget(widget)
    try:
        for name in ("dark", "light", "dark"):
            appearance.set_theme(name)
            qtbot.waitUntil(lambda is_dark=name == "dark": theme.is_dark(widget.palette()) == is_dark, timeout=WAIT_MS)
            palette = widget.palette()
            assert contrast(palette.color(Role.WindowText), palette.color(Role.Window)) >= TEXT
            assert contrast(palette.color(Role.ButtonText), palette.color(Role.Button)) >= TEXT
    finally:
        appearance.set_theme("system")


def test_problems_are_in_a_colour_that_can_be_read(qtbot: QtBot, palette: QPalette) -> None:
    note = NoteLabel()
    qtbot.addWidget(note)
    note.setPalette(palette)
    note.show_problem("wrong")
    colour = QColor(re.findall(r"#\w+", note.styleSheet())[0])
    assert contrast(colour, palette.color(Role.Window)) >= TEXT


def focusable(root: QWidget) -> list[QWidget]:
    """What Tab or a click gives the focus, apart from parts of one widget such as the editor of a spin box."""
    found = []
    for widget in root.findChildren(QWidget):
        is_part = widget.objectName().startswith("qt_") or isinstance(widget.focusProxy(), QWidget)
        is_popup = widget.window() is not root.window() and widget.window().parent() is not root.window()  # of a combo
        is_frame = isinstance(widget, QAbstractScrollArea) and type(widget).__name__ in ("QScrollArea", "Narrow")
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not is_part and not is_frame and not is_popup:
            found.append(widget)
    return found


def spoken_name(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name).strip() if interface is not None else ""


def nameless(root: QWidget) -> list[str]:
    left_out = (QTabBar, QLabel)  # tabs have their own names; text is read as it is
    return [
        f"{type(widget).__name__} in {type(widget.parent()).__name__}"
        for widget in focusable(root)
        if not isinstance(widget, left_out) and not spoken_name(widget)
    ]


def test_every_widget_with_focus_has_a_name(
    qtbot: QtBot, window: MainWindow, open_and_wait: Callable[..., None], model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    for workspace in ("Explore", "Inspect", "Train"):
        window.workspaces.go(workspace)
        qtbot.waitUntil(lambda: not window.background.is_busy, timeout=WAIT_MS)
    window.training_dialogs.new_run()
    window.training_dialogs.simulate()
    window.training_dialogs.import_data()
    assert len(focusable(window)) > 200
    assert nameless(window) == []
    for dialog in window.training_dialogs.jobs:
        dialog.close()
    window.training_dialogs.train.close()


def kinds_of(kind: type[QDialog]) -> set[type[QDialog]]:
    """The dialogs of the program that derive from this one, at any distance."""
    direct = kind.__subclasses__()
    found = {each for each in direct if each.__module__.startswith("explorer_app.")}
    return found.union(*(kinds_of(each) for each in direct))


def open_dialogs(window: MainWindow) -> list[QDialog]:
    """One of each kind, without a nested event loop."""
    helps, labelling = window.help, window.explore.labelling
    for show in (helps.show_commands, helps.show_shortcuts, helps.show_model_info, helps.show_guide):
        show()
    helps.show_about()
    helps.show_log()
    window.view_pictures.ask("Skeleton", window.skeleton)
    window.walk.exporting.ask()
    made = [
        LabelsDialog(labelling, window),
        ImageDialog(ImageSettings(camera=SR305), "2 images", window),
        PresetsDialog(window.presets, window.session, window),
        DirectionDialog({"all": np.arange(2), "selected": np.arange(1)}, lambda *_: None, window),
        QueueDialog([(0, "frame 0", "its error is large")], window.failures, labelling, window),
        LeaveDialog([], window),
    ]
    dialogs = window.training_dialogs
    dialogs.new_run()
    dialogs.simulate()
    dialogs.import_data()
    dialogs.finetune(None, None)
    for dialog in made:
        dialog.show()
    return window.findChildren(QDialog)


def test_every_dialog_names_its_widgets_and_tab_goes_down(
    qtbot: QtBot, window: MainWindow, open_and_wait: Callable[..., None], model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    opened = open_dialogs(window)
    qtbot.waitUntil(window.training_dialogs.train.isVisible, timeout=WAIT_MS)
    assert kinds_of(QDialog) - {type(dialog) for dialog in opened} == {JobDialog}
    assert {name for dialog in opened for name in nameless(dialog)} == set()
    assert {pair for dialog in opened for pair in ups(dialog)} == set()
    for dialog in opened:
        dialog.close()


def ups(root: QWidget) -> list[tuple[str, str]]:
    """Where Tab goes up: from one widget to another above it, but for that at the top of the next column."""
    order = tab_order(root)
    places = [widget.mapTo(root, widget.rect().topLeft()) for widget in order]
    return [
        (spoken_name(before), spoken_name(after))
        for (before, at), (after, then) in itertools.pairwise(zip(order, places, strict=True))
        if then.y() < at.y() - before.height() and then.x() < at.x() + before.width()
    ]


def test_every_widget_knows_that_the_theme_is_dark(qtbot: QtBot, window: MainWindow) -> None:
    appearance.set_theme("dark")
    qtbot.waitUntil(window.updatesEnabled, timeout=WAIT_MS)
    try:
        widgets = [widget for widget in window.findChildren(QWidget) if not _is_in(widget, InspectorFacts)]
        light = [widget for widget in widgets if not theme.is_dark(widget.palette())]
        assert [f"{type(widget).__name__} in {type(widget.parent()).__name__}" for widget in light] == []
    finally:
        appearance.set_theme("system")
        qtbot.waitUntil(window.updatesEnabled, timeout=WAIT_MS)


def test_another_theme_reaches_every_widget(qtbot: QtBot, window: MainWindow) -> None:
    appearance.set_theme("dark")
    qtbot.waitUntil(window.updatesEnabled, timeout=WAIT_MS)
    try:
        widgets = [widget for widget in window.findChildren(QWidget) if not _is_in(widget, InspectorFacts)]
        stale = [widget for widget in widgets if widget.palette().windowText().color().lightness() < 128]
        assert [f"{type(widget).__name__} in {type(widget.parent()).__name__}" for widget in stale] == []
    finally:
        appearance.set_theme("system")
        qtbot.waitUntil(window.updatesEnabled, timeout=WAIT_MS)


def _is_in(widget: QWidget, kind: type[QWidget]) -> bool:
    while widget is not None and not isinstance(widget, kind):
        widget = widget.parentWidget()
    return widget is not None


def tab_order(root: QWidget) -> list[QWidget]:
    """What Tab visits, from the first visible widget of `root` on."""
    chain, widget = [], root.nextInFocusChain()
    while widget is not root:
        is_in = root.isAncestorOf(widget) and widget.isVisibleTo(root) and widget.isEnabled()
        if is_in and widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
            chain.append(widget)
        widget = widget.nextInFocusChain()
    return chain


def test_tab_goes_down_the_panels_line_by_line(
    window: MainWindow, open_and_wait: Callable[..., None], model_path: Path, store_path: Path
) -> None:
    open_and_wait(model_path, store_path)
    window.docks["Time"].raise_()
    for root in (window.latent, window.skeleton, window.strip, window.explore.time):
        assert len(tab_order(root)) > 2
        assert ups(root) == [], f"Tab goes up in {type(root).__name__}"
