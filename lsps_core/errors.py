"""Errors for users: the problem, the remedy, and the setting concerned. No torch."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Words:
    """The names that a user interface has for placeholders in remedies: flags of the command line, fields of the app.

    names: by placeholder, as of "exchange {synthetic_path} and {real_path}". settings: the text for {settings}.
    """

    names: Mapping[str, str]
    settings: Callable[[Mapping[str, str]], str]

    def fill(self, text: str, settings: Mapping[str, str]) -> str:
        """The text with its placeholders replaced; unknown ones are kept."""
        names = {**self.names, "settings": self.settings(settings)}
        return _PLACEHOLDER.sub(lambda found: names.get(found[1], found[0]), text)


COMMAND_LINE = Words(
    names={
        "synthetic_path": "--synthetic",
        "real_path": "--real",
        "device": "--device",
        "resume": "resume with --resume",
        "change": " and --change",
        "camera": "--camera FX,FY,CX,CY",
        "out": "--out",
        "nyu_packed": "--nyu-packed",
        "unit_mm": "--unit-mm",
        "elsewhere": ", or give another path with --out",
        "save_memory": "give a smaller --jobs",
        "name_frames": "names before the numbers (`lsps predict --names`)",
        "simulate": "`lsps simulate`",
        "import": "`lsps import`",
        "train": "`lsps train`",
    },
    settings=lambda settings: " ".join(["--resume --change", *(f"--set {k}={v}" for k, v in settings.items())]),
)


class LspsError(ValueError):
    """Wrong input, or work that cannot continue. Programs read the attributes; the texts are for people only.

    what: what is wrong and where. remedy: what to do, with placeholders that `Words` fills; may be empty.
    field: the setting or argument concerned: a key of `TrainConfig` ("real_path", "depth.batch_size"),
        "run_path" or "device"; empty for none. settings: values by key with which the work can continue.
    """

    def __init__(
        self, what: str, remedy: str = "", *, field: str = "", settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(what, remedy)
        self.what, self.remedy, self.field, self.settings = what, remedy, field, dict(settings or {})

    def line(self, words: Words = COMMAND_LINE) -> str:
        """What is wrong and what to do, in one line."""
        remedy = self.remedy_in(words)
        return f"{self.what}; {remedy}" if remedy else self.what

    def remedy_in(self, words: Words) -> str:
        return words.fill(self.remedy, self.settings)

    def __str__(self) -> str:
        return self.line()

    def about(self, field: str) -> LspsError:
        """The same error with this field, unless it has one already."""
        self.field = self.field or field
        return self


def field_of(error: BaseException, other: str = "") -> str:
    """The field that an error is about; `other` if it names none."""
    return (error.field if isinstance(error, LspsError) else "") or other


def as_lsps_error(error: BaseException) -> LspsError:
    """Any error as one for users: with the file's name where it has one, with its type where it is unexpected."""
    if isinstance(error, LspsError):
        return error
    if is_out_of_memory(error):
        return LspsError("out of memory", "close other programs, or use less data or a smaller model")
    if isinstance(error, OSError) and error.filename:
        return LspsError(f"{error.filename}: {error.strerror}")
    text = str(error) or "no reason given"
    return LspsError(text if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: {text}")


_SHORTAGES = (
    *("out of memory", "not enough memory", "can't allocate memory", "std::bad_alloc"),
    *("failed to map segment", "cannot allocate memory"),  # of a library that is imported
    "could not create a primitive",  # oneDNN, of a convolution
)


def is_out_of_memory(error: BaseException) -> bool:
    """torch has an error of its own on accelerators only; on the CPU only the message identifies it."""
    if isinstance(error, RuntimeError | ImportError):
        return any(words in str(error).lower() for words in _SHORTAGES)
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
