"""The limit of the loopback server, to compare with the clients."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import floor
from benchmarks.rounds import lap
from benchmarks.row import Result, Row
from benchmarks.serving import server

ROWS = (
    Row("server.limit", "the limit of the loopback server, by its CPU time", unit="calls/s"),
    Row("server.floor", "the floor client, 64 in flight", unit="calls/s"),
)
_WIDTH = 64


async def _figures(bench: Bench) -> tuple[list[float], list[float], list[float]]:
    limits: list[float] = []
    rates: list[float] = []
    micros: list[float] = []
    with server() as served:
        async with floor(served.origin, _WIDTH) as call:
            for number in range(bench.rounds):
                bench.step(f"floor, round {number + 1} of {bench.rounds}")
                before = served.cpu()
                its = await lap(call, _WIDTH, 2 * bench.seconds)
                limits.append(its.calls / max(served.cpu() - before, 0.01))  # measured in hundredths of a second
                rates.append(its.per_second)
                micros.append(its.micros)
    return limits, rates, micros


def run(bench: Bench) -> Iterator[Result]:
    limits, rates, micros = pinning.run(_figures(bench))
    yield Result(ROWS[0], limits)
    yield Result(ROWS[1], rates, {"floor, µs": micros})
