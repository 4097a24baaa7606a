"""The code of CONTRIBUTING.md, as the tests of both packages run it."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

PAGE = Path(__file__).parents[1] / ".github" / "CONTRIBUTING.md"


def code(place: str) -> str:
    """The code under the line `# place`, one of a block's first lines."""
    blocks = re.findall(r"```python\n# (.*?)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return dict(blocks)[place]


def add_module(monkeypatch: pytest.MonkeyPatch, path: str) -> ModuleType:
    """Import the block of a file as the module that it would be."""
    name = path.removesuffix(".py").replace("/", ".")
    module = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(code(path), path, "exec"), vars(module))
    return module


def add_row(monkeypatch: pytest.MonkeyPatch, table: dict[str, str], place: str) -> str:
    """Add the row of a block to a table; its key."""
    ((key, value),) = ast.literal_eval("{" + code(place) + "}").items()
    monkeypatch.setitem(table, key, value)
    return key
