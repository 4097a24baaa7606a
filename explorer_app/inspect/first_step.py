"""What the panels of Inspect show until there are errors: what is missing, and the button for it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from explorer_app.inspect.evaluation import Evaluation
from explorer_app.inspect.model.stored_results import ONCE
from explorer_app.session.session import Session
from explorer_app.widgets.empty_state import EmptyState

_OPEN, _IMPORT, _EVALUATE = "Open …", "Import into a store …", "Evaluate"


class FirstStep(QObject):
    """What has to be done before there are errors, in this order: a model, a store of frames, an evaluation."""

    changed = Signal()
    open_asked = Signal()
    import_asked = Signal(object, object)
    """Import images into a store: their paths and `ImageSettings`."""

    def __init__(self, session: Session, evaluation: Evaluation, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._evaluation = session, evaluation
        for signal in (evaluation.changed, session.model_changed, session.data_changed):
            signal.connect(self.changed)

    def state(self, use: str) -> tuple[str, str, str]:
        """Title, sentence and button. use: what an evaluation is for."""
        evaluation, model, data = self._evaluation, self._session.model, self._session.data
        if model is None:
            return "No model", "Open one, or a run that trains one.", _OPEN
        if data is None:
            return "No frames", "Open a store of frames, annotated or not.", _OPEN
        if evaluation.obstacle:
            return "Not a store", evaluation.obstacle, "" if data.is_live else _IMPORT
        if evaluation.trouble:
            return "The evaluation failed", evaluation.trouble, _EVALUATE
        if evaluation.job is not None:
            return "Evaluating …", "The model is loading; its results will appear here.", ""
        if evaluation.is_looking:
            return "Searching for earlier results …", "", ""
        reading = "" if evaluation.reading == ONCE else f" {evaluation.reading}"
        return (
            use,
            f"{model.name} has not been evaluated{reading} on {data.title} yet. "
            f"Evaluate (F5) runs it on all {len(data)} frames, and keeps the results.",
            _EVALUATE,
        )

    def do(self, button: str) -> None:
        """What this button of `state` says."""
        from explorer_app.model.image_data import ImageData  # it is loaded with the data

        data = self._session.data
        if button == _OPEN:
            self.open_asked.emit()
        elif button == _EVALUATE:
            self._evaluation.start()
        elif isinstance(data, ImageData):
            self.import_asked.emit(data.origin, data.settings)


class FirstStepView(EmptyState):
    """A view of `FirstStep`."""

    def __init__(self, step: FirstStep, use: str, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._step, self._use = step, use
        self.clicked.connect(self._do)
        step.changed.connect(self._show)
        self._show()

    @Slot()
    def _do(self) -> None:
        self._step.do(self.button.text())

    @Slot()
    def _show(self) -> None:
        self.show_state(*self._step.state(self._use))
