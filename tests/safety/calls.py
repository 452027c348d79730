"""The calls that send personal data, each as a function of the book, so that no local of a test has a canary."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import canaries
from crossbook_wire.atom import models as atom
from crossbook_wire.serwersms import models as serwersms
from crossbook_wire.vercom import models as vercom

from crossbook import AddressBook, Contact, ExternalId

Call = Callable[[Any], Awaitable[Any]]


async def create(book: AddressBook) -> Any:
    return await book.contacts.create(canaries.person(book.profile.vendor))


async def create_long(book: Any) -> Any:
    """Larger than the sockets' buffers: it is still being sent when it is cancelled."""
    match book.profile.vendor:
        case "serwersms":
            return await book.wire.groups.create_group(serwersms.NewGroup(name=canaries.LONG))
        case "atom":
            return await book.wire.address_books.create_address_book(atom.NewAddressBook(name=canaries.LONG))
        case "filemail":
            return await book.wire.groups.create_group(name=canaries.LONG)
    return await book.wire.groups.create_groups([vercom.NewGroup(name=canaries.LONG, externalId="1")])


async def update(book: AddressBook) -> Any:
    if book.profile.vendor == "atom":
        return await book.contacts.update("1", phone=canaries.OTHER_PHONE)
    return await book.contacts.update("1", phone=canaries.OTHER_PHONE, email=canaries.OTHER_EMAIL)


async def items(book: AddressBook) -> Any:
    return [contact async for contact in book.contacts.list(page_size=1)]


async def find(book: AddressBook) -> Any:
    if "phone" in book.profile.match_keys:
        return await book.contacts.find(phone=canaries.PHONE)
    return await book.contacts.find(email=canaries.EMAIL)


async def create_many(book: AddressBook) -> Any:
    return await book.contacts.create_many([canaries.person(book.profile.vendor)] * 2).run()


async def create_keyed(book: AddressBook, path: Path, key: Callable[[], Any]) -> Any:
    person = canaries.person
    return await book.contacts.create_many([person(book.profile.vendor)] * 2, journal=path, journal_key=key()).run()


def changes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Changes as plain mappings, whose repr hides nothing."""
    yield from (("1", {"phone": canaries.OTHER_PHONE}), ("2", {"phone": canaries.PHONE}))


def failing_source() -> Iterator[tuple[str, dict[str, Any]]]:
    yield from changes()
    raise RuntimeError("the source fails")


def failing_callback(seen: object) -> Any:
    raise RuntimeError("the callback fails")


async def update_many(book: AddressBook, **options: Any) -> Any:
    return await book.contacts.update_many(changes(), **options).run()


async def read_to_the_end(book: AddressBook) -> Any:
    async with book.contacts.update_many(failing_source()) as run:
        async for _ in run:
            pass


async def failing_hook(book: AddressBook) -> Any:
    return await book.with_options(on_attempt=failing_callback).contacts.update("1", phone=canaries.OTHER_PHONE)


async def wire_create(book: Any) -> Any:
    wire = book.wire.contacts
    match book.profile.vendor:
        case "serwersms":
            return await wire.create_contact(serwersms.NewContact(phone=canaries.PHONE, email=canaries.EMAIL))
        case "atom":
            return await wire.create_contact(atom.NewContact(group_id=1, phone_number=canaries.PHONE))
        case "filemail":
            return await wire.create_contact(name=canaries.FIRST, email=canaries.EMAIL, mobile=canaries.PHONE)
    return await wire.create_contacts([vercom.NewContact(phoneNumber=canaries.PHONE, email=canaries.EMAIL)])


async def wire_path(book: Any) -> Any:
    if book.profile.vendor == "vercom":
        return await book.wire.contacts.list_contact_groups(canaries.EMAIL)
    return await book.contacts.get(canaries.EMAIL)


async def raw_create(book: AddressBook) -> Any:
    return await book.contacts.with_raw_response.create(canaries.person(book.profile.vendor))


async def request(book: AddressBook) -> Any:
    """By a path that no vendor has."""
    return await book.request(
        "POST", "/people", params={"email": canaries.EMAIL}, json={"phone": canaries.PHONE, "email": canaries.EMAIL}
    )


async def by_external_id(book: AddressBook) -> Any:
    return await book.contacts.update(ExternalId(canaries.OTHER_EMAIL), company=canaries.COMPANY)


CALLS: dict[str, Call] = {
    "create": create,
    "update": update,
    "find": find,
    "list": lambda book: book.contacts.list(page_size=2),
    "items": items,
    "get": lambda book: book.contacts.get("1"),
    "groups of": lambda book: book.contacts.groups_of("1"),
    "add": lambda book: book.groups.add("1", "1"),
    "unsubscribe": lambda book: book.contacts.unsubscribe("1", "sms"),
    "resubscribe": lambda book: book.contacts.resubscribe("1", "sms"),
    "groups": lambda book: book.groups.list(),
    "wire": wire_create,
    "many": create_many,
    "by external id": by_external_id,
    "by e-mail": lambda book: book.contacts.list(email=canaries.EMAIL),
    "by phone": lambda book: book.contacts.list(phone=canaries.PHONE),
    "by text": lambda book: book.contacts.list(search=canaries.EMAIL),
    "delete": lambda book: book.contacts.delete("1"),
    "raw": lambda book: book.groups.with_raw_response.list(),
    "raw create": raw_create,
    "request": request,
}
# A batch retries lost requests many times: these are for final responses.
BATCHES: dict[str, Call] = {
    "update many": update_many,
    "a failing source": read_to_the_end,
    "a failing progress": partial(update_many, progress=failing_callback),
    "a failing item_key": partial(update_many, item_key=failing_callback),
    "a failing hook": failing_hook,
}
# For one journal, one after another: the first begins a run, the second replays it, the others are refused.
KEYS: tuple[Callable[[], Any], ...] = (
    lambda: canaries.JOURNAL_KEY,
    lambda: canaries.JOURNAL_KEY,
    lambda: canaries.JOURNAL_KEY.encode(),
    lambda: [canaries.JOURNAL_KEY],
    lambda: None,
)
# Refused before any I/O, whatever the vendor.
INVALID: dict[str, Call] = {
    "an address in the path of a request": lambda book: book.request("GET", f"/{canaries.EMAIL}"),
    "a phone as id": lambda book: book.contacts.get(canaries.PHONE),
    "an address as group": lambda book: book.contacts.list(group=canaries.EMAIL),
    "a token as cursor": lambda book: book.contacts.list(after=canaries.CREDENTIALS["atom"]["token"]),
    "an address as phone": lambda book: book.contacts.update("1", phone=canaries.EMAIL + "\0"),
    "an address in a path": wire_path,
    "half a character": lambda book: book.contacts.update("1", email=canaries.EMAIL + "\ud800"),
    "no such field": lambda book: book.contacts.update("1", fields={canaries.EMAIL: canaries.NOTE + "\ud800"}),
    "too long": lambda book: book.contacts.update("1", email=canaries.EMAIL + "x" * 300 + "\0"),
    "find two": lambda book: book.contacts.find(phone=canaries.PHONE, email=canaries.EMAIL),
    "no phone": lambda book: book.contacts.find(phone=canaries.EMAIL),
    "no such option of a call": lambda book: book.with_options(account=canaries.ACCOUNT),
    "no such option": lambda book: book.contacts.create(
        Contact(email=canaries.EMAIL), on_unsupported_field=canaries.SECRETS[0]
    ),
}
