"""Convert an untrusted JSON object to the arguments of a dataclass. No torch."""

from __future__ import annotations

import dataclasses
import math
from functools import cache
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

Count = Annotated[int, 2**31]
"""From 0 to the largest Qt int."""
Size = Annotated[int, 2**63]
"""A number of bytes or parameters, from 0."""
Finite = Annotated[float, "finite"]
"""From 0, and never NaN."""


def arguments(of: Any, value: dict[str, Any]) -> dict[str, Any]:
    """The arguments of the dataclass's constructor; other keys are ignored. A float that is null or not finite is NaN.

    Fields with a default may be missing, those with a default factory may not. KeyError, TypeError, ValueError or
    OverflowError if a field is missing or has the wrong type.
    """
    found = {}
    for name, (hint, is_optional) in _hints(of).items():
        if name in value or not is_optional:
            found[name] = _checked(hint, value[name])
    return found


@cache
def _hints(of: Any) -> dict[str, tuple[Any, bool]]:
    """By field: its type, and whether it is optional."""
    hints = get_type_hints(of, include_extras=True)
    return {f.name: (hints[f.name], f.default is not dataclasses.MISSING) for f in dataclasses.fields(of)}


def _checked(hint: Any, value: Any) -> Any:
    """The value converted to this type; TypeError, ValueError or OverflowError if that is not possible."""
    origin, arguments = get_origin(hint), get_args(hint)
    if NoneType in arguments:
        return None if value is None else _checked(arguments[0], value)
    if origin is Annotated:
        return _number(arguments[0], arguments[1], value)
    if origin is dict:
        return {_checked(str, key): _checked(arguments[1], item) for key, item in _of(dict, value).items()}
    if origin is tuple:
        return tuple(_checked(arguments[0], item) for item in _of(list, value))
    if hint is float:
        number = float("nan") if value is None else float(_of(int | float, value))
        return number if math.isfinite(number) else float("nan")
    if hint is bool:
        if not isinstance(value, bool):
            raise TypeError("another type")
    elif origin is Literal:
        if value not in arguments:
            raise ValueError("another choice")
    else:
        _of(str, value).encode()  # ValueError for unpaired surrogates, which neither Qt nor files accept
    return value


def _number(kind: type, limit: Any, value: Any) -> float:
    """A `Count`, `Size` or `Finite`."""
    if kind is float:
        number: float = _checked(float, value)
        if not number >= 0:
            raise ValueError("not a finite number from 0")
        return number
    if type(value) is not int or not 0 <= value < limit:
        raise ValueError("a whole number out of its range")
    return value


def _of(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError("another type")
    return value
