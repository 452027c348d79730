"""The paired runner: every side in turn, A B A B …, in one process; how fast it was and what CPU it took."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter, process_time

from attrs import frozen

Call = Callable[[], Awaitable[object]]
MOST = 200_000  # calls in one lap, whatever the clock says


@frozen
class Lap:
    """One turn of one side."""

    calls: int
    cpu: float
    wall: float

    @property
    def micros(self) -> float:
        """CPU a call, in microseconds."""
        return 1e6 * self.cpu / self.calls

    @property
    def per_second(self) -> float:
        return self.calls / self.wall


async def lap(call: Call, in_flight: int, seconds: float) -> Lap:
    """Calls for about so long, so many at a time, and each worker twice at least."""
    calls = 0

    async def work() -> None:
        nonlocal calls
        own = 0
        while own < 2 or (perf_counter() < end and calls < MOST):
            await call()
            calls += 1
            own += 1

    gc.collect()  # before the clock starts: it takes its time
    wall, cpu = perf_counter(), process_time()
    end = wall + seconds
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return Lap(calls, process_time() - cpu, perf_counter() - wall)


async def rounds(
    sides: Mapping[str, tuple[Call, int]], *, count: int, seconds: float, step: Callable[[str], None]
) -> dict[str, list[Lap]]:
    """Laps by side, one a round.

    Args:
        sides: by name: the call, and how many are in flight.
        count: rounds; the order is turned round every other time, so that no side always comes first.
        seconds: of each lap.
        step: is told what comes next.
    """
    laps: dict[str, list[Lap]] = {name: [] for name in sides}
    for call, in_flight in sides.values():
        await lap(call, in_flight, seconds / 5)  # connections are opened, caches filled
    for number in range(count):
        for name in list(sides)[:: -1 if number % 2 else 1]:
            step(f"{name}, round {number + 1} of {count}")
            laps[name].append(await lap(*sides[name], seconds))
    return laps


def micros(laps: list[Lap]) -> list[float]:
    return [lap.micros for lap in laps]


def per_second(laps: list[Lap]) -> list[float]:
    return [lap.per_second for lap in laps]
