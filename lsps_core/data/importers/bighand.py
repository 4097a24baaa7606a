"""BigHand2.2M (Yuan et al. 2017): ten people, several views of each, 21 joints.

`full_annotation/Subject_1/1 75_loc_shift_made_by_qi_20180112_v2.txt` annotates `Subject_1/1 75/image_D00010000.png` and
so on; its lines name pictures by number. Frames whose joints repeat those of the line before are left out: the sensors
gave no new values, or the picture is repeated as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from lsps_core.camera import HANDS_SR300
from lsps_core.data.crop import DEFAULT_CUBE_MM
from lsps_core.data.importing.dataset import Dataset
from lsps_core.data.importing.hands21 import (
    WITH_OUTSIDE,
    Label,
    Pictures,
    labelled_shots,
    parted,
    protocol,
    read_labels,
)
from lsps_core.data.importing.labels import require_folder, require_inside
from lsps_core.data.importing.options import Option, names
from lsps_core.data.importing.pictures import read_depth
from lsps_core.data.importing.plan import ImportPlan, Shot
from lsps_core.errors import LspsError

_ANNOTATION = "full_annotation"
_AFTER_VIEW = "_loc_shift"
BIGHAND_21 = protocol("BigHand")


def plan_bighand(
    source: Path,
    *,
    subjects: Sequence[str] = (),
    with_outside: bool = False,
    cube_mm: float | None = None,
    limit: int | None = None,
) -> ImportPlan:
    """The plan of an import of the given or all subjects; ValueError if they are not there."""
    source = Path(source)
    files = find_bighand(source, subjects=subjects)
    repeated: list[int] = []

    def shots() -> Iterator[Shot | str]:
        for path in files:
            labels = _without_repeated(read_labels(path), repeated)
            yield from labelled_shots(
                labels, path, cube_mm=cube_mm, with_outside=with_outside, pictures=_pictures(source, path)
            )

    found, refused = parted(shots(), limit)
    return ImportPlan(
        shots=found,
        read=read_depth,
        camera=HANDS_SR300,
        skeleton=BIGHAND_21.skeleton,
        divisions=("subject", "sequence"),
        settings={
            "importer": "bighand",
            "source": str(source.resolve()),
            "subjects": list(subjects),
            "cube_mm": cube_mm or DEFAULT_CUBE_MM,
            "with_outside": with_outside,
            "repeated_left_out": len(repeated),
        },
        refused=refused,
        note=f"{len(repeated)} frames repeat the joints of the frame before; they are left out" if repeated else "",
    )


def find_bighand(source: Path, *, subjects: Sequence[str], **_: object) -> list[Path]:
    """The annotation files of the given or all subjects; LspsError if there are none, or none of their pictures."""
    require_folder(source)
    folder = source / _ANNOTATION
    if not folder.is_dir():
        raise LspsError(f"{source} has no folder {_ANNOTATION}", "give the folder that holds it beside Subject_1, ...")
    people = sorted((path for path in folder.iterdir() if path.is_dir()), key=_number)
    chosen = [path for path in people if not subjects or path.name.removeprefix("Subject_") in subjects]
    missing = sorted(set(subjects) - {path.name.removeprefix("Subject_") for path in people})
    if missing or not chosen:
        raise LspsError(f"{folder} has no Subject_{missing[0] if missing else 1}", "choose others")
    if not any((source / person.name).is_dir() for person in chosen):
        require_inside(source, chosen[0].name, "its pictures")
    files = [
        path
        for person in chosen
        for path in sorted(person.glob("*.txt"), key=_number)
        if not path.name.upper().startswith("README")
    ]
    if not files:
        raise LspsError(
            f"{chosen[0]} has no annotation such as “1 75{_AFTER_VIEW}….txt”", "unpack the annotation again"
        )
    return files


def _number(path: Path) -> tuple[int, str]:
    """Sort Subject_2 before Subject_10, and the view 76 150 before 151 225."""
    digits = "".join(letter if letter.isdecimal() else " " for letter in path.name).split()
    return (int(digits[0][:9]) if digits else 0, path.name)


def _pictures(source: Path, path: Path) -> Pictures:
    person, view = path.parent.name, path.stem.partition(_AFTER_VIEW)[0]
    folder = source / person / view
    sequence = f"{person}/{view.replace(' ', '_')}"
    return Pictures(
        folder if folder.is_dir() else folder.parent,
        pattern="image_D{:0>8}.png",
        prefix=f"{sequence}/",
        groups=(person, sequence),
    )


def _without_repeated(labels: Iterator[Label], repeated: list[int]) -> Iterator[Label]:
    """Labels without those whose joints are the same as those before; their lines are added to `repeated`."""
    before = None
    for label in labels:
        if label.joints_mm is not None and before is not None and np.array_equal(label.joints_mm, before):
            repeated.append(label.line)
            continue
        before = label.joints_mm
        yield label


BIGHAND = Dataset(
    title="BigHand2.2M",
    help="2.2 million frames of ten people, 21 joints",
    origin="icvl.ee.ic.ac.uk/hands17/challenge; academic use only, no redistribution",
    plan=plan_bighand,
    find=find_bighand,
    own_options=(
        Option(
            name="subjects",
            kind="text",
            parse=names,
            default=(),
            metavar="1,2",
            label="S&ubjects",
            empty="all, or 1, 2, …",
            help="only these of 1 to 12 (default: all)",
        ),
        WITH_OUTSIDE,
    ),
    protocol=BIGHAND_21,
)
