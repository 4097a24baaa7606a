"""What the tour says."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QWidget

from explorer_app.shell.help.tour import Step
from explorer_app.workspace_names import EXPLORE, INSPECT, TRAIN

_TEXTS = {
    "latent": (
        EXPLORE,
        "One hand, 20 numbers",
        "Drag a slider: the pictures and the skeleton follow. Each is named by what it moves. Gestures and Sample prior"
        " jump to other hands; Ctrl+Z goes back.",
    ),
    "skeleton": (
        EXPLORE,
        "Pull a joint",
        "Drag a fingertip in this view: the sliders follow it. A right click pins a joint; the background turns the "
        "hand.",
    ),
    "frame": (
        EXPLORE,
        "What the model reads",
        "A frame, and what the model makes of it by several routes. Left and Right step. Drop a depth image of your own"
        " on the window to see it here.",
    ),
    "failures": (
        INSPECT,
        "Where it fails",
        "Evaluate (F5) runs the model on all frames, and sorts, plots and explains its errors.",
    ),
    "workspaces": (
        TRAIN,
        "Train your own",
        "New run (Ctrl+T) trains a model on your stores, and Explore shows its newest checkpoint meanwhile. The Guide"
        " in the Help menu has more.",
    ),
}


def steps(targets: Mapping[str, QWidget]) -> list[Step]:
    """targets: the widget of each step by its key."""
    return [Step(title, text, workspace, targets[key]) for key, (workspace, title, text) in _TEXTS.items()]
