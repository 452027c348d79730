"""Test that a suppression list in the database of a fleet is one list for all processes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

import crossbook_fleet
from crossbook import Contact, InvalidInputError, SuppressionList
from tests.fleet.conftest import MakeBook

pytestmark = pytest.mark.asyncio
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def test_opt_out_is_known_to_all_processes(database: str) -> None:
    async with (
        crossbook_fleet.Postgres(database) as one,
        crossbook_fleet.Postgres(database) as other,
        SuppressionList(one.suppressions) as here,
        SuppressionList(other.suppressions) as there,
    ):
        await here.add(phone="+48500600700", channel="sms", reason="STOP", source="webhook", time=START)
        await here.add(email=" Anna@Example.com ", channel="email")
        assert (await there.check(Contact(phone="500 600 700"))).channels == {"sms"}
        both = await there.check(Contact(phone="+48500600700", email="anna@example.com"))
        assert both.channels == {"sms", "email"}
        await there.remove(phone="+48500600700", channel="sms", reason="form", time=START + timedelta(days=1))
        assert not await here.check(Contact(phone="+48500600700"))
        (first, second) = await here.history(Contact(phone="+48500600700"))
        assert (first.action, first.reason, first.time, second.action) == ("opt_out", "STOP", START, "resubscribe")


async def test_receipt_counts_once(database: str) -> None:
    """Deliveries with one id that arrive at several processes at once make one entry."""
    fleets = [crossbook_fleet.Postgres(database) for _ in range(4)]
    lists = [SuppressionList(fleet.suppressions) for fleet in fleets]
    added = await asyncio.gather(*(each.add(phone="+48500600700", receipt="r-1") for each in lists))
    assert sorted(map(bool, added)) == [False, False, False, True]
    assert len([entry async for entry in lists[0].entries()]) == 1
    for fleet in fleets:
        await fleet.aclose()


async def test_long_list_is_read_in_order(database: str) -> None:
    async with (
        crossbook_fleet.Postgres(database) as fleet,
        SuppressionList(fleet.suppressions) as suppressions,
    ):
        contacts = [(Contact(external_id=f"CRM-{number}"), ["all"]) for number in range(2500)]
        await suppressions.record_opt_outs(contacts, reason="import", source="crm", region="PL")
        assert [entry.key async for entry in suppressions.entries()] == [f"CRM-{number}" for number in range(2500)]


async def test_another_key_is_refused(database: str) -> None:
    async with crossbook_fleet.Postgres(database) as fleet:
        async with SuppressionList(fleet.suppressions, key="a secret of the test suite") as suppressions:
            await suppressions.add(email="anna@example.com")
        with pytest.raises(InvalidInputError):
            async with SuppressionList(fleet.suppressions, key="another secret of the test suite") as suppressions:
                await suppressions.add(email="anna@example.com")


async def test_worker_honours_the_list(database: str, fleet: crossbook_fleet.Postgres, make_vercom: MakeBook) -> None:
    """The book of a worker has the list, so a person who opts out after the submission is not written."""
    people = [Contact(email=f"p{number}@example.com", external_id=f"CRM-{number}") for number in range(20)]
    async with make_vercom("main", fleet) as book:
        await fleet.submit(book.contacts.create_many(people, match="external_id"), run="spring", chunk=5)
    async with SuppressionList(fleet.suppressions) as suppressions:
        await suppressions.add(email="p7@example.com", reason="form")

        def make_book(account: str, shared: crossbook_fleet.Postgres) -> object:
            return make_vercom(account, shared, suppressions=suppressions)

        await fleet.work({"main": make_book})
    assert (await fleet.status("spring")).counts == {"created": 19, "skipped": 1}
