"""SerwerSMS only: opt-outs are phone numbers on a blacklist, so contacts with the same number share them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from control import Server
from fakes import FakeTransport, book_over, reply

import crossbook
from crossbook import AmbiguousMatchError, Contact, InvalidResponseError, NoResponseError, RejectedError, SerwerSMS
from crossbook._http.request import PreparedRequest, TransportResponse
from crossbook.errors import CrossbookError, JournalMismatchError, VendorUnavailableError

pytestmark = pytest.mark.anyio
Make = Callable[..., SerwerSMS]
OLD, NEW = "+48500600700", "+48500600701"
EACH_ANSWER = pytest.mark.parametrize("refuses", [False, True], ids=["accepted", "refused"])


@pytest.fixture
def vendor() -> str:
    return "serwersms"


@pytest.fixture(autouse=True)
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait little between the attempts of a call."""
    monkeypatch.setattr("crossbook._http.retry.BASE_DELAY", 0.01)


async def add(book: SerwerSMS, phone: str = OLD, **fields: Any) -> str:
    return (await book.contacts.create(Contact(phone=phone, **fields))).id


async def opted_out(book: SerwerSMS, **options: Any) -> list[str]:
    return [contact.id async for contact in book.contacts.list(opted_out="sms", **options)]


async def blacklist(book: SerwerSMS) -> list[Any]:
    """Return the phone numbers of the blacklist, which the vendor lists."""
    from crossbook_wire.serwersms import models

    rows: Any = (await book.wire.blacklist.list_blacklist(models.BlacklistQuery())).items
    return [row.phone for row in rows]


@EACH_ANSWER
async def test_repeated_opt_out_and_opt_in_are_done(book: SerwerSMS, server: Server, refuses: bool) -> None:
    """Whether the vendor refuses a number that is listed already, or is not listed, is unknown: both are a success."""
    server.options(serwersms_refuses_blacklisted=refuses, serwersms_refuses_unlisted=refuses)
    id = await add(book)
    for _ in range(2):
        await book.contacts.unsubscribe(id, "sms")
        assert await blacklist(book) == [OLD]
    assert (await book.contacts.get(id)).opted_out == {"sms"}
    for _ in range(2):
        await book.contacts.resubscribe(id, "sms")
        assert await blacklist(book) == []
    assert (await book.contacts.get(id)).opted_out == frozenset()
    assert server.requests("serwersms")["checkBlacklist"] == (2 if refuses else 0), "asked only after a refusal"


async def test_other_refusal_is_raised(book: SerwerSMS, server: Server) -> None:
    id = await add(book)
    body = '{"error": {"code": 1006, "type": "InvalidData", "message": "phone has a bad format"}}'
    server.fault("status", "serwersms", "addToBlacklist", status=200, body=body, content_type="application/json")
    with pytest.raises(RejectedError, match="bad format") as caught:
        await book.contacts.unsubscribe(id, "sms")
    assert (caught.value.operation, caught.value.field) == ("addToBlacklist", "phone")
    assert await blacklist(book) == []


async def test_unsubscribe_covers_contacts_with_same_number(book: SerwerSMS, server: Server) -> None:
    one, two = await add(book), await add(book, first_name="Jan")
    other = await add(book, NEW)
    await book.contacts.unsubscribe(one, "all")
    assert await opted_out(book) == [one, two]
    await book.contacts.delete(one)
    await book.contacts.delete(two)
    later = await add(book)
    assert await opted_out(book) == [later], "neither a delete nor a create resubscribes"
    assert (await book.contacts.get(other)).opted_out == frozenset()
    assert server.requests("serwersms")["deleteFromBlacklist"] == 0


async def test_resubscribe_refuses_shared_phone(book: SerwerSMS, server: Server) -> None:
    one, two = await add(book), await add(book, first_name="Jan")
    await book.contacts.unsubscribe(one, "sms")
    with pytest.raises(AmbiguousMatchError, match="then pass shared_phone=True") as caught:
        await book.contacts.resubscribe(one, "sms")
    assert (caught.value.candidates, caught.value.field) == ((two,), "phone")
    assert await opted_out(book) == [one, two]
    assert server.requests("serwersms")["deleteFromBlacklist"] == 0
    await book.contacts.resubscribe(one, "sms", shared_phone=True)
    assert await opted_out(book) == []


async def test_resubscribe_many_refuses_shared_phone(book: SerwerSMS, tmp_path: Path) -> None:
    ids = [await add(book), await add(book), await add(book, NEW)]
    await book.contacts.unsubscribe_many(ids, "sms").run()
    journal = tmp_path / "journal.sqlite"
    summary = await book.contacts.resubscribe_many(ids, "sms", journal=journal).run()
    assert summary.counts == {"done": 1, "failed": 2}
    assert {type(each.error) for each in summary.failures} == {AmbiguousMatchError}
    assert await opted_out(book) == ids[:2]
    with pytest.raises(JournalMismatchError, match="shared_phone"):
        await book.contacts.resubscribe_many(ids, "sms", journal=journal, shared_phone=True).run()
    again = await book.contacts.resubscribe_many(ids, "sms", shared_phone=True).run()
    assert (again.counts, await opted_out(book)) == ({"done": 3}, [])


async def test_unsubscribe_many_resumes_with_journal(make_book: Make, server: Server, tmp_path: Path) -> None:
    journal = tmp_path / "journal.sqlite"
    async with make_book(max_attempts=1) as book:
        ids = [await add(book, f"+4850060070{number}") for number in range(6)]
        for operation in ("addToBlacklist", "checkBlacklist"):
            server.fault("reset", "serwersms", operation, when="before", count=99)
        left = await book.contacts.unsubscribe_many(ids[:1], "sms", journal=journal, run="one").run()
        assert left.counts == {"uncertain": 1}
        server.calm()
        assert (await book.contacts.unsubscribe_many(ids[:1], "sms", journal=journal, run="one").run()).counts == {
            "done": 1
        }
        # Every other response is lost after the number was stored; the blacklist itself then confirms each item.
        server.fault("reset", "serwersms", "addToBlacklist", when="after", count=3)
        whole = await book.contacts.unsubscribe_many(
            [*ids, "99"], "sms", journal=journal, run="all", ordered=True
        ).run()
        assert whole.counts == {"done": 6, "failed": 1}
        assert await opted_out(book) == ids
        before = server.requests("serwersms")
        replayed = await book.contacts.unsubscribe_many([*ids, "99"], "sms", journal=journal, run="all").run()
        assert (replayed.counts, server.requests("serwersms") - before) == (whole.counts, {})


@pytest.mark.parametrize("listed", [True, False])
async def test_lost_response_is_read_back(make_book: Make, server: Server, listed: bool) -> None:
    operation = "addToBlacklist" if listed else "deleteFromBlacklist"
    async with make_book(max_attempts=1) as book:
        id = await add(book)
        call = book.contacts.unsubscribe if listed else book.contacts.resubscribe
        if not listed:
            await book.contacts.unsubscribe(id, "sms")
        server.fault("reset", "serwersms", operation, when="before")
        with pytest.raises(NoResponseError) as caught:
            await call(id, "sms")
        assert (caught.value.operation, caught.value.sent) == (operation, "maybe")
        server.fault("reset", "serwersms", operation, when="after")
        await call(id, "sms")
        assert await opted_out(book) == ([id] if listed else [])


async def test_new_phone_is_blacklisted_before_edit(book: SerwerSMS, server: Server) -> None:
    id = await add(book)
    await book.contacts.unsubscribe(id, "sms")
    await book.contacts.update(id, phone=NEW)
    found = await book.contacts.get(id)
    assert (found.phone, found.opted_out) == (NEW, {"sms"})
    assert await blacklist(book) == [OLD, NEW], "the old number stays on the blacklist"
    before = server.requests("serwersms")
    await book.contacts.update(id, phone="500 600 701", company="ABC")
    assert (server.requests("serwersms") - before)["addToBlacklist"] == 0, "the same number in another spelling"


async def test_failed_edit_leaves_new_phone_blacklisted(make_book: Make, server: Server) -> None:
    async with make_book(max_attempts=1) as book:
        id = await add(book)
        await book.contacts.unsubscribe(id, "sms")
        server.fault("status", "serwersms", "updateContact", status=503)
        with pytest.raises(VendorUnavailableError, match="the new phone of this opted-out contact was blacklisted"):
            await book.contacts.update(id, phone=NEW)
        assert ((await book.contacts.get(id)).phone, await blacklist(book)) == (OLD, [OLD, NEW])
        server.fault("status", "serwersms", "addToBlacklist", status=503)
        server.fault("status", "serwersms", "checkBlacklist", status=503)
        before = server.requests("serwersms")
        with pytest.raises(VendorUnavailableError) as caught:
            await book.contacts.update(id, phone="+48500600702")
        assert caught.value.operation == "addToBlacklist"
        assert (server.requests("serwersms") - before)["updateContact"] == 0


async def test_batches_blacklist_new_phone(book: SerwerSMS) -> None:
    id = await add(book, email="anna@example.com")
    await book.contacts.unsubscribe(id, "sms")
    third = "+48500600702"
    people = [Contact(phone=NEW, email="anna@example.com")]
    assert (await book.contacts.upsert_many(people, match="email").run()).counts == {"updated": 1}
    assert (await book.contacts.get(id)).opted_out == {"sms"}
    assert (await book.contacts.update_many([(id, {"phone": third})]).run()).counts == {"updated": 1}
    assert (await book.contacts.get(id)).opted_out == {"sms"}
    assert await blacklist(book) == [OLD, NEW, third]


@pytest.mark.parametrize("shown", [{}, {"blacklist": None}, {"blacklist": "?"}])
async def test_unknown_mark_is_looked_up_before_edit(shown: dict[str, Any]) -> None:
    bodies: dict[str, Any] = {
        "/contacts/view": {"id": 7, "phone": OLD, **shown}, "/groups/check": {"items": []},
        "/blacklist/check": {"exists": True}, "/blacklist/add": {"success": True, "id": 3},
        "/contacts/edit": {"success": True, "id": 7},
    }  # fmt: skip

    def respond(call: PreparedRequest) -> TransportResponse:
        return reply(bodies[call.path])

    transport = FakeTransport(respond)
    async with book_over("serwersms", transport) as book:
        await book.contacts.update("7", phone=NEW)
        assert [call.path for call in transport.sent][-3:] == ["/blacklist/check", "/blacklist/add", "/contacts/edit"]
        assert [body["phone"] for body in transport.bodies[-3:]] == [OLD, NEW, NEW]
        bodies["/blacklist/check"] = {"exists": None, "success": True}
        with pytest.raises(InvalidResponseError, match="exists"):
            await book.contacts.update("7", phone="+48500600702")
    assert transport.sent[-1].path == "/blacklist/check", "no edit if the mark cannot be read"


@pytest.mark.parametrize("stored", ["500600700", "48500600700", "+48 500 600 700"])
async def test_new_spelling_is_blacklisted_before_edit(stored: str) -> None:
    """How the blacklist compares spellings is unknown: a contact that is stored in another one stays opted out."""
    bodies: dict[str, Any] = {
        "/contacts/view": {"id": 7, "phone": stored, "blacklist": True}, "/groups/check": {"items": []},
        "/blacklist/add": {"success": True, "id": 3}, "/contacts/edit": {"success": True, "id": 7},
    }  # fmt: skip
    transport = FakeTransport(lambda call: reply(bodies[call.path]))
    async with book_over("serwersms", transport) as book:
        await book.contacts.update("7", phone=OLD)
    assert [call.path for call in transport.sent][-2:] == ["/blacklist/add", "/contacts/edit"]
    assert [body["phone"] for body in transport.bodies[-2:]] == [OLD, OLD]


@pytest.mark.parametrize("paging", [True, False])
async def test_opted_out_filter_reads_every_page(book: SerwerSMS, server: Server, paging: bool) -> None:
    """Pages without an opted-out contact do not end the list, even if the vendor returns no number of pages."""
    if not paging:
        server.fault("rewrite", "serwersms", drop=["paging"])
    group = (await book.groups.create("Friends")).id
    ids = [await add(book, f"+4850060070{number}", groups=(group,) if number % 2 else None) for number in range(8)]
    await book.contacts.unsubscribe_many([ids[0], ids[7]], "sms").run()
    for size in (1, 2, 3, 100):
        assert await opted_out(book, page_size=size) == [ids[0], ids[7]]
    assert await opted_out(book, group=group) == [ids[7]]
    page = await book.contacts.list(opted_out="sms", page_size=2)
    assert [contact.id for contact in page.items] == [ids[0]]
    assert await opted_out(book, page_size=2, after=page.cursor) == [ids[7]]


async def test_opted_out_filter_needs_mark_of_each_row() -> None:
    rows = [{"id": 1, "phone": OLD, "blacklist": True}, {"id": 2, "phone": NEW}]
    async with book_over("serwersms", FakeTransport(reply({"items": rows}))) as book:
        with pytest.raises(InvalidResponseError, match=r"items\.blacklist"):
            await book.contacts.list(opted_out="sms")


async def test_copy_reads_opt_outs_from_the_list(make_book: Make, server: Server) -> None:
    vercom = crossbook.Vercom(
        base_url=server.base_urls["vercom"], rate=1e6, account="target", **server.credentials["vercom"]
    )
    async with make_book() as book, vercom as target:
        ids = [await add(book, f"+4850060070{number}") for number in range(3)]
        await book.contacts.unsubscribe(ids[1], "sms")
        before = server.requests("serwersms")
        summary = await crossbook.copy(book, target, groups="none").run()
        assert (summary.counts, summary.dropped_fields) == ({"created": 2, "skipped": 1}, {"opted_out": 1})
        assert server.requests("serwersms") - before == {"listContacts": 1}, "the list shows them: no second pass"


async def test_refusal_with_unreadable_blacklist_is_raised(book: SerwerSMS, server: Server) -> None:
    server.options(serwersms_refuses_blacklisted=True)
    id = await add(book)
    await book.contacts.unsubscribe(id, "sms")
    server.fault("empty", "serwersms", "checkBlacklist", count=99)
    with pytest.raises(CrossbookError, match="already on the blacklist") as caught:
        await book.contacts.unsubscribe(id, "sms")
    assert caught.value.operation == "addToBlacklist"
