"""Fuzz the readers of files: `python tests/fuzz/fuzz.py READER --inputs N`, or `--all`. See README.md."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import struct
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from command_readers import COMMAND_READERS  # noqa: E402
from pool import KINDS, Tally, inputs_of, try_inputs  # noqa: E402
from readers import READERS, Reader  # noqa: E402
from recording_readers import RECORDING_READERS  # noqa: E402
from run_readers import RUN_READERS  # noqa: E402
from set_readers import SET_READERS  # noqa: E402

READERS = READERS | SET_READERS | RECORDING_READERS | RUN_READERS | COMMAND_READERS
SEEDS = Path(__file__).parent / "seeds"
_MOST_KEPT = 20
"""Findings of a kind that are kept of a run: most are the same."""


def seed_files(name: str) -> list[Path]:
    return sorted((SEEDS / name.replace(" ", "_")).glob("*.gz"))


def run(name: str, reader: Reader, inputs: int, seconds: float, seed: int, start: int) -> Tally:
    """The kept findings first, then new inputs."""
    kept = [gzip.decompress(path.read_bytes()) for path in seed_files(name)]
    new = inputs_of(reader, seed)

    def make(number: int) -> bytes:
        return new(number) if number >= start else kept[number - start + len(kept)]

    tally = try_inputs(reader, make, start - len(kept), start + -(-inputs // reader.costs), seconds)
    tally.findings = [
        (kind, make(struct.unpack("<q", content)[0]) if kind not in ("hang", "crash") else content, text)
        for kind, content, text in tally.findings
    ]
    return tally


def keep(name: str, tally: Tally) -> None:
    """Each kind of error once: that the same line raised it is enough."""
    folder, known = SEEDS / name.replace(" ", "_"), set()
    for kind, content, text in tally.findings:
        if (kind, text) in known or len(known) >= _MOST_KEPT:
            continue
        known.add((kind, text))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{kind.replace(' ', '-')}-{hashlib.sha256(content).hexdigest()[:10]}.gz"
        path.write_bytes(gzip.compress(content, mtime=0))
        print(f"  {path.relative_to(SEEDS.parent)}\n    " + text.replace("\n", "\n    "))


def row(name: str, tally: Tally) -> str:
    clean = tally.counts["read"] + tally.counts["refused"]
    cells = [
        name,
        tally.tried,
        clean,
        *(tally.counts[kind] for kind in KINDS),
        round(tally.tried / (tally.seconds + 1e-9)),
    ]
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells) + " |"


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the readers of files with mutated ones.")
    parser.add_argument("readers", nargs="*", metavar="READER", help=", ".join(READERS))
    parser.add_argument("--all", action="store_true", help="every reader, one after the other")
    parser.add_argument("--inputs", type=int, default=1000, metavar="N", help="new inputs of each reader")
    parser.add_argument("--seconds", type=float, default=1e9, metavar="S", help="at most, of each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, metavar="K", help="number of the first new input")
    parser.add_argument("--keep", action="store_true", help="add findings to the seeds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add the counts to those in this file")
    arguments = parser.parse_args()
    names = list(READERS) if arguments.all else arguments.readers
    unknown = [name for name in names if name not in READERS]
    if unknown or not names:
        parser.error(f"{unknown or 'nothing'} is not a reader; give some of {', '.join(READERS)}, or --all")
    print(f"| reader | tried | clean | {' | '.join(KINDS)} | inputs a second |\n|---|{'---:|' * 7}")
    found = 0
    for name in names:
        tally = run(name, READERS[name], arguments.inputs, arguments.seconds, arguments.seed, arguments.start)
        print(row(name, tally), flush=True)
        found += len(tally.findings)
        if arguments.keep:
            keep(name, tally)
        else:
            for kind, _, text in tally.findings[:3]:
                print(f"  {kind}: {text}")
        if arguments.json:
            add_counts(arguments.json, name, tally)
    return 1 if found else 0


def add_counts(path: Path, name: str, tally: Tally) -> None:
    totals = json.loads(path.read_text()) if path.exists() else {}
    before = totals.get(name, {})
    totals[name] = {
        key: before.get(key, 0) + count for key, count in (tally.counts | {"seconds": tally.seconds}).items()
    }
    path.write_text(json.dumps(totals, indent=1))


if __name__ == "__main__":
    sys.exit(main())
