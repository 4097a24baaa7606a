"""What the Simulate and Import dialogs say, as arguments of `lsps`, with what is wrong beside its field."""

from __future__ import annotations

from dataclasses import dataclass

from explorer_app.model.opening import STORE_SUFFIXES, ImageSettings
from lsps_core.files import expanded, kind_of

SIMULATED_DOMAINS = {
    "synthetic": "synthetic: one clean hand, as rendered",
    "sensor": "sensor: several people through a depth camera, in place of real frames",
}
SOURCES = {
    "nyu": "NYU Hand Pose Dataset",
    "icvl": "ICVL",
    "msra": "MSRA15",
    "frames": "loose depth images",
}


def check_out(text: str) -> str:
    """What is wrong with the name of a store to be written, in one line; empty where nothing is. For a thread."""
    path = expanded(text)
    if path.suffix.lower() not in STORE_SUFFIXES:
        return f"a store’s name ends in {' or '.join(STORE_SUFFIXES)}"
    kind = kind_of(path)
    if kind not in ("", "file", "folder"):
        return f"{path} is a {kind}; give the name of a file"
    if kind == "folder":
        return f"{path} is a folder; give the name of a file in it"
    if kind_of(path.absolute().parent) != "folder":
        return f"{path.parent} does not exist; create it first, or choose another folder"
    return ""


def absolute(text: str) -> str:
    return str(expanded(text).absolute())


@dataclass(frozen=True, kw_only=True)
class SimulateForm:
    out: str = ""
    domain: str = "synthetic"
    frames: int = 1000
    subjects: int = 8
    seed: int = 0
    device: str = "cpu"

    @property
    def missing(self) -> dict[str, str]:
        return {} if self.out.strip() else {"out": "choose where the store goes"}

    @property
    def problems(self) -> dict[str, str]:
        line = check_out(self.out) if self.out.strip() else ""
        return {"out": line} if line else {}

    def arguments(self, overwrite: bool = False) -> list[str]:
        numbers = {"frames": self.frames, "subjects": self.subjects, "seed": self.seed, "device": self.device}
        options = [part for key, value in numbers.items() for part in (f"--{key}", str(value))]
        found = ["simulate", absolute(self.out), "--domain", self.domain, *options, "--events"]
        return found + (["--overwrite"] if overwrite else [])


@dataclass(frozen=True, kw_only=True)
class ImportForm:
    """source: one of SOURCES. paths: one folder, or for loose images files and folders. limit, cube_mm: 0 for none
    and for the protocol's own. images: of loose ones, how they are read; center: `U,V,D`, empty to search."""

    source: str = "nyu"
    paths: tuple[str, ...] = ()
    out: str = ""
    split: str = "train"
    domain: str = "real"
    subjects: str = ""
    with_rotated: bool = False
    limit: int = 0
    cube_mm: float = 0.0
    images: ImageSettings | None = None
    center: str = ""

    @property
    def missing(self) -> dict[str, str]:
        what = "choose images, or a folder of them" if self.source == "frames" else "choose the unpacked folder"
        found = {} if self.paths else {"paths": what}
        return found | ({} if self.out.strip() else {"out": "choose where the store goes"})

    @property
    def problems(self) -> dict[str, str]:
        found = {}
        gone = next((path for path in self.paths if not kind_of(expanded(path))), None)
        if gone is not None:
            found["paths"] = f"{gone} does not exist; check the path"
        elif self.source != "frames" and self.paths and kind_of(expanded(self.paths[0])) != "folder":
            found["paths"] = f"{self.paths[0]} is no folder; choose the one that the set was unpacked into"
        if self.out.strip() and (line := check_out(self.out)):
            found["out"] = line
        if self.source == "frames" and self.center.strip() and not _is_center(self.center):
            found["center"] = "write U,V,D: column and row in px, depth in mm; or leave it empty"
        return found

    def arguments(self, overwrite: bool = False) -> list[str]:
        found = ["import", self.source, *(self._of_images() if self.source == "frames" else self._of_set())]
        return [*found, "--events", *(["--overwrite"] if overwrite else [])]

    def _of_set(self) -> list[str]:
        found = [absolute(self.paths[0]), absolute(self.out)]
        if self.source != "msra":
            found += ["--split", self.split]
        if self.source == "nyu":
            found += ["--domain", self.domain]
        if self.source == "icvl" and self.with_rotated:
            found.append("--with-rotated")
        names = self.subjects.replace(" ", "")
        if self.source == "msra" and names:
            found += ["--subjects", names]
        found += ["--limit", str(self.limit)] if self.limit else []
        return found + (["--cube-mm", f"{self.cube_mm:g}"] if self.cube_mm else [])

    def _of_images(self) -> list[str]:
        if self.images is None:
            raise ValueError("how the images are to be read is not known; choose a camera")
        camera = self.images.camera
        found = [absolute(self.out), *(absolute(path) for path in self.paths), "--domain", self.domain]
        found += [f"--camera={camera.fx!r},{camera.fy!r},{camera.cx!r},{camera.cy!r}"]
        found += ["--unit-mm", f"{self.images.unit_mm:g}", "--cube-mm", f"{self.cube_mm or self.images.cube_mm:g}"]
        found += ["--nyu-packed"] if self.images.nyu_packed else []
        return found + ([f"--center={self.center.replace(' ', '')}"] if self.center.strip() else [])


def _is_center(text: str) -> bool:
    try:
        return len([float(part) for part in text.split(",")]) == 3
    except ValueError:
        return False
