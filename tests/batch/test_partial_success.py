"""Test Vercom's 207 whose errors name no item: decided by elimination or by lookup, and never sent again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import anyio
import pytest
from batch_helpers import in_virtual_time, run_batch
from dict_journal import DictJournal
from fakes import Answer, FakeTransport, book_over, reply
from local_vendor import LocalVendor

from crossbook import Contact, CrossbookError, InvalidResponseError, NotFoundError, RejectedError
from crossbook._batch.results import Result
from crossbook._http.request import PreparedRequest

SIX = [Contact(external_id=f"crm-{number}", email=f"p{number}@example.com") for number in range(6)]
NO_GROUP = ("999999999",)


def row(number: int) -> dict[str, Any]:
    return {"id": str(10 + number), "externalId": f"crm-{number}"}


def error(message: str = "The e-mail address is not valid", **more: Any) -> dict[str, Any]:
    return {"title": "Validation error", "message": message, "code": "E-1-001", **more}


def partial(rows: Sequence[Any], errors: Sequence[Any], **meta: Any) -> Answer:
    return reply({"meta": {"status": 207, "uniqId": "00d928f759", **meta}, "data": rows, "errors": errors}, 207)


async def create(contacts: Sequence[Contact], *answers: Any, **options: Any) -> tuple[list[Result], FakeTransport]:
    transport = FakeTransport(*answers)
    async with book_over("vercom", transport) as book:
        return await run_batch(book.contacts.create_many(contacts, ordered=True, **options)), transport


def list_ids(results: Sequence[Result]) -> list[str]:
    return [result.id or result.status for result in results]


@pytest.mark.anyio
@pytest.mark.parametrize("without", [{}, {"meta": {}}, {"meta": {"parameter": "email", "source": None}}])
async def test_single_nameless_error_fails_unnamed_item(without: dict[str, Any]) -> None:
    rows = [row(number) for number in (5, 0, 1, 4, 2)]
    results, transport = await create(SIX, partial(rows, [error(**without)], numberOfData=5, numberOfErrors=1))
    assert list_ids(results) == ["10", "11", "12", "failed", "14", "15"]
    refused = results[3].error
    assert isinstance(refused, RejectedError)
    assert refused.message == "Validation error. The e-mail address is not valid"
    assert (refused.code, refused.status, refused.sent) == ("E-1-001", 207, "yes")
    assert refused.request_id == "00d928f759"
    assert len(transport.sent) == 1


@pytest.mark.anyio
async def test_several_nameless_errors_list_all_messages() -> None:
    errors = [error("The phone is not valid"), error("p5@example.com is not valid"), error("The phone is not valid")]
    results, transport = await create(SIX, partial([row(1), row(0), row(2)], errors))
    assert list_ids(results) == ["10", "11", "12", "failed", "failed", "failed"]
    for result in results[3:]:
        assert isinstance(result.error, RejectedError)
        assert result.error.message.startswith("the vendor refused 3 items of this request")
        assert "Validation error. The phone is not valid; Validation error. *** is not valid" in result.error.message
        assert "example.com" not in result.error.message
    assert len(transport.sent) == 1


@pytest.mark.anyio
async def test_named_and_nameless_errors_together() -> None:
    """An error that names its item keeps it; the other error belongs to the item that is left."""
    errors = [error("Not this"), error("Not that", meta={"source": "p4@example.com"})]
    results, _ = await create(SIX, partial([row(number) for number in (0, 1, 2, 5)], errors))
    assert list_ids(results) == ["10", "11", "12", "failed", "failed", "15"]
    messages = [result.error.message for result in results if result.error]
    assert messages == ["Validation error. Not this", "Validation error. Not that"]


@pytest.mark.anyio
async def test_many_messages_are_cut() -> None:
    many = [Contact(external_id=f"crm-{number}", email=f"p{number}@example.com") for number in range(61)]
    results, _ = await create(many, partial([row(0)], [error(f"Reason {number:02}") for number in range(60)]))
    assert list_ids(results)[1:] == ["failed"] * 60
    assert results[1].error is not None
    assert results[1].error.message.count("Reason") == 20
    assert results[1].error.message.endswith("; and 40 more")


TWINS = [*SIX[:4], replace(SIX[4], external_id="crm-3"), SIX[5]]
PLAIN = [Contact(email=f"p{number}@example.com") for number in range(6)]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("contacts", "rows", "errors", "meta", "decided"),
    [
        pytest.param(TWINS, [row(n) for n in (0, 1, 2, 5)], 2, {}, 4, id="two items with one external id"),
        pytest.param(TWINS, [row(n) for n in (0, 1, 2, 3, 3)], 1, {}, 3, id="one row twice for two such items"),
        pytest.param(PLAIN, [{"id": "10", "externalId": None}], 5, {}, 0, id="rows without external ids"),
        pytest.param(SIX, [row(0), row(1)], 3, {}, 2, id="fewer rows and errors than items"),
        pytest.param(SIX, [row(0), row(1)], 5, {}, 2, id="more rows and errors than items"),
        pytest.param(SIX, [row(0), row(0)], 4, {}, 0, id="a row twice"),
        pytest.param(SIX, [row(0), row(7)], 4, {}, 1, id="a row of a stranger"),
        pytest.param(SIX, [row(0), None], 4, {}, 1, id="a row that is null"),
        pytest.param(SIX, [row(0), row(1)], 4, {"numberOfData": 3}, 2, id="another number of data"),
        pytest.param(SIX, [row(0), row(1)], 4, {"numberOfErrors": 5}, 2, id="another number of errors"),
    ],
)
async def test_undecidable_items_are_uncertain(
    contacts: Sequence[Contact], rows: Sequence[Any], errors: int, meta: dict[str, Any], decided: int
) -> None:
    results, transport = await create(contacts, partial(rows, [error("Not valid")] * errors, **meta))
    uncertain = [result for result in results if result.status == "uncertain"]
    assert len(uncertain) == len(contacts) - decided
    for result in uncertain:
        assert isinstance(result.error, InvalidResponseError)
        assert result.error.status == 207
        assert "Validation error. Not valid" in result.error.message
    assert len(transport.sent) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"meta":{},"data":[]}', b'{"meta":{}}', b'{"meta":{},"data":7}'])
async def test_unreadable_207_is_not_sent_again(body: bytes) -> None:
    results, transport = await create(SIX, reply(body, 207))
    assert list_ids(results) == ["uncertain"] * 6
    assert len(transport.sent) == 1


def nameless() -> LocalVendor:
    """Return a vendor whose errors have no `meta`."""
    vendor = LocalVendor("vercom")
    vendor.sandbox.configure(vendor.sandbox.options.changed({"vercom_error_meta": False}))
    return vendor


def plain(bad: int) -> list[Contact]:
    return [replace(contact, groups=NO_GROUP if number == bad else ()) for number, contact in enumerate(PLAIN[:3])]


@pytest.mark.anyio
async def test_sandbox_207_decided_by_elimination() -> None:
    vendor = nameless()
    contacts = [replace(contact, groups=NO_GROUP if number == 4 else ()) for number, contact in enumerate(SIX)]
    async with vendor.book() as book:
        results = await run_batch(book.contacts.create_many(contacts, ordered=True))
    assert [result.status for result in results] == [*["created"] * 4, "failed", "created"]
    assert isinstance(results[4].error, NotFoundError)
    assert "There is no such group" in results[4].error.message
    assert vendor.count["createContacts"] == 1


@in_virtual_time
async def test_lookup_decides_undecidable_items() -> None:
    vendor = nameless()
    async with vendor.book() as book:
        results = await run_batch(book.contacts.create_many(plain(bad=1), match="email", ordered=True))
    assert [result.status for result in results] == ["created", "failed", "created"]
    refused = results[1].error
    assert isinstance(refused, RejectedError)
    assert "There is no such group" in refused.message
    assert (refused.status, refused.sent) == (207, "yes")
    assert vendor.count["createContacts"] == 1
    assert len(vendor.contacts()) == 2


@in_virtual_time
async def test_stranger_after_207_is_uncertain() -> None:
    """A refused create is not sent again. If its key has a new contact of someone else, it is uncertain."""
    vendor = nameless()

    async def interfere(_: LocalVendor, run: Any) -> Any:
        answer = run()
        vendor.account.book.add_contact({"email": "p1@example.com", "first_name": "Ewa"})
        return answer

    vendor.choose_fault = lambda name: interfere if name == "createContacts" else None
    async with vendor.book() as book:
        results = await run_batch(book.contacts.create_many(plain(bad=1), match="email", ordered=True))
    assert [result.status for result in results] == ["created", "uncertain", "created"]
    assert vendor.count["createContacts"] == 1


@pytest.mark.parametrize("reported", [False, True], ids=["killed", "reported"])
@in_virtual_time
async def test_resumed_run_does_not_send_again(reported: bool) -> None:
    """A run that resumes knows of the 207: killed before the lookup, or ended with uncertain items."""
    vendor, journal = nameless(), DictJournal()
    contacts = plain(bad=1)
    async with vendor.book() as book:
        if reported:
            results = await run_batch(book.contacts.create_many(contacts, journal=journal, ordered=True))
            assert [result.status for result in results] == ["uncertain"] * 3
        else:
            with anyio.move_on_after(1):  # the lookup waits for the settle timeout
                await run_batch(book.contacts.create_many(contacts, journal=journal, match="email"))
            assert {entry.state for entry in journal.entries.values()} == {"intent"}
    async with vendor.book() as book:
        again = book.contacts.create_many(contacts, journal=journal, match="email", ordered=True)
        results = await run_batch(again)
    # Whether the contacts existed before the first run is known only if that run had a match key.
    written = "skipped" if reported else "created"
    assert [result.status for result in results] == [written, "failed", written]
    assert isinstance(results[1].error, RejectedError)
    assert "There is no such group" in results[1].error.message
    assert "run the same journal" not in results[1].error.message
    assert vendor.count["createContacts"] == 1
    async with vendor.book() as book:
        replayed = await run_batch(book.contacts.create_many(contacts, journal=journal, match="email", ordered=True))
    assert [result.status for result in replayed] == [result.status for result in results]
    assert vendor.count["createContacts"] == 1


@in_virtual_time
async def test_failed_lookup_keeps_207_in_journal() -> None:
    vendor, journal = nameless(), DictJournal()

    async def refuse(_: LocalVendor, __: Any) -> Answer:
        return reply({"errors": [error()], "meta": {}}, 422)

    async with vendor.book() as book:

        def fault(name: str) -> Any:
            return refuse if name == "listContacts" and vendor.count["createContacts"] else None

        vendor.choose_fault = fault
        batch = book.contacts.create_many(plain(bad=1), journal=journal, match="email", ordered=True)
        assert [result.status for result in await run_batch(batch)] == ["uncertain"] * 3
        vendor.choose_fault = lambda _: None
        batch = book.contacts.create_many(plain(bad=1), journal=journal, match="email", ordered=True)
        assert [result.status for result in await run_batch(batch)] == ["created", "failed", "created"]
    assert vendor.count["createContacts"] == 1


@pytest.mark.parametrize(("decision", "status", "calls"), [("skip", "skipped", 1), ("retry", "uncertain", 2)])
@in_virtual_time
async def test_decision_about_answered_create(decision: Any, status: str, calls: int) -> None:
    """Only the caller's `uncertain="retry"` sends an item again that was answered 207."""
    vendor, journal = nameless(), DictJournal()
    async with vendor.book() as book:
        await run_batch(book.contacts.create_many(plain(bad=1), journal=journal))
        batch = book.contacts.create_many(plain(bad=1), journal=journal, uncertain=decision, ordered=True)
        assert [result.status for result in await run_batch(batch)] == [status] * 3
    assert vendor.count["createContacts"] == calls


REFUSAL = {"meta": {"numberOfErrors": 1, "numberOfData": 0, "status": 200}, "errors": [error("No credit")]}


@in_virtual_time
async def test_refused_200_array_is_not_split() -> None:
    """A success with an error of the vendor may have written contacts: it is looked up, and never sent in halves."""
    sent: list[int] = []

    def answer(call: PreparedRequest) -> Answer:
        if call.method == "GET":
            return reply({"meta": {}, "data": []}, 404)
        sent.append(len(json.loads(call.body)))
        return reply(REFUSAL)

    results, _ = await create(PLAIN[:3], answer)
    assert list_ids(results) == ["uncertain"] * 3
    assert sent == [3]
    results, _ = await create(PLAIN[:3], answer, match="email")
    assert list_ids(results) == ["failed"] * 3
    assert all(result.error is not None and "No credit" in result.error.message for result in results)
    assert sent == [3, 3]


@in_virtual_time
async def test_counted_error_of_create_is_looked_up() -> None:
    vendor = LocalVendor("vercom")

    async def hide(_: LocalVendor, run: Any) -> Answer:
        run()
        return reply({"meta": {"numberOfErrors": 1, "numberOfData": 0, "status": 200}, "data": []})

    vendor.choose_fault = lambda name: hide if name == "createContacts" else None
    async with vendor.book() as book:
        results = await run_batch(book.contacts.create_many(plain(bad=9), match="email", ordered=True))
        assert [result.status for result in results] == ["created"] * 3
        with pytest.raises(InvalidResponseError, match="counts 1 errors") as caught:
            await book.contacts.create(Contact(email="new@example.com"))
    assert isinstance(caught.value, CrossbookError)
    assert caught.value.action == "look_up"
    assert len(vendor.contacts()) == 4
