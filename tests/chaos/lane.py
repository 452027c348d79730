"""One vendor's account in one sandbox: fresh for each trial, counted by the server, its data read from the database."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
from attrs import define, frozen

from crossbook import AddressBook
from crossbook._redaction import Secret
from crossbook.registry import load_vendor
from crossbook_sandbox import Running
from crossbook_testing.contract.people import full_contact

from .pulse import Pulse

Data = tuple[Any, ...]
PATIENCE = 3.0  # seconds that the server has to count what it was asked

_CONTACTS = """
SELECT phone, email, external_id, name, first_name, last_name, company, fields, archived_at IS NULL,
    (SELECT group_concat(name, '; ') FROM (SELECT name FROM contact_group g JOIN membership m ON m.group_id = g.id
        WHERE m.contact_id = contact.id ORDER BY name)),
    (SELECT group_concat(channel, '; ') FROM (SELECT channel FROM opt_out o
        WHERE o.contact_id = contact.id ORDER BY channel))
FROM contact WHERE vendor = ?
"""
_GROUPS = "SELECT name, description FROM contact_group WHERE vendor = ?"


@define
class Token:
    """A token store that a reset of the account can empty."""

    token: Secret | None = None

    async def get(self, account: str) -> Secret | None:
        return self.token

    async def put(self, account: str, token: Secret | None) -> None:
        self.token = token


@frozen
class Fixture:
    """A contact and a group (or, where that is what it is about, a segment) to work on."""

    contact: str
    group: str


@define
class Lane:
    """Nothing else uses the account while a trial is under way."""

    vendor: str
    base_url: str
    _credentials: dict[str, Any]
    _control: httpx.AsyncClient
    _db: sqlite3.Connection
    _token: Token
    _plain: AddressBook
    felt: Pulse

    def book(self, **options: Any) -> AddressBook:
        return _book(self.vendor, self._credentials, self._token, options)

    async def fresh(self, operation: str) -> Fixture:
        """The account as it is before each trial of this operation."""
        self._token.token = None
        await self.calm()
        book = self._plain
        home = (await book.groups.create("Home")).id
        other = (await book.groups.create("Other")).id
        contact = (await book.contacts.create(full_contact(book.profile, 0, [home]))).id
        if operation == "resubscribeContacts":
            await self._ask("mark", vendor=self.vendor, id=int(contact), opted_out=["sms", "email"])
        if operation == "getSegment":
            wire: Any = book
            return Fixture(contact, str((await wire.wire.segments.list_segments()).data[0].id))
        # What is taken out of a group must be in it, and a list must not be empty.
        return Fixture(contact, home if operation.startswith(("remove", "list")) else other)

    async def arm(self, kind: str, operation: str, count: int | None, settings: dict[str, Any]) -> None:
        await self._ask("faults", fault=kind, vendor=self.vendor, operation=operation, count=count, **settings)

    async def counts(self, operation: str) -> dict[str, int]:
        """What the server counted of this operation: requests, and how many of them it did."""
        answer = await self._control.get("/state")
        counted: dict[str, Any] = answer.json()["vendors"][self.vendor]["operations"]
        return counted.get(operation, {"requests": 0, "done": 0})

    async def settled(self, operation: str, requests: int) -> dict[str, int]:
        """The counts when put-off calls are done and so many requests are over, or more."""
        await self._ask("settle_timeout")
        with anyio.move_on_after(PATIENCE):
            while (counted := await self.counts(operation))["requests"] < requests:  # noqa: ASYNC110
                await anyio.sleep(0.02)  # it happens in another process
            return counted
        return await self.counts(operation)

    async def calm(self) -> None:
        """An account without faults, and without anything else."""
        await self._ask("reset", vendor=self.vendor)

    def data(self) -> Data:
        """What the account holds, without ids and dates."""
        return tuple(sorted(map(repr, self._db.execute(sql, (self.vendor,)))) for sql in (_CONTACTS, _GROUPS))

    async def _ask(self, path: str, **settings: Any) -> None:
        answer = await self._control.post(f"/{path}", json=settings)
        assert answer.is_success, answer.text


def _book(vendor: str, credentials: dict[str, Any], token: Token, options: dict[str, Any]) -> AddressBook:
    extra: dict[str, Any] = {"tokens": token} if vendor == "filemail" else {}
    book: AddressBook = load_vendor(vendor)(**{"rate": 1e6, **credentials, **extra, **options})
    return book


@asynccontextmanager
async def lane(running: Running, db: Path, vendor: str, felt: Pulse) -> AsyncGenerator[Lane]:
    credentials = dict(running.credentials[vendor])
    if vendor == "serwersms":
        del credentials["token"]  # either a password or a token
    token, base_url = Token(), running.base_urls[vendor]
    reader = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    control = httpx.AsyncClient(base_url=f"{running.url}/_sandbox", trust_env=False, timeout=30)
    try:
        async with control, _book(vendor, credentials, token, {"base_url": base_url}) as plain:
            yield Lane(vendor, base_url, credentials, control, reader, token, plain, felt)
    finally:
        reader.close()
