"""The window's names for placeholders in errors: its fields, instead of command-line flags."""

from __future__ import annotations

from lsps_core.errors import Words, as_lsps_error

IN_WINDOW = Words(
    names={
        "synthetic_path": "“Synthetic store”",
        "real_path": "“Real store”",
        "device": "“Device”",
        "resume": "resume it",
        "change": "",
        "camera": "a “Camera”",
        "out": "“Folder”",
        "nyu_packed": "“Packed”",
        "unit_mm": "the “Depth unit”",
        "elsewhere": "",
        "save_memory": "close other programs",
        "name_frames": "names before the numbers",
        "simulate": "“Simulate data”",
        "import": "“Import data”",
        "train": "“Train”",
    },
    settings=lambda settings: ", ".join(f"{key}={value}" for key, value in settings.items()),
)


def line_of(error: BaseException) -> str:
    """An error in one line, in the window's words."""
    lines = as_lsps_error(error).line(IN_WINDOW).strip().splitlines()
    return lines[0] if lines else "no reason given"
