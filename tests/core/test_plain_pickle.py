"""Pickles of plain values are read as pickle reads them; all others are refused without effect."""

from __future__ import annotations

import os
import pickle
import subprocess
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsps_core.data.importing.plain_pickle import load_plain, read_plain_pickle

ARRAYS = {
    "floats": np.arange(12.0).reshape(3, 4),
    "fortran": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    "big-endian": np.arange(4, dtype=">i4"),
    "bytes": np.arange(5, dtype=np.uint8),
    "flags": np.array([True, False]),
    "empty": np.zeros((0, 3)),
    "point": np.array(7.5),
}
VALUE = {
    **ARRAYS,
    "none": None,
    "text": 'é, "x"',
    "whole": [0, -1, 300, 70_000, -(1 << 40), 1 << 80],
    "real": (1.5, -2.0e300),
    "scalar": np.float64(3.25),
    "whole scalar": np.int32(-9),
    "twice": [ARRAYS["floats"], ARRAYS["floats"]],
    "nested": {"a": [[], {}, ()], 4: (True, False, b"\x00\xff")},
}


def check_equal(found, expected):
    if isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, value in expected.items():
            check_equal(found[key], value)
    elif isinstance(expected, list | tuple):
        assert isinstance(found, type(expected))
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            check_equal(one, other)
    else:
        assert found == expected


@pytest.mark.parametrize("protocol", range(3, pickle.HIGHEST_PROTOCOL + 1))
def test_what_was_pickled_is_read(tmp_path, protocol):
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(VALUE, protocol))
    check_equal(read_plain_pickle(tmp_path / "x.pkl"), VALUE)


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_older_protocols_too(protocol):
    value = {key: part for key, part in VALUE.items() if key != "nested"} | {"flags too": [True, False]}
    check_equal(load_plain(pickle.dumps(value, protocol)), value)


def test_arrays_of_python_2_have_their_bytes_as_text():
    array = np.array([1.5, -2.25, 200.0])
    content = (
        b"\x80\x02}q\x00U\x06camMatq\x01cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85U\x01b"
        b"\x87Rq\x04(K\x01K\x03\x85cnumpy\ndtype\nq\x05U\x02f8K\x00K\x01\x87Rq\x06(K\x03U\x01<NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb\x89U\x18" + array.tobytes() + b"tbs."
    )
    np.testing.assert_array_equal(pickle.loads(content, encoding="latin1")["camMat"], array)  # noqa: S301 - our own
    np.testing.assert_array_equal(load_plain(content)["camMat"], array)


class _Calls:
    def __init__(self, function, *arguments):
        self.reduced = (function, arguments)

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "attack",
    [
        lambda mark: _Calls(os.system, f"touch {mark}"),
        lambda mark: {"handJoints3D": _Calls(os.system, f"touch {mark}")},
        lambda mark: [np.zeros(3), _Calls(Path.touch, Path(mark))],
        lambda mark: _Calls(subprocess.call, ["touch", str(mark)]),
        lambda mark: _Calls(eval, f"open({str(mark)!r}, 'w')"),
        lambda mark: np.array([_Calls(os.system, f"touch {mark}")], dtype=object),
        lambda _mark: OrderedDict(a=1),
        lambda _mark: os.system,
        lambda _mark: {1, 2},
        lambda _mark: 1j,
        lambda _mark: np.array(["text"]),
        lambda _mark: np.dtype("f8"),
        lambda _mark: np.datetime64("2020-01-01"),
        lambda _mark: np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]),
    ],
)
def test_any_other_value_is_refused_without_effect(tmp_path, attack, protocol):
    mark, path = tmp_path / "mark", tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(attack(mark), protocol))
    with pytest.raises(ValueError, match="is not a pickle of plain values") as caught:
        read_plain_pickle(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not mark.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"N",
        b".",
        b"(.",
        b"]a.",
        b"t.",
        b"NR.",
        b"Nb.",
        b"}]Ns.",
        b"h\x05.",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"cos\nsystem\n.",
        b"cos\nsystem\n(S'true'\ntR.",
        b"I" + b"9" * 5000 + b"\n.",
        b"c__builtin__\neval\n(S'1'\ntR.",
        b"(i__main__\nX\n.",
        b"P1\n.",
    ],
)
def test_damaged_and_odd_pickles_are_one_error(content):
    with pytest.raises(ValueError, match=r"."):
        load_plain(content)


def test_an_array_declares_no_more_than_it_has():
    whole = pickle.dumps(np.zeros(8), 3)
    with pytest.raises(ValueError, match="another size"):
        load_plain(whole.replace(b"K\x08\x85", b"K\x09\x85", 1))
    with pytest.raises(ValueError, match="not of numbers"):
        load_plain(whole.replace(b"f8", b"O8", 1))


@given(st.binary(max_size=60), st.integers(0, 200))
def test_no_change_of_a_pickle_escapes(part, place):
    content = pickle.dumps({"a": np.arange(3.0), "b": [1, "x", None]}, 2)
    damaged = content[:place] + part + content[place + len(part) :]
    with suppress(ValueError):
        load_plain(damaged)


def test_files_are_checked_before_they_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.pkl")
    for path in (tmp_path / "pipe.pkl", tmp_path, tmp_path / "missing.pkl", Path("/dev/zero")):
        with pytest.raises(ValueError, match=str(path)):
            read_plain_pickle(path)
    with (tmp_path / "large.pkl").open("wb") as file:
        file.truncate(20_000_000)
    with pytest.raises(ValueError, match="far more than such a file needs"):
        read_plain_pickle(tmp_path / "large.pkl")
