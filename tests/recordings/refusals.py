"""What every file that is not a recording gets: one clear line, soon."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lsps_core.data.recordings.opening import open_recording
from lsps_core.errors import LspsError


def check_refusal(path: Path, says: str, seconds: float = 20) -> None:
    """Opening the file fails in one line with its name, what is wrong and what to do."""
    start = time.process_time()
    with pytest.raises(LspsError) as caught:
        open_recording(path)
    assert says in str(caught.value)
    assert str(caught.value).startswith(f"{path}")
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)
    assert time.process_time() - start < seconds
