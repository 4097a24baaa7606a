"""Whether OpenGL can be used. Check before creating an OpenGL widget: without OpenGL that aborts the process."""

from __future__ import annotations

import os

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

_WITHOUT_OPENGL = ("offscreen", "minimal", "vnc", "linuxfb")
_LEAST_VERSION = (2, 1)


def is_expected() -> bool:
    """True if the platform usually has OpenGL and LSPS_NO_OPENGL=1 is not set."""
    is_off = os.environ.get("LSPS_NO_OPENGL", "0") not in ("", "0")
    return not is_off and QGuiApplication.platformName() not in _WITHOUT_OPENGL


def is_usable() -> bool:
    """True if an OpenGL 2.1 context can be made current; False without a try if LSPS_NO_OPENGL=1."""
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
