"""The menus of the Explore views. A new entry for them goes here; the shell knows the menus only."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from explorer_app.explore.latent.presets_dialog import PresetsDialog
from explorer_app.explore.views import ExploreViews
from explorer_app.model.latent import LatentCode
from explorer_app.widgets.icons import give_icon
from explorer_app.widgets.menus import NAME_PROPERTY, add_action, filled_on_show


def fill_frame_menu(views: ExploreViews, menu: QMenu) -> None:
    add_action(menu, "&Next frame", views.strip.step_on, "Right", ".")
    add_action(menu, "&Previous frame", views.strip.step_back, "Left", ",")
    transport = views.strip.transport
    for action in (transport.play, transport.begin, transport.end):
        menu.addAction(action)
    menu.addSeparator()
    add_action(menu, "&Encode", views.session.want_encoding, "E")
    menu.addAction(views.strip.fit.fit)
    menu.addAction(views.strip.fit.stop)
    menu.addSeparator()
    for action in views.strip.label.actions_of_frame:
        menu.addAction(action)


def fill_edit_menu(views: ExploreViews, menu: QMenu) -> None:
    stack = views.session.undo_stack
    for name, action, keys in (
        ("Undo", stack.createUndoAction(views, "&Undo"), ["Ctrl+Z"]),
        ("Redo", stack.createRedoAction(views, "&Redo"), ["Ctrl+Shift+Z", "Ctrl+Y"]),
    ):
        action.setProperty(NAME_PROPERTY, name)
        action.setShortcuts([QKeySequence(key) for key in keys])
        give_icon(action, name.lower())
        menu.addAction(action)


def fill_latent_menu(views: ExploreViews, menu: QMenu) -> None:
    add_action(menu, "&Sample prior", views.latent.sample_next, "R")
    add_action(menu, "R&eset all", views.latent.hands.reset, "0", "Ctrl+0")
    menu.addSeparator()
    add_action(menu, "P&resets …", partial(_show_presets, views), "Ctrl+P")
    filled_on_show(menu, "&Go to preset", partial(_fill_presets, views))
    menu.addMenu(views.latent.gestures)
    filled_on_show(menu, "&Directions", views.fill_direction_menu)


def fill_view_menu(views: ExploreViews, menu: QMenu) -> None:
    add_action(menu, "&Reset view of the skeleton", views.skeleton.reset_view, "V")
    menu.addSeparator()
    menu.addAction(views.pictures.skeleton)
    menu.addAction(views.strip.pictures.controls.differences)
    menu.addAction(views.strip.pictures.controls.before_and_after)


def _fill_presets(views: ExploreViews, menu: QMenu) -> None:
    session = views.session
    add_action(menu, "Mean code", partial(session.set_latent, LatentCode(), "mean code"))
    if session.model is not None:
        for name, code in views.presets.of(session.model.name).items():
            add_action(menu, name.replace("&", "&&"), partial(session.set_latent, code, name))


def _show_presets(views: ExploreViews) -> None:
    """Save, rename and delete presets of the open model."""
    if views.session.model is None:
        views.session.message.emit("presets belong to a model; open one with File ▸ Open")
        return
    dialog = PresetsDialog(views.presets, views.session, views.window)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
