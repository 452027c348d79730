"""One vendor's account in a sandbox: reset for each trial; the server counts requests, the database has its data."""

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

from .stalls import StallDetector

Data = tuple[Any, ...]
COUNT_TIMEOUT = 3.0  # seconds for the server to count its requests

_CONTACTS = """
SELECT phone, email, external_id, name, first_name, last_name, company, fields, archived_at IS NULL,
    (SELECT group_concat(name, '; ') FROM (SELECT name FROM contact_group g JOIN membership m ON m.group_id = g.id
        WHERE m.contact_id = contact.id ORDER BY name)),
    (SELECT group_concat(channel, '; ') FROM (SELECT channel FROM suppression s
        WHERE s.contact_id = contact.id ORDER BY channel))
FROM contact WHERE vendor = ?
"""
_GROUPS = "SELECT name, description FROM contact_group WHERE vendor = ?"
_BLACKLIST = "SELECT phone FROM blacklist WHERE vendor = ?"


@define
class MemoryTokenStore:
    """A token store that a reset of the account empties."""

    token: Secret | None = None

    async def get(self, account: str) -> Secret | None:
        return self.token

    async def put(self, account: str, token: Secret | None) -> None:
        self.token = token


@frozen
class Fixture:
    """A contact and a group to use in a call, or a segment in place of the group."""

    contact: str
    group: str


@define
class VendorAccount:
    """One account. Only one trial uses it at a time."""

    vendor: str
    base_url: str
    _credentials: dict[str, Any]
    _control: httpx.AsyncClient
    _db: sqlite3.Connection
    _token: MemoryTokenStore
    _plain: AddressBook
    stalls: StallDetector

    def book(self, **options: Any) -> AddressBook:
        return _book(self.vendor, self._credentials, self._token, options)

    async def prepare(self, operation: str) -> Fixture:
        """Reset the account to its state before each trial of this operation."""
        self._token.token = None
        await self.reset()
        book = self._plain
        home = (await book.groups.create("Home")).id
        other = (await book.groups.create("Other")).id
        contact = (await book.contacts.create(full_contact(book.profile, 0, [home]))).id
        if operation in ("resubscribeContacts", "deleteFromBlacklist", "listBlacklist"):
            await self._post("mark", vendor=self.vendor, id=int(contact), opted_out=["sms", "email"])
        if operation == "getSegment":
            wire: Any = book
            return Fixture(contact, str((await wire.wire.segments.list_segments()).data[0].id))
        # A contact that is removed from a group must be in it, and a list must not be empty.
        return Fixture(contact, home if operation.startswith(("remove", "list")) else other)

    async def arm(self, kind: str, operation: str, count: int | None, settings: dict[str, Any]) -> None:
        await self._post("faults", fault=kind, vendor=self.vendor, operation=operation, count=count, **settings)

    async def counts(self, operation: str) -> dict[str, int]:
        """Return the requests of this operation that the server received, and how many it processed."""
        answer = await self._control.get("/state")
        counted: dict[str, Any] = answer.json()["vendors"][self.vendor]["operations"]
        return counted.get(operation, {"requests": 0, "done": 0})

    async def wait_for_counts(self, operation: str, requests: int) -> dict[str, int]:
        """Process delayed calls, wait until the server has received `requests` requests, and return the counts."""
        await self._post("settle")
        with anyio.move_on_after(COUNT_TIMEOUT):
            while (counted := await self.counts(operation))["requests"] < requests:  # noqa: ASYNC110
                await anyio.sleep(0.02)  # the server is another process
            return counted
        return await self.counts(operation)

    async def reset(self) -> None:
        """Remove all faults and all data of the account."""
        await self._post("reset", vendor=self.vendor)

    def read_data(self) -> Data:
        """Return the data of the account, without ids and dates."""
        return tuple(
            sorted(map(repr, self._db.execute(sql, (self.vendor,)))) for sql in (_CONTACTS, _GROUPS, _BLACKLIST)
        )

    async def _post(self, path: str, **settings: Any) -> None:
        answer = await self._control.post(f"/{path}", json=settings)
        assert answer.is_success, answer.text


def _book(vendor: str, credentials: dict[str, Any], token: MemoryTokenStore, options: dict[str, Any]) -> AddressBook:
    extra: dict[str, Any] = {"tokens": token} if vendor == "filemail" else {}
    book: AddressBook = load_vendor(vendor)(**{"rate": 1e6, **credentials, **extra, **options})
    return book


@asynccontextmanager
async def open_account(running: Running, db: Path, vendor: str, stalls: StallDetector) -> AsyncGenerator[VendorAccount]:
    credentials = dict(running.credentials[vendor])
    if vendor == "serwersms":
        del credentials["token"]  # the sandbox accepts either a password or a token
    token, base_url = MemoryTokenStore(), running.base_urls[vendor]
    reader = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    control = httpx.AsyncClient(base_url=f"{running.url}/_sandbox", trust_env=False, timeout=30)
    try:
        async with control, _book(vendor, credentials, token, {"base_url": base_url}) as plain:
            yield VendorAccount(vendor, base_url, credentials, control, reader, token, plain, stalls)
    finally:
        reader.close()
