"""Whether OpenGL can be used. Asked before a widget for it is built: where it cannot, that ends the process."""

from __future__ import annotations

import os

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

_WITHOUT_OPENGL = ("offscreen", "minimal", "vnc", "linuxfb")
_LEAST_VERSION = (2, 1)


def is_usable() -> bool:
    """True where a context of OpenGL 2.1 can be made current; LSPS_NO_OPENGL=1 says no without asking."""
    if os.environ.get("LSPS_NO_OPENGL", "0") not in ("", "0"):
        return False
    if QGuiApplication.platformName() in _WITHOUT_OPENGL:
        return False
    context = QOpenGLContext()
    if not context.create() or context.isOpenGLES():
        return False
    surface = QOffscreenSurface()
    surface.setFormat(context.format())
    surface.create()
    if not surface.isValid() or not context.makeCurrent(surface):
        return False
    is_recent = context.format().version() >= _LEAST_VERSION
    context.doneCurrent()
    return is_recent
