"""A file that HDF5 can write to when the disk is full."""

from __future__ import annotations

import io
from typing import Any


class PatientFile(io.FileIO):
    """A file that accepts every write and remembers the first failure.

    HDF5 does not survive a full disk: it retries failed writes until it crashes the process. So every write reports
    success to HDF5, and the writer checks `error` instead.
    """

    error: OSError | None = None

    def write(self, data: Any, /) -> int:
        view = memoryview(data)
        size, written = view.nbytes, 0
        while written < size and self.error is None:
            try:
                written += super().write(view[written:]) or 0
            except OSError as error:
                self.error = error
        return size

    def truncate(self, size: int | None = None, /) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size or 0
