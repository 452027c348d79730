"""`make chaos`: the whole matrix, then the long tests of the transports and of batches."""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path

import anyio
from rich.console import Console

from .cases import Case, every_case, sample
from .matrix import Result, run
from .table import bar, table

ROOT = Path(__file__).resolve().parents[2]
LONG = ("tests/transports", "tests/batch")


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the waits and of the order")
    parser.add_argument("--cases", type=int, metavar="N", help="so many at random in place of all")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name has this text")
    parser.add_argument("--sandboxes", type=int, default=4, help="how many work side by side (default: %(default)s)")
    options = parser.parse_args()
    cases = [case for case in every_case() if options.only in str(case)]
    cases = sample(cases, len(cases) if options.cases is None else options.cases, options.seed)
    console = Console(width=None if sys.stdout.isatty() else 120)
    results = _matrix(console, cases, options.seed, options.sandboxes)
    held = sum(not result.broken for result in results)
    if options.only or options.cases is not None:
        return int(held < len(cases))
    return max(_long_tests(console), int(held < len(cases)))


def _matrix(console: Console, cases: list[Case], seed: int, sandboxes: int) -> list[Result]:
    console.print(f"seed {seed}: {len(cases)} cases, each with a fault that passes and with one that stays")
    began = time.monotonic()
    with bar(console, len(cases)) as told:
        results = anyio.run(lambda: run(cases, seed=seed, told=told, sandboxes=sandboxes))
    console.print(table(results, seed))
    held = sum(not result.broken for result in results)
    worst = max((result.seconds for result in results), default=0.0)
    seconds = time.monotonic() - began
    console.print(f"{len(results)} cases, {held} held, the longest {worst:.1f} s, all in {seconds:.0f} s, seed {seed}")
    if void := sum(result.void for result in results):
        console.print(f"{void} trials ran again: something was amiss, and the machine had stood still meanwhile")
    return results


def _long_tests(console: Console) -> int:
    folders = [folder for folder in LONG if (ROOT / folder).is_dir()]
    console.print(f"the long tests of {', '.join(folders)}")
    command = [sys.executable, "-m", "pytest", "-m", "slow", "-q", *folders]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    return 0 if status == 5 else status  # 5: there is none


if __name__ == "__main__":
    sys.exit(main())
