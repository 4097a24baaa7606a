"""Settings as JSON and as KEY=VALUE: dataclasses of numbers, texts and other such dataclasses."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any, get_type_hints

from lsps_core.errors import LspsError

_LARGEST = 2**63 - 1
"""Of a whole number; no setting needs a larger one, nor has a larger float a meaning."""


def changed(tree: dict[str, Any], settings: list[str]) -> dict[str, Any]:
    """A config as JSON, with `KEY=VALUE` and `GROUP.KEY=VALUE` applied; the given one is changed.

    LspsError, whose field is the key, if there is no such setting or the text is of another type.
    """
    for setting in settings:
        path, equals, text = setting.partition("=")
        *groups, key = path.split(".")
        node: Any = tree
        for group in groups:
            node = node.get(group) if isinstance(node, dict) else None
        if not equals or not isinstance(node, dict) or key not in node or isinstance(node[key], dict):
            remedy = f"write KEY=VALUE, where KEY is one of {_known(tree, path)}"
            raise LspsError(f"{setting}: no such setting", remedy, field=path)
        node[key] = _parse(path, text, type(node[key]))
    return tree


def _known(tree: dict[str, Any], path: str) -> str:
    """The settings of the group that the path names, or else all names at the top."""
    group = path.partition(".")[0]
    if isinstance(tree.get(group), dict):
        return ", ".join(f"{group}.{key}" for key in tree[group])
    return ", ".join(f"{key}.…" if isinstance(value, dict) else key for key, value in tree.items())


def _parse(path: str, text: str, kind: type) -> Any:
    try:
        return {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError) as error:
        kinds = {"bool": "true or false", "int": "a whole number", "float": "a number"}
        raise LspsError(f"{path}: {text[:60]!r} is not {kinds[kind.__name__]}", field=path) from error


def _is_of(kind: type, item: Any) -> bool:
    """Whether a JSON value is valid for a setting of this type; an integer is valid for a float."""
    if kind is bool:
        return isinstance(item, bool)
    return isinstance(item, (int, float) if kind is float else kind) and not isinstance(item, bool)


@cache
def _kinds(cls: Any) -> dict[str, Any]:
    """Types of the settings of a dataclass by their names; evaluating the annotations takes most of a reading."""
    return get_type_hints(cls)


def from_json(cls: Any, value: Any, where: str) -> Any:
    """A dataclass from JSON; where: the path of its group, ending in a dot. LspsError names the wrong setting."""
    if not isinstance(value, dict):
        raise LspsError(f"{where or 'config'} must be an object, not {value!r}", field=where.rstrip("."))
    kinds = _kinds(cls)
    required = {f.name for f in dataclasses.fields(cls) if f.default is f.default_factory is dataclasses.MISSING}
    for problem, keys in (("unknown", value.keys() - kinds.keys()), ("missing", required - value.keys())):
        if keys:
            raise LspsError(f"{problem} setting {where}{min(keys)}", field=f"{where}{min(keys)}")
    arguments = {}
    for key, item in value.items():
        kind = kinds[key]
        if dataclasses.is_dataclass(kind):
            item = from_json(kind, item, f"{where}{key}.")
        elif kind in (bool, int, float, str) and not _is_of(kind, item):
            raise LspsError(f"{where}{key} must be a {kind.__name__}, not {item!r}", field=f"{where}{key}")
        elif isinstance(item, int | float) and not abs(item) <= _LARGEST:  # also NaN
            shown = str(item)[:20]
            raise LspsError(f"{where}{key} is {shown}, which is too large or not a number", field=f"{where}{key}")
        arguments[key] = item
    try:
        return cls(**arguments)
    except LspsError as error:
        error.field = where + error.field  # a group does not know its own name
        raise
