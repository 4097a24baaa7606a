"""MATLAB files without scipy's reader, which a damaged file can crash."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
import scipy.io

from lsps_core.data.importing.matfile import read_array


def test_matlab_files_are_read_as_scipy_reads_them(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "doubles": rng.normal(size=(3, 4, 5)),
        "bytes": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
        "few": np.array([[1.5]]),
        "singles": rng.normal(size=(2, 7)).astype(np.float32),
        "wanted": rng.integers(-5, 9, (3, 4, 36, 3)).astype(np.int16),
    }
    for is_compressed in (True, False):
        path = tmp_path / f"{is_compressed}.mat"
        scipy.io.savemat(
            path, arrays | {"text": "words", "cell": np.array(["a", 1], dtype=object)}, do_compression=is_compressed
        )
        for name, values in arrays.items():
            np.testing.assert_array_equal(read_array(path, name), values)
        assert read_array(path, "absent") is None
        with pytest.raises(ValueError, match="text is not an array of real numbers"):
            read_array(path, "text")


def test_matlab_files_that_claim_to_be_enormous(tmp_path):
    """A few bytes that unpack to a gigabyte, and a shape that needs as much."""

    def element(kind: int, content: bytes) -> bytes:
        return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)

    def matrix(shape: tuple[int, ...], numbers: bytes) -> bytes:
        flags, name = struct.pack("<II", 6, 0), element(1, b"joint_uvd")
        parts = element(6, flags) + element(5, struct.pack(f"<{len(shape)}i", *shape)) + name + numbers
        return struct.pack("<II", 14, len(parts)) + parts

    many = (3, 10_000_000, 36, 3)
    bomb = zlib.compress(bytes(50_000_000), 9)
    for content in (
        matrix(many, struct.pack("<II", 9, 8 * 100)),
        matrix((3, 2, 36, 3), struct.pack("<II", 9, 2**32 - 1)),
        matrix((-3, 2, 36, 3), struct.pack("<II", 9, 8)),
    ):
        for wrapped in (content, struct.pack("<II", 15, len(zlib.compress(content))) + zlib.compress(content)):
            (tmp_path / "a.mat").write_bytes(bytes(124) + b"\x00\x01IM" + wrapped)
            with pytest.raises(ValueError, match=r"a\.mat is not a MATLAB 5 file") as caught:
                read_array(tmp_path / "a.mat", "joint_uvd")
            assert "\n" not in str(caught.value)
    (tmp_path / "a.mat").write_bytes(bytes(124) + b"\x00\x01IM" + struct.pack("<II", 15, len(bomb)) + bomb)
    assert read_array(tmp_path / "a.mat", "joint_uvd") is None
