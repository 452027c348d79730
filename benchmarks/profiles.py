"""Profile the three rows with most of our code; `make bench-profile` writes `docs/performance.md`."""

from __future__ import annotations

import cProfile
import pstats
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks import page, pinning
from benchmarks.clients import barely
from benchmarks.in_memory import whole
from benchmarks.micro.decode import contacts
from benchmarks.rounds import Call, lap
from benchmarks.serving import server

TOP = 14
"""Lines of each profile."""


async def _profiled(opened: AbstractAsyncContextManager[Call], width: int) -> tuple[pstats.Stats, int]:
    """Run a call repeatedly under cProfile, and return the statistics and the number of calls."""
    profiler = cProfile.Profile()
    async with opened as call:
        await lap(call, width, 0.5)
        profiler.enable()
        seen = await lap(call, width, 3.0)
        profiler.disable()
    return pstats.Stats(profiler), seen.calls


def lines(stats: pstats.Stats, calls: int) -> Iterator[str]:
    """Return a line for each of the functions with the most own time."""
    found: dict[tuple[str, int, str], tuple[int, int, float, float, Any]] = {
        where: times
        for where, times in stats.stats.items()  # type: ignore[attr-defined]
        if "gc.collect" not in where[2]  # of the lap itself
    }
    whole = sum(times[2] for times in found.values())
    yield f"{'own':>6}  {'with callees':>12}  {'a call':>8}  function"
    for where, (_, number, own, cumulated, _) in sorted(found.items(), key=lambda one: -one[1][2])[:TOP]:
        yield f"{own / whole:6.1%}  {min(cumulated / whole, 1):12.1%}  {number / calls:8.1f}  {_name(*where)}"


def _name(file: str, line: int, function: str) -> str:
    """Return a function's name in the profile, its path without the folders of this machine."""
    if file == "~":
        return function
    parts = Path(file).parts
    known = ("site-packages", "src", "generated", f"python{sys.version_info.major}.{sys.version_info.minor}")
    begin = max((len(parts) - parts[::-1].index(name) for name in known if name in parts), default=len(parts) - 2)
    return f"{'/'.join(parts[begin:])}:{line} {function}"


@asynccontextmanager
async def over_httpx() -> AsyncGenerator[Call]:
    with server() as served:
        async with barely("httpx")(served.origin, 64) as call:
            yield call


def main() -> None:
    pinning.take("client")
    rows = {
        "`contacts.get` over a transport in memory: all that is ours of a call": (whole, 1),
        "transport `httpx`, 64 in flight over loopback": (over_httpx, 64),
        "a page of 1,000 contacts: bytes to our `Contact`s": (contacts, 1),
    }
    text: list[str] = []
    for title, (opened, width) in rows.items():
        stats, calls = pinning.run(_profiled(opened(), width))
        text += ["", f"**{title[0].upper()}{title[1:]}**", "", "```text", *lines(stats, calls), "```"]
    page.put("profiles", [*text, ""])


if __name__ == "__main__":
    main()
