"""Names proposed for files to save."""

from __future__ import annotations

import re

from explorer_app.model.opening import IMAGE_SUFFIXES
from explorer_app.session.session import Session


def file_name(what: str, session: Session, suffix: str) -> str:
    """`what` with the frame that is encoded, or the model, as in "skeleton of frame 12.png"."""
    of = ""
    if session.encoding is not None and session.view is not None:
        of = session.view.frame.name
        if of.lower().endswith(IMAGE_SUFFIXES):
            of = of.rpartition(".")[0]
    elif session.model is not None:
        of = session.model.name
    return re.sub(r"[^\w .-]+", "-", f"{what} of {of}" if of else what).strip(" .-") + suffix
