"""Measure what a fleet costs: `python -m tests.fleet.costs`. Each row has its bound.

- Logins: four processes with a token that expires every few seconds.
- Takeover: the time from the kill of a worker to the claim of its chunk by another one.
- CPU per contact, of the worker and of Postgres, against one process with a journal in SQLite.
- Size: bytes in Postgres for each input of a finished run.
- Growth: the time of a claim, a settlement and a status with ten times as many chunks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import httpx
import psutil
from attrs import frozen
from cryptography.fernet import Fernet

import crossbook_fleet
import crossbook_sandbox
from crossbook import AddressBook, Contact, Filemail
from crossbook.journal import JournalEntry
from crossbook.registry import load_vendor
from crossbook_fleet import _runs
from crossbook_fleet._database import Database
from crossbook_fleet._journal import PostgresJournal
from tests.fleet.server import PostgresServer

PROCESSES = 4
LEASE = 2.0
KEY = Fernet.generate_key().decode()


@frozen
class Row:
    """One measurement.

    Args:
        what: what was measured.
        value: the result as text.
        bound: the bound as text.
        holds: whether the value is within the bound.
    """

    what: str
    value: str
    bound: str
    holds: bool


def people(count: int) -> Iterator[Contact]:
    for n in range(count):
        yield Contact(email=f"p{n}@example.com", phone=f"+6149{n:07}", external_id=f"CRM-{n}", first_name="Anna")


def start(action: str, *arguments: object) -> subprocess.Popen[bytes]:
    """Start a process that takes part in a measurement: it calls a function of this module with the arguments."""
    return subprocess.Popen([sys.executable, "-m", "tests.fleet.costs", "--action", action, *map(str, arguments)])


async def fetch(database: str, sql: str, *values: Any) -> Any:
    connection = await asyncpg.connect(database)
    try:
        return await connection.fetchval(sql, *values)
    finally:
        await connection.close()


# Logins


async def list_groups(database: str, key: str, url: str, credentials: str, seconds: str) -> None:
    """Call the vendor for some seconds, in a process of its own."""
    async with (
        crossbook_fleet.Postgres(database, token_key=key) as fleet,
        Filemail(base_url=url, shared=fleet, rate=50, **json.loads(credentials)) as book,
    ):
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            await book.groups.list()


def measure_logins(server: PostgresServer, lifetime: float = 5.0, seconds: float = 32.0) -> Row:
    with crossbook_sandbox.running(rates={}, filemail_token_lifetime=lifetime) as sandbox:
        url, credentials = sandbox.base_urls["filemail"], json.dumps(sandbox.credentials["filemail"])
        began, database = time.monotonic(), server.make_database()
        processes = [start("list_groups", database, KEY, url, credentials, seconds) for _ in range(PROCESSES)]
        for process in processes:
            process.wait()
        state = httpx.get(f"{sandbox.url}/_sandbox/state", trust_env=False).json()
        logins = state["vendors"]["filemail"]["operations"]["login"]["requests"]
        most = int((time.monotonic() - began) / lifetime) + 1
    what = f"logins of {PROCESSES} processes in {seconds:g} s, a token that expires every {lifetime:g} s"
    return Row(what, str(logins), f"≤ {most} (one for each token)", logins <= most)


# Takeover and CPU


def make_book(vendor: str, url: str, credentials: str, *, account: str = "costs", shared: Any = None) -> AddressBook:
    arguments = json.loads(credentials)
    if vendor == "serwersms":
        arguments.pop("token")
    book: AddressBook = load_vendor(vendor)(base_url=url, account=account, shared=shared, rate=1e6, **arguments)
    return book


async def work(database: str, vendor: str, url: str, credentials: str) -> None:
    """Process a run, in a process of its own."""

    def book(account: str, shared: Any) -> AddressBook:
        return make_book(vendor, url, credentials, account=account, shared=shared)

    async with crossbook_fleet.Postgres(database, lease=LEASE) as fleet:
        await fleet.work({"costs": book})


async def run_alone(vendor: str, url: str, credentials: str, count: str, journal: str, group: str) -> None:
    """Run the same batch with a journal in SQLite, in a process of its own."""
    async with make_book(vendor, url, credentials) as book:
        await book.contacts.create_many(_grouped(int(count), group), match="phone", journal=journal).run()


def _grouped(count: int, group: str) -> list[Contact]:
    return [Contact(phone=each.phone, first_name="Anna", groups=(group,)) for each in people(count)]


async def submit(database: str, vendor: str, url: str, credentials: str, count: int, group: str, chunk: int) -> None:
    async with (
        crossbook_fleet.Postgres(database, lease=LEASE) as fleet,
        make_book(vendor, url, credentials, shared=fleet) as book,
    ):
        await fleet.submit(book.contacts.create_many(_grouped(count, group), match="phone"), run="costs", chunk=chunk)


async def _make_group(vendor: str, url: str, credentials: str) -> str:
    async with make_book(vendor, url, credentials) as book:
        return (await book.groups.create("Costs")).id


def measure_takeover(server: PostgresServer) -> Row:
    with crossbook_sandbox.running(rates={}) as sandbox:
        place = "serwersms", sandbox.base_urls["serwersms"], json.dumps(sandbox.credentials["serwersms"])
        database, group = server.make_database(), asyncio.run(_make_group(*place))
        asyncio.run(submit(database, *place, 2000, group, 2000))
        fence = "select fence from crossbook.chunk where run = 1 and number = 0"
        first = start("work", database, *place)
        while not asyncio.run(fetch(database, fence)):
            time.sleep(0.05)
        second = start("work", database, *place)
        time.sleep(2 * LEASE)  # the second worker is up
        first.kill()
        killed = time.monotonic()
        first.wait()
        while asyncio.run(fetch(database, fence)) < 2:
            time.sleep(0.05)
        seconds = time.monotonic() - killed
        second.kill()
        second.wait()
    what = f"takeover after a kill, leases and heartbeats of {LEASE:g} s"
    return Row(what, f"{seconds:.1f} s", f"≤ {2 * LEASE:g} s (2 heartbeats)", seconds <= 2 * LEASE)


def measure_cpu(server: PostgresServer, vendor: str, count: int, bound: float) -> Row:
    costs: dict[str, float] = {}
    for kind in ("fleet", "alone"):
        with crossbook_sandbox.running(rates={}) as sandbox, tempfile.TemporaryDirectory() as folder:
            place = vendor, sandbox.base_urls[vendor], json.dumps(sandbox.credentials[vendor])
            group = asyncio.run(_make_group(*place))
            if kind == "fleet":
                database = server.make_database()
                before = _count_cpu(server)
                asyncio.run(submit(database, *place, count, group, 1000))
                process = start("work", database, *place)
                costs[kind] = _wait_for_cpu(process) + _count_cpu(server) - before
            else:
                journal = Path(folder, "journal.sqlite")
                costs[kind] = _wait_for_cpu(start("run_alone", *place, count, journal, group))
    ratio = costs["fleet"] / costs["alone"]
    what = f"CPU per contact at {vendor}, {count:,} contacts, against one process with SQLite"
    return Row(what, f"{ratio:.2f} ×", f"≤ {bound:g} ×", ratio <= bound)


def _wait_for_cpu(process: subprocess.Popen[bytes]) -> float:
    """Wait for a process and return the CPU seconds that it used, less its start."""
    watched, used = psutil.Process(process.pid), 0.0
    while process.poll() is None:
        try:
            times = watched.cpu_times()
        except psutil.NoSuchProcess:
            break
        used = times.user + times.system
        time.sleep(0.02)
    process.wait()
    return used - _measure_start()


_start: list[float] = []


def _measure_start() -> float:
    """Return the CPU seconds of a process that only imports the fleet."""
    if not _start:
        before = psutil.Process().cpu_times()
        subprocess.run([sys.executable, "-c", "import tests.fleet.costs"], check=True)
        after = psutil.Process().cpu_times()
        _start.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return _start[0]


def _count_cpu(server: PostgresServer) -> float:
    """Return the CPU seconds of all processes of the database so far, also of those that ended."""
    found = psutil.Process(server.pid)
    own = found.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in found.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


# Size and growth


async def _settle(database: Database, count: int, chunk: int) -> list[float]:
    """Claim and settle every chunk as a worker does, with the results of creates. Return the seconds of each."""
    seconds = []
    run = await _runs.find_run(database, "size")
    for number in range(run.chunks):
        began = time.perf_counter()
        journal = PostgresJournal(database, run.id, number, "costs")
        await journal.claim(30)
        size = min(chunk, count - number * chunk)
        for index in range(size):
            journal.entries[index] = JournalEntry(
                index, None, f"{index:032x}", f"{index:032x}", "done", time.time(), (), 1, "created", str(10**6 + index)
            )
        await _runs.finish_chunk(database, run, number, journal)
        seconds.append(time.perf_counter() - began)
    return seconds


async def measure_size(url: str, count: int, chunk: int = 1000) -> tuple[float, float, float, float]:
    """Return the bytes for each input (live, total), and the seconds of a settlement and of a status."""
    async with crossbook_fleet.Postgres(url) as fleet:
        account = await fleet.limit("vercom", "https://vendor.example.com", "costs").reserve(None)
        assert account.count
        database = Database(url, 4)
        stored = await _runs.begin_run(database, "size", 1, "contacts.create_many", {"match": "phone"}, chunk, 0)
        source, number, salt = people(count), 0, await _runs.find_salt(database, 1)
        while batch := [(each, (str(each.phone),)) for _, each in zip(range(chunk), source, strict=False)]:
            await _runs.store_chunk(database, stored, number, batch, salt)
            number += 1
        await _runs.open_run(database, stored, number)
        settled = await _settle(database, count, chunk)
        status = []
        for _ in range(20):
            began = time.perf_counter()
            await fleet.status("size")
            status.append(time.perf_counter() - began)
        await database.run(lambda db: db.execute("vacuum analyze"))
        tables = "('chunk', 'journal', 'match_key', 'blocker', 'run')"
        live = await fetch(
            url, "select sum(pg_column_size(chunk.*) + coalesce(octet_length(results), 0)) from crossbook.chunk"
        )
        total = await fetch(
            url,
            "select sum(pg_total_relation_size(oid)) from pg_class where relkind = 'r' and relname in "
            f"{tables} and relnamespace = 'crossbook'::regnamespace",
        )
        await database.close()
        return float(live) / count, float(total) / count, min(settled), min(status)


def measure_sizes(server: PostgresServer, largest: int) -> list[Row]:
    found = {
        count: asyncio.run(measure_size(server.make_database(), count))
        for count in (largest // 100, largest // 10, largest)
    }
    live, total, _, _ = found[largest]
    rows = [
        Row(f"live bytes in Postgres for each of {largest:,} finished inputs", f"{live:.0f}", "≤ 250", live <= 250),
        Row("bytes by pg_total_relation_size", f"{total:.0f}", "≤ 500", total <= 500),
    ]
    for name, place in (("claim and settle a chunk", 2), ("status", 3)):
        values = [found[count][place] for count in sorted(found)]
        growth = max(after / before for before, after in pairwise(values))
        shown = ", ".join(f"{1000 * value:.1f} ms" for value in values)
        what = f"{name} at {', '.join(f'{count:,}' for count in sorted(found))} inputs: {shown}"
        rows.append(Row(what, f"{growth:.2f} × a step", "≤ 1.3 ×", growth <= 1.3))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.fleet.costs", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, default=1_000_000, help="the inputs of the largest run")
    parser.add_argument("--contacts", type=int, default=3_000, help="the contacts of the CPU rows")
    parser.add_argument("--action", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.action:
        action, *arguments = options.action
        asyncio.run(globals()[action](*arguments))
        return 0
    failed = 0
    with PostgresServer() as server:
        for measure in (
            lambda: [measure_logins(server)],
            lambda: [measure_takeover(server)],
            lambda: [measure_cpu(server, "serwersms", options.contacts, 1.5)],
            lambda: [measure_cpu(server, "vercom", 10 * options.contacts, 2.5)],
            lambda: measure_sizes(server, options.items),
        ):
            for row in measure():
                failed |= not row.holds
                print(f"{'' if row.holds else 'OUT OF BOUND '}{row.what}: {row.value} (bound {row.bound})", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
