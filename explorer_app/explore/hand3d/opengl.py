"""Whether OpenGL can be used. Check before creating an OpenGL widget: without OpenGL that aborts the process."""

from __future__ import annotations

import os
from functools import cache

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

_WITHOUT_OPENGL = ("offscreen", "minimal", "vnc", "linuxfb")
_LEAST_VERSION = (2, 1)
_GL_RENDERER = 0x1F01
_SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "swrast", "software", "gdi generic")


def is_expected() -> bool:
    """True if the platform usually has OpenGL and LSPS_NO_OPENGL=1 is not set."""
    is_off = os.environ.get("LSPS_NO_OPENGL", "0") not in ("", "0")
    return not is_off and QGuiApplication.platformName() not in _WITHOUT_OPENGL


def is_usable() -> bool:
    """True if an OpenGL 2.1 context can be made current; False without a try if LSPS_NO_OPENGL=1."""
    return is_expected() and _renderer() is not None


def samples() -> int:
    """Per pixel, for smooth edges; 0 where the processor draws, which takes three times as long with 4."""
    name = (_renderer() or "").lower()
    return 0 if any(word in name for word in _SOFTWARE) else 4


@cache
def _renderer() -> str | None:
    """What draws, in the driver's words; None without OpenGL 2.1."""
    context = QOpenGLContext()
    if not context.create() or context.isOpenGLES():
        return None
    surface = QOffscreenSurface()
    surface.setFormat(context.format())
    surface.create()
    if not surface.isValid() or not context.makeCurrent(surface):
        return None
    name = str(context.functions().glGetString(_GL_RENDERER))
    is_recent = context.format().version() >= _LEAST_VERSION
    context.doneCurrent()
    return name if is_recent else None
