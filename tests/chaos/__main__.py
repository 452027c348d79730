"""`make chaos`: run the whole matrix, then the slow tests of transports and batches."""

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
from .table import make_table, show_progress

ROOT = Path(__file__).resolve().parents[2]
SLOW = ("tests/transports", "tests/batch")


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="seed of the waits and the order")
    parser.add_argument("--cases", type=int, metavar="N", help="run N random cases instead of all")
    parser.add_argument("--only", default="", metavar="TEXT", help="run only cases whose name contains TEXT")
    parser.add_argument(
        "--sandboxes", type=int, default=4, help="number of sandboxes that work concurrently (default: %(default)s)"
    )
    options = parser.parse_args()
    cases = [case for case in every_case() if options.only in str(case)]
    cases = sample(cases, len(cases) if options.cases is None else options.cases, options.seed)
    console = Console(width=None if sys.stdout.isatty() else 120)
    results = _run_matrix(console, cases, options.seed, options.sandboxes)
    passed = sum(not result.broken for result in results)
    if options.only or options.cases is not None:
        return int(passed < len(cases))
    return max(_run_slow_tests(console), int(passed < len(cases)))


def _run_matrix(console: Console, cases: list[Case], seed: int, sandboxes: int) -> list[Result]:
    console.print(f"seed {seed}: {len(cases)} cases, each with a fault that occurs once and with one that stays")
    began = time.monotonic()
    with show_progress(console, len(cases)) as report:
        results = anyio.run(lambda: run(cases, seed=seed, report=report, sandboxes=sandboxes))
    console.print(make_table(results, seed))
    passed = sum(not result.broken for result in results)
    worst = max((result.seconds for result in results), default=0.0)
    seconds = time.monotonic() - began
    console.print(
        f"{len(results)} cases, {passed} passed, the longest took {worst:.1f} s, all {seconds:.0f} s, seed {seed}"
    )
    if void := sum(result.void for result in results):
        console.print(f"{void} trials ran again: they failed while the machine stalled")
    return results


def _run_slow_tests(console: Console) -> int:
    folders = [folder for folder in SLOW if (ROOT / folder).is_dir()]
    console.print(f"the slow tests of {', '.join(folders)}")
    command = [sys.executable, "-m", "pytest", "-m", "slow", "-q", *folders]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    return 0 if status == 5 else status  # 5: no test was selected


if __name__ == "__main__":
    sys.exit(main())
