"""`lsps info`: describe a model, a store or a run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lsps_core.files import require_file


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)
    parser.add_argument("path", type=Path, metavar="PATH")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> None:
    require_file(arguments.path)  # before torch is imported
    from lsps_core.info import describe

    description = describe(arguments.path)
    if arguments.json:
        print(json.dumps(description))
        return
    for key, value in description.items():
        print(f"{key}: {value if isinstance(value, str | int | float) else json.dumps(value)}")
