"""Save and restore the state of the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from explorer_app.model.crop import Crop
from explorer_app.model.saved_session import SavedSession
from explorer_app.session.background import Background
from explorer_app.session.session import Session
from lsps_core.config.model import IMAGE_SIZE, Domain


def snapshot(session: Session) -> SavedSession:
    """The current state of the window."""
    model, data = session.model, session.data
    return SavedSession(
        model_path=model.path.absolute() if model is not None else None,
        data_paths=tuple(path.absolute() for path in data.origin) if data is not None else (),
        images=getattr(data, "settings", None),
        index=session.index,
        latent=session.latent,
        is_at_code=session.is_at_code and _is_plain(session),
        history=tuple(session.history),
        is_encoding_on_step=session.is_encoding_on_step,
        device=model.device if model is not None else "auto",
        domain=session.domain_choice,
        crops=tuple(sorted(_crops(session).items())),
        walk=session.walk,
    )


def _crops(session: Session) -> dict[int, Crop]:
    """The user's crops of single images; frames of a store have none."""
    return getattr(session.data, "crops", {})


def _is_plain(session: Session) -> bool:
    """Whether the frame is read as in its data, so that a script gets the same code.

    While another frame is loading, the encoding is still of the previous one.
    """
    is_read = session.view is not None and session.view.index == session.index
    return is_read and session.domain_choice is None and session.index not in _crops(session)


def script_domain(session: Session) -> Domain | None:
    """The domain of the encoding, if a script can repeat it from a store; else None."""
    if session.encoding is None or session.view is None:
        return None
    return session.encoding.domain if session.view.frame.depth_mm.shape[-1] == IMAGE_SIZE else None


class Arrival(QObject):
    """Runs steps that must wait until opening is finished, and its frame has set the sliders to its code."""

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._steps: list[Callable[[], object]] = []
        background.activity_changed.connect(self._arrive)

    @property
    def is_awaited(self) -> bool:
        """Steps are pending."""
        return bool(self._steps)

    def want(self, *steps: Callable[[], object]) -> None:
        """Run these steps, each after the requests of the previous one are done; none: drop pending ones."""
        self._steps = list(steps)
        self._arrive()

    @Slot()
    def _arrive(self) -> None:
        background = self._background
        workers = (background.looking, background.loading, background.opening, background.reading, background.encoding)
        while self._steps and not any(worker.is_busy for worker in workers):
            self._steps.pop(0)()


def restore(
    saved: SavedSession,
    missing: Sequence[Path],
    session: Session,
    background: Background,
    arrival: Arrival,
    device: str,
    finish: Callable[[], object] = lambda: None,
) -> None:
    """Restore a saved session; missing parts are left unchanged, with one message.

    finish: called at the end.
    """
    session.set_encoding_on_step(saved.is_encoding_on_step)
    session.set_history(saved.history)
    if saved.walk is not None:
        session.set_walk(saved.walk)
    if saved.model_path is not None and saved.model_path not in missing:
        background.open_model(saved.model_path, device)
    has_data = bool(saved.data_paths) and not set(saved.data_paths) & set(missing)
    if has_data and saved.images is not None:
        background.open_images(saved.data_paths, saved.images, saved.index, dict(saved.crops))
    elif has_data:
        background.open_store(saved.data_paths[0], saved.index)
    go = partial(_go_to_frame, saved, session) if has_data else lambda: None
    arrival.want(go, partial(_go_to_latent, saved, session, has_data and not missing), finish)
    if missing:
        names = ", ".join(str(path) for path in missing[:2]) + (" and more" if len(missing) > 2 else "")
        session.message.emit(f"{names} is missing, the rest was opened; restore it, or open it from its new path")


def _go_to_frame(saved: SavedSession, session: Session) -> None:
    """Show the exact frame (images without a hand may open at another one), and its domain."""
    if session.data is None or session.data.origin != saved.data_paths:
        return  # it could not be opened
    session.set_index(saved.index)
    session.set_domain_choice(saved.domain)


def _go_to_latent(saved: SavedSession, session: Session, is_complete: bool) -> None:
    """The latent, unless it is the code of the frame and set already; then the history, unchanged."""
    if not (saved.is_at_code and is_complete and session.is_at_code):
        session.set_latent(saved.latent, "session", add_to_history=not saved.history)
    if saved.history:
        session.set_history(saved.history)
