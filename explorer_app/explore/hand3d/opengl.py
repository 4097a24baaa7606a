"""Whether OpenGL can be used. Asked before a widget for it is built: where it cannot, that ends the process."""

from __future__ import annotations

import os

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

_WITHOUT_OPENGL = ("offscreen", "minimal", "vnc", "linuxfb")
_LEAST_VERSION = (2, 1)


def is_expected() -> bool:
    """True where a platform has OpenGL as a rule, and nobody switched it off with LSPS_NO_OPENGL=1."""
    is_off = os.environ.get("LSPS_NO_OPENGL", "0") not in ("", "0")
    return not is_off and QGuiApplication.platformName() not in _WITHOUT_OPENGL


def is_usable() -> bool:
    """True where a context of OpenGL 2.1 can be made current; LSPS_NO_OPENGL=1 says no without asking."""
    if not is_expected():
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
