"""A book's call against the same call at an earlier commit, each in a process of its own, in turns."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from os import environ, pathsep
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.clients import missing
from benchmarks.row import Result, Row, ratios
from benchmarks.serving import server

COMMIT = "e7c3c35"
_ROOT = Path(__file__).resolve().parents[2]
_FOLDER = _ROOT / ".bench" / COMMIT
ROWS = tuple(
    Row(f"before.aiohttp-{width}", f"`contacts.get` over aiohttp, {width} in flight: CPU against {COMMIT}", "≤", 0.9)
    for width in (32, 64)
)
# The earlier commit has these functions of the benchmarks too. A lap begins with a line on standard input.
_LAPS = """
import asyncio, sys
from benchmarks import pinning
from benchmarks.clients import book_over
from benchmarks.rounds import lap

async def main(origin, width, seconds):
    async with book_over("aiohttp")(origin, width) as call:
        await lap(call, width, seconds)
        print(flush=True)
        while sys.stdin.readline():
            print((await lap(call, width, seconds)).micros, flush=True)

pinning.take("client")
pinning.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
"""


class _Laps:
    """A process that measures laps of one side."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._input, self._output = process.stdin, process.stdout
        self._output.readline()

    def measure(self) -> float:
        """Return the CPU microseconds of a call in one lap."""
        self._input.write("\n")
        self._input.flush()
        return float(self._output.readline())


@contextmanager
def _laps_of(tree: Path, origin: str, width: int, seconds: float) -> Generator[_Laps]:
    path = pathsep.join(str(tree / folder) for folder in ("src", "generated", "."))
    command = [sys.executable, "-c", _LAPS, origin, str(width), str(seconds)]
    with subprocess.Popen(
        command, cwd=tree, env={**environ, "PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _Laps(process)
        finally:
            process.kill()


def _extract() -> None:
    """Write the files of the earlier commit into `.bench`."""
    if not _FOLDER.exists():
        archive = subprocess.run(["git", "archive", COMMIT], cwd=_ROOT, capture_output=True, check=True)
        with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
            files.extractall(_FOLDER, filter="data")


def run(bench: Bench) -> Iterator[Result]:
    reason = missing("aiohttp")
    try:
        _extract()
    except (OSError, subprocess.CalledProcessError):
        reason = f"the commit {COMMIT} cannot be read from git here"
    for row in ROWS:
        if reason:
            yield Result(row, reason=reason)
            continue
        width, sides = int(row.key.rpartition("-")[2]), {"now": _ROOT, "before": _FOLDER}
        found: dict[str, list[float]] = {name: [] for name in sides}
        with ExitStack() as stack:
            laps: dict[str, _Laps] = {}
            for name, tree in sides.items():
                served = stack.enter_context(server())
                laps[name] = stack.enter_context(_laps_of(tree, served.origin, width, bench.seconds))
            for number in range(bench.rounds):
                bench.step(f"{width} in flight, round {number + 1} of {bench.rounds}")
                for name in list(sides)[:: -1 if number % 2 else 1]:
                    found[name].append(laps[name].measure())
        figures = {f"{name}, µs": found[name] for name in sides}
        yield Result(row, ratios(*figures.values()), figures)
