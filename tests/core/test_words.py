"""Texts in the packages use plain words: what the dialect of earlier versions said is not written again."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIALECT = {
    r"\b(?:goes|go|going|went) on\b": "continues, resumes",
    r"\b(?:tells|told)\b": "reports, shows",
    r"\b(?:somebody|nobody|anybody|whoever)\b": "the user, no one; name the subject",
    r"\bh[eo]ld against\b": "compared with",
    r"(?<!there )\b(?:is|are) no\b(?! (?:longer|better|worse|more|less)\b)": "is not a",
    r"\bwith one line\b": "in one line",
}
"""Pattern: plain words instead of it."""


def texts(path):
    """(line, text) of every comment and string; adjacent strings are one text, and a value in an f-string is {}."""
    with tokenize.open(path) as file:
        source = file.read()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, " ".join("".join(parts).split())
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, " ".join(node.value.split())


@pytest.mark.parametrize("package", ["lsps_core", "explorer_app"])
def test_texts_are_in_plain_words(package):
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match.group()!r}: write {plain}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, text in texts(path)
        for pattern, plain in DIALECT.items()
        for match in re.finditer(pattern, text, re.IGNORECASE)
    ]
    assert not found, "\n".join(found)


FLAG = re.compile(r"(?<!\w)--[a-z]|(?<![\w=])lsps [a-z]")
NOT_IN_WINDOW = {"cli.py", "commands", "experiments", "errors.py"}
NOT_IN_WINDOW |= {"__main__.py", "command_line.py", "qt_messages.py", "slurm.py"}
"""Files and folders with texts for the command line, or for a script."""


@pytest.mark.parametrize("package", ["lsps_core", "explorer_app"])
def test_what_the_window_shows_names_no_flags_and_commands(package):
    """Errors name them by placeholders, which `lsps_core.errors.COMMAND_LINE` and the window's `IN_WINDOW` fill."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value!r}"
        for path in sorted((ROOT / package).rglob("*.py"))
        if NOT_IN_WINDOW.isdisjoint(path.relative_to(ROOT / package).parts)
        for node in _sentences(ast.parse(path.read_text()))
        if FLAG.search(node.value)
    ]
    assert not found, "\n".join(found)


def _sentences(tree):
    """Strings of three words or more, without docstrings."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
        if is_text and len(node.value.split()) > 2:
            yield node


def test_the_patterns_find_the_dialect():
    dialect = "a pipe is no file; it goes on; nobody told us; held against another; ValueError with one line"
    assert all(re.search(pattern, dialect, re.IGNORECASE) for pattern in DIALECT)
    plain = "there is no file; it is no longer there; a pipe is not a file; the run resumes"
    assert not any(re.search(pattern, plain, re.IGNORECASE) for pattern in DIALECT)
