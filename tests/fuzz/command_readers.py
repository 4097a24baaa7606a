"""Commands on mutated files: each succeeds, or ends with status 2 and one line that says why."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from readers import READERS, Reader

from lsps_core import cli
from lsps_core.camera import NYU
from lsps_core.data.store import FrameStore, FrameWriter
from lsps_core.finetuning.labels import Label
from lsps_core.finetuning.patches import Patch
from lsps_core.skeleton import HAND21

_MADE = "good"
"""The folder of undamaged files."""
_COSTS = 10


def _frames(folder: Path) -> list[bytes]:
    """A small store with images of the size that models take."""
    rng, path = np.random.default_rng(6), folder / "made.h5"
    with FrameWriter(path, domain="real", camera=NYU, skeleton=HAND21, overwrite=True) as writer:
        depth = np.full((3, writer.image_size, writer.image_size), 600, np.uint16)
        depth[:, 40:90, 40:90] = rng.integers(520, 680, (3, 50, 50))
        joints, centers = rng.normal(600, 10, (3, 21, 3)), rng.normal(600, 10, (3, 3))
        writer.append(depth_mm=depth, center_mm=centers, half_mm=125.0, joints_mm=joints, names=["a/0", "a/1", "b/2"])
    return [path.read_bytes()]


def _patch(folder: Path) -> list[bytes]:
    """Of the store of `_prepare`."""
    path = folder / "f.h5"
    path.write_bytes(_frames(folder)[0])
    with FrameStore(path) as store:
        joints = store.joints_mm
        assert joints is not None
        label = Label(
            frame=replace(store.frame(1), joints_mm=joints[1] + 3),
            camera=NYU,
            skeleton=HAND21,
            how="pulled",
            author="a",
            time="2026",
        )
        Patch.of(store, {label.name: label}).write(folder / "made.json")
    return [(folder / "made.json").read_bytes()]


def _hand_png(_: Path) -> list[bytes]:
    """A surface as large as a hand, 60 cm before the camera of the command."""
    depth = np.zeros((96, 128), np.uint16)
    depth[20:80, 30:95] = 600
    found = io.BytesIO()
    Image.fromarray(depth).save(found, "PNG")
    return [found.getvalue()]


def _prepare(folder: Path) -> None:
    made = folder / _MADE
    made.mkdir()
    for name, reader in (("m.safetensors", READERS["model"]), ("t.txt", READERS["predictions"])):
        content = reader.make(made)[0]
        (made / name).write_bytes(content)
    (made / "f.h5").write_bytes(_frames(made)[0])


def _run(arguments: Sequence[str]) -> Callable[[Path], None]:
    """arguments: FILE is the mutated file, GOOD the folder of the others, OUT where to write."""

    def read(path: Path) -> None:
        places = {"FILE": str(path), "OUT": str(path.with_name("out")), "GOOD": str(path.with_name(_MADE))}
        words = [places.get(word, word.replace("GOOD/", places["GOOD"] + "/")) for word in arguments]
        words = [word.replace("OUT.", places["OUT"] + ".") for word in words]
        said = io.StringIO()
        with redirect_stderr(said), redirect_stdout(io.StringIO()):
            status = cli.main(words)
        if status == 2:
            lines = [line for line in said.getvalue().splitlines() if line.startswith(f"lsps {words[0]}: ")]
            assert len(lines) == 1, said.getvalue()[-300:]
            raise ValueError(lines[0])
        assert status == 0

    return read


def _command(arguments: str, of: str, file: str, make: Callable[[Path], list[bytes]] | None = None) -> Reader:
    base = READERS[of]
    return Reader(
        file=file,
        make=make or base.make,
        mutate=base.mutate,
        read=_run(arguments.split()),
        prepare=_prepare,
        costs=_COSTS,
    )


_CPU = "--device cpu"
COMMAND_READERS: dict[str, Reader] = {
    "info STORE": _command("info FILE", "store", "a.h5"),
    "info MODEL": _command("info FILE", "model", "a.safetensors"),
    "evaluate STORE": _command(f"evaluate GOOD/m.safetensors FILE {_CPU}", "store", "a.h5", _frames),
    "evaluate MODEL": _command(f"evaluate FILE GOOD/f.h5 {_CPU}", "model", "a.safetensors"),
    "predict STORE": _command(f"predict GOOD/m.safetensors FILE --out OUT.txt {_CPU}", "store", "a.h5", _frames),
    "failures STORE": _command(f"failures GOOD/m.safetensors FILE --out OUT.npz {_CPU}", "store", "a.h5", _frames),
    "generate MODEL": _command(f"generate FILE OUT.h5 --frames 2 --overwrite {_CPU}", "model", "a.safetensors"),
    "score PREDICTIONS": _command("score nyu GOOD/t.txt FILE", "predictions", "a.txt"),
    "import frames PNG": _command(
        "import frames OUT.h5 FILE --camera 588,587,64,48 --overwrite", "PNG", "a.png", _hand_png
    ),
    "labels import COCO": _command("labels import FILE GOOD/f.h5 OUT.labels.h5 --overwrite", "COCO labels", "a.json"),
    "labels patch": _command("labels patch FILE GOOD/f.h5 OUT.h5 --overwrite", "patch", "a.json", _patch),
}
