"""A response about another id than the requested one is an error, whatever its status says.

Filemail is missing here: it returns no id except in lists, and in the response to a create.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest
from fakes import FakeTransport, book_over, reply

from crossbook import AddressBook, Contact, ExternalId, InvalidResponseError

pytestmark = pytest.mark.anyio
Call = Callable[[Any], Awaitable[Any]]


class Case(NamedTuple):
    """One call about id 7, and its responses, one of which is about the id that the test gives."""

    vendor: str
    operation: str
    call: Call
    responses: Callable[[Any], list[Any]]


def atom(result: Callable[[Any], Any], *before: Any) -> Callable[[Any], list[Any]]:
    return lambda other: [{"status": "success", "result": each} for each in (*before, result(other))]


def vercom(*names: str, **row: Any) -> Callable[[Any], list[Any]]:
    return lambda other: [{"meta": {}, "data": [{**row, **dict.fromkeys(names, other)}]}]


def serwersms(*before: Any, **members: Any) -> Callable[[Any], list[Any]]:
    return lambda other: [*before, {"success": True, "id": other, **members}]


BOOK = {"name": "Friends", "contacts": []}
STORED = {"id": 7, "phone": "+48500600700", "first_name": "Anna"}
ATOM_ID, ATOM_BOOK = atom(lambda other: {"id": other}), atom(lambda other: {**BOOK, "id": other})
CASES = [
    Case("atom", "getContact", lambda book: book.contacts.get("7"), atom(lambda other: {"contact": {"id": other}})),
    Case("atom", "updateContact", lambda book: book.contacts.update("7", company="A"), ATOM_ID),
    Case("atom", "deleteContact", lambda book: book.contacts.delete("7"), ATOM_ID),
    Case("atom", "getAddressBook", lambda book: book.groups.get("7"), ATOM_BOOK),
    Case("atom", "getAddressBook", lambda book: book.contacts.list(group="7"), ATOM_BOOK),
    Case(
        "atom", "getContact", lambda book: book.contacts.list(group="3", full=True),
        atom(lambda other: {"contact": {"id": other}}, {"id": 3, "name": "Friends", "contacts": [{"id": 7}]}),
    ),
    Case("atom", "updateAddressBook", lambda book: book.groups.rename("7", "Friends"), ATOM_ID),
    Case(
        "atom", "deleteAddressBook", lambda book: book.groups.delete("7"),
        atom(lambda other: {"id": other}, {**BOOK, "id": 7}),
    ),
    Case("serwersms", "getContact", lambda book: book.contacts.get("7"), serwersms(phone="+48500600700")),
    Case(
        "serwersms", "getContact", lambda book: book.contacts.groups_of("7"),
        lambda other: [{**STORED, "id": other}, {"items": []}],
    ),
    Case(
        "serwersms", "getContact", lambda book: book.contacts.update("7", company="A"),
        lambda other: [{**STORED, "id": other}, {"items": []}, {"success": True, "id": 7}],
    ),
    Case(
        "serwersms", "updateContact", lambda book: book.contacts.update("7", company="A"),
        serwersms(STORED, {"items": []}),
    ),
    Case(
        "serwersms", "getContact", lambda book: book.contacts.unsubscribe("7", "sms"),
        lambda other: [{**STORED, "id": other}, {"success": True, "id": 3}],
    ),
    Case(
        "serwersms", "getContact", lambda book: book.contacts.resubscribe("7", "sms", shared_phone=True),
        lambda other: [{**STORED, "id": other}, {"success": True}],
    ),
    Case("serwersms", "getGroup", lambda book: book.groups.get("7"), serwersms(name="Friends", count=0)),
    Case("serwersms", "updateGroup", lambda book: book.groups.rename("7", "Friends"), serwersms()),
    Case("vercom", "listContacts", lambda book: book.contacts.get("7"), vercom("id")),
    Case("vercom", "updateContacts", lambda book: book.contacts.update("7", company="A"), vercom("id")),
    Case(
        "vercom", "updateContacts", lambda book: book.contacts.update(ExternalId("7"), company="A"),
        vercom("externalId", id="1"),
    ),
    Case(
        "vercom", "createContacts", lambda book: book.contacts.create(Contact(phone="+48500600700", external_id="7")),
        vercom("externalId", id="1"),
    ),
    Case("vercom", "deleteContacts", lambda book: book.contacts.delete("7"), vercom("id")),
    Case("vercom", "unsubscribeContacts", lambda book: book.contacts.unsubscribe("7", "sms"), vercom("id")),
    Case("vercom", "resubscribeContacts", lambda book: book.contacts.resubscribe("7", "sms"), vercom("id")),
    Case(
        "vercom", "createGroups", lambda book: book.groups.create("Friends", external_id="7"),
        vercom("externalId", id=1),
    ),
    Case("vercom", "updateGroups", lambda book: book.groups.rename("7", "Friends"), vercom("id")),
    Case("vercom", "deleteGroups", lambda book: book.groups.delete("7"), vercom("id")),
    Case("vercom", "addGroupContacts", lambda book: book.groups.add("3", "7"), vercom("id")),
    Case("vercom", "removeGroupContacts", lambda book: book.groups.remove("3", "7"), vercom("id")),
    Case("vercom", "getSegment", lambda book: book.segments.get("7"), vercom("id", count=1)),
]  # fmt: skip
each_case = pytest.mark.parametrize(
    "case", CASES, ids=[f"{number} {case.vendor} {case.operation}" for number, case in enumerate(CASES)]
)


def book_of(case: Case, id: Any) -> AddressBook:
    return book_over(case.vendor, FakeTransport(*(reply(body) for body in case.responses(id))))


@each_case
@pytest.mark.parametrize("id", [8, "8", "70"])
async def test_response_about_another_id_is_invalid(case: Case, id: Any) -> None:
    async with book_of(case, id) as book:
        with pytest.raises(InvalidResponseError, match="another id") as caught:
            await case.call(book)
    assert (caught.value.operation, caught.value.sent) == (case.operation, "yes")


@each_case
@pytest.mark.parametrize("id", [7, "7"])
async def test_number_and_text_are_the_same_id(case: Case, id: Any) -> None:
    async with book_of(case, id) as book:
        await case.call(book)


async def test_write_without_id_in_response_succeeds() -> None:
    async with book_over("atom", FakeTransport(reply({"status": "success"}))) as book:
        await book.contacts.update("7", company="A")
        await book.contacts.delete("7")
        await book.groups.rename("7", "Friends")
    async with book_over("vercom", FakeTransport(reply({"meta": {}, "data": [{}]}))) as book:
        await book.contacts.delete("7")
        await book.groups.add("3", "7")


async def test_update_after_reading_another_contact_writes_nothing() -> None:
    """SerwerSMS replaces a whole contact: the contact that was read must be the contact that is written."""
    transport = FakeTransport(reply({**STORED, "id": 8}), reply({"items": []}))
    async with book_over("serwersms", transport) as book:
        with pytest.raises(InvalidResponseError, match="another id"):
            await book.contacts.update("7", company="A")
    assert [call.path for call in transport.sent] == ["/contacts/view"]


@pytest.mark.parametrize("vendor", ["atom", "vercom"])
async def test_batch_reports_update_of_another_id_as_uncertain(vendor: str) -> None:
    body = {"status": "success", "result": {"id": 8}} if vendor == "atom" else {"meta": {}, "data": [{"id": "8"}]}
    async with book_over(vendor, FakeTransport(reply(body)), account="tests") as book:
        summary = await book.contacts.update_many([("7", {"company": "A"})]).run()
    assert summary.counts == {"uncertain": 1}


async def test_created_row_with_another_external_id_is_uncertain() -> None:
    """The rows of a bulk response are assigned in order only if none of them has an external id that was not sent."""
    rows = [{"id": "1", "externalId": "a"}, {"id": "2", "externalId": "x"}]
    people = [Contact(phone=f"+4850060070{number}", external_id=key) for number, key in enumerate("ab")]
    async with book_over("vercom", FakeTransport(reply({"meta": {}, "data": rows})), account="tests") as book:
        summary = await book.contacts.create_many(people).run()
    assert summary.counts == {"created": 1, "uncertain": 1}
