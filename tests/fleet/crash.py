"""Kill and stop workers of a fleet at random, and check the result: `python -m tests.fleet.crash`.

Four worker processes share one run for each vendor. Some are killed (SIGKILL) and started again, one is killed and not
started again, some are stopped (SIGSTOP) for longer than their lease, and the database is restarted once. Meanwhile the
sandbox loses responses, and processes those requests up to 0.4 s later. Then the sandbox's database is compared with
the input: each contact must be there exactly once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
from attrs import asdict, frozen

import crossbook_fleet
import crossbook_sandbox
from crossbook import AddressBook
from tests.batch import crash as single
from tests.fleet.server import PostgresServer

LEASE = 2.0
SETTLE = 2.0
WORKERS = 4
CHUNK = 200


@frozen
class Row:
    """What became of one run."""

    vendor: str
    kills: int
    stops: int
    written: int
    lost: list[str]
    doubled: list[str]
    uncertain: int
    seconds: float


def make_book(case: single.Case, url: str, credentials: dict[str, str], shared: Any) -> AddressBook:
    options: Any = {"rate": single.ATOM_RATE} if case.vendor == "atom" else {}
    if case.vendor == "serwersms":
        credentials = {name: value for name, value in credentials.items() if name != "token"}
    book: AddressBook = single.load_vendor(case.vendor)(
        base_url=url, account="crash", shared=shared, **credentials, **options
    )
    return book


async def submit(case: single.Case, database: str, url: str, credentials: dict[str, str], groups: list[str]) -> None:
    async with (
        crossbook_fleet.Postgres(database, lease=LEASE) as fleet,
        make_book(case, url, credentials, fleet) as book,
    ):
        batch = book.contacts.create_many(
            list(case.people(groups)), match=single.MATCH[case.vendor], settle_timeout=SETTLE
        )
        await fleet.submit(batch, run=case.vendor, chunk=CHUNK)


async def work(case: single.Case, database: str, url: str, credentials: dict[str, str]) -> None:
    """Work until the run is done. Runs in a process of its own."""
    async with crossbook_fleet.Postgres(database, lease=LEASE) as fleet:

        def book(account: str, shared: Any) -> AddressBook:
            return make_book(case, url, credentials, shared)

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, fleet.stop)
        await fleet.work({"crash": book})


async def count_uncertain(database: str, run: str) -> tuple[crossbook_fleet.RunStatus, set[int]]:
    async with crossbook_fleet.Postgres(database, lease=LEASE) as fleet:
        status = await fleet.status(run)
        return status, {result.index async for result in fleet.results(run) if result.status == "uncertain"}


def start_worker(case: single.Case, database: str, url: str, credentials: dict[str, str]) -> subprocess.Popen[bytes]:
    arguments = [json.dumps(asdict(case)), database, url, json.dumps(credentials)]
    return subprocess.Popen([sys.executable, "-m", "tests.fleet.crash", "--work", *arguments])


def crash(
    case: single.Case, sandbox: crossbook_sandbox.Running, contacts: Path, server: PostgresServer, *, pause: float
) -> Row:
    """Run one import on several workers to its end, and compare the account with the input.

    Args:
        case: the import; `kills` is the number of kills, and half of it the number of stops.
        sandbox: the vendor.
        contacts: the sandbox's database.
        server: the fleet's database.
        pause: the most seconds between two kills.
    """
    vendor, began = case.vendor, time.monotonic()
    url, credentials = sandbox.base_urls[vendor], sandbox.credentials[vendor]
    groups = anyio.run(single.prepare, case, url, credentials)
    single.arm_faults(sandbox, case)
    anyio.run(submit, case, server.url, url, credentials, groups)
    dice = random.Random(case.seed + 3)
    workers = [start_worker(case, server.url, url, credentials) for _ in range(WORKERS)]
    missing = dice.randrange(WORKERS)  # this worker is not started again
    kills = stops = 0
    restart_at = case.kills // 2
    while any(worker.poll() is None for worker in workers):
        if kills >= case.kills:
            break
        time.sleep(dice.uniform(0.1, pause))
        index = dice.randrange(WORKERS)
        worker = workers[index]
        if worker.poll() is not None:
            continue
        if dice.random() < 0.33:
            worker.send_signal(signal.SIGSTOP)
            time.sleep(1.5 * LEASE)
            worker.send_signal(signal.SIGCONT)
            stops += 1
            continue
        worker.kill()
        worker.wait()
        kills += 1
        if kills == restart_at:
            server.restart()
        if index != missing:
            workers[index] = start_worker(case, server.url, url, credentials)
    for worker in workers:
        worker.wait()
    # Without an open run a worker returns. A chunk of the last kill may be left.
    last = start_worker(case, server.url, url, credentials)
    last.wait()
    single.ask(sandbox, "/settle")
    seconds = time.monotonic() - began
    status, uncertain = anyio.run(count_uncertain, server.url, vendor)
    if status.state != "finished":
        print(f"  the run is not finished: {status}")
    there = Counter(single.names(contacts, vendor))
    lost, doubled = [], []
    for number in range(case.count):
        times = there[f"P{number}"] - (number in case.twins())
        if times > 1:
            doubled.append(f"P{number}")
        if times < 1 and (number not in uncertain or times < 0):
            lost.append(f"P{number}")
    written = sum(times for name, times in there.items() if name.startswith("P")) - len(case.twins())
    return Row(vendor, kills, stops, written, lost, doubled, len(uncertain), seconds)


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.fleet.crash", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--vendors", nargs="+", choices=single.VENDORS, default=single.VENDORS)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--pause", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        case, database, url, credentials = options.work
        with suppress(KeyboardInterrupt):
            asyncio.run(work(single.Case(**json.loads(case)), database, url, json.loads(credentials)))
        return 0
    print(f"{WORKERS} workers, {options.count:,} people, {options.kills} kills each; seed {options.seed}")
    print(
        f"{'vendor':<12}{'kills':>6}{'stops':>6}{'written':>9}{'lost':>6}{'doubled':>9}{'uncertain':>11}{'seconds':>9}"
    )
    bad = False
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        contacts = Path(folder, "sandbox.sqlite")
        with crossbook_sandbox.running(db=contacts, rates={"atom": single.ATOM_RATE}) as sandbox:
            for vendor in options.vendors:
                case = single.Case(vendor, options.count, options.kills, options.seed)
                row = crash(case, sandbox, contacts, server, pause=options.pause)
                print(
                    f"{vendor:<12}{row.kills:>6}{row.stops:>6}{row.written:>9,}{len(row.lost):>6}"
                    f"{len(row.doubled):>9}{row.uncertain:>11}{row.seconds:>9.0f}",
                    flush=True,
                )
                if row.lost or row.doubled:
                    bad = True
                    print(f"  lost: {row.lost[:10]}  doubled: {row.doubled[:10]}")
    return int(bad)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", "")
    sys.exit(main())
