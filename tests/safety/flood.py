"""Run every kind of account over every transport through every failure, with canaries everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import canaries
from calls import BATCHES, CALLS, INVALID, KEYS, Call, create, create_keyed, create_long
from faults import faults
from relay import Relay, hang
from sinks import Sinks

from crossbook import AddressBook, RawResponse
from crossbook.registry import load_vendor


@dataclass(frozen=True)
class Kind:
    """One kind of account: its credentials by name, and whether its login is spoiled too."""

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

FINAL = ("ok", "the vendor refuses", "422")


@asynccontextmanager
async def book_of(
    kind: Kind, transport: str, url: str, sinks: Sinks, *, suffix: str = "", **options: Any
) -> AsyncIterator[AddressBook]:
    """Return a book of the account; a suffix makes it another account."""
    arguments: dict[str, Any] = {name: canaries.CREDENTIALS[kind.vendor][name] for name in kind.credentials}
    arguments["account"] = canaries.ACCOUNT + suffix
    options = {"base_url": f"{url}/{kind.vendor}", "rate": 1e6, "on_attempt": sinks.attempt, **options}
    library = transport.rpartition(" ")[2]
    client: Any = None
    if transport.startswith("a client"):
        module = import_module(library)
        client = module.TCPConnector() if library == "aiohttp" else module.AsyncClient(verify=False)
    chosen = {"transport": library} if client is None else {"http_client": client}
    book = load_vendor(kind.vendor)(**arguments, **options, **chosen)
    del arguments
    try:
        async with book:
            yield book
    finally:
        if client is not None:
            await (client.close if library == "aiohttp" else client.aclose)()


async def run(sinks: Sinks, book: AddressBook, call: Call) -> None:
    """Make one call, and record what it shows. No local of this frame has a canary."""
    try:
        result = await call(book)
        if isinstance(result, RawResponse):
            sinks.raw(result)
        for shown in (result, *getattr(result, "items", ())):
            sinks.object(shown)
            sinks.object(getattr(shown, "raw", None))
        for kept in (*getattr(result, "failures", ()), *getattr(result, "uncertain", ())):
            sinks.object(kept)
            sinks.result_error(kept.error)
    except Exception as error:
        sinks.error(error)


async def given_up(sinks: Sinks, book: AddressBook, call: Call) -> None:
    """Make the same call, and cancel it while it is in flight."""
    try:
        async with asyncio.timeout(0.1):
            sinks.object(await call(book))
    except Exception as error:
        sinks.error(error)


async def flood(sinks: Sinks, relay: Relay, kind: Kind, transport: str, only: Collection[str] = ()) -> None:
    """Run all faults, or some of them, for one kind of account over one transport."""
    relay.spoil_login = kind.spoil_login
    for name, relay.behaviour in faults(kind.vendor).items():
        if only and name not in only:
            continue
        options = {"read_timeout": 0.15 if name == "time-out" else 10, "max_attempts": 2 if "again" in name else 1}
        async with book_of(kind, transport, relay.url, sinks, timeout=10, **options) as book:
            if name == "ok":
                await run(sinks, book, create)
                await together(run, sinks, book, INVALID)
            await together(run, sinks, book, CALLS | (BATCHES if name in FINAL else {}))
            show(sinks, book)
            if name in FINAL:
                async with book_of(kind, transport, relay.url, sinks, suffix=" 2", **options) as other:
                    await journaled(sinks, book, other)


async def journaled(sinks: Sinks, book: AddressBook, other: AddressBook) -> None:
    """Use a journal with the user's key: begin it, resume it, refuse it to another account, and read it."""
    with TemporaryDirectory() as folder:
        for asked, key in (*((book, key) for key in KEYS), (other, KEYS[0])):
            await run(sinks, asked, partial(create_keyed, path=Path(folder, "journal"), key=key))
        sinks.files(Path(folder))


async def given_up_unanswered(sinks: Sinks, relay: Relay, kind: Kind, transport: str) -> None:
    """Cancel every call while the vendor is silent."""
    relay.behaviour = hang
    async with book_of(kind, transport, relay.url, sinks) as book:
        await together(given_up, sinks, book, CALLS)


async def given_up_unread(sinks: Sinks, relay: Relay, kind: Kind, transport: str) -> None:
    """Cancel a long request while it is being sent."""
    relay.deaf = True
    try:
        async with book_of(kind, transport, relay.url, sinks) as book:
            await together(given_up, sinks, book, {"create": create_long})
    finally:
        relay.deaf = False


async def together(
    run: Callable[..., Awaitable[None]], sinks: Sinks, book: AddressBook, calls: dict[str, Call]
) -> None:
    async with anyio.create_task_group() as group:
        for call in calls.values():
            group.start_soon(run, sinks, book, call)


def show(sinks: Sinks, book: Any) -> None:
    """Record every object that a user has without a call."""
    pager = book.contacts.list()
    session = book._session
    for shown in (
        book, book.contacts, book.groups, book.wire, book.wire.contacts, book.profile, book.contacts.find, pager,
        pager.pages(), aiter(pager), vars(book), vars(book.contacts), vars(session), vars(session.auth),
        vars(session.transport), book._options, book._adapter, book.with_options(max_attempts=1),
    ):  # fmt: skip
        sinks.object(shown)
