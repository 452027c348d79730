"""Generated calls keep to their routes, whatever their paths and queries contain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import hostile_values
import pytest
from crossbook_wire.http import segment
from crossbook_wire.vercom import models
from fakes import FakeTransport, book_over, reply
from test_hostile_ids import ANSWERS, routes, strays

from crossbook import AddressBook, CrossbookError, InvalidInputError

Call = Callable[[Any, Any], Awaitable[Any]]
CONTACTS, GROUPS = models.ContactIds(id=[1]), models.GroupIds(id=[1])
PATHS: dict[str, Call] = {
    "listContactGroups": lambda wire, it: wire.contacts.list_contact_groups(it),
    "addContactGroups": lambda wire, it: wire.contacts.add_contact_groups(it, GROUPS),
    "removeContactGroups": lambda wire, it: wire.contacts.remove_contact_groups(it, GROUPS),
    "unsubscribeContacts": lambda wire, it: wire.contacts.unsubscribe_contacts(it, CONTACTS),
    "resubscribeContacts": lambda wire, it: wire.contacts.resubscribe_contacts(it, CONTACTS),
    "getSegment": lambda wire, it: wire.segments.get_segment(it),
    "listGroupContacts": lambda wire, it: wire.groups.list_group_contacts(it),
    "addGroupContacts": lambda wire, it: wire.groups.add_group_contacts(it, CONTACTS),
    "removeGroupContacts": lambda wire, it: wire.groups.remove_group_contacts(it, CONTACTS),
}
QUERIES: dict[str, dict[str, Call]] = {
    "vercom": {
        "listContacts": lambda wire, it: wire.contacts.list_contacts(id=it, email=it),
        "listFields": lambda wire, it: wire.contacts.list_fields(offset=it),
    },
    "filemail": {
        "updateContact": lambda wire, it: wire.contacts.update_contact(contactid=it, name=it),
        "deleteContact": lambda wire, it: wire.contacts.delete_contact(contactid=it),
        "deleteGroup": lambda wire, it: wire.groups.delete_group(contactgroupid=it),
        "addToGroup": lambda wire, it: wire.groups.add_to_group(contactgroupid=it, contactid=it),
    },
}


async def tried(book: AddressBook, call: Call, id: object) -> BaseException | None:
    try:
        await call(book.wire, id)  # type: ignore[attr-defined]
    except (ValueError, CrossbookError) as error:
        return error
    return None


def strayed(vendor: str, calls: dict[str, Call]) -> tuple[int, list[str]]:
    """Return the number of sent requests, and the calls that went elsewhere or were neither sent nor refused."""

    async def all_of_them() -> tuple[int, list[str]]:
        transport = FakeTransport(reply(ANSWERS[vendor]))
        left, wrong = 0, list[str]()
        async with book_over(vendor, transport) as book:
            for id in hostile_values.ids():
                for operation, call in calls.items():
                    error = await tried(book, call, id)
                    left += len(transport.sent)
                    wrong += strays(transport.sent, routes(vendor, operation, str(id)))
                    if not transport.sent and not isinstance(error, ValueError):
                        wrong.append(f"{operation}({str(id)[:40]!r}): {error!r}")
                    transport.sent.clear()
        return left, wrong

    return anyio.run(all_of_them)


def test_ten_thousand_ids_in_paths() -> None:
    left, wrong = strayed("vercom", PATHS)
    assert sorted(set(wrong))[:10] == []
    assert left > 1_000


@pytest.mark.parametrize("vendor", QUERIES)
def test_ten_thousand_ids_in_queries(vendor: str) -> None:
    left, wrong = strayed(vendor, QUERIES[vendor])
    assert sorted(set(wrong))[:10] == []
    assert left > 10_000


@pytest.mark.parametrize(
    "id", ["..", ".", "", "%2e%2e", "..%2Fgroup", "1/../2", "1\\..\\2", "1?x", "1#x", "1;x", "1%00", "1\n"]
)
def test_ambiguous_route_is_never_sent(id: str) -> None:
    async def all_of_them() -> None:
        transport = FakeTransport(reply(ANSWERS["vercom"]))
        async with book_over("vercom", transport) as book:
            for call in PATHS.values():
                assert isinstance(await tried(book, call, id), ValueError)
        assert transport.sent == []

    anyio.run(all_of_them)


def test_generated_code_refuses_dot_segments() -> None:
    for dots in ("", ".", ".."):
        with pytest.raises(ValueError, match="must not be empty"):
            segment(dots)
    assert segment("a/b?c#d") == "a%2Fb%3Fc%23d"


def test_refused_path_raises_without_the_id() -> None:
    async def read() -> None:
        async with book_over("vercom", FakeTransport()) as book:
            await book.wire.contacts.list_contact_groups("sikorka/example.com")  # type: ignore[attr-defined]

    with pytest.raises(InvalidInputError) as caught:
        anyio.run(read)
    assert caught.value.operation == "listContactGroups"
    assert "sikorka" not in f"{caught.value} {vars(caught.value)}"
