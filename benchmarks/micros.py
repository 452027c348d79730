"""The micro rows: pyperf runs a script of `benchmarks/micro` once a round."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from time import process_time
from typing import Any

import pyperf

from benchmarks.bench import Bench
from benchmarks.rounds import Call


def micros(script: str, bench: Bench) -> dict[str, list[float]]:
    """Return each figure's microseconds by its name, one value a round: the median of pyperf's measurements."""
    found: dict[str, list[float]] = {}
    for number in range(bench.micro_rounds):
        bench.step(f"{script}, round {number + 1} of {bench.micro_rounds}")
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "round.json"
            command = [sys.executable, "-m", f"benchmarks.micro.{script}", "--quiet", "-o", str(output)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError((done.stderr or done.stdout).strip().splitlines()[-1])
            for figure in pyperf.BenchmarkSuite.load(str(output)):
                found.setdefault(figure.get_name(), []).append(1e6 * float(figure.median()))
    return found


def runner(script: str) -> Any:
    """Return pyperf's runner for a script: a process for each figure, three values of 0.1 seconds."""
    return pyperf.Runner(processes=1, values=3, warmups=1, program_args=("-m", f"benchmarks.micro.{script}"))


def cpu(work: Callable[[], object]) -> Callable[[int], float]:
    """Return a function for pyperf's `bench_time_func`: the CPU time of `n` loops."""

    def timed(loops: int) -> float:
        began = process_time()
        for _ in range(loops):
            work()
        return process_time() - began

    return timed


def cpu_async(open: Callable[[], AbstractAsyncContextManager[Call]]) -> Callable[[int], float]:
    """Return a function for pyperf's `bench_time_func`: the CPU time of `n` awaited calls."""

    async def main(loops: int) -> float:
        async with open() as call:
            await call()
            began = process_time()
            for _ in range(loops):
                await call()
            return process_time() - began

    return lambda loops: asyncio.run(main(loops))
