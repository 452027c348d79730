"""Recorded response bodies of SerwerSMS, read by the adapter."""

from __future__ import annotations

from typing import Any

import pytest
from crossbook_wire.serwersms import models
from fakes import FakeTransport, book_over, sample

from crossbook import AuthError, Contact, NotFoundError, RejectedError, SerwerSMS

pytestmark = pytest.mark.anyio


def answered(*names: str, **options: Any) -> SerwerSMS:
    transport = FakeTransport(*(sample("serwersms", name) for name in names))
    book = book_over("serwersms", transport, **options)
    assert isinstance(book, SerwerSMS)
    return book


async def test_read_list() -> None:
    async with answered("contacts-index") as book:
        page = await book.contacts.list()
    anna, jan = page.items
    assert page.cursor is None, "one page of one"
    assert anna == Contact(
        id="459678754", phone="+48500600700", email="anna@example.com", first_name="Anna", last_name="Żółw",
        name="Anna Żółw", company="ABC", groups=("15687446",), opted_out=frozenset(),
        fields={
            "tax_id": "0000000000", "address": "ul. Przykładowa 1", "city": "Łódź", "description": "Dodatkowy opis"
        },
    )  # fmt: skip
    assert (jan.name, jan.last_name, jan.email, jan.company) == ("Jan", None, None, None)
    assert jan.opted_out == {"sms"}
    assert jan.fields == {"description": "Szczegółowy opis kontaktu"}
    assert "groups" not in jan.known_fields, "a row's group is one of perhaps many"
    assert anna.raw.group_name == "Grupa testowa"


async def test_list_without_page_count() -> None:
    async with answered("contacts-index-without-paging", "contacts-index-empty") as book:
        assert [contact.id async for contact in book.contacts.list()] == ["459678754"]


async def test_odd_list_keeps_every_row() -> None:
    async with answered("contacts-index-odd", "contacts-index-empty") as book:
        odd, ungrouped, unknown = (await book.contacts.list()).items
    assert (odd.id, odd.phone, odd.email, odd.first_name, odd.last_name) == ("17", "+48500600700", None, None, "7")
    assert (odd.opted_out, odd.groups) == ({"sms"}, ("15687446",))
    assert (ungrouped.id, ungrouped.groups, ungrouped.opted_out) == ("18", None, frozenset())
    assert "phone" not in ungrouped.known_fields, "the row has no phone, not an empty one"
    assert (unknown.id, unknown.opted_out) == ("19", None)


async def test_read_contact() -> None:
    async with answered("contacts-view") as book:
        found = await book.contacts.get("459678754")
    assert (found.name, found.phone, found.groups) == ("Anna Żółw", "+48500600700", None)


async def test_writes() -> None:
    async with answered("contacts-add") as book:
        assert (await book.contacts.create(Contact(phone="+48500600700"))).id == "459678754"
    async with answered("contacts-view", "groups-check", "contacts-add") as book:
        assert (await book.contacts.update("459678754", company="New")).id == "459678754"
    async with answered("contacts-delete") as book:
        await book.contacts.delete("459678754")
        await book.groups.delete("17293087")
    async with answered("contacts-import") as book:
        imported = await book.import_contacts("Fair", [Contact(phone="+48500600700")])
    assert (imported.group, imported.correct, imported.failed) == ("15687447", 2, 1)


async def test_update_sends_whole_contact_with_groups() -> None:
    transport = FakeTransport(
        *(sample("serwersms", name) for name in ("contacts-view", "groups-check", "contacts-add"))
    )
    async with book_over("serwersms", transport) as book:
        await book.contacts.update("459678754", company="New", email=None, fields={"city": "Gdańsk"})
    sent = {name: value for name, value in transport.bodies[-1].items() if name not in ("username", "password")}
    assert sent == {
        "id": 459678754, "group_id": [15687446, 15687447], "phone": "+48500600700", "email": "", "first_name": "Anna",
        "last_name": "Żółw", "company": "New", "tax_id": "0000000000", "address": "ul. Przykładowa 1",
        "city": "Gdańsk", "description": "Dodatkowy opis",
    }  # fmt: skip


async def test_read_groups() -> None:
    async with answered("groups-index", "groups-index") as book:
        groups = [group async for group in book.groups.list()]
    assert [(group.id, group.name, group.count) for group in groups] == [
        ("17293087", "Test API", 322), ("17293086", "2014-10-20 11:54:20", 2)
    ]  # fmt: skip
    async with answered("groups-view") as book:
        assert (await book.groups.get("17293087")).count == 322
    async with answered("groups-add") as book:
        assert (await book.groups.create("Test API")).id == "17293088"
    async with answered("contacts-view", "groups-check") as book:
        groups_of = await book.contacts.groups_of("459678754")
    assert [group.name for group in groups_of] == ["Testowa grupa", "Grupa numer dwa"], "of this contact alone"


async def test_read_blacklist() -> None:
    async with answered("contacts-view", "blacklist-add") as book:
        await book.contacts.unsubscribe("459678754", "sms")
    async with answered("contacts-view", "error-1006", "blacklist-check") as book:
        await book.contacts.unsubscribe("459678754", "sms")
    async with answered("contacts-view", "blacklist-delete") as book:
        await book.contacts.resubscribe("459678754", "sms", shared_phone=True)
    async with answered("blacklist-index") as book:
        rows: Any = (await book.wire.blacklist.list_blacklist(models.BlacklistQuery())).items
    assert [(row.phone, row.added) for row in rows] == [("+48500600702", "2014-10-22 12:25:10")]


@pytest.mark.parametrize(
    ("name", "kind", "code", "field", "words"),
    [
        ("error-1001", AuthError, "1001", None, "InvalidUser: Incorrect login or password"),
        ("error-1004", NotFoundError, "1004", None, "InvalidID"),
        ("error-2001", RejectedError, "2001", "phone", "Invalid phone number"),
        ("error-1006", RejectedError, "1006", "email", "Wrong value of email"),
        ("error-of-text", RejectedError, None, None, "Something went wrong"),
        ("success-false", RejectedError, None, None, "no success and no reason"),
    ],
)
async def test_errors_with_status_200(name: str, kind: type, code: str | None, field: str | None, words: str) -> None:
    async with answered(name) as book:
        with pytest.raises(kind, match=words) as caught:
            await book.contacts.create(Contact(phone="+48500600700"))
        with pytest.raises(kind, match=words):
            await book.contacts.get("1")
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.field, error.sent) == (200, code, field, "yes")
    assert "500 600 700 700" not in str(error)
    assert "anna@@example.com" not in str(error)
