"""What is shown, and showing it again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from explorer_app.background import Background
from explorer_app.model.latent import LatentCode
from explorer_app.model.saved_session import SavedSession
from explorer_app.session import Session
from lsps_core.config import IMAGE_SIZE, Domain


def snapshot(session: Session) -> SavedSession:
    """What the window shows now."""
    model, data = session.model, session.data
    return SavedSession(
        model_path=model.path.absolute() if model is not None else None,
        data_paths=tuple(path.absolute() for path in data.origin) if data is not None else (),
        images=getattr(data, "settings", None),
        index=session.index,
        latent=session.latent,
        is_at_code=session.is_at_code and _is_plain(session),
        visits=tuple(session.visits),
        is_encoding_on_step=session.is_encoding_on_step,
        device=model.device if model is not None else "auto",
    )


def _is_plain(session: Session) -> bool:
    """The frame was read as its data says: opened again, it has the same code."""
    raw = session.view.raw if session.view is not None else None
    return session.domain_choice is None and (raw is None or raw.note != "placed by hand")


def script_domain(session: Session) -> Domain | None:
    """As which domain the frame was encoded, where a script can take the same way from a store; else None."""
    if session.encoding is None or session.view is None:
        return None
    return session.encoding.domain if session.view.frame.depth_mm.shape[-1] == IMAGE_SIZE else None


class Arrival(QObject):
    """Goes to a latent once all that is being opened is there, and its frame has put the sliders at its own code."""

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._background = session, background
        self._wanted: tuple[LatentCode, str] | None = None
        background.activity_changed.connect(self._arrive)

    def want(self, latent: LatentCode | None, label: str) -> None:
        """None: forget what was wanted before."""
        self._wanted = (latent, label) if latent is not None else None
        self._arrive()

    @Slot()
    def _arrive(self) -> None:
        background = self._background
        workers = (background.looking, background.loading, background.opening, background.reading, background.encoding)
        if self._wanted is None or any(worker.is_busy for worker in workers):
            return
        (latent, label), self._wanted = self._wanted, None
        self._session.set_latent(latent, label)


def restore(
    saved: SavedSession,
    missing: Sequence[Path],
    session: Session,
    background: Background,
    arrival: Arrival,
    device: str,
) -> None:
    """Show what was saved; what is missing of it is left as it is, and one line says so."""
    session.is_encoding_on_step = saved.is_encoding_on_step
    session.set_visits(saved.visits)
    if saved.model_path is not None and saved.model_path not in missing:
        background.open_model(saved.model_path, device)
    has_data = bool(saved.data_paths) and not set(saved.data_paths) & set(missing)
    if has_data and saved.images is not None:
        background.open_images(saved.data_paths, saved.images, saved.index)
    elif has_data:
        background.open_store(saved.data_paths[0], saved.index)
    # the code of its frame comes by itself, unless the frame or its model does not
    is_complete = has_data and not missing
    arrival.want(None if saved.is_at_code and is_complete else saved.latent, "session")
    if missing:
        names = ", ".join(str(path) for path in missing[:2]) + (" and more" if len(missing) > 2 else "")
        session.message.emit(f"{names} is missing, the rest was opened; put it back, or open it from where it is now")
