"""Pickled dicts, lists, numbers, texts and NumPy arrays of numbers, read without executing a pickle.

A pickle is a program. Here its instructions are decoded by `pickletools` and followed with plain values only; the few
functions that pickled arrays call are known by their names. Nothing is imported or called; any other name is refused.
"""

from __future__ import annotations

import math
import pickletools
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lsps_core.files import require_file

_MOST_BYTES = 10_000_000
_MOST_INSTRUCTIONS = 1_000_000
_KINDS = "biuf"
_NDARRAY, _DTYPE = "numpy.ndarray", "numpy.dtype"
_RECONSTRUCT, _SCALAR = "numpy.core.multiarray._reconstruct", "numpy.core.multiarray.scalar"
_FROM_BUFFER = "numpy.core.numeric._frombuffer"
_ENCODE = "_codecs.encode"  # of bytes, in protocols that have none
_BYTES = ("__builtin__.bytes", "builtins.bytes")  # without arguments: empty ones
_KNOWN = (*_BYTES, _NDARRAY, _DTYPE, _RECONSTRUCT, _SCALAR, _FROM_BUFFER, _ENCODE)


@dataclass(frozen=True)
class _Name:
    """A function or class that the pickle names, one of _KNOWN."""

    text: str

    @classmethod
    def known(cls, module: str, attribute: str) -> _Name:
        text = f"{module}.{attribute}".replace("numpy._core.", "numpy.core.")
        if text not in _KNOWN:
            raise ValueError(f"it names {text[:60]!r}, which makes neither a number nor an array")
        return cls(text)


@dataclass
class _Type:
    """A NumPy type under construction: its byte order comes after it."""

    dtype: np.dtype[Any]


@dataclass
class _Array:
    """An array under construction; slots: where it is in the memo, for its values come after it."""

    slots: list[int] = field(default_factory=list)


class _Mark:
    pass


def read_plain_pickle(path: Path) -> Any:
    """The value that was pickled; ValueError, in one line, for anything but plain values and arrays of numbers."""
    try:
        require_file(path, most_bytes=_MOST_BYTES)
        content = path.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist; unpack the set again") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); check who may access it") from error
    try:
        return load_plain(content)
    except ValueError as error:
        why = " ".join(str(error).split())[:120]
        raise ValueError(f"{path} is not a pickle of plain values ({why}); copy it again") from error


def load_plain(content: bytes) -> Any:
    """The value of a pickle; ValueError for damaged ones and for any value that is not plain."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in texts
            return _Machine().run(content)
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, EOFError) as error:
        raise ValueError(f"it is damaged: {error}") from error


class _Machine:
    """The pickle machine of the instructions that plain values need."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, content: bytes) -> Any:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(content)):
            if opcode.name == "STOP":
                return self._result()
            if count > _MOST_INSTRUCTIONS:
                raise ValueError("it has too many instructions")
            self._follow(opcode.name, argument)
        raise ValueError("it has no end")

    def _result(self) -> Any:
        value = self.stack.pop()
        seen, waiting = set(), [value]
        while waiting:
            each = waiting.pop()
            if isinstance(each, _Name | _Type | _Array | _Mark):
                raise ValueError("its value is not plain")
            if isinstance(each, dict | list | tuple) and id(each) not in seen:  # a list may hold itself
                seen.add(id(each))
                waiting += [*each, *each.values()] if isinstance(each, dict) else each
        return value

    def _follow(self, name: str, argument: Any) -> None:
        if name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name in _LITERALS:
            self.stack.append(argument)
        elif name in _FILLERS:
            _FILLERS[name](self)
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            self._remember(len(self.memo) if name == "MEMOIZE" else argument)
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif name == "GLOBAL":
            self.stack.append(_Name.known(*argument.split(" ", 1)))
        elif name not in ("PROTO", "FRAME"):
            raise ValueError(f"it has the instruction {name}")

    def _remember(self, slot: int) -> None:
        value = self.memo[slot] = self.stack[-1]
        if isinstance(value, _Array):
            value.slots.append(slot)

    def since_mark(self) -> list[Any]:
        """The values since the last mark, which are taken from the stack with it."""
        place = len(self.stack) - 1
        while not isinstance(self.stack[place], _Mark):
            if place == 0:
                raise ValueError("it is damaged: a mark is missing")
            place -= 1
        values = self.stack[place + 1 :]
        del self.stack[place:]
        return values

    def tuple_of(self, count: int) -> None:
        values = tuple(self.stack[len(self.stack) - count :])
        if len(values) != count:
            raise ValueError("it is damaged: too few values")
        del self.stack[len(self.stack) - count :]
        self.stack.append(values)

    def append(self, values: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise ValueError("it appends to what is not a list")
        self.stack[-1].extend(values)

    def set_items(self, values: list[Any]) -> None:
        if not isinstance(self.stack[-1], dict):
            raise ValueError("it sets items of what is not a dict")
        self.stack[-1].update(zip(values[::2], values[1::2], strict=True))

    def dict_of(self) -> None:
        values = self.since_mark()
        self.stack.append(dict(zip(values[::2], values[1::2], strict=True)))

    def name(self) -> None:
        attribute, module = self.stack.pop(), self.stack.pop()
        self.stack.append(_Name.known(module, attribute))

    def call(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, _Name):
            raise ValueError("it calls a value")
        self.stack.append(_result_of(function.text, arguments))

    def build(self) -> None:
        """Complete the array or type on the stack by its state."""
        state, built = self.stack.pop(), self.stack[-1]
        if isinstance(built, _Type):
            order = state[1]
            if order not in ("<", ">", "|", "=") or any(part is not None for part in state[2:5]):
                raise ValueError("it has a type that is not of numbers")
            built.dtype = built.dtype.newbyteorder(order)
        elif isinstance(built, _Array):
            _, shape, kind, is_fortran, data = state
            array = self.stack[-1] = _array(data, kind, shape, "F" if is_fortran else "C")
            self.memo |= dict.fromkeys(built.slots, array)
        else:
            raise ValueError("it sets the state of an object")


def _result_of(name: str, arguments: Any) -> Any:
    """What one of _KNOWN returns; ValueError for other arguments than those of numbers and arrays."""
    if name == _RECONSTRUCT and arguments[0] == _Name(_NDARRAY):
        return _Array()
    if name in _BYTES and arguments == ():
        return b""
    if name == _DTYPE:
        return _Type(_number_type(arguments[0]))
    if name == _SCALAR:
        return _array(arguments[1], arguments[0], (), "C")[()]
    if name == _FROM_BUFFER:
        return _array(*arguments)
    if name == _ENCODE and arguments[1] == "latin1":
        return _bytes(arguments[0])
    raise ValueError(f"it calls {name} for another value than a number or an array")


def _number_type(code: Any) -> np.dtype[Any]:
    if not isinstance(code, str) or code[:1] not in tuple(_KINDS) or not code[1:].isdecimal() or int(code[1:]) > 8:
        raise ValueError("it has an array that is not of numbers")
    return np.dtype(code)


def _array(data: Any, kind: Any, shape: Any, order: Any) -> np.ndarray[Any, Any]:
    if not isinstance(kind, _Type) or not isinstance(shape, tuple) or order not in ("C", "F"):
        raise ValueError("it has an array that is not of numbers")
    sizes = [int(size) for size in shape]
    content = _bytes(data)
    if min(sizes, default=0) < 0 or math.prod(sizes) * kind.dtype.itemsize != len(content):
        raise ValueError("it has an array of another size than its values")
    return np.frombuffer(content, kind.dtype).reshape(sizes, order=order)


def _bytes(data: Any) -> bytes:
    """Bytes, also as the text that they are in pickles of Python 2."""
    return data.encode("latin-1") if isinstance(data, str) else bytes(memoryview(data))


_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
    "MARK": _Mark,
}
_LITERALS = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_FILLERS: dict[str, Callable[[_Machine], Any]] = {
    "TUPLE": lambda machine: machine.stack.append(tuple(machine.since_mark())),
    "TUPLE1": lambda machine: machine.tuple_of(1),
    "TUPLE2": lambda machine: machine.tuple_of(2),
    "TUPLE3": lambda machine: machine.tuple_of(3),
    "LIST": lambda machine: machine.stack.append(machine.since_mark()),
    "DICT": _Machine.dict_of,
    "APPEND": lambda machine: machine.append([machine.stack.pop()]),
    "APPENDS": lambda machine: machine.append(machine.since_mark()),
    "SETITEM": lambda machine: machine.set_items([machine.stack.pop(-2), machine.stack.pop()]),
    "SETITEMS": lambda machine: machine.set_items(machine.since_mark()),
    "POP": lambda machine: machine.stack.pop(),
    "POP_MARK": lambda machine: machine.since_mark(),
    "STACK_GLOBAL": _Machine.name,
    "REDUCE": _Machine.call,
    "BUILD": _Machine.build,
}
