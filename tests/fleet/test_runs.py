"""Test that a fleet stores the inputs of a batch, processes them on several workers, and reports on them."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from control import Server

import crossbook_fleet
from crossbook import Contact, InvalidInputError, UnsupportedError
from tests.fleet.conftest import LEASE, MakeBook

pytestmark = pytest.mark.asyncio


def people(count: int, **more: Any) -> list[Contact]:
    return [
        Contact(email=f"p{number}@example.com", external_id=f"CRM-{number}", first_name="Anna", **more)
        for number in range(count)
    ]


async def submit(
    fleet: crossbook_fleet.Postgres, make_book: MakeBook, source: list[Contact], *, chunk: int = 10, **options: Any
) -> crossbook_fleet.RunStatus:
    async with make_book("main", fleet) as book:
        options = {"match": "external_id", **options}
        return await fleet.submit(book.contacts.upsert_many(source, **options), run="spring", chunk=chunk)


async def fetch(database: str, sql: str) -> Any:
    connection = await asyncpg.connect(database)
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


async def test_two_workers_process_each_input_once(
    database: str, fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, server: Server
) -> None:
    status = await submit(fleet, make_vercom, people(95))
    assert (status.state, status.items, status.chunks, status.done) == ("open", 95, 10, 0)
    async with crossbook_fleet.Postgres(database, lease=LEASE) as other:
        await asyncio.gather(fleet.work({"main": make_vercom}), other.work({"main": make_vercom}))
    status = await fleet.status("spring")
    assert (status.state, status.done, status.counts) == ("finished", 95, {"created": 95})
    assert (status.workers, status.oldest_lease, status.parked) == ({}, None, {})
    results = [result async for result in fleet.results("spring")]
    assert [result.index for result in results] == list(range(95))
    assert len({result.id for result in results}) == server.contacts("vercom") == 95


async def test_finished_run_keeps_no_personal_data(
    database: str, fleet: crossbook_fleet.Postgres, make_vercom: MakeBook
) -> None:
    await submit(fleet, make_vercom, people(20))
    await fleet.work({"main": make_vercom})
    for table in ("chunk", "journal", "match_key", "run", "account"):
        rows = await fetch(database, f"select * from crossbook.{table}")
        shown = repr([dict(row) for row in rows])
        assert "example.com" not in shown.replace("vendor.example.com", "")
        assert "CRM-" not in shown
    assert await fetch(database, "select payload from crossbook.chunk where payload is not null") == []
    assert await fetch(database, "select * from crossbook.journal") == []
    assert await fetch(database, "select * from crossbook.match_key") == []


async def test_repeated_submit_stores_nothing_new(fleet: crossbook_fleet.Postgres, make_vercom: MakeBook) -> None:
    first = await submit(fleet, make_vercom, people(25))
    assert await submit(fleet, make_vercom, people(25)) == first


async def test_interrupted_submit_is_continued(
    database: str, fleet: crossbook_fleet.Postgres, make_vercom: MakeBook
) -> None:
    def broken() -> Any:
        yield from people(25)
        raise OSError("the file is gone")

    with pytest.raises(OSError, match="the file is gone"):
        await submit(fleet, make_vercom, broken())
    assert (await fleet.status("spring")).state == "submitting"
    with pytest.raises(InvalidInputError, match="inputs from number 10 on have changed"):
        await submit(fleet, make_vercom, [*people(10), *people(10)])
    assert (await submit(fleet, make_vercom, people(30))).items == 30
    await fleet.work({"main": make_vercom})
    assert (await fleet.status("spring")).counts == {"created": 30}


@pytest.mark.parametrize(
    ("field", "change"),
    [("chunk", {"chunk": 7}), ("batch", {"on_unsupported_field": "drop"}), ("batch", {"match": "email"})],
)
async def test_submit_of_another_call_is_refused(
    fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, field: str, change: dict[str, Any]
) -> None:
    await submit(fleet, make_vercom, people(5))
    with pytest.raises(InvalidInputError, match="another name") as caught:
        await submit(fleet, make_vercom, people(5), **change)
    assert caught.value.field == field


@pytest.mark.parametrize("option", [{"journal": "a.sqlite"}, {"progress": print}, {"dry_run": True}])
async def test_option_that_fleets_lack_is_refused(
    fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, option: dict[str, Any]
) -> None:
    with pytest.raises(UnsupportedError, match="leave it out") as caught:
        await submit(fleet, make_vercom, people(5), **option)
    assert caught.value.field in option


async def test_inputs_with_one_key_keep_their_order(fleet: crossbook_fleet.Postgres, make_vercom: MakeBook) -> None:
    """Inputs of different chunks with the same match key are written one after the other: the last one wins."""
    source = [Contact(email="a@example.com", external_id=f"CRM-{n % 3}", first_name=f"N{n}") for n in range(60)]
    await submit(fleet, make_vercom, source, chunk=4)
    await fleet.work({"main": make_vercom}, concurrency=8)
    async with make_vercom("main") as book:
        stored = {contact.external_id: contact.first_name async for contact in book.contacts.list()}
    assert stored == {"CRM-0": "N57", "CRM-1": "N58", "CRM-2": "N59"}


async def test_worker_leaves_runs_of_other_accounts(
    fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    await submit(fleet, make_vercom, people(5))
    with caplog.at_level(logging.WARNING, "crossbook.fleet"):
        await fleet.work({"other": make_vercom})
    assert "run spring is of account main at vercom" in caplog.text
    assert server.contacts("vercom") == 0


async def test_paused_run_waits_until_resumed(
    fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, server: Server
) -> None:
    await submit(fleet, make_vercom, people(20))
    await fleet.pause("spring")
    await fleet.work({"main": make_vercom})
    assert server.contacts("vercom") == 0
    await fleet.resume("spring")
    await fleet.work({"main": make_vercom})
    assert server.contacts("vercom") == 20


async def test_cancelled_run_deletes_its_inputs(
    database: str, fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, server: Server
) -> None:
    await submit(fleet, make_vercom, people(20))
    await fleet.cancel("spring")
    await fleet.work({"main": make_vercom})
    assert (server.contacts("vercom"), (await fleet.status("spring")).state) == (0, "cancelled")
    assert await fetch(database, "select 1 from crossbook.chunk where payload is not null") == []
    with pytest.raises(InvalidInputError, match="is cancelled"):
        await fleet.pause("spring")


async def test_failing_chunk_is_parked_and_retried(
    fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, server: Server
) -> None:
    await submit(fleet, make_vercom, people(5))
    server.fault("status", "vercom", "createContacts", status=401, count=None)
    await fleet.work({"main": make_vercom})
    status = await fleet.status("spring")
    assert (status.state, list(status.parked)) == ("open", [0])
    assert "credentials" in status.parked[0]
    server.calm()
    assert await fleet.retry("spring") == 1
    await fleet.work({"main": make_vercom})
    assert (await fleet.status("spring")).counts == {"created": 5}


async def test_stopped_worker_releases_its_chunks(
    database: str, fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, server: Server
) -> None:
    await submit(fleet, make_vercom, people(40), chunk=40, lookup="each", concurrency=1)
    server.fault("delay", "vercom", "*", seconds=0.05, count=None)
    began = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(fleet.work({"main": partial(make_vercom, on_attempt=lambda _: began.set())}))
        await began.wait()
        fleet.stop()
    assert await fetch(database, "select 1 from crossbook.chunk where state = 'leased'") == []
    assert (await fleet.status("spring")).state == "open"
    server.calm()
    await fleet.work({"main": make_vercom})
    assert server.contacts("vercom") == 40


async def test_worker_without_lease_sends_nothing_more(
    database: str, fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, server: Server
) -> None:
    """Another worker claims the chunk, as after a pause of the first worker, which then sends nothing more."""
    await submit(fleet, make_vercom, people(60), chunk=60, lookup="each", concurrency=1)
    server.fault("delay", "vercom", "*", seconds=0.1, count=None)
    began = asyncio.Event()
    books = {"main": partial(make_vercom, on_attempt=lambda _: began.set())}
    async with fleet.books(books), asyncio.TaskGroup() as group:
        processing = group.create_task(crossbook_fleet.chunk(fleet, "spring", 0))
        await began.wait()
        await fetch(database, "update crossbook.chunk set fence = fence + 1 returning 1")
        assert await processing == "later"
        before = server.quiet("vercom")
        assert server.requests("vercom") == before
    assert server.contacts("vercom") == 0


async def test_chunk_is_idempotent(fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, server: Server) -> None:
    await submit(fleet, make_vercom, people(5))
    async with fleet.books({"main": make_vercom}):
        assert [await crossbook_fleet.chunk(fleet, "spring", 0) for _ in range(2)] == ["done", "nothing"]
        assert await asyncio.gather(*(crossbook_fleet.chunk(fleet, "spring", 0) for _ in range(3))) == ["nothing"] * 3
        with pytest.raises(InvalidInputError, match="no run 'autumn'"):
            await crossbook_fleet.chunk(fleet, "autumn", 0)
    assert server.contacts("vercom") == 5


async def test_tables_are_made_once(database: str) -> None:
    async with crossbook_fleet.Postgres(database) as fleet:
        assert await asyncio.gather(*(fleet.init() for _ in range(3))) == [False] * 3
