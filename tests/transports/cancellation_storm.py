"""Cancel many concurrent calls, as a program: Python warns on standard error of sockets and tasks that stay open.

`cancellation_storm.py NAME BACKEND HOW PORT COUNT SEED` runs until COUNT calls were cancelled, prints the outcomes as
JSON, and closes after the next line on standard input.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
from collections import Counter
from contextlib import suppress

import anyio
from prepared_requests import call

from crossbook import _transports
from crossbook._http.request import Transport, TransportResponse

POOL = 10
CALLERS = 40
PROBES = 20


async def cut_short(transport: Transport, origin: str, how: str, seconds: float) -> str:
    """Send one request, and cancel it after this time."""
    outcome: object = None
    if how == "task":
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                outcome = await transport.send(call(origin))
    else:
        with anyio.move_on_after(seconds):
            outcome = await transport.send(call(origin))
    return "cancelled" if outcome is None else "answered" if isinstance(outcome, TransportResponse) else repr(outcome)


async def main(name: str, how: str, origin: str, count: int, seed: int) -> None:
    dice, counted = random.Random(seed), Counter[str]()
    transport = _transports.make_transport(name, origin, POOL)
    tasks = len(anyio.get_running_tasks())

    async def caller() -> None:
        while counted["cancelled"] < count:
            counted[await cut_short(transport, origin, how, dice.uniform(0.0005, 0.02))] += 1

    async def probe() -> None:
        counted["healthy" if isinstance(await transport.send(call(origin)), TransportResponse) else "sick"] += 1

    for size, work in ((CALLERS, caller), (PROBES, probe)):
        async with anyio.create_task_group() as group:
            for _ in range(size):
                group.start_soon(work)
    gc.collect()
    sys.stdout.write(json.dumps({**counted, "tasks left": len(anyio.get_running_tasks()) - tasks}) + "\n")
    sys.stdout.flush()
    await anyio.to_thread.run_sync(sys.stdin.readline)
    await transport.aclose()


if __name__ == "__main__":
    name, backend, how, port, count, seed = sys.argv[1:]
    anyio.run(main, name, how, f"http://127.0.0.1:{port}", int(count), int(seed), backend=backend)
