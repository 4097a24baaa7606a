"""`lsps`: one module a command in `lsps_core.commands`. Results go to stdout, progress and messages to stderr."""

from __future__ import annotations

import argparse
import atexit
import contextlib
import gc
import shlex
import sys
from collections.abc import Callable
from typing import Any

from lsps_core import __version__
from lsps_core.commands import (
    evaluate,
    experiment,
    failures,
    finetune,
    fit,
    generate,
    imports,
    info,
    labels,
    predict,
    score,
    simulate,
    train,
)
from lsps_core.errors import as_lsps_error, is_out_of_memory
from lsps_core.events import Failed, error_fields


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 2 wrong input (one line on stderr), 130 interrupted."""
    # importing torch makes a million objects, and Python would look through them again and again, and once at the end
    gc.set_threshold(50_000, 20, 100)
    atexit.register(gc.freeze)
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
        if not is_out_of_memory(error):
            raise
        print(f"lsps {arguments.command}: {as_lsps_error(error)}", file=sys.stderr)
        return 2


def _tell(arguments: argparse.Namespace, error: Exception) -> None:
    """An error is an event as well, where the command writes events."""
    if getattr(arguments, "events", False):
        with contextlib.suppress(OSError):  # who started this may have gone
            print(Failed(**error_fields(error)).line(), flush=True)


class _CommandParser(argparse.ArgumentParser):
    """Adds its arguments when its command is parsed: `lsps -h` does not import what they are made from."""

    add: Callable[[argparse.ArgumentParser], None] | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        add, self.add = self.add, None
        if add is not None:
            add(self)
        return super().parse_known_args(args, namespace)


_COMMANDS = (
    ("simulate", simulate.add, "render annotated frames into a store"),
    ("import", imports.add, "read depth images into a store"),
    ("train", train.add, "train the tri-domain model"),
    ("evaluate", evaluate.add, "measure a model's joint errors on a store"),
    ("failures", failures.add, "evaluate every frame and keep the results"),
    ("finetune", finetune.add, "teach a model the hands and the camera of a few annotated frames"),
    ("labels", labels.add, "labels of frames in and out, and corrections of annotations"),
    ("fit", fit.add, "annotate frames with the poses that a fit makes of a model's"),
    ("experiment", experiment.add, "reproduce Table 1 or Figure 5 of the paper"),
    ("score", score.add, "measure published predictions against published labels"),
    ("predict", predict.add, "write a model's joints in the field's text format"),
    ("generate", generate.add, "generate labelled frames from a model's prior"),
    ("info", info.add, "describe a model, a store or a run"),
)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lsps", description="Simulate, import, train, evaluate: see `lsps COMMAND -h`."
    )
    parser.add_argument("--version", action="version", version=f"lsps {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_CommandParser)
    for name, add, help_text in _COMMANDS:
        commands.add_parser(name, help=help_text).add = add
    return parser


if __name__ == "__main__":
    sys.exit(main())
