"""Test a fleet with runs that overlap, are cancelled, or have inputs and databases that it cannot use."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from control import Server

import crossbook_fleet
from crossbook import Contact, ExternalId, InvalidInputError, UsageError
from tests.fleet.conftest import LEASE, MakeBook
from tests.fleet.server import PostgresServer
from tests.fleet.test_runs import fetch, people

pytestmark = pytest.mark.asyncio


async def test_runs_stored_at_once_share_keys(
    database: str, fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, server: Server
) -> None:
    """Both runs store chunks with the same new keys at the same moment: one of each two chunks waits for the other."""

    async def submit(run: str) -> None:
        async with make_vercom("main", fleet) as book:
            batch = book.contacts.upsert_many(people(300), match="external_id")
            await fleet.submit(batch, run=run, chunk=30)

    await asyncio.gather(*(submit(f"run {number}") for number in range(4)))
    (row,) = await fetch(database, "select count(*) filter (where blockers = 0) as free from crossbook.chunk")
    assert row["free"] == 10
    async with crossbook_fleet.Postgres(database, lease=LEASE) as other:
        books = {"main": make_vercom}
        await asyncio.gather(fleet.work(books, concurrency=8), other.work(books, concurrency=8))
    assert server.contacts("vercom") == 300
    assert await fetch(database, "select 1 from crossbook.match_key union all select 1 from crossbook.blocker") == []


async def test_many_submits_need_few_connections(database: str, make_vercom: MakeBook) -> None:
    async with crossbook_fleet.Postgres(database, connections=2) as fleet, make_vercom("main", fleet) as book:
        batches = [book.contacts.upsert_many(people(5), match="external_id") for _ in range(4)]
        async with asyncio.timeout(20):
            await asyncio.gather(*(fleet.submit(batch, run=f"{n}") for n, batch in enumerate(batches)))


async def test_submit_outlasts_a_database_restart(
    postgres: PostgresServer, fleet: crossbook_fleet.Postgres, make_vercom: MakeBook
) -> None:
    async def source() -> Any:
        for number, person in enumerate(people(30)):
            if number == 15:
                await asyncio.to_thread(postgres.restart)
            yield person

    async with make_vercom("main", fleet) as book:
        batch = book.contacts.upsert_many(source(), match="external_id")
        assert (await fleet.submit(batch, run="spring", chunk=10)).items == 30


async def test_cancelled_submit_stores_no_more(
    database: str, fleet: crossbook_fleet.Postgres, make_vercom: MakeBook
) -> None:
    async def source() -> Any:
        for number, person in enumerate(people(30)):
            if number == 15:
                await fleet.cancel("spring")
            yield person

    async with make_vercom("main", fleet) as book:
        with pytest.raises(InvalidInputError, match="was cancelled"):
            await fleet.submit(book.contacts.upsert_many(source(), match="external_id"), run="spring", chunk=10)
    sql = "select 1 from crossbook.chunk where payload is not null union all select 1 from crossbook.match_key"
    assert await fetch(database, sql) == []


async def test_cancel_ends_chunks_in_progress(
    database: str, fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, server: Server
) -> None:
    async with make_vercom("main", fleet) as book:
        batch = book.contacts.upsert_many(people(40), match="external_id", lookup="each", concurrency=1)
        await fleet.submit(batch, run="spring", chunk=40)
    server.fault("delay", "vercom", "*", seconds=0.05, count=None)
    began = asyncio.Event()

    def make_book(**options: Any) -> Any:
        return make_vercom(on_attempt=lambda _: began.set(), **options)

    async with fleet.books({"main": make_book}), asyncio.TaskGroup() as group:
        processing = group.create_task(crossbook_fleet.chunk(fleet, "spring", 0))
        await began.wait()
        await fleet.cancel("spring")
        assert await processing in ("later", "nothing")
        assert await crossbook_fleet.chunk(fleet, "spring", 0) == "nothing"
    assert server.contacts("vercom") < 40
    assert await fetch(database, "select 1 from crossbook.journal") == []
    with pytest.raises(InvalidInputError, match="is cancelled"):
        await fleet.retry("spring")


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("upsert_many", [Contact(email="a@example.com", fields={"x": object()})]),
        ("upsert_many", [Contact(email="a@example.com", first_name=5)]),  # type: ignore[arg-type]
        ("update_many", [("1", {"company": {"a"}})]),
        ("delete_many", [ExternalId("CRM-1")]),
    ],
)
async def test_unstorable_input_is_named(
    fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, method: str, values: list[Any]
) -> None:
    before: list[Any] = {"upsert_many": people(12), "delete_many": ["1"] * 12}.get(
        method, [("1", {"company": "A"})] * 12
    )
    options = {"match": "external_id"} if method == "upsert_many" else {}
    async with make_vercom("main", fleet) as book:
        batch = getattr(book.contacts, method)([*before, *values], **options)
        with pytest.raises(InvalidInputError, match="cannot store input 12"):
            await fleet.submit(batch, run="spring", chunk=10)


@pytest.mark.parametrize(("option", "value"), [("priority", 10**12), ("chunk", 10**12), ("run", "a\0b")])
async def test_option_out_of_range_is_named(
    fleet: crossbook_fleet.Postgres, make_vercom: MakeBook, option: str, value: Any
) -> None:
    async with make_vercom("main", fleet) as book:
        batch = book.contacts.upsert_many(people(1), match="external_id")
        with pytest.raises(InvalidInputError) as caught:
            await fleet.submit(batch, **{"run": "spring", option: value})
    assert caught.value.field == option


async def test_database_without_tables_is_named(postgres: PostgresServer, database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute("drop schema crossbook cascade")
    await connection.close()
    async with crossbook_fleet.Postgres(database) as fleet:
        with pytest.raises(UsageError, match="run crossbook fleet init"):
            await fleet.status("spring")
    async with crossbook_fleet.Postgres(database.replace("/fleet_", "/missing_")) as fleet:
        with pytest.raises(UsageError, match="correct the fleet's URL"):
            await fleet.status("spring")
