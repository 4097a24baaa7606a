"""What the app remembers between two starts."""

from __future__ import annotations

import json

from PySide6.QtCore import QSettings

from explorer_app.model.opening import CAMERA_PRESETS, ImageSettings

_IMAGES = "images/settings"


class Preferences:
    """Over QSettings; without any (tests, screenshots) things are remembered for as long as this object lives."""

    def __init__(self, settings: QSettings | None = None) -> None:
        self._settings = settings
        self._images = CAMERA_PRESETS["sr305"]

    @property
    def image_settings(self) -> ImageSettings:
        """How images were read the last time."""
        if self._settings is None:
            return self._images
        try:
            return ImageSettings.from_json(json.loads(str(self._settings.value(_IMAGES))))
        except ValueError:  # never written, or by another version
            return self._images

    @image_settings.setter
    def image_settings(self, value: ImageSettings) -> None:
        self._images = value
        if self._settings is not None:
            self._settings.setValue(_IMAGES, json.dumps(value.to_json()))
