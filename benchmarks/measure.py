"""One preview in a process of its own, and what it took: `python -m benchmarks.measure 100`."""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import yaml

from benchmarks.flat import Recording, flat, recorded
from benchmarks.stackfile import TENANTS, config
from rehearsal import __main__ as rehearsal
from rehearsal import engine
from rehearsal.memory import peak

STACK = "bench"


class Figures(NamedTuple):
    """What one preview took."""

    wall: float
    """Seconds from the command to its end."""

    cpu: float
    """Seconds of processor: the program, the engine, the providers and the policy pack."""

    program: float
    """Seconds of processor in which the program ran: settings, components, one call per resource."""

    mib: float
    """Most memory at once, of all processes."""


def measure(models: int, recording: Path | None = None, replay: Path | None = None, tenants: int = TENANTS) -> Figures:
    """Runs `make preview` on a stack of so many models.

    Args:
        models: How many models.
        recording: Where to write what the program registers.
        replay: A recording to register in place of the platform's program.
        tenants: Over how many tenants they are spread.
    """
    spent = [0.0]
    chosen: Callable[[], None] = vars(engine)["_program"] if replay is None else flat(Recording.read(replay))

    def program() -> None:
        before = time.thread_time()
        run()
        spent[0] = time.thread_time() - before

    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as name,
        (recording or Path(os.devnull)).open("w", encoding="utf-8") as file,
    ):
        run = chosen if recording is None else recorded(chosen, file)
        root = Path(name)
        (root / "stacks").mkdir()
        text = yaml.safe_dump({"config": config(models, tenants)}, sort_keys=False)
        (root / "stacks" / f"Pulumi.{STACK}.yaml").write_text(text, encoding="utf-8")
        started, before = time.monotonic(), _processor()
        with mock.patch.object(engine, "_program", program), peak(root / ".rehearsal") as memory:
            failed = rehearsal.main(["preview", "--stack", STACK], root)
        wall, cpu = time.monotonic() - started, _processor() - before
    if failed:
        sys.exit("the preview failed; see above")
    return Figures(wall, cpu, spent[0], memory.mib)


def _processor() -> float:
    """Seconds of processor of this process and of those below it that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    """Prints the figures as the last line, in JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.measure", description="Measures one preview.")
    parser.add_argument("models", type=int, help="number of models")
    parser.add_argument("--record", type=Path, help="file for what the program registers")
    parser.add_argument("--replay", type=Path, help="such a file, to be registered by a flat program")
    options = parser.parse_args()
    print(json.dumps(measure(options.models, options.record, options.replay)._asdict()))


if __name__ == "__main__":
    main()
