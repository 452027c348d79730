"""SerwerSMS only: one row for each group, pages without a count, updates of whole contacts, two credential types."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from control import Server
from fakes import FakeTransport, book_over, reply

from crossbook import AddressBook, InvalidInputError, SerwerSMS
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
    server.options(serwersms_paging=False)
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
    assert server.requests("serwersms") - before == {"getContact": 1, "updateContact": 1}
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
