"""The metrics of calls, the rate limiter, batches and journals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from control import Server
from fakes import FakeTransport, book_over, reply
from recorder import Recorder
from runs import FOUND, LOST
from virtual import virtually

from crossbook import AddressBook, Contact, CrossbookError
from crossbook._http.request import PreparedRequest, TransportResponse

Make = Callable[..., AddressBook]
PEOPLE = [Contact(phone=f"+4850060070{digit}") for digit in range(5)]


@pytest.mark.anyio
async def test_duration_counts_each_attempt(make_book: Make, server: Server, recorder: Recorder) -> None:
    server.fault("status", "vercom", "listGroups", status=503, count=1)
    async with make_book() as book:
        await book.groups.list()
    labels = [attributes for attributes, _ in recorder.points("http.client.request.duration")]
    assert {(each["http.response.status_code"], each.get("error.type")) for each in labels} == {
        (503, "VendorUnavailableError"),
        (200, None),
    }
    assert all(
        each.keys()
        >= {"http.request.method", "server.address", "server.port", "crossbook.vendor", "crossbook.operation"}
        for each in labels
    )
    assert recorder.total("crossbook.client.retries", operation="listGroups", vendor="vercom") == 1


@pytest.mark.anyio
async def test_requests_in_flight_go_back_to_zero(recorder: Recorder) -> None:
    """After a success, a lost response and a cancelled call alike."""
    during: list[int] = []

    async def succeeds(call: PreparedRequest) -> TransportResponse:
        during.append(recorder.total("http.client.active_requests"))
        return FOUND

    async def hangs(call: PreparedRequest) -> TransportResponse:
        during.append(recorder.total("http.client.active_requests"))
        await anyio.sleep_forever()
        raise AssertionError

    async with book_over("vercom", FakeTransport(succeeds, LOST, hangs), max_attempts=1) as book:
        await book.contacts.get("1")
        with pytest.raises(CrossbookError):
            await book.contacts.get("1")
        with anyio.move_on_after(0.01):
            await book.contacts.get("1")
    assert during == [1, 1]
    assert recorder.total("http.client.active_requests") == 0


@pytest.mark.anyio
async def test_throttled_requests_are_counted(make_book: Make, server: Server, recorder: Recorder) -> None:
    server.fault("status", "vercom", "listGroups", status=429, count=2, retry_after=0)
    async with make_book() as book:
        await book.groups.list()
    assert recorder.total("crossbook.client.throttled_requests", operation="listGroups") == 2


def test_waits_for_the_limiter_are_measured(recorder: Recorder) -> None:
    async def main() -> None:
        async with book_over("vercom", FakeTransport(FOUND), rate=0.5) as book, anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(book.contacts.get, "1")

    virtually(main)
    assert recorder.total("crossbook.limiter.wait.duration", operation="listContacts") == 3


@pytest.mark.anyio
async def test_batch_results_are_counted_by_status(make_book: Make, recorder: Recorder) -> None:
    async with make_book() as book:
        await book.contacts.create_many([*PEOPLE, Contact(phone="+48500600709", first_name="x" * 1000)]).run()
        await book.contacts.upsert_many(PEOPLE, match="phone").run()
    by_status = {
        (attributes["crossbook.operation"], attributes["crossbook.status"]): value
        for attributes, value in recorder.points("crossbook.batch.results")
    }
    assert by_status == {
        ("contacts.create_many", "created"): 5,
        ("contacts.create_many", "failed"): 1,
        ("contacts.upsert_many", "unchanged"): 5,
    }


@pytest.mark.anyio
async def test_journal_lag_is_measured(make_book: Make, recorder: Recorder, tmp_path: Path) -> None:
    async with make_book() as book:
        await book.contacts.create_many(PEOPLE, journal=tmp_path / "journal").run()
        await book.contacts.create_many([Contact(phone="+48500600799")]).run()
    entries = {
        attributes["crossbook.journal_entry"]: count for attributes, count in recorder.points("crossbook.journal.lag")
    }
    assert entries.keys() == {"intent", "outcome"}
    assert recorder.total("crossbook.journal.lag", operation="contacts.create_many") == sum(entries.values())


@pytest.mark.anyio
async def test_no_label_names_a_person_or_an_account(make_book: Make, recorder: Recorder) -> None:
    async with make_book(account="anna's account") as book:
        await book.contacts.find(phone="+48500600700")
        await book.contacts.list(email="anna@example.com")
    data = recorder.reader.get_metrics_data()
    assert data is not None
    assert not [word for word in ("anna", "500600", "example") if word in data.to_json()]


def test_refusal_by_code_counts_as_throttled(recorder: Recorder) -> None:
    """Not every vendor refuses with status 429."""
    refused = reply({"responsestatus": "ERROR", "errorcode": 429, "errormessage": "slow down"}, 429, retry_after="0")

    async def main() -> None:
        async with book_over("vercom", FakeTransport(refused, FOUND)) as book:
            await book.contacts.get("1")

    virtually(main)
    assert recorder.total("crossbook.client.throttled_requests") == 1
