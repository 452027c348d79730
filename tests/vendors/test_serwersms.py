"""SerwerSMS only: one row for each group, pages without a count, updates of whole contacts, two credential types."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from control import Server
from crossbook_wire.serwersms import models
from fakes import FakeTransport, book_over, reply

from crossbook import (
    AddressBook,
    AuthError,
    Contact,
    CrossbookError,
    InvalidInputError,
    InvalidResponseError,
    NotFoundError,
    RateLimitError,
    RejectedError,
    SerwerSMS,
    VendorUnavailableError,
)
from crossbook._http.request import PreparedRequest, TransportResponse
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import full_contact, phone

pytestmark = pytest.mark.anyio


@pytest.fixture
def vendor() -> str:
    return "serwersms"


async def ids(book: AddressBook, **options: Any) -> list[str]:
    return [contact.id async for contact in book.contacts.list(**options)]


async def test_contact_listed_once_for_each_group(
    book: SerwerSMS, profile: VendorProfile, server: Server, group: str
) -> None:
    groups = [group, (await book.groups.create("Others")).id]
    first = (await book.contacts.create(full_contact(profile, 0, groups))).id
    second = (await book.contacts.create(full_contact(profile, 1, [group]))).id
    assert await ids(book) == [first, first, second]
    assert [contact.groups async for contact in book.contacts.list()] == [(groups[0],), (groups[1],), (group,)]
    for size in (1, 2, 100):
        assert await ids(book, unique=True, page_size=size) == [first, second]
    server.options(serwersms_row_per_group=False)
    assert await ids(book) == [first, second]


async def test_list_without_page_count_ends(
    book: SerwerSMS, profile: VendorProfile, server: Server, group: str
) -> None:
    created = [(await book.contacts.create(full_contact(profile, number, [group]))).id for number in range(6)]
    server.fault("rewrite", "serwersms", "listContacts", drop=["paging"])
    for size in (1, 2, 3, 4, 100):
        assert await ids(book, page_size=size) == created
    before = server.requests("serwersms")
    pages = [len(page.items) async for page in book.contacts.list(page_size=3).pages()]
    assert pages == [3, 3, 0], "pages are requested until one is empty"
    assert (server.requests("serwersms") - before)["listContacts"] == 3
    page = await book.contacts.list(page_size=4)
    assert await ids(book, page_size=4, after=page.cursor) == created[4:]


async def test_repeated_page_ends_list() -> None:
    rows = {"items": [{"id": 1, "phone": "+48500600701"}, {"id": 2, "phone": "+48500600702"}]}

    def respond(call: PreparedRequest) -> TransportResponse:
        assert len(transport.sent) < 10
        return reply(rows)

    transport = FakeTransport(respond)
    async with book_over("serwersms", transport) as book:
        assert await ids(book, page_size=2) == ["1", "2"]
        page = await book.contacts.list(page_size=2)
        assert await ids(book, page_size=2, after=page.cursor) == []
    assert [body["page"] for body in transport.bodies] == [1, 2, 1, 2]


@pytest.mark.parametrize("partial", [False, True])
async def test_update_is_three_calls_and_keeps_fields(
    book: SerwerSMS, profile: VendorProfile, server: Server, group: str, partial: bool
) -> None:
    server.options(serwersms_partial_edit=partial)
    groups = [group, (await book.groups.create("Others")).id]
    contact = full_contact(profile, 0, groups)
    id = (await book.contacts.create(contact)).id
    before = server.requests("serwersms")
    await book.contacts.update(id, company="New", fields={"city": "Łódź"})
    assert server.requests("serwersms") - before == {"getContact": 1, "checkGroups": 1, "updateContact": 1}
    before = server.requests("serwersms")
    await book.contacts.update(id, groups=groups[:1])
    assert server.requests("serwersms") - before == {"getContact": 1, "getGroup": 1, "updateContact": 1}
    found = await book.contacts.get(id)
    assert (found.company, found.email, found.phone) == ("New", contact.email, contact.phone)
    assert found.fields == {**(contact.fields or {}), "city": "Łódź"}


async def test_contacts_with_same_phone_keep_own_groups(book: SerwerSMS, profile: VendorProfile, group: str) -> None:
    """`groups/check` takes a phone, and returns the groups of every contact with it."""
    other = (await book.groups.create("Others")).id
    one = (await book.contacts.create(full_contact(profile, 0, [group]))).id
    two = (await book.contacts.create(full_contact(profile, 0, [other]))).id
    assert [each.id for each in await book.contacts.groups_of(one)] == [group]
    await book.contacts.update(two, company="New")
    assert [each.id for each in await book.contacts.groups_of(two)] == [other]


async def test_blacklist_read_as_sms_opt_out(
    book: SerwerSMS, profile: VendorProfile, server: Server, group: str
) -> None:
    one, two = [(await book.contacts.create(full_contact(profile, number, [group]))).id for number in range(2)]
    server.mark("serwersms", two, opted_out=["sms"])
    off = [(contact.id, contact.opted_out) async for contact in book.contacts.list()]
    assert off == [(one, frozenset()), (two, {"sms"})]
    assert (await book.contacts.get(two)).opted_out == {"sms"}


async def test_group_contacts_deleted_only_on_request() -> None:
    """`delete_contacts=false` is never sent: PHP reads the text "false" as true."""
    transport = FakeTransport(reply({"success": True}))
    async with book_over("serwersms", transport) as book:
        await book.groups.delete("7")
        await book.groups.delete("7", with_contacts=True)
    keep, delete = transport.bodies
    assert "delete_contacts" not in keep
    assert delete["delete_contacts"] is True


async def test_groups_cleared_with_none(book: SerwerSMS, profile: VendorProfile, group: str) -> None:
    """The vendor's clients send `none`; nothing speaks for an empty array, and the sandbox refuses it."""
    id = (await book.contacts.create(full_contact(profile, 0, [group]))).id
    for clear in (lambda: book.contacts.update(id, groups=[]), lambda: book.groups.remove(group, id)):
        assert [each.id for each in await book.contacts.groups_of(id)] == [group]
        await clear()
        assert not await book.contacts.groups_of(id)
        await book.groups.add(group, id)
    transport = FakeTransport(reply({"success": True, "id": 1, "phone": "500600700"}))
    async with book_over("serwersms", transport) as fake:
        await fake.contacts.update("1", groups=[])
    assert transport.bodies[-1]["group_id"] == "none"


@pytest.mark.parametrize("switch", ["ignore", "refuse"])
async def test_unknown_group_is_refused_before_write(
    book: SerwerSMS, profile: VendorProfile, server: Server, group: str, switch: str
) -> None:
    """The vendor may accept the id without an error, and put the contact into no such group."""
    server.options(serwersms_unknown_group=switch)
    id, unknown = (await book.contacts.create(full_contact(profile, 0, [group]))).id, str(10**9)
    before = server.requests("serwersms")
    for write in (
        book.contacts.create(full_contact(profile, 1, [group, unknown])),
        book.contacts.update(id, groups=[unknown]),
        book.groups.add(unknown, id),
    ):
        with pytest.raises(NotFoundError, match=f"group {unknown} does not exist") as caught:
            await write
        assert (caught.value.field, caught.value.sent) == ("groups", "no")
    people = [full_contact(profile, number, [group if number else unknown]) for number in range(20)]
    async with book.contacts.create_many(people, ordered=True, concurrency=1) as run:
        results = [result async for result in run]
    assert [result.status for result in results] == ["failed"] + ["created"] * 19
    calls = server.requests("serwersms") - before
    assert (calls["createContact"], calls["updateContact"]) == (19, 0)
    assert calls["getGroup"] == 2 + 1 + 1 + 2, "a batch reads a group once"
    assert [each.id for each in await book.contacts.groups_of(id)] == [group]


async def test_failed_read_of_group_writes_nothing(
    book: SerwerSMS, profile: VendorProfile, server: Server, group: str
) -> None:
    server.fault("reset", "serwersms", "getGroup", count=None)
    other = book.with_options(max_attempts=1)
    with pytest.raises(CrossbookError) as caught:
        await other.contacts.create(full_contact(profile, 1, [group]))
    assert (caught.value.sent, caught.value.operation) == ("no", "getGroup")
    assert server.requests("serwersms")["createContact"] == 0


async def test_group_calls_have_longer_time_outs() -> None:
    transport = FakeTransport(reply({"items": []}))
    async with book_over("serwersms", transport) as book:
        for each in (book, book.with_options(read_timeout=500), book.with_options(timeout=7, read_timeout=6)):
            await each.groups.list()
            await each.contacts.list()
    # The read time-out is never longer than the whole call.
    assert [round(call.read_timeout) for call in transport.sent] == [60, 30, 90, 60, 6, 6]


async def test_errors_with_http_status(book: SerwerSMS, server: Server, make_book: Callable[..., AddressBook]) -> None:
    server.options(serwersms_http_errors=True)
    with pytest.raises(NotFoundError) as missing:
        await book.contacts.get(str(10**9))
    assert (missing.value.status, missing.value.code) == (404, "1004")
    with pytest.raises(RejectedError) as refused:
        await book.wire.contacts.create_contact(models.NewContact(phone="12"))
    assert (refused.value.status, refused.value.code, refused.value.field) == (400, "2001", "phone")
    async with make_book(password="wrong") as other:
        with pytest.raises(AuthError) as caught:
            await other.contacts.list()
    assert (caught.value.status, caught.value.code) == (401, "1001")


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (500, {"code": 1004, "type": "InvalidID", "message": "no"}, NotFoundError),
        (500, {"code": 3000, "type": "SendError", "message": "no"}, RejectedError),
        (200, {"code": 4711, "type": "New", "message": "no"}, RejectedError),
        (400, {"code": 4711, "type": "New", "message": "no"}, RejectedError),
        (429, {"code": 429, "type": "TooManyRequests", "message": "no"}, RateLimitError),
        (503, {"code": 503, "type": "Maintenance", "message": "no"}, VendorUnavailableError),
        (502, "Bad Gateway", VendorUnavailableError),
    ],
)
async def test_error_body_read_at_any_status(status: int, error: object, expected: type[CrossbookError]) -> None:
    """The vendor's documented codes decide; the status decides about other errors."""
    transport = FakeTransport(reply({"error": error}, status))
    async with book_over("serwersms", transport, max_attempts=1) as book:
        with pytest.raises(CrossbookError) as caught:
            await book.contacts.get("7")
    assert type(caught.value) is expected
    assert caught.value.status == status


async def test_null_is_success_of_deletes_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="crossbook")  # a logged success is searched for a request id
    transport = FakeTransport(reply(b" null\n"))
    async with book_over("serwersms", transport, max_attempts=1) as book:
        await book.contacts.delete("7")
        await book.groups.delete("7")
        await book.groups.delete("7", with_contacts=True)
        assert len(transport.sent) == 3
        for call in (
            book.contacts.list(),
            book.contacts.get("7"),
            book.contacts.create(Contact(phone="+48500600700")),
            book.groups.create("Friends"),
            book.groups.rename("7", "Friends"),
        ):
            with pytest.raises(InvalidResponseError, match="not in the format of SerwerSMS"):
                await call
    transport = FakeTransport(reply(b"null", 500))
    async with book_over("serwersms", transport, max_attempts=1) as book:
        with pytest.raises(VendorUnavailableError):
            await book.contacts.delete("7")


async def test_null_responses_of_deletes(book: SerwerSMS, profile: VendorProfile, server: Server, group: str) -> None:
    """Also of a delete of several ids, which is read back, and of the blacklist."""
    server.options(serwersms_null_responses=True)
    created = [await book.contacts.create(full_contact(profile, number, [group])) for number in range(4)]
    await book.contacts.unsubscribe(created[0].id, "sms")
    await book.contacts.resubscribe(created[0].id, "sms")
    assert (await book.contacts.get(created[0].id)).opted_out == frozenset()
    await book.contacts.delete(created[0].id)
    summary = await book.contacts.delete_many(contact.id for contact in created[1:]).run()
    assert summary.counts == {"deleted": 3}
    await book.groups.delete(group)
    assert (await book.contacts.list()).items == ()


async def test_phone_searched_in_every_spelling(profile: VendorProfile) -> None:
    transport = FakeTransport(reply({"items": [], "paging": {"page": 1, "count": 0}}))
    async with book_over("serwersms", transport) as book:
        assert await book.contacts.find(phone=phone(profile)) is None
    assert [body["search"] for body in transport.bodies] == ["+48500600700", "48500600700", "500600700"]


async def test_credentials_sent_in_body_or_header() -> None:
    answer = reply({"items": []})
    transport = FakeTransport(answer)
    async with book_over("serwersms", transport) as book:
        await book.contacts.list()
    (call,) = transport.sent
    assert json.loads(call.body)["username"] == "fake-user"
    assert json.loads(call.body)["password"] == "fake-password"
    assert "fake-password" not in f"{call!r}{call.path}{call.target!r}"
    transport = FakeTransport(answer)
    token: dict[str, Callable[..., Any] | str | None] = {"username": None, "password": None, "token": "fake-token"}
    async with book_over("serwersms", transport, **token) as book:
        await book.contacts.list()
    (call,) = transport.sent
    assert dict(call.headers)[b"Authorization"] == b"Bearer fake-token"
    assert not {"username", "password"} & json.loads(call.body).keys()
    assert (call.method, call.path) == ("POST", "/contacts/index")
    with pytest.raises(InvalidInputError):
        SerwerSMS()
