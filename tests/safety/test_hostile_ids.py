"""An id reaches the route of its operation byte for byte, or is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import anyio
import hostile_values
import pytest
from document import Operation, load, operations
from fakes import VENDORS, FakeTransport, book_over, reply

from crossbook import AddressBook, Contact, CrossbookError, ExternalId, InvalidInputError, UnsupportedError
from crossbook._http.request import PreparedRequest

SPECS = Path(__file__).resolve().parents[2] / "specs"
ANSWERS = {
    "serwersms": {"id": 1, "phone": "+48500600700", "items": [], "success": True},
    "atom": {"status": "success", "result": {"id": 1, "contacts": [], "contact": {"id": 1}}},
    "filemail": {"responsestatus": "OK", "contacts": [{"contactid": "1", "groups": []}], "groups": []},
    "vercom": {"data": [], "meta": {}},
}
PERSON = {
    "serwersms": {"phone": "+48500600700"},
    "atom": {"phone": "+61491570006"},
    "filemail": {"email": "anna@example.com", "name": "Anna"},
    "vercom": {"email": "anna@example.com"},
}
CHANGE = {"filemail": {"name": "Anna"}}
Capability = Callable[[Any, Any], Awaitable[Any]]
VERBS: dict[str, Capability] = {
    "get": lambda book, it: book.contacts.get(it),
    "update": lambda book, it: book.contacts.update(it, **CHANGE.get(book.profile.vendor, {"first_name": "Anna"})),
    "update groups": lambda book, it: book.contacts.update("1", groups=[it]),
    "update external": lambda book, it: book.contacts.update(ExternalId(it), first_name="Anna"),
    "create in": lambda book, it: book.contacts.create(Contact(**PERSON[book.profile.vendor], groups=(it,))),
    "delete": lambda book, it: book.contacts.delete(it),
    "groups of": lambda book, it: book.contacts.groups_of(it),
    "unsubscribe": lambda book, it: book.contacts.unsubscribe(it, "sms"),
    "unsubscribe from": lambda book, it: book.contacts.unsubscribe("1", it),
    "resubscribe": lambda book, it: book.contacts.resubscribe(it, "sms"),
    "list": lambda book, it: book.contacts.list(group=it),
    "list after": lambda book, it: book.contacts.list(after=it),
    "groups.get": lambda book, it: book.groups.get(it),
    "groups.list after": lambda book, it: book.groups.list(after=it),
    "groups.rename": lambda book, it: book.groups.rename(it, "Friends"),
    "groups.delete": lambda book, it: book.groups.delete(it),
    "groups.add to": lambda book, it: book.groups.add(it, "1"),
    "groups.add": lambda book, it: book.groups.add("1", it),
    "groups.remove from": lambda book, it: book.groups.remove(it, "1"),
    "groups.remove": lambda book, it: book.groups.remove("1", it),
}
# The operations that a method may call; a method that is not here may call none.
ALLOWED: dict[str, dict[str, str]] = {
    "serwersms": {
        "get": "getContact", "update": "getContact checkGroups updateContact",
        "create in": "getGroup createContact", "update groups": "getContact getGroup updateContact",
        "delete": "deleteContact",
        "groups of": "getContact checkGroups", "list": "listContacts", "groups.get": "getGroup",
        "unsubscribe": "getContact addToBlacklist", "unsubscribe from": "getContact addToBlacklist",
        "resubscribe": "getContact listContacts deleteFromBlacklist",
        "groups.rename": "updateGroup", "groups.delete": "deleteGroup",
        "groups.add to": "getContact checkGroups getGroup updateContact",
        "groups.add": "getContact checkGroups getGroup updateContact",
        "groups.remove from": "getContact checkGroups", "groups.remove": "getContact checkGroups",
    },
    "atom": {
        "get": "getContact", "update": "updateContact", "update groups": "updateContact", "create in": "createContact",
        "delete": "deleteContact", "groups of": "listAddressBooks getAddressBook", "list": "getAddressBook",
        "groups.get": "getAddressBook", "groups.rename": "updateAddressBook",
        "groups.delete": "getAddressBook deleteAddressBook",
    },
    "filemail": {
        "get": "listContacts", "update": "updateContact", "update groups": "listContacts addToGroup",
        "create in": "createContact addToGroup", "delete": "deleteContact", "groups of": "listContacts",
        "list": "listContacts", "groups.get": "listGroups", "groups.rename": "updateGroup",
        "groups.delete": "deleteGroup", "groups.add to": "addToGroup", "groups.add": "addToGroup",
        "groups.remove from": "removeFromGroup", "groups.remove": "removeFromGroup",
    },
    "vercom": {
        # The answer does not confirm a write, so that it is read back.
        "get": "listContacts", "update": "updateContacts listContacts",
        "update groups": "listContactGroups addGroupContacts listContacts",
        "update external": "updateContacts listContacts", "create in": "createContacts",
        "delete": "deleteContacts listContacts", "groups of": "listContactGroups",
        "unsubscribe": "unsubscribeContacts listContacts", "unsubscribe from": "unsubscribeContacts listContacts",
        "resubscribe": "resubscribeContacts listContacts", "list": "listContacts",
        "groups.get": "listGroups", "groups.rename": "updateGroups listGroups",
        "groups.delete": "deleteGroups listGroups", "groups.add to": "addGroupContacts listContacts",
        "groups.add": "addGroupContacts listContacts", "groups.remove from": "removeGroupContacts listContacts",
        "groups.remove": "removeGroupContacts listContacts", "segment": "getSegment",
    },
}  # fmt: skip


@cache
def spec(vendor: str) -> dict[str, Operation]:
    return {operation.id: operation for operation in operations(load(SPECS / f"{vendor}.yaml"))}


def routes(vendor: str, names: str, *values: str) -> set[tuple[str, str, frozenset[str]]]:
    """Return the allowed methods, paths and query names of these operations with these values in the path."""
    found: set[tuple[str, str, frozenset[str]]] = set()
    for name in names.split():
        operation = spec(vendor)[name]
        query = frozenset(each["name"] for each in operation.parameters if each["in"] == "query")
        query |= {"logintoken"}
        for value in values:
            path = operation.path.format(id=value, groupId=value, channel=value)
            found.add((operation.method.upper(), path, query))
    return found


def strays(sent: list[PreparedRequest], allowed: set[tuple[str, str, frozenset[str]]]) -> list[str]:
    """Return the sent requests that are not allowed."""
    return [f"{call.method} {call.target!r}" for call in sent if not _fits(call, allowed)]


def _fits(call: PreparedRequest, allowed: set[tuple[str, str, frozenset[str]]]) -> bool:
    encoded, _, query = call.target.decode("ascii").partition("?")
    path = unquote(encoded)  # only characters that a segment may also have unencoded
    names = {name for name, _ in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))}
    return (call.path == path or "%" in encoded) and any(
        (call.method, path) == route[:2] and names <= route[2] for route in allowed
    )


@pytest.mark.parametrize("vendor", VENDORS)
def test_ten_thousand_ids_through_every_verb(vendor: str) -> None:
    """The chosen ids go through every verb, each of the random ids through a quarter of the verbs in turn."""

    async def all_of_them() -> tuple[int, list[str]]:
        transport = FakeTransport(reply(ANSWERS[vendor]))
        reached, wrong = 0, list[str]()
        adapter = VERBS | ({"segment": lambda book, it: book.segments.get(it)} if vendor == "vercom" else {})
        async with book_over(vendor, transport, rate=1e9) as book:
            for number, id in enumerate(hostile_values.ids()):
                for place, (verb, call) in enumerate(adapter.items()):
                    if number >= 200 and (number + place) % 4:
                        continue
                    if id is None and "list" in verb:
                        continue  # no filter, no cursor
                    problem = await refused(book, call, id)
                    if transport.sent:
                        reached += 1
                        allowed = routes(vendor, ALLOWED[vendor].get(verb, ""), str(id)[:200], "1", "sms")
                        wrong += strays(transport.sent, allowed)
                        transport.sent.clear()
                    elif problem is None:
                        wrong.append(f"{verb}({str(id)[:40]!r}) neither left nor was refused")
                    elif isinstance(problem, Exception):
                        wrong.append(f"{verb}({str(id)[:40]!r}) {problem!r}"[:300])
        return reached, wrong

    reached, wrong = anyio.run(all_of_them)
    assert sorted(set(wrong))[:10] == []
    assert reached > 400


async def refused(book: AddressBook, call: Capability, id: object) -> bool | Exception | None:
    """Return True for our refusal that does not show the id, None for no error, else the exception."""
    try:
        await call(book, id)
    except (InvalidInputError, UnsupportedError) as error:
        return error if isinstance(id, str) and len(id) > 8 and id in f"{error.message} {error.field}" else True
    except CrossbookError:
        return None
    except Exception as error:
        return error
    return None
