"""The labels of one opened data, and the store that they are kept in."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # they import HDF5
    from explorer_app.model.data import Data
    from lsps_core.finetuning.labels import Label


class DataLabels:
    """By the names of their frames. Reading and writing is for a thread."""

    def __init__(self, path: Path, data: Data) -> None:
        self.path, self.source, self.is_simulated = path, data.title, data.is_simulated
        self.labels: dict[str, Label] = {}
        self.problem = "its labels are still being read; try again"
        self._writing = threading.Lock()

    def read(self) -> dict[str, Label]:
        """Called in a thread."""
        from lsps_core.finetuning.labels import read_labels

        return read_labels(self.path)

    def write(self) -> None:
        """Write the labels as they are now; called in a thread. Of several calls at a time, the last has all."""
        from lsps_core.finetuning.labels import write_labels

        with self._writing:
            write_labels(self.path, dict(self.labels), is_simulated=self.is_simulated, source=self.source)
