"""The paired runner: measure all sides in turn (A B A B …) in one process, by wall time and CPU time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter, process_time

from attrs import frozen

Call = Callable[[], Awaitable[object]]
MOST = 200_000  # the most calls in one lap


@frozen
class Lap:
    """One measurement of one side: its calls, wall time and CPU time."""

    calls: int
    cpu: float
    wall: float

    @property
    def micros(self) -> float:
        """The CPU microseconds of one call."""
        return 1e6 * self.cpu / self.calls

    @property
    def per_second(self) -> float:
        return self.calls / self.wall


async def lap(call: Call, in_flight: int, seconds: float) -> Lap:
    """Repeat a call for about `seconds`, with `in_flight` workers, each at least twice."""
    calls = 0

    async def work() -> None:
        nonlocal calls
        own = 0
        while own < 2 or (perf_counter() < end and calls < MOST):
            await call()
            calls += 1
            own += 1

    gc.collect()  # before the clock starts, since it takes time
    wall, cpu = perf_counter(), process_time()
    end = wall + seconds
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return Lap(calls, process_time() - cpu, perf_counter() - wall)


async def rounds(
    sides: Mapping[str, tuple[Call, int]], *, count: int, seconds: float, step: Callable[[str], None]
) -> dict[str, list[Lap]]:
    """Measure the sides in turn, and return the laps of each side, one a round.

    Args:
        sides: by name, the call and the number in flight.
        count: rounds; every second round has the reverse order, so that no side is always first.
        seconds: of each lap.
        step: called with the name of the next step.
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
