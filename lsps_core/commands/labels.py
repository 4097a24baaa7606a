"""`lsps labels`: labels of frames in and out, and corrections of annotations."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsps_core.finetuning.labels import Label

_NAMED = 5


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    export = _verb(verbs, "export", _export, "write labels as COCO keypoints, with joints in mm")
    _labels(export)
    _out(export, "OUT.json")
    read = _verb(
        verbs, "import", _import, "make labels of a store's frames from COCO keypoints, a patch or other labels"
    )
    read.add_argument("file", type=Path, metavar="FILE", help="JSON, or a labels store")
    _source(read, "whose frames are labelled, found by their names")
    _out(read, "OUT.labels.h5")
    diff = _verb(verbs, "diff", _diff, "write what labels correct in the annotations of their store, as a patch")
    _labels(diff)
    _source(diff, "the annotated store that was labelled")
    _out(diff, "PATCH.json")
    patch = _verb(verbs, "patch", _patch, "write a copy of a store with the corrections of a patch")
    patch.add_argument("file", type=Path, metavar="PATCH.json")
    _source(patch, "the store that the patch was made from; it is not changed")
    _out(patch, "OUT.h5")


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: object, about: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    return parser


def _labels(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("labels", type=Path, metavar="LABELS.h5", help="as the explorer keeps them beside the data")


def _source(parser: argparse.ArgumentParser, about: str) -> None:
    parser.add_argument("source", type=Path, metavar="STORE.h5", help=about)


def _out(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument("out", type=Path, metavar=name)
    parser.add_argument("--overwrite", action="store_true", help=f"replace an existing {name}")


def _check_out(arguments: argparse.Namespace, *inputs: Path) -> None:
    out: Path = arguments.out
    if out.exists() and any(path.exists() and out.samefile(path) for path in inputs):
        raise ValueError(f"{out} is an input, which is not changed; give another name")
    if out.exists() and not arguments.overwrite:
        raise ValueError(f"{out} exists already and was not changed; give another name or --overwrite")


def _read(path: Path) -> dict[str, Label]:
    from lsps_core.finetuning.labels import read_labels

    labels = read_labels(path)
    if not labels:
        raise ValueError(f"{path} does not exist; give the labels that L keeps beside the data in the explorer")
    return labels


def _export(arguments: argparse.Namespace) -> None:
    from lsps_core.finetuning.coco_labels import write_coco

    _check_out(arguments, arguments.labels)
    labels = _read(arguments.labels)
    write_coco(arguments.out, labels, arguments.labels.name)
    print(f"{arguments.out}: {len(labels)} labels as COCO keypoints")


def _import(arguments: argparse.Namespace) -> None:
    from lsps_core.data.frame import HandFrame
    from lsps_core.data.frame_cameras import FrameCamera
    from lsps_core.data.store import FrameStore
    from lsps_core.finetuning.labels import write_labels
    from lsps_core.finetuning.outside import labels_of, read_outside
    from lsps_core.skeleton import HAND21

    _check_out(arguments, arguments.file, arguments.source)
    with FrameStore(arguments.source) as store:
        frames = {name: frame for frame, name in enumerate(store.names)}

        def find(name: str) -> tuple[HandFrame, FrameCamera] | None:
            return (store.frame(frames[name]), store.camera_of(frames[name])) if name in frames else None

        skeleton = store.skeleton or HAND21
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        labels, missing = labels_of(read_outside(arguments.file, skeleton, store.path), find, skeleton, now)
        if not labels:
            raise ValueError(f"{arguments.source} has none of the frames of {arguments.file}; give their store")
        write_labels(arguments.out, labels, is_simulated=store.is_simulated, source=store.path.name)
    for name in missing[:_NAMED]:
        print(f"lsps labels: {arguments.source} has no frame {name}; left out", file=sys.stderr)
    if len(missing) > _NAMED:
        print(f"lsps labels: and {len(missing) - _NAMED} more", file=sys.stderr)
    print(f"{arguments.out}: {len(labels)} labels")


def _diff(arguments: argparse.Namespace) -> None:
    from lsps_core.data.store import FrameStore
    from lsps_core.finetuning.patches import Patch

    _check_out(arguments, arguments.labels, arguments.source)
    with FrameStore(arguments.source) as store:
        patch = Patch.of(store, _read(arguments.labels))
    patch.write(arguments.out)
    print(f"{arguments.out}: {len(patch.corrections)} corrected frames of {patch.source_name}")


def _patch(arguments: argparse.Namespace) -> None:
    from lsps_core.data.store import FrameStore
    from lsps_core.finetuning.label_json import read_label_json
    from lsps_core.finetuning.patches import Patch, apply_patch

    _check_out(arguments, arguments.file, arguments.source)
    patch = Patch.from_json(arguments.file, read_label_json(arguments.file))
    with FrameStore(arguments.source) as store:
        apply_patch(patch, store, arguments.out, overwrite=arguments.overwrite)
        print(f"{arguments.out}: {len(store)} frames, {len(patch.corrections)} of them corrected")
