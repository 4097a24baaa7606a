"""Layouts on the grid of the window: gaps and margins are multiples of `theme.UNIT`. Qt's own are 6 and 11 px."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QFormLayout, QGridLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from explorer_app.widgets.theme import GAP, UNIT

_Layout = TypeVar("_Layout", bound=QLayout)


def row_layout(owner: QWidget | None = None, *, gap: int = GAP, margin: int = 0) -> QHBoxLayout:
    """owner: the widget to lay out; None for a part of another layout. gap: px between neighbours."""
    return _spaced(QHBoxLayout(), owner, gap, margin)


def column_layout(owner: QWidget | None = None, *, gap: int = GAP, margin: int = 0) -> QVBoxLayout:
    """As `row_layout`, from top to bottom."""
    return _spaced(QVBoxLayout(), owner, gap, margin)


def grid_layout(owner: QWidget | None = None, *, gap: int = UNIT, margin: int = 0) -> QGridLayout:
    """gap: px between lines; columns are `GAP` apart."""
    layout = _spaced(QGridLayout(), owner, gap, margin)
    layout.setHorizontalSpacing(GAP)
    return layout


def form_layout(owner: QWidget | None = None, *, gap: int = UNIT, margin: int = 0) -> QFormLayout:
    """Labels and fields; gap: px between lines."""
    layout = _spaced(QFormLayout(), owner, gap, margin)
    layout.setHorizontalSpacing(GAP)
    return layout


def _spaced(layout: _Layout, owner: QWidget | None, gap: int, margin: int) -> _Layout:
    layout.setSpacing(gap)
    layout.setContentsMargins(margin, margin, margin, margin)
    if owner is not None:
        owner.setLayout(layout)
    return layout
