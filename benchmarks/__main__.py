"""Measures how previews grow with models: `python -m benchmarks`. `make bench` calls it."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil
from rich.table import Table

from benchmarks.flat import Recording
from benchmarks.measure import Figures
from benchmarks.stackfile import TENANTS
from benchmarks.verdict import Target, targets
from rehearsal.console import standard_output
from rehearsal.paths import ROOT

FEW, MANY = 100, 1000
"""Numbers of models that are compared."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the previews one after the other and prints figures and targets; returns 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="How previews grow with models.")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each preview, of which the fastest counts")
    rounds = parser.parse_args(arguments).rounds
    console = standard_output()
    found: dict[str, list[Figures]] = {}
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        recording = Path(folder) / "registrations.jsonl"
        record = ["--record", str(recording)]
        runs = {
            "no models": ["0"],
            f"{FEW} models": [str(FEW)],
            f"{MANY:,} models": [str(MANY), *record],
            f"{MANY:,} models, flat": [str(MANY), "--replay", str(recording)],
        }
        # Side by side, so that whatever else the machine does falls on all of them.
        for number in range(rounds):
            for name, options in runs.items():
                console.print(f"round {number + 1} of {rounds}: {name}")
                found.setdefault(name, []).append(_run(options))
        registrations = sum(1 for _ in Recording.read(recording).of("RegisterResource"))
    best = {name: _best(figures) for name, figures in found.items()}
    console.print(
        f"\n{MANY:,} models of {TENANTS} tenants are {registrations:,} resources; {os.cpu_count()} processors,"
        f" {psutil.virtual_memory().total / 2**30:.0f} GiB of memory",
        _figures(best),
        "",
    )
    judged = targets(*best.values(), few=FEW, many=MANY)
    console.print(_judged(judged))
    return int(any(not target.met for target in judged))


def _run(options: Sequence[str]) -> Figures:
    """One preview in a process of its own, so that nothing is warm and all memory is its own."""
    command = [sys.executable, "-m", "benchmarks.measure", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout[-2000:]}{done.stderr}")
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def _best(figures: Sequence[Figures]) -> Figures:
    """The least of each: what other programs took of the machine only adds."""
    return Figures(*(min(values) for values in zip(*figures, strict=True)))


def _figures(best: dict[str, Figures]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("preview", "seconds", "of processor", "of the program", "MiB"):
        table.add_column(column, justify="left" if column == "preview" else "right")
    for name, figures in best.items():
        values = (f"{figures.wall:.1f}", f"{figures.cpu:.1f}", f"{figures.program:.2f}", f"{figures.mib:.0f}")
        table.add_row(name, *values)
    return table


def _judged(judged: Sequence[Target]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("target", "measured", "at most", ""):
        table.add_column(column, justify="left" if column in ("target", "") else "right")
    for target in judged:
        table.add_row(target.name, f"{target.measured:.2f}", f"{target.most:g}", "met" if target.met else "missed")
    return table


if __name__ == "__main__":
    sys.exit(main())
