"""`import_contacts` of SerwerSMS: creates a group and returns counts."""

from __future__ import annotations

from typing import Any

import pytest
from control import Server

from crossbook import Contact, InvalidInputError, SerwerSMS

pytestmark = pytest.mark.anyio


@pytest.fixture
def vendor() -> str:
    return "serwersms"


async def test_import_creates_group_and_counts(book: SerwerSMS, server: Server) -> None:
    people = [Contact(phone=f"50060070{number}", first_name="Łucja", email="a@example.com") for number in range(3)]
    imported = await book.import_contacts("Fair", [*people, Contact(phone="+48500600704", email="no address")])
    assert (imported.correct, imported.failed) == (3, 1)
    assert (await book.groups.get(imported.group)).name == "Fair"
    listed = [(contact.phone, contact.name) async for contact in book.contacts.list(group=imported.group)]
    assert listed == [(f"+4850060070{number}", "Łucja") for number in range(3)]


async def test_import_refuses_unsupported_fields(book: SerwerSMS, server: Server) -> None:
    stuffed = {
        "fields": Contact(phone="500600700", fields={"city": "Łódź"}),
        "groups": Contact(phone="500600700", groups=("1",)),
    }
    for field, contact in stuffed.items():
        with pytest.raises(InvalidInputError, match=f"{field}: leave it out, or use contacts.create_many") as caught:
            await book.import_contacts("Fair", [contact])
        assert caught.value.field == field
    nothing: Any = None
    for contacts, why in (([], "at least one"), (nothing, "iterable")):
        with pytest.raises(InvalidInputError, match=why) as caught:
            await book.import_contacts("Fair", contacts)
        assert caught.value.field == "contacts"
    for name in ("", "x" * 101):
        with pytest.raises(InvalidInputError) as caught:
            await book.import_contacts(name, [Contact(phone="500600700")])
        assert caught.value.field == "group_name"
    with pytest.raises(InvalidInputError, match="phone"):
        await book.import_contacts("Fair", [Contact(email="a@example.com")])
    assert server.requests("serwersms").total() == 0
