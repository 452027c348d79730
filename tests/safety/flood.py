"""Every kind of account, over every transport, through everything that can go wrong, with canaries in all of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import unquote

import anyio
import canaries
from relay import Behaviour, Relay, Seen, hang, reset, response, say
from crossbook_wire.atom import models as atom
from crossbook_wire.serwersms import models as serwersms
from crossbook_wire.vercom import models as vercom
from sinks import Sinks

from crossbook import AddressBook, Contact, ExternalId
from crossbook.registry import vendor as vendor_class



@dataclass(frozen=True)
class Kind:
    """One way to be somebody at a vendor: the credentials by name, and whether its login is spoiled too."""

    name: str
    vendor: str
    credentials: tuple[str, ...]
    spoil_login: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("serwersms", "serwersms", ("username", "password")),
        Kind("serwersms by token", "serwersms", ("token",)),
        Kind("atom", "atom", ("token",)),
        Kind("filemail", "filemail", ("username", "password", "api_key")),
        Kind("filemail at login", "filemail", ("username", "password", "api_key"), spoil_login=True),
        Kind("vercom", "vercom", ("authorization", "application_key", "brand")),
    )
}


def echo(seen: Seen) -> str:
    """What a server could say back: what it was sent, and besides the phone and the address in other words."""
    said = [seen.target.decode(), unquote(seen.target.decode()), seen.body.decode(), canaries.PHONE, canaries.EMAIL, "500 600 700"]
    said += [value for name, value in seen.headers if name in ("authorization", "application-key")]
    if seen.body:
        said += [str(json.loads(seen.body))]
    return " | ".join(said)


def vendor_error(seen: Seen, status: int, code: object, number: int = 1002) -> bytes:
    """An error in the form of each vendor at once, that says all it knows, and says it in each of its parts."""
    said = echo(seen)
    problem = {"title": said, "message": said, "code": code, "type": said, "meta": {"parameter": said, "value": said}}
    vendor = seen.target.split(b"/")[1]
    body: dict[str, object] = {
        b"serwersms": {"error": {**problem, "code": number}},
        b"atom": {"status": "error", "error": problem},
        b"filemail": {"responsestatus": said, "errorcode": number, "errormessage": f'Parameter "email": {said}'},
        b"vercom": {"errors": [problem], "meta": {"uniqId": "00d928f759", "note": said}},
    }.get(vendor, problem)
    return response(status, json.dumps(body, ensure_ascii=number % 2 == 0).encode(), f"X-Said: {quoted(seen)}")


def quoted(seen: Seen) -> str:
    return seen.target.decode("ascii")


def cut(seen: Seen) -> bytes:
    body = json.dumps({"said": echo(seen)}).encode()
    return response(200, body)[: -len(body) // 2]


AUTH = {"serwersms": (200, 1001), "atom": (403, 0), "filemail": (200, 2003), "vercom": (401, 0)}


def faults(vendor: str) -> Mapping[str, Behaviour | None]:
    status, code = AUTH[vendor]
    plain = "text/plain"
    return {
        "ok": None,
        "the vendor refuses": say(lambda seen: vendor_error(seen, 400, "E-1")),
        "the vendor refuses with 200": say(lambda seen: vendor_error(seen, 200, echo(seen))),
        "credentials refused": say(lambda seen: vendor_error(seen, status, "E-2", code)),
        "401": say(lambda seen: response(401, echo(seen).encode(), f"WWW-Authenticate: Bearer {quoted(seen)}")),
        "403": say(lambda seen: vendor_error(seen, 403, "forbidden")),
        "404": say(lambda seen: vendor_error(seen, 404, "not_found", 1004)),
        "422": say(lambda seen: vendor_error(seen, 422, "E-3", 1003)),
        "500": say(lambda seen: vendor_error(seen, 500, "server_error", 1001)),
        "502 in HTML": say(lambda seen: response(502, f"<p>{echo(seen)}".encode(), content_type="text/html")),
        "503 again": say(lambda seen: response(503, echo(seen).encode(), "Retry-After: 0", content_type=plain)),
        "302": say(lambda seen: response(302, b"", f"Location: {quoted(seen)}", f"Set-Cookie: at={quoted(seen)}")),
        "307 elsewhere": say(lambda seen: response(307, b"", f"Location: http://[{quoted(seen)}")),
        "time-out": hang,
        "reset": reset,
        "cut": say(cut),
        "no HTTP": say(lambda seen: b"220 mail.example.com ESMTP\r\n\r\n"),
        "no JSON": say(lambda seen: response(200, b"{" + echo(seen).encode())),
        "other JSON": say(lambda seen: response(200, json.dumps([echo(seen)]).encode())),
        "other shape": say(lambda seen: response(200, _shape(seen))),
        "no UTF-8": say(lambda seen: response(200, b'{"status":"success","items":"\xff' + echo(seen).encode())),
        "odd type": say(lambda seen: response(500, b"", content_type=f"text/{canaries.EMAIL};{canaries.PHONE}")),
        "odd encoding": say(lambda seen: response(200, b"x", f"Content-Encoding: {canaries.EMAIL}")),
        "no gzip": say(lambda seen: response(200, echo(seen).encode(), "Content-Encoding: gzip")),
    }  # fmt: skip


def _shape(seen: Seen) -> bytes:
    said = echo(seen)
    wrong: dict[str, Any] = {"status": "success", "responsestatus": "ok", "success": True, "meta": {}, "id": [said]}
    for name in ("result", "items", "data", "contacts", "groups", "contact", "logintoken"):
        wrong[name] = {said: [said]}
    return json.dumps(wrong).encode()


@asynccontextmanager
async def book_of(kind: Kind, transport: str, url: str, sinks: Sinks, **options: Any) -> AsyncIterator[AddressBook]:
    arguments: dict[str, Any] = {name: canaries.CREDENTIALS[kind.vendor][name] for name in kind.credentials}
    options = {"base_url": f"{url}/{kind.vendor}", "rate": 1e6, "on_attempt": sinks.attempt, **options}
    library = transport.rpartition(" ")[2]
    client = import_module(library).AsyncClient(verify=False) if transport.startswith("a client") else None
    chosen = {"transport": library} if client is None else {"http_client": client}
    book = vendor_class(kind.vendor)(**arguments, **options, **chosen)
    del arguments
    try:
        async with book:
            yield book
    finally:
        if client is not None:
            await client.aclose()


Call = Callable[[Any], Awaitable[Any]]


async def _create(book: AddressBook) -> Any:
    return await book.contacts.create(canaries.person(book.card.vendor))


async def _create_long(book: Any) -> Any:
    """More than the sockets' buffers hold: its bytes are still being written when it is given up."""
    name = (canaries.FIRST + " ") * 500_000
    match book.card.vendor:
        case "serwersms":
            return await book.wire.groups.create_group(serwersms.NewGroup(name=name))
        case "atom":
            return await book.wire.address_books.create_address_book(atom.NewAddressBook(name=name))
        case "filemail":
            return await book.wire.groups.create_group(name=name)
    return await book.wire.groups.create_groups([vercom.NewGroup(name=name, externalId="1")])


async def _update(book: AddressBook) -> Any:
    if book.card.vendor == "atom":
        return await book.contacts.update("1", phone=canaries.OTHER_PHONE)
    return await book.contacts.update("1", phone=canaries.OTHER_PHONE, email=canaries.OTHER_EMAIL)


async def _items(book: AddressBook) -> Any:
    return [contact async for contact in book.contacts.list(page_size=1)]


async def _find(book: AddressBook) -> Any:
    if "phone" in book.card.match_keys:
        return await book.contacts.find(phone=canaries.PHONE)
    return await book.contacts.find(email=canaries.EMAIL)


async def _wire_create(book: Any) -> Any:
    wire = book.wire.contacts
    match book.card.vendor:
        case "serwersms":
            return await wire.create_contact(serwersms.NewContact(phone=canaries.PHONE, email=canaries.EMAIL))
        case "atom":
            return await wire.create_contact(atom.NewContact(group_id=1, phone_number=canaries.PHONE))
        case "filemail":
            return await wire.create_contact(name=canaries.FIRST, email=canaries.EMAIL, mobile=canaries.PHONE)
    return await wire.create_contacts([vercom.NewContact(phoneNumber=canaries.PHONE, email=canaries.EMAIL)])


async def _wire_path(book: Any) -> Any:
    if book.card.vendor == "vercom":
        return await book.wire.contacts.list_contact_groups(canaries.EMAIL)
    return await book.contacts.get(canaries.EMAIL)


async def _by_external_id(book: AddressBook) -> Any:
    return await book.contacts.update(ExternalId(canaries.OTHER_EMAIL), company=canaries.COMPANY)


CALLS: dict[str, Call] = {
    "create": _create,
    "update": _update,
    "find": _find,
    "list": lambda book: book.contacts.list(page_size=2),
    "items": _items,
    "get": lambda book: book.contacts.get("1"),
    "groups of": lambda book: book.contacts.groups_of("1"),
    "add": lambda book: book.groups.add("1", "1"),
    "groups": lambda book: book.groups.list(),
    "wire": _wire_create,
    "by external id": _by_external_id,
    "by e-mail": lambda book: book.contacts.list(email=canaries.EMAIL),
    "by phone": lambda book: book.contacts.list(phone=canaries.PHONE),
    "by text": lambda book: book.contacts.list(search=canaries.EMAIL),
    "delete": lambda book: book.contacts.delete("1"),
}
# Refused before any I/O, whatever the vendor.
INVALID: dict[str, Call] = {
    "a phone as id": lambda book: book.contacts.get(canaries.PHONE),
    "an address as group": lambda book: book.contacts.list(group=canaries.EMAIL),
    "a token as cursor": lambda book: book.contacts.list(after=canaries.CREDENTIALS["atom"]["token"]),
    "an address as phone": lambda book: book.contacts.update("1", phone=canaries.EMAIL + "\0"),
    "an address in a path": _wire_path,
    "half a character": lambda book: book.contacts.create(Contact(phone=canaries.PHONE, email=canaries.EMAIL + "\ud800")),
    "no such field": lambda book: book.contacts.create(Contact(phone=canaries.PHONE, fields={canaries.EMAIL: canaries.NOTE + "\0"})),
    "too long": lambda book: book.contacts.update("1", email=canaries.EMAIL + "x" * 300 + "\0"),
    "find two": lambda book: book.contacts.find(phone=canaries.PHONE, email=canaries.EMAIL),
    "no phone": lambda book: book.contacts.find(phone=canaries.EMAIL),
    "no such option": lambda book: book.contacts.create(Contact(email=canaries.EMAIL), on_loss=canaries.SECRETS[0]),
}  # fmt: skip


async def run(sinks: Sinks, book: AddressBook, call: Call) -> None:
    """One call, and what it showed. No local of this frame holds a canary."""
    try:
        result = await call(book)
        for shown in (result, *getattr(result, "items", ())):
            sinks.object(shown)
            sinks.object(getattr(shown, "raw", None))
    except Exception as error:
        sinks.error(error)


async def given_up(sinks: Sinks, book: AddressBook, call: Call) -> None:
    """The same, given up by its caller while it is under way."""
    try:
        async with asyncio.timeout(0.1):
            sinks.object(await call(book))
    except Exception as error:
        sinks.error(error)


async def flood(sinks: Sinks, relay: Relay, kind: Kind, transport: str, only: Collection[str] = ()) -> None:
    """Everything, or only some faults, for one kind of account over one transport."""
    relay.spoil_login = kind.spoil_login
    for name, relay.behaviour in faults(kind.vendor).items():
        if only and name not in only:
            continue
        async with book_of(
            kind, transport, relay.url, sinks, timeout=2, read_timeout=0.15, attempts=2 if "again" in name else 1
        ) as book:
            if name == "ok":
                await run(sinks, book, _create)
                await together(run, sinks, book, INVALID)
            await together(run, sinks, book, CALLS)
            show(sinks, book)


async def flood_of_cancellations(sinks: Sinks, relay: Relay, kind: Kind, transport: str) -> None:
    """Every call given up while the vendor says nothing, and while it does not even read what it is sent."""
    relay.behaviour = hang
    async with book_of(kind, transport, relay.url, sinks) as book:
        await together(given_up, sinks, book, CALLS)
    relay.deaf = True
    try:
        async with book_of(kind, transport, relay.url, sinks) as book:
            await together(given_up, sinks, book, {"create": _create_long})
    finally:
        relay.deaf = False


async def together(run: Callable[..., Awaitable[None]], sinks: Sinks, book: AddressBook, calls: dict[str, Call]) -> None:
    async with anyio.create_task_group() as group:
        for call in calls.values():
            group.start_soon(run, sinks, book, call)


def show(sinks: Sinks, book: Any) -> None:
    """Everything that a user has in hand without calling anything."""
    pager = book.contacts.list()
    connection = book._connection
    for shown in (
        book, book.contacts, book.groups, book.wire, book.wire.contacts, book.card, book.contacts.find, pager,
        pager.pages(), aiter(pager), vars(book), vars(book.contacts), vars(connection), vars(connection.auth),
        vars(connection.transport), book._options, book._verbs, book.with_options(attempts=1),
    ):  # fmt: skip
        sinks.object(shown)
