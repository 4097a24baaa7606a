"""`lsps predict`: a model's joints for every frame of a store, as text that others can score."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from lsps_core.commands.fit_option import add_fit_or_turns


def add(parser: argparse.ArgumentParser) -> None:
    from lsps_core.evaluation.protocols import protocol_help

    parser.set_defaults(run=run)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .safetensors file or a run")
    parser.add_argument("data", type=Path, metavar="DATA.h5")
    parser.add_argument("--out", type=Path, required=True, metavar="PREDICTIONS.txt")
    parser.add_argument("--protocol", metavar="NAME", help=protocol_help("skeleton"))
    parser.add_argument("--names", action="store_true", help="begin each line with the frame's name")
    add_fit_or_turns(parser)
    parser.add_argument("--device", default="auto")


def run(arguments: argparse.Namespace) -> None:
    import numpy as np

    from lsps_core.data.store import FrameStore
    from lsps_core.device import resolve_device
    from lsps_core.evaluation import protocols, published
    from lsps_core.evaluation.evaluate import predict
    from lsps_core.inference import Predictor
    from lsps_core.training.run import newest_model

    predictor = Predictor.load(newest_model(arguments.model), resolve_device(arguments.device))
    with FrameStore(arguments.data) as store, tqdm(total=len(store), unit="frame", file=sys.stderr) as bar:
        protocol = protocols.of_store(store, predictor.checkpoint.skeleton, arguments.protocol)
        joints_mm = np.empty((len(store), predictor.skeleton.joint_count, 3), np.float32)
        for indices, found in predict(
            predictor, store, np.arange(len(store)), fit_steps=arguments.fit, turns=arguments.turns
        ):
            joints_mm[indices] = found
            bar.update(len(indices))
        names = tuple(store.names) if arguments.names or protocol.names_frames else ()
        published.write_joints(arguments.out, joints_mm, store, protocol, names)
        count = len(store)
    if arguments.out.suffix.lower() == ".json" and protocol.json_joints:
        print(f"{arguments.out}: {count} frames, {protocol.name}, x y z in m")
        return
    unit = "px, px and mm" if protocol.file_axes == "u v d" else "mm"
    print(f"{arguments.out}: {count} frames, {protocol.name}, {protocol.file_axes} in {unit}")
