"""Asks what becomes of running runs when the window is closed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QPushButton, QWidget

from explorer_app.train.model.run_folder import RunView


class LeaveDialog(QMessageBox):
    """Leave running, stop and save, or stay; `answer` is one of "leave", "stop", "stay"."""

    def __init__(self, runs: Sequence[RunView], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle("Close LSPS Explorer")
        names = ", ".join(view.path.name for view in runs)
        self.setText(f"{names} {'is' if len(runs) == 1 else 'are'} still training.")
        self.setInformativeText("A run that is left running is listed again at the next start.")
        role = QMessageBox.ButtonRole
        self.leave = self._add("&Leave running", "Close the window; training continues", role.AcceptRole)
        self.stop = self._add("S&top and save", "Close the window; the run saves and stops", role.ActionRole)
        self.stay = self._add("St&ay", "Keep the window open", role.RejectRole)
        self.setDefaultButton(self.stay)
        self.setEscapeButton(self.stay)

    def _add(self, text: str, tip: str, role: QMessageBox.ButtonRole) -> QPushButton:
        button = self.addButton(text, role)
        button.setToolTip(tip)
        return button

    @property
    def answer(self) -> str:
        answers: dict[QAbstractButton, str] = {self.leave: "leave", self.stop: "stop"}
        return answers.get(self.clickedButton(), "stay")
