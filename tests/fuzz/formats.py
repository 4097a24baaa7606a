"""Mutations that know a format: what they make is mostly well formed, and says what no writer would say."""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
from mutations import NUMBERS, Rng, damaged, mutate_value, strange_value, to_json

_DTYPES = ("<u2", ">u2", "<u1", "<i4", "<f2", "<f4", "<f8", "S3", "<i8", "?")


def _small_shape(rng: Rng) -> tuple[int, ...]:
    return tuple(int(size) for size in rng.choice([0, 1, 2, 3, 6, 16, 21], rng.integers(0, 5)))


def _number(rng: Rng) -> Any:
    return rng.choice([np.nan, np.inf, -np.inf, 0.0, -1.0, 1e30, 65535.0, 1e-30])


def mutate_hdf5(content: bytes, rng: Rng) -> bytes:
    if rng.random() < 0.25:
        return damaged(content, rng, hot=4000)
    with h5py.File.in_memory(content) as file:
        changes = (_change_attribute, _change_dataset, _change_numbers, _change_link)
        for _ in range(rng.integers(0, 3)):
            changes[rng.integers(len(changes))](file, rng)
        if rng.random() < 0.4:  # last: HDF5 reads past the end of such a chunk, also in this process
            _change_chunk(file, rng)
        file.flush()
        changed = bytes(file.id.get_file_image())
    return damaged(changed, rng, hot=4000) if rng.random() < 0.1 else changed


def _datasets(file: h5py.File) -> list[str]:
    names = [name for name in file if isinstance(file.get(name, getlink=True), h5py.HardLink)]
    return [name for name in names if isinstance(file[name], h5py.Dataset) and not file[name].external]


def _change_attribute(file: h5py.File, rng: Rng) -> None:
    names = [*file.attrs, "groups", "cameras", "format_version", "mirrored_width_px"]
    name = str(names[rng.integers(len(names))])
    if name in file.attrs and rng.random() < 0.2:
        del file.attrs[name]
        return
    value = file.attrs.get(name)
    if isinstance(value, str | bytes) and rng.random() < 0.6:
        try:
            file.attrs[name] = np.bytes_(to_json(mutate_value(json.loads(value), rng)))
        except ValueError:
            file.attrs[name] = np.bytes_(damaged(value.encode() if isinstance(value, str) else value, rng) or b"x")
        return
    others = [h5py.Empty("f"), np.bytes_(b"\xff\xfe"), [1.0, 2.0], "x", 2**40, -1, math.nan, np.zeros((2, 2), "<f4")]
    others += [np.zeros(1, [("a", "<f4")]), np.bytes_(to_json(strange_value(rng)) or b"x"), file["depth"].ref]
    file.attrs[name] = others[rng.integers(len(others))]


def _change_dataset(file: h5py.File, rng: Rng) -> None:
    """Another type, shape, chunk or compression; sometimes without its numbers, or only larger."""
    names = _datasets(file)
    if not names:
        return
    name = str(names[rng.integers(len(names))])
    old = file[name]
    if old.maxshape and None in old.maxshape and rng.random() < 0.3:
        old.resize(int(rng.choice([0, 1, 5, 1000, 1_000_000, 2**40])), axis=0)
        return
    shape = old.shape if rng.random() < 0.5 else _small_shape(rng)
    if rng.random() < 0.15:
        shape = tuple(int(rng.choice([size, 10_000, 2**20, 2**33])) for size in old.shape)
    dtype = old.dtype if rng.random() < 0.5 else np.dtype(str(rng.choice(_DTYPES)))
    values = old[...] if old.size and old.size < 100_000 else None
    del file[name]
    is_chunked = bool(shape) and 0 not in shape and rng.random() < 0.7
    options: dict[str, Any] = {}
    if is_chunked:
        options["chunks"] = tuple(min(size, int(rng.choice([1, 2, 4, 64]))) for size in shape)
        options |= {"compression": str(rng.choice(["gzip", "lzf"]))} if rng.random() < 0.6 else {}
        options |= {"shuffle": bool(rng.integers(2)), "fletcher32": bool(rng.integers(2))}
    new = file.create_dataset(name, shape, dtype, **options)
    if values is not None and values.shape == new.shape and rng.random() < 0.7 and values.dtype.kind == dtype.kind:
        new[...] = values.astype(dtype)


def _change_chunk(file: h5py.File, rng: Rng) -> None:
    names = [name for name in _datasets(file) if file[name].chunks]
    if not names:
        return
    dataset = file[str(names[rng.integers(len(names))])]
    if 0 in dataset.shape:
        return
    size = math.prod(dataset.chunks) * dataset.dtype.itemsize
    length = int(rng.choice([1, size - 1, size, size + 1, min(4 * size, 1 << 16), 1 << 18]))
    content = rng.integers(0, 3, max(length, 1), dtype=np.uint8).tobytes()
    content = zlib.compress(content) if rng.random() < 0.7 else content
    if not dataset.id.get_create_plist().get_nfilters() and len(content) != size:
        return  # HDF5 writes behind the end of an uncompressed chunk, and damages others
    dataset.id.write_direct_chunk((0,) * dataset.ndim, content or b"x", int(rng.choice([0, 0, 1, 0xFFFFFFFF])))


def _change_numbers(file: h5py.File, rng: Rng) -> None:
    names = [name for name in _datasets(file) if file[name].dtype.kind in "uif"]
    names = [name for name in names if 0 < file[name].size < 100_000 and file[name].ndim]
    if names:
        dataset = file[str(names[rng.integers(len(names))])]
        place = tuple(int(rng.integers(size)) for size in dataset.shape)
        number = _number(rng)
        dataset[place] = number if dataset.dtype.kind == "f" else int(rng.choice([0, 1, 255]))


def _change_link(file: h5py.File, rng: Rng) -> None:
    names = list(file)
    if not names:
        return
    name = str(names[rng.integers(len(names))])
    del file[name]
    match rng.integers(5):
        case 0:
            file[name] = h5py.SoftLink(f"/{rng.choice(['depth', 'half_mm', name])}")
        case 1:
            file[name] = h5py.ExternalLink("/dev/zero", "/depth")
        case 2:
            file.create_group(name)
        case 3:
            file.create_dataset(name, (6,), "<f4", external=[("/dev/zero", 0, 24)])


_ZEROS = tuple(zlib.compress(bytes(size)) for size in (10, 10_000_000))


def mutate_png(content: bytes, rng: Rng) -> bytes:
    """Chunks changed, with a right checksum."""
    if rng.random() < 0.3:
        return damaged(content, rng)
    chunks, at = [], 8
    while at + 12 <= len(content):
        (size,) = struct.unpack_from(">I", content, at)
        chunks.append((content[at + 4 : at + 8], bytearray(content[at + 8 : at + 8 + size])))
        at += 12 + size
    place = int(rng.integers(len(chunks)))
    match rng.integers(5):
        case 0 if len(chunks) > 1:
            del chunks[place]
        case 1:
            chunks.insert(int(rng.integers(len(chunks) + 1)), chunks[place])
        case 2:
            struct.pack_into(">I", chunks[0][1], 4 * int(rng.integers(2)), NUMBERS[rng.integers(13)])
        case 3:
            chunks[0][1][int(rng.integers(8, 13))] = int(rng.choice([0, 1, 2, 3, 4, 6, 8, 16, 255]))
        case _:
            name = rng.choice(
                [b"tRNS", b"gAMA", b"iCCP", b"zTXt", b"iTXt", b"acTL", b"fcTL", b"fdAT", b"eXIf", b"PLTE"]
            )
            extra = _ZEROS[rng.integers(2)] if rng.random() < 0.3 else b"a\0\0" * 9
            chunks.insert(1, (bytes(name), bytearray(extra)))
    out = content[:8]
    for name, data in chunks:
        out += struct.pack(">I", len(data)) + name + bytes(data) + struct.pack(">I", zlib.crc32(name + data))
    return out


def mutate_tiff(content: bytes, rng: Rng) -> bytes:
    """Entries of the first directory changed (little endian)."""
    if rng.random() < 0.3:
        return damaged(content, rng)
    data = bytearray(content)
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for _ in range(rng.integers(1, 4)):
        at = start + 2 + 12 * int(rng.integers(count))
        match rng.integers(4):
            case 0:
                struct.pack_into(
                    "<H", data, at, int(rng.choice([254, 256, 257, 258, 259, 262, 273, 277, 278, 279, 317, 339]))
                )
            case 1:
                struct.pack_into("<H", data, at + 2, int(rng.integers(0, 14)))
            case 2:
                struct.pack_into("<I", data, at + 4, NUMBERS[rng.integers(13)] & 0xFFFFFFFF)
            case _:
                struct.pack_into("<I", data, at + 8, NUMBERS[rng.integers(13)] & 0xFFFFFFFF)
    return bytes(data)


def _npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=True)
    return stream.getvalue()


def mutate_npy(content: bytes, rng: Rng) -> bytes:
    """The header's text changed, with a right length."""
    if rng.random() < 0.3:
        return damaged(content, rng, hot=128)
    (size,) = struct.unpack_from("<H", content, 8)
    header, data = content[10 : 10 + size].decode("latin1"), content[10 + size :]
    others = (
        "'|O'",
        "'<f8'",
        "'<u2'",
        "'>u2'",
        "'<c16'",
        "[('a', '<u2')]",
        "'S9'",
        "'<M8[s]'",
        "'V7'",
        "'|b1'",
        "'<U99'",
    )
    shapes = ("(2**40,)", "(99999, 99999)", "(-1, 5)", "(10**30, 4)", "()", "(1,)", "(4, 4)", "(0, 0)", "(1.5, 2)", "x")
    match rng.integers(5):
        case 0:
            header = header.replace("'<u2'", str(rng.choice(others)))
        case 1:
            header = header[: header.index("(")] + str(rng.choice(shapes)) + header[header.index(")") + 1 :]
        case 2:
            header = header.replace("False", str(rng.choice(["True", "0", "None", "1e9", "[" * 90, "'x'"])))
        case 3:
            header = damaged(header.encode("latin1"), rng).decode("latin1")
        case _:
            header = str(rng.choice(["(" * 3000, "{" * 500, "-" * 5000 + "1", "{'descr': 1}", "[]", "\n", "'" * 99]))
    text = header.encode("latin1")[:60_000]
    return content[:8] + struct.pack("<H", len(text)) + text + data


def mutate_npz(content: bytes, rng: Rng) -> bytes:
    """Arrays replaced, removed, added or described otherwise."""
    if rng.random() < 0.25:
        return damaged(content, rng)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    for _ in range(rng.integers(1, 3)):
        name = str(rng.choice(list(files) or ["a.npy"]))
        match rng.integers(6):
            case 0:
                files.pop(name, None)
            case 1:
                files[name] = mutate_npy(files.get(name, _npy(np.zeros(3))), rng)
            case 2 if "about.npy" in files:
                about = json.loads(np.load(io.BytesIO(files["about.npy"])).tobytes())
                files["about.npy"] = _npy(np.frombuffer(to_json(mutate_value(about, rng)), np.uint8))
                break
            case 3:
                values = np.load(io.BytesIO(files[name]), allow_pickle=False) if name in files else np.zeros(3)
                if values.dtype.kind == "f" and values.size:
                    values.reshape(-1)[rng.integers(values.size)] = _number(rng)
                files[name] = _npy(values)
            case 4:
                kind = rng.choice(["<f4", "<f8", "<U3", "S3", "O", "?", "<i8"])
                files[name] = _npy(np.zeros(_small_shape(rng), str(kind)))
            case _:
                files[f"x{rng.integers(9)}.npy"] = _npy(np.zeros(3, [("a", "<f4")]))
    out = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if rng.random() < 0.1 else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return damaged(out.getvalue(), rng) if rng.random() < 0.1 else out.getvalue()


def mutate_safetensors(content: bytes, rng: Rng) -> bytes:
    """The header's tree changed (texts that are JSON inside as well), or some of the numbers."""
    if rng.random() < 0.2:
        return damaged(content, rng, hot=64)
    (size,) = struct.unpack_from("<Q", content)
    header, data = json.loads(content[8 : 8 + size]), bytearray(content[8 + size :])
    match rng.integers(5):
        case 0:
            header = mutate_value(header, rng)
        case 1:
            name = str(rng.choice(list(header)))
            if name != "__metadata__":
                header[name]["dtype"] = str(
                    rng.choice(["F64", "F16", "BF16", "I32", "I8", "BOOL", "U8", "F8_E4M3", "C64"])
                )
        case 2 if data:
            for place in rng.integers(0, len(data) // 4, 3):
                struct.pack_into("<f", data, 4 * int(place), float(_number(rng)))
        case 3:
            name = str(rng.choice(list(header)))
            if name != "__metadata__":
                header[name]["shape"] = list(_small_shape(rng))
        case _:
            _change_text(header.get("__metadata__", {}), rng)
    text = to_json(header)
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(data)


def _change_text(metadata: dict[str, str], rng: Rng) -> None:
    """One of the texts, which are JSON inside or plain."""
    key = str(rng.choice(list(metadata)))
    try:
        value = json.loads(metadata[key])
    except ValueError:
        value = metadata[key]
    metadata[key] = to_json(mutate_value(value, rng)).decode()


def mutate_mat(content: bytes, rng: Rng) -> bytes:
    """Tags of the elements changed; a compressed element is compressed again."""
    data = bytearray(content)
    kind, size = struct.unpack_from("<II", data, 128)
    is_compressed = kind == 15
    element = bytearray(zlib.decompress(bytes(data[136 : 136 + size]))) if is_compressed else data[128:]
    if rng.random() < 0.3 or len(element) < 16:
        return damaged(content, rng, hot=300)
    for _ in range(rng.integers(1, 4)):
        at = 4 * int(rng.integers(0, min(len(element) // 4, 24)))
        struct.pack_into("<I", element, at, NUMBERS[rng.integers(13)] & 0xFFFFFFFF)
    if not is_compressed:
        return bytes(data[:128] + element)
    packed = zlib.compress(bytes(element))
    return bytes(data[:128]) + struct.pack("<II", 15, len(packed)) + packed


def mutate_integers(count: int) -> Callable[[bytes, Rng], bytes]:
    """Of the first `count` 32-bit integers, or `damaged`."""

    def mutate(content: bytes, rng: Rng) -> bytes:
        if rng.random() < 0.4:
            return damaged(content, rng, hot=4 * count)
        data = bytearray(content)
        for _ in range(rng.integers(1, 3)):
            struct.pack_into("<I", data, 4 * int(rng.integers(count)), NUMBERS[rng.integers(13)] & 0xFFFFFFFF)
        return bytes(data)

    return mutate
