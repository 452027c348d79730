"""Measure one limit that four processes share: `python -m tests.fleet.limits`.

Each process takes permits as fast as it gets them, in 16 tasks. Processes are killed and started again, and the clock
of the limit's row is shifted by an hour each way. The fullest second and the used share of the limit are printed.
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
from attrs import frozen

import crossbook_fleet
from crossbook._http.limiter import AccountLimiter
from crossbook.vendor import Rate
from tests.fleet.server import PostgresServer

PROCESSES = 4
TASKS = 16
PLACE = ("vercom", "https://vendor.example.com", "limits")
_SHIFT = "update crossbook.account set next_at = next_at + make_interval(hours => $1)"


@frozen
class Row:
    """The use of one limit.

    Args:
        rate: the limit, requests a second.
        granted: the number of permits.
        used: their share of the limit, over the whole time.
        fullest: the most permits within one second, as a share of the limit and a burst of a tenth of a second.
    """

    rate: float
    granted: int
    used: float
    fullest: float


async def take(url: str, rate: float, file: Path, seconds: float) -> None:
    """Take permits, and write the time of each to a file. Runs in a process of its own."""
    limiter = AccountLimiter()
    async with crossbook_fleet.Postgres(url) as fleet:
        limiter.share(fleet.limit(*PLACE))
        limiter.add_book(Rate(rate, max(1, round(rate))), 10_000)
        with file.open("a", buffering=1) as out:

            async def work() -> None:
                while True:
                    await limiter.acquire()
                    out.write(f"{time.time():.6f}\n")
                    limiter.release()
                    await asyncio.sleep(0)

            with suppress(TimeoutError):
                async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                    for _ in range(TASKS):
                        group.create_task(work())


async def shift(url: str, hours: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(_SHIFT, hours)
    await connection.close()


def measure(server: PostgresServer, rate: float, seconds: float, *, kills: int, shifts: bool, seed: int = 0) -> Row:
    """Let four processes share a limit for some seconds."""
    dice, url = random.Random(seed), server.make_database()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "times")

        def start() -> subprocess.Popen[bytes]:
            arguments = ["--take", url, str(rate), str(file), str(seconds + 60)]
            return subprocess.Popen([sys.executable, "-m", "tests.fleet.limits", *arguments])

        processes = [start() for _ in range(PROCESSES)]
        while not file.exists() or not file.stat().st_size:
            time.sleep(0.05)
        began = time.time()
        moments = sorted((began + dice.uniform(1, seconds - 1), "kill") for _ in range(kills))
        if shifts:
            moments = sorted([*moments, (began + seconds / 3, "later"), (began + 2 * seconds / 3, "earlier")])
        for moment, event in moments:
            time.sleep(max(0.0, moment - time.time()))
            if event == "kill":
                index = dice.randrange(PROCESSES)
                processes[index].kill()
                processes[index].wait()
                processes[index] = start()
            else:
                asyncio.run(shift(url, 1 if event == "later" else -1))
        time.sleep(max(0.0, began + seconds - time.time()))
        for process in processes:
            process.kill()
            process.wait()
        times = sorted(float(line) for line in file.read_text().splitlines() if len(line) >= 17)
    times = [each for each in times if began <= each <= began + seconds]
    fullest = max(bisect.bisect_left(times, each + 1) - index for index, each in enumerate(times))
    return Row(rate, len(times), len(times) / (rate * seconds), fullest / (1.04 * rate + max(1, 0.1 * rate)))


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.fleet.limits", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--take", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.take:
        url, rate, file, seconds = options.take
        asyncio.run(take(url, float(rate), Path(file), float(seconds)))
        return 0
    bad = False
    with PostgresServer() as server:
        for rate in (10.0, 500.0):
            row = measure(server, rate, options.seconds, kills=3, shifts=True)
            bad = bad or row.used < 0.95 or row.fullest > 1
            print(
                f"limit {rate:>5.0f}/s over {PROCESSES} processes: {row.used:.1%} used (bound 95 %), "
                f"fullest second {row.fullest:.1%} of what is allowed (104 % and a tenth of a second)",
                flush=True,
            )
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
