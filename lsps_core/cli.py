"""`lsps`: one module a command in `lsps_core.commands`. Results go to stdout, progress and messages to stderr."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys

from lsps_core import __version__
from lsps_core.commands import evaluate, experiment, failures, generate, imports, info, predict, score, simulate, train
from lsps_core.errors import as_lsps_error
from lsps_core.events import Failed, error_fields


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 2 wrong input (one line on stderr), 130 interrupted."""
    arguments = build_parser().parse_args(argv)
    arguments.command_line = shlex.join(["lsps", *(sys.argv[1:] if argv is None else argv)])
    try:
        status: int = arguments.run(arguments) or 0
        return status
    except (ValueError, OSError) as error:
        _tell(arguments, error)
        print(f"lsps {arguments.command}: {as_lsps_error(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"lsps {arguments.command}: interrupted; nothing half-written was left", file=sys.stderr)
        return 130
    except Exception as error:
        _tell(arguments, error)
        raise


def _tell(arguments: argparse.Namespace, error: Exception) -> None:
    """An error is an event as well, where the command writes events."""
    if getattr(arguments, "events", False):
        with contextlib.suppress(OSError):  # who started this may have gone
            print(Failed(**error_fields(error)).line(), flush=True)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lsps", description="Simulate, import, train, evaluate: see `lsps COMMAND -h`."
    )
    parser.add_argument("--version", action="version", version=f"lsps {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    simulate.add(commands.add_parser("simulate", help="render annotated frames into a store"))
    imports.add(commands.add_parser("import", help="read depth images into a store"))
    train.add(commands.add_parser("train", help="train the tri-domain model"))
    evaluate.add(commands.add_parser("evaluate", help="measure a model's joint errors on a store"))
    failures.add(commands.add_parser("failures", help="evaluate every frame and keep the results"))
    experiment.add(commands.add_parser("experiment", help="reproduce Table 1 or Figure 5 of the paper"))
    score.add(commands.add_parser("score", help="measure published predictions against published labels"))
    predict.add(commands.add_parser("predict", help="write a model's joints in the field's text format"))
    generate.add(commands.add_parser("generate", help="generate labelled frames from a model's prior"))
    info.add(commands.add_parser("info", help="describe a model, a store or a run"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
