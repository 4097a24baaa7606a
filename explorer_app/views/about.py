"""What this is, after whom, and what its model and its samples were made from."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from explorer_app.model.model_facts import SIMULATED_ONLY
from lsps_core import __version__

if TYPE_CHECKING:
    from explorer_app.model.hand_model import HandModel

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


class About(QDialog):
    """Version, paper, where the open model comes from, licences of data."""

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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 12, 20, 14)
        layout.addWidget(self.text)
        layout.addWidget(buttons)


def provenance(model: HandModel | None) -> str:
    """What the open model was trained on and how, as rich text; all of the file's own words are escaped."""
    if model is None:
        return "None is open."
    lines = [escape(model.name)]
    if model.is_trained_on_simulated_only:
        lines.append(f"<b>{escape(SIMULATED_ONLY)}</b>")
    commands = model.training.get("commands")
    for command in commands if isinstance(commands, list) else []:
        lines.append(f"<code>{escape(str(command))}</code>")
    return "<br>".join([*lines, "Model ▸ Model info has all that its file says."])
