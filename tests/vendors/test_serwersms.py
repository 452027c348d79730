"""What is SerwerSMS's own: rows a group, pages without a count, edits that write all, two ways to log in."""

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


async def test_a_contact_in_two_groups_is_listed_once_a_group(
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


async def test_pages_whose_number_is_not_told(
    book: SerwerSMS, profile: VendorProfile, server: Server, group: str
) -> None:
    created = [(await book.contacts.create(full_contact(profile, number, [group]))).id for number in range(6)]
    server.options(serwersms_paging=False)
    for size in (1, 2, 3, 4, 100):
        assert await ids(book, page_size=size) == created
    before = server.requests("serwersms")
    pages = [len(page.items) async for page in book.contacts.list(page_size=3).pages()]
    assert pages == [3, 3, 0], "asked on, until a page is empty"
    assert (server.requests("serwersms") - before)["listContacts"] == 3
    page = await book.contacts.list(page_size=4)
    assert await ids(book, page_size=4, after=page.cursor) == created[4:]


async def test_a_server_that_ignores_the_page_does_not_repeat_it_for_ever() -> None:
    rows = {"items": [{"id": 1, "phone": "+48500600701"}, {"id": 2, "phone": "+48500600702"}]}

    def answer(call: PreparedRequest) -> TransportResponse:
        assert len(transport.sent) < 10
        return reply(rows)

    transport = FakeTransport(answer)
    async with book_over("serwersms", transport) as book:
        assert await ids(book, page_size=2) == ["1", "2"]
        page = await book.contacts.list(page_size=2)
        assert await ids(book, page_size=2, after=page.cursor) == []
    assert [body["page"] for body in transport.bodies] == [1, 2, 1, 2]


@pytest.mark.parametrize("partial", [False, True])
async def test_an_edit_is_three_calls_and_keeps_everything(
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


async def test_who_shares_a_phone_shares_no_groups(book: SerwerSMS, profile: VendorProfile, group: str) -> None:
    """`groups/check` asks by phone, and answers for all who have it."""
    other = (await book.groups.create("Others")).id
    one = (await book.contacts.create(full_contact(profile, 0, [group]))).id
    two = (await book.contacts.create(full_contact(profile, 0, [other]))).id
    assert [each.id for each in await book.contacts.groups_of(one)] == [group]
    await book.contacts.update(two, company="New")
    assert [each.id for each in await book.contacts.groups_of(two)] == [other]


async def test_the_blacklist_is_an_opt_out_of_sms(
    book: SerwerSMS, profile: VendorProfile, server: Server, group: str
) -> None:
    one, two = [(await book.contacts.create(full_contact(profile, number, [group]))).id for number in range(2)]
    server.mark("serwersms", two, opted_out=["sms"])
    off = [(contact.id, contact.opted_out) async for contact in book.contacts.list()]
    assert off == [(one, frozenset()), (two, {"sms"})]
    assert (await book.contacts.get(two)).opted_out == {"sms"}


async def test_contacts_of_a_group_are_deleted_only_when_asked_for() -> None:
    """In PHP the text `false` is true: it is never sent."""
    transport = FakeTransport(reply({"success": True}))
    async with book_over("serwersms", transport) as book:
        await book.groups.delete("7")
        await book.groups.delete("7", with_contacts=True)
    keep, delete = transport.bodies
    assert "delete_contacts" not in keep
    assert delete["delete_contacts"] is True


async def test_a_phone_is_searched_in_every_spelling(profile: VendorProfile) -> None:
    transport = FakeTransport(reply({"items": [], "paging": {"page": 1, "count": 0}}))
    async with book_over("serwersms", transport) as book:
        assert await book.contacts.find(phone=phone(profile)) is None
    assert [body["search"] for body in transport.bodies] == ["+48500600700", "48500600700", "500600700"]


async def test_credentials_travel_in_the_body_or_in_a_header() -> None:
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
