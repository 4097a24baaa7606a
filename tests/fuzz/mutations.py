"""Mutations of bytes, text and JSON, each a function of what is mutated and of a random generator."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator
Mutation = Callable[[bytes, Rng], bytes]

NUMBERS = (0, 1, -1, 127, 128, 255, 256, 32767, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)
WORDS = ("nan", "inf", "-inf", "1e999", "-1e300", "1e308", "1e-308", "1_0", "0x1F", "", "?", "null", "-", "1.2.3")
WORDS += ("１２", "9" * 400, "-1", "0", "x", "\0", "../..", "1" * 5000 + "x")


def damaged(content: bytes, rng: Rng, hot: int = 200) -> bytes:
    """One mutation: cut off, emptied, bytes changed (anywhere or among the first), a piece turned, repeated or lost."""
    data = bytearray(content)
    first, last = sorted(rng.integers(0, max(len(data), 1), 2))
    match rng.choice(["cut", "empty", "flip", "flip", "head", "head", "reverse", "repeat", "lose"]):
        case "cut":
            del data[last:]
        case "empty":
            data.clear()
        case "flip":
            for place in rng.integers(0, max(len(data), 1), rng.integers(1, 20)):
                data[place : place + 1] = bytes([rng.integers(256)])
        case "head":
            for place in rng.integers(0, max(min(hot, len(data)), 1), rng.integers(1, 4)):
                data[place : place + 1] = bytes([rng.choice([0, 127, 128, 255, rng.integers(256)])])
        case "reverse":
            data[first:last] = data[first:last][::-1]
        case "repeat":
            data[first:first] = data[first:last]
        case "lose":
            del data[first:last]
    return bytes(data)


def damaged_text(content: bytes, rng: Rng) -> bytes:
    """As `damaged`, or columns swapped, words spoilt, lines joined."""
    lines = content.decode().split("\n")
    number = int(rng.integers(len(lines)))
    words = lines[number].split(" ")
    word = int(rng.integers(len(words)))
    match rng.choice(["bytes", "swap", "spoil", "join", "long"]):
        case "bytes":
            return damaged(content, rng)
        case "swap":
            words = words[1:] + words[:1]
        case "spoil":
            words[word] = str(rng.choice(WORDS))
        case "join":
            words += lines.pop().split(" ")
        case "long":
            words *= 3
    lines[min(number, len(lines) - 1)] = " ".join(words)
    return "\n".join(lines).encode()


def cut(data: bytes, rng: Rng) -> bytes:
    return data[: rng.integers(0, len(data))]


def flip_bits(data: bytes, rng: Rng) -> bytes:
    damaged = np.frombuffer(data, np.uint8).copy()
    damaged[rng.integers(0, len(damaged), 3)] ^= np.uint8(1 << rng.integers(0, 8))
    return damaged.tobytes()


def overwrite(data: bytes, rng: Rng) -> bytes:
    start, length = rng.integers(0, len(data)), rng.integers(1, 200)
    return data[:start] + rng.integers(0, 256, length, dtype=np.uint8).tobytes() + data[start + length :]


def zero_a_sector(data: bytes, rng: Rng) -> bytes:
    start = rng.integers(0, len(data))
    return data[:start] + bytes(512) + data[start + 512 :]


def replace_number(data: bytes, rng: Rng) -> bytes:
    words = data.decode().split(" ")
    words[rng.integers(0, max(len(words) - 1, 1))] = WORDS[rng.integers(0, len(WORDS))]
    return " ".join(words).encode()


def drop_number(data: bytes, rng: Rng) -> bytes:
    words = data.decode().split(" ")
    del words[rng.integers(0, len(words))]
    return " ".join(words).encode()


def drop_columns(data: bytes, rng: Rng) -> bytes:
    kept = rng.integers(0, len(data.split(b"\n")[0].split()))
    return "\n".join(" ".join(line.split()[:kept]) for line in data.decode().splitlines()).encode()


def add_columns(data: bytes, rng: Rng) -> bytes:
    count = rng.integers(1, 7)
    rows = [[*line.split(), *map(str, rng.normal(100, 50, count))] for line in data.decode().splitlines()]
    return "\n".join(" ".join(row) for row in rows).encode()


def drop_lines(data: bytes, rng: Rng) -> bytes:
    lines = data.decode().splitlines()
    kept = sorted(rng.permutation(len(lines))[: rng.integers(0, len(lines))])
    return "\n".join(lines[index] for index in kept).encode()


def repeat_lines(data: bytes, rng: Rng) -> bytes:
    lines = data.decode().splitlines()
    return "\n".join(lines + lines[: rng.integers(1, max(len(lines), 2))]).encode()


def join_lines(data: bytes, rng: Rng) -> bytes:
    lines = data.decode().splitlines()
    at = rng.integers(1, len(lines))
    return "\n".join([*lines[: at - 1], lines[at - 1] + lines[at], *lines[at + 1 :]]).encode()


def strange_line_ends(data: bytes, rng: Rng) -> bytes:
    return data.replace(b"\n", [b"\r\n", b"\r", b"\n\n", b" \r\n\r\n", b"\n\r"][rng.integers(0, 5)])


TABLE_MUTATIONS: tuple[Mutation, ...] = (
    cut,
    flip_bits,
    overwrite,
    zero_a_sector,
    replace_number,
    drop_number,
    drop_columns,
    add_columns,
    drop_lines,
    repeat_lines,
    join_lines,
    strange_line_ends,
)
"""Of text files of numbers; `damaged_text` has others."""


def mutate_table(content: bytes, rng: Rng) -> bytes:
    mutations = (*TABLE_MUTATIONS, damaged_text)
    return mutations[rng.integers(len(mutations))](content, rng)


def nested(depth: int, is_list: bool) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if is_list else {"a": value}
    return value


_STRANGE: tuple[Any, ...] = (
    *(None, True, False, [], {}, "", "x", "\ud800", "a\0b", "x" * 3000, [[]], {"a": {"b": [1]}}),
    *(0, -1, 0.5, -0.0, 1e308, -1e308, float("nan"), float("inf"), 2**31, 2**63, 2**64, 10**19, 10**400),
    *(["x"] * 20, [1.5] * 20, [[0.0] * 20] * 20),
)


def strange_value(rng: Rng) -> Any:
    """A JSON value that no writer of these files writes there."""
    choice = int(rng.integers(len(_STRANGE) + 4))
    if choice < len(_STRANGE):
        return copy.deepcopy(_STRANGE[choice])
    if choice == len(_STRANGE):
        return list(range(int(rng.integers(30))))
    return nested(int(rng.choice([3, 50, 99, 101, 300, 900])), bool(rng.integers(2)))


def mutate_value(value: Any, rng: Rng) -> Any:
    """JSON with one node replaced, removed, added or of a near value. The given one is changed."""
    holder: list[Any] = [value]
    places: list[tuple[Any, Any]] = [(holder, 0)]
    for container, key in places:  # grows: all nodes
        node = container[key]
        if isinstance(node, dict | list):
            places += [(node, each) for each in (node if isinstance(node, dict) else range(len(node)))]
    container, key = places[rng.integers(len(places))]
    node = container[key]
    match rng.choice(["replace", "replace", "near", "remove", "add"]):
        case "near" if isinstance(node, int | float) and not isinstance(node, bool):
            container[key] = [
                node + 1,
                -node,
                node * 1000,
                float(node),
                str(node),
                NUMBERS[rng.integers(len(NUMBERS))],
            ][rng.integers(6)]
        case "remove" if container is not holder:
            del container[key]
        case "add" if isinstance(node, dict):
            node[str(rng.choice(["x", "a" * 300, *(list(node) or ["y"])]))] = strange_value(rng)
        case "add" if isinstance(node, list):
            node.insert(int(rng.integers(len(node) + 1)), strange_value(rng))
        case _:
            container[key] = strange_value(rng)
    return holder[0]


def to_json(value: Any) -> bytes:
    """Also of numbers that are not finite and of unpaired surrogates."""
    return json.dumps(value, default=str).encode()


def mutate_json(content: bytes, rng: Rng) -> bytes:
    if rng.random() < 0.2:
        return damaged(content, rng)
    value = json.loads(content)
    for _ in range(rng.integers(1, 4)):
        value = mutate_value(value, rng)
    return to_json(value)


def mutate_json_lines(content: bytes, rng: Rng) -> bytes:
    lines = content.split(b"\n")
    place = int(rng.integers(len(lines)))
    if rng.random() < 0.3 or not lines[place]:
        return damaged(content, rng)
    lines[place] = mutate_json(lines[place], rng)
    return b"\n".join(lines)
