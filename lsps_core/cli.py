"""`lsps`: one thin function a command. Results go to stdout, progress and messages to stderr."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from lsps_core import __version__
from lsps_core.config import PRESETS


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 2 wrong input (one line on stderr), 130 interrupted."""
    arguments = _parser().parse_args(argv)
    arguments.command_line = shlex.join(["lsps", *(sys.argv[1:] if argv is None else argv)])
    try:
        status: int = arguments.run(arguments) or 0
        return status
    except (ValueError, OSError) as error:
        message = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
        print(f"lsps {arguments.command}: {message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"lsps {arguments.command}: interrupted; nothing half-written was left", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lsps", description="Simulate, import, train, evaluate: see `lsps COMMAND -h`."
    )
    parser.add_argument("--version", action="version", version=f"lsps {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_simulate(commands.add_parser("simulate", help="render annotated frames into a store"))
    _add_import(commands.add_parser("import", help="read depth images into a store"))
    _add_train(commands.add_parser("train", help="train the tri-domain model"))
    _add_evaluate(commands.add_parser("evaluate", help="measure a model's joint errors on a store"))
    _add_info(commands.add_parser("info", help="say what a model, a store or a run is"))
    return parser


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_simulate)
    parser.add_argument("out", type=Path, metavar="OUT.h5")
    parser.add_argument("--domain", choices=["synthetic", "sensor"], required=True)
    parser.add_argument("--frames", type=int, required=True, metavar="N")
    parser.add_argument("--subjects", type=int, default=8, metavar="K", help="hand shapes of the sensor domain")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT.h5 where it exists")


def _simulate(arguments: argparse.Namespace) -> None:
    from lsps_core.camera import SIMULATED
    from lsps_core.data.store import FrameWriter
    from lsps_core.device import resolve_device
    from lsps_core.simulator.simulate import simulate
    from lsps_core.skeleton import HAND21

    batches = simulate(
        arguments.domain,
        arguments.frames,
        subjects=arguments.subjects,
        seed=arguments.seed,
        device=resolve_device(arguments.device),
    )
    writer = FrameWriter(
        arguments.out,
        domain="synthetic" if arguments.domain == "synthetic" else "real",
        camera=SIMULATED,
        skeleton=HAND21,
        is_simulated=True,
        provenance={"command": arguments.command_line, "seed": arguments.seed, "domain": arguments.domain},
        overwrite=arguments.overwrite,
    )
    with writer, tqdm(total=arguments.frames, unit="frame", file=sys.stderr) as bar:
        done = 0
        for batch in batches:
            names = [f"subject{s}/{done + i:06d}" for i, s in enumerate(batch.subject)]
            writer.append(
                depth_mm=batch.depth_mm,
                center_mm=batch.center_mm,
                half_mm=batch.half_mm,
                joints_mm=batch.joints_mm,
                names=names,
            )
            done += len(names)
            bar.update(len(names))
    print(f"{arguments.out}: {done} {arguments.domain} frames")


def _add_import(parser: argparse.ArgumentParser) -> None:
    sources = parser.add_subparsers(dest="source", required=True, metavar="SOURCE")
    frames = sources.add_parser("frames", help="loose depth images: PNG, TIFF, NPY")
    frames.set_defaults(run=_import_frames)
    frames.add_argument("out", type=Path, metavar="OUT.h5")
    frames.add_argument("files", type=Path, nargs="+", metavar="FILE")
    frames.add_argument("--camera", required=True, metavar="FX,FY,CX,CY", help="focal lengths and principal point, px")
    frames.add_argument("--unit-mm", type=float, default=1.0, help="mm per depth unit (Intel SR305: 0.125)")
    frames.add_argument("--nyu-packed", action="store_true", help="colour PNG with mm = green * 256 + blue")
    frames.add_argument("--cube-mm", type=float, default=250.0, help="edge of the crop cube")
    frames.add_argument("--center", metavar="U,V,D", help="cube centre, px px mm; found in each image when left out")


def _import_frames(arguments: argparse.Namespace) -> None:
    from lsps_core.camera import Camera
    from lsps_core.data.importers.frames import import_frames

    camera = Camera.parse(arguments.camera)
    center = _center(arguments.center) if arguments.center else None
    with tqdm(total=len(arguments.files), unit="frame", file=sys.stderr) as bar:
        report = import_frames(
            arguments.out,
            arguments.files,
            camera,
            unit_mm=arguments.unit_mm,
            nyu_packed=arguments.nyu_packed,
            cube_mm=arguments.cube_mm,
            center_uvd=center,
            progress=lambda done, _total: bar.update(done - bar.n),
        )
    for line in report.skipped:
        print(f"lsps import: skipped {line}", file=sys.stderr)
    print(f"{arguments.out}: {report.frame_count} frames, {len(report.skipped)} skipped")


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_train)
    parser.add_argument("run_path", type=Path, metavar="RUN_DIR")
    parser.add_argument("--synthetic", type=Path, metavar="S.h5")
    parser.add_argument("--real", type=Path, metavar="R.h5")
    parser.add_argument("--preset", choices=list(PRESETS), help="default: compact")
    parser.add_argument("--labels", type=float, metavar="SHARE", help="share of the real annotations to use, 0 to 1")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--device", help="auto, cpu, cuda, cuda:1, mps; default: auto")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STAGE.KEY=VALUE",
        dest="settings",
        help="change a setting, as in depth.steps=1000, weights.mapping=1 or precision=bfloat16; may be repeated",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the run's newest checkpoint")


def _train(arguments: argparse.Namespace) -> int:
    from lsps_core.config import TrainConfig
    from lsps_core.training.data import open_stores
    from lsps_core.training.run import Run, RunError
    from lsps_core.training.trainer import Trainer

    listener = _TrainingListener()
    given = {key: getattr(arguments, key) for key in ("labels", "seed", "device", "preset", "synthetic", "real")}
    if arguments.resume:
        changed = [key for key, value in given.items() if value is not None and key != "device"]
        if changed:
            raise RunError(
                f"--resume goes on with the run's own config; leave out --{changed[0]}, or change it by --set"
            )
        run = Run(arguments.run_path, listener)
        config = run.config()
        if arguments.settings:
            config = config.with_settings(arguments.settings)
            run.write_config(config)
            print(f"lsps train: {run.path} goes on with {', '.join(arguments.settings)}", file=sys.stderr)
        if arguments.device:
            config = dataclasses.replace(config, device=arguments.device)
    else:
        if not (arguments.synthetic and arguments.real):
            raise RunError("a new run needs --synthetic S.h5 and --real R.h5 (or --resume for an old one)")
        config = TrainConfig(
            synthetic_path=str(arguments.synthetic.resolve()),
            real_path=str(arguments.real.resolve()),
            device=arguments.device or "auto",
            **PRESETS[arguments.preset or "compact"],
            **{key: given[key] for key in ("labels", "seed") if given[key] is not None},
        ).with_settings(arguments.settings)
        with open_stores(config):  # what is wrong with them is said before a run directory is made
            pass
        run = Run.create(arguments.run_path, config, listener)
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(True))
    with listener:
        reason = Trainer(run, config, arguments.command_line, lambda: bool(stopped)).train()
    print(f"lsps train: {reason}; {run.path}", file=sys.stderr)
    return 0


class _TrainingListener:
    """Prints every event as a line on stdout, and a progress bar on stderr."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __enter__(self) -> _TrainingListener:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, event: Any) -> None:
        print(event.line(), flush=True)
        if event.kind == "started":
            self._bar = tqdm(total=event.total_steps, initial=event.step, unit="step", file=sys.stderr)
        elif event.kind == "step":
            self._bar.update(event.step - self._bar.n)
            self._bar.set_description(event.stage)
        elif event.kind == "validation":
            self._bar.set_postfix_str(f"{event.mean_error_mm:.1f} mm, best {event.best_error_mm:.1f}")


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_evaluate)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .safetensors file or a run")
    parser.add_argument("data", type=Path, metavar="DATA.h5")
    parser.add_argument("--out", type=Path, metavar="DIR", help="also write evaluation.json there")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--record", action="store_true", help="also keep the figures in the model's own record")


def _evaluate(arguments: argparse.Namespace) -> None:
    from lsps_core import checkpoint
    from lsps_core.data.store import FrameStore
    from lsps_core.device import resolve_device
    from lsps_core.evaluation.evaluate import evaluate
    from lsps_core.inference import Predictor
    from lsps_core.training.run import newest_model

    path = newest_model(arguments.model)
    predictor = Predictor.load(path, resolve_device(arguments.device))
    with FrameStore(arguments.data) as store, tqdm(total=len(store), unit="frame", file=sys.stderr) as bar:
        evaluation = evaluate(predictor, store, lambda done, total: _advance(bar, done, total))
        provenance = store.provenance
    result = {"model": str(path), "data": str(arguments.data), **evaluation.to_json()}
    if arguments.out:
        with checkpoint.replacing(arguments.out / "evaluation.json") as temporary:
            temporary.write_text(json.dumps(result, indent=2) + "\n")
    if arguments.record:
        entry = evaluation.to_json() | {"data": provenance}
        source = predictor.checkpoint
        training = source.training | {"evaluations": [*source.training.get("evaluations", []), entry]}
        checkpoint.save(dataclasses.replace(source, training=training), path)
    if arguments.json:
        print(json.dumps(result))
        return
    note = " (simulated data)" if evaluation.simulated else ""
    print(f"mean_error_mm {evaluation.mean_error_mm:.2f}{note}")
    print(f"within_40mm_percent {evaluation.within_40mm_percent:.2f}")
    print(f"frames {evaluation.frames}")
    print(f"protocol {evaluation.protocol}, {evaluation.domain} frames")
    for joint, error in evaluation.per_joint_mm.items():
        print(f"per_joint_mm {joint} {error:.2f}")


def _advance(bar: Any, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)


def _add_info(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_info)
    parser.add_argument("path", type=Path, metavar="PATH")
    parser.add_argument("--json", action="store_true")


def _info(arguments: argparse.Namespace) -> None:
    from lsps_core.info import describe

    description = describe(arguments.path)
    if arguments.json:
        print(json.dumps(description))
        return
    for key, value in description.items():
        print(f"{key}: {value if isinstance(value, str | int | float) else json.dumps(value)}")


def _center(text: str) -> tuple[float, float, float]:
    try:
        u, v, d = (float(number) for number in text.split(","))
    except ValueError:
        raise ValueError(f"--center takes U,V,D in px, px and mm, not {text!r}") from None
    return u, v, d


if __name__ == "__main__":
    sys.exit(main())
