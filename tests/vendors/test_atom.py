"""Atom only: one group for each contact, lists by group, phones as digits, an own address for each account."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from control import Server
from fakes import FakeTransport, book_over, reply

from crossbook import AddressBook, Atom, Contact, CrossbookError, InvalidInputError, NotFoundError, UnsupportedError
from crossbook._http.request import PreparedRequest, TransportResponse
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import full_contact

pytestmark = pytest.mark.anyio


@pytest.fixture
def vendor() -> str:
    return "atom"


DONE = reply({"status": "success", "result": {"id": 123456}})


async def test_default_group_of_contacts_without_group(make_book: Callable[..., AddressBook]) -> None:
    async with make_book() as book:
        friends, others = [(await book.groups.create(name)).id for name in ("Friends", "Others")]
    async with make_book(default_group=friends) as book:
        one = await book.contacts.create(Contact(phone="0491 570 006"))
        two = await book.contacts.create(Contact(phone="0491 570 156", groups=(others,)))
        assert (one.contact.groups, two.contact.groups) == ((friends,), (others,))
        assert [contact.id async for contact in book.contacts.list(group=friends)] == [one.id]
        assert [contact.id async for contact in book.contacts.list(group=others)] == [two.id]
        copy = book.with_options(timeout=9)
        assert (await copy.contacts.create(Contact(phone="0491 570 157"))).contact.groups == (friends,)
    with pytest.raises(InvalidInputError, match="group id") as caught:
        make_book(default_group="friends")
    assert caught.value.field == "default_group"


async def test_groups_add_error_suggests_update(book: Atom) -> None:
    for call in (book.groups.add("1", "2"), book.groups.remove("1", "2")):
        with pytest.raises(UnsupportedError, match=r"contacts\.update\(id, groups="):
            await call


async def test_phones_sent_as_digits_read_as_e164() -> None:
    transport = FakeTransport(DONE)
    async with book_over("atom", transport, default_group="1") as book:
        for text in ("0491 570 006", "+61491570006", "61491570006", "+48500600700", "1234567890"):
            await book.contacts.create(Contact(phone=text))
        await book.contacts.update("123456", phone="(0491) 570 156")
    numbers = [body["phone_number"] for body in transport.bodies]
    assert numbers == ["61491570006"] * 3 + ["+48500600700", "1234567890", "61491570156"]


async def test_list_reads_groups_in_id_order() -> None:
    """A cursor means the same later, whatever order the vendor lists its address books in."""

    def respond(call: PreparedRequest) -> TransportResponse:
        if call.path.endswith("address-book/list"):
            books = [{"id": 20, "name": "C"}, {"id": 3, "name": "A"}, {"id": 9, "name": "B"}]
            return reply({"status": "success", "result": books})
        if b'"id":9' in call.body:
            return reply({"status": "error", "error": {"code": "not_found", "message": "gone"}})
        id = 3 if b'"id":3' in call.body else 20
        rows = [{"id": id * 10 + number, "phone_number": "0491570006"} for number in range(2)]
        return reply({"status": "success", "result": {"id": id, "name": "x", "contacts": rows}})

    transport = FakeTransport(respond)
    async with book_over("atom", transport) as book:
        listed = [(contact.id, contact.groups) async for contact in book.contacts.list(page_size=1)]
        assert listed == [("30", ("3",)), ("31", ("3",)), ("200", ("20",)), ("201", ("20",))], (
            "one was deleted meanwhile"
        )
        with pytest.raises(NotFoundError):
            await book.contacts.list(group="9")


async def test_full_list_skips_contact_deleted_meanwhile() -> None:
    def respond(call: PreparedRequest) -> TransportResponse:
        if call.path.endswith("address-book/list"):
            return reply({"status": "success", "result": [{"id": 3, "name": "A"}]})
        if call.path.endswith("address-book/detail"):
            rows = [{"id": id, "phone_number": "0491570006"} for id in (30, 31)]
            return reply({"status": "success", "result": {"id": 3, "name": "A", "contacts": rows}})
        if b"30" in call.body:
            return reply({"status": "error", "error": {"code": "not_found", "message": "gone"}})
        contact = {"id": 31, "phone_number": "0491570006", "company": "ABC"}
        return reply({"status": "success", "result": {"contact": contact}})

    async with book_over("atom", FakeTransport(respond)) as book:
        listed = [(contact.id, contact.company) async for contact in book.contacts.list(full=True)]
    assert listed == [("31", "ABC")]


async def test_cursor_of_deleted_group_continues(book: Atom, profile: VendorProfile) -> None:
    groups = [(await book.groups.create(name)).id for name in "ABC"]
    ids = [
        (await book.contacts.create(full_contact(profile, number, [group]))).id for number, group in enumerate(groups)
    ]
    page = await book.contacts.list(page_size=1)
    await book.groups.delete(groups[1], with_contacts=True)
    assert [contact.id async for contact in book.contacts.list(page_size=1, after=page.cursor)] == [ids[2]]


async def test_group_count(book: Atom, profile: VendorProfile, server: Server, group: str) -> None:
    for number in range(3):
        await book.contacts.create(full_contact(profile, number, [group]))
    found = await book.groups.get(group)
    assert (found.count, "count" in found.known_fields) == (3, True)
    (listed,) = [each async for each in book.groups.list()]
    assert (listed.count, "count" in listed.known_fields) == (None, False)


async def test_token_sent_only_in_header() -> None:
    transport = FakeTransport(DONE)
    async with book_over("atom", transport) as book:
        await book.contacts.delete("123456")
    (call,) = transport.sent
    assert dict(call.headers)[b"Authorization"] == b"Bearer fake-token"
    assert (call.method, call.path, call.body) == ("POST", "/api/contact/delete", b'{"id":123456}')
    assert "fake-token" not in repr(call)


@pytest.mark.parametrize(
    ("status", "code", "message", "field"),
    [
        (200, "invalid_request", "phone_number is not a phone number", "phone"),
        (200, "invalid_request", "first_name: this name is too long", "first_name"),
        (200, "invalid_request", "custom_3 is a text", "fields.custom_3"),
        (200, "invalid_request", "filename is not allowed", None),
        (403, "forbidden", "this company may not use the name", None),
        (200, "forbidden", "this company may not use the name", None),
    ],
)
async def test_error_names_field(status: int, code: str, message: str, field: str | None) -> None:
    refusal = reply({"status": "error", "error": {"code": code, "message": message}}, status)
    async with book_over("atom", FakeTransport(refusal), max_attempts=1) as book:
        with pytest.raises(CrossbookError) as caught:
            await book.contacts.delete("1")
    assert caught.value.field == field
