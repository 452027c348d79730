"""A journal belongs to the account: it survives renewed credentials, and no other account takes it for its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from batching import match_of, people, ran, statuses, stored
from control import Server
from inside import Inside
from kept import Kept

from crossbook import AddressBook, JournalMismatch
from crossbook.core.batch.engine import Batch
from crossbook.core.card import Card

pytestmark = pytest.mark.anyio

COUNT = 12
RENEWED: dict[str, dict[str, Any]] = {
    "serwersms": {"password": "renewed-password-of-serwersms"},
    "atom": {"token": "renewed-token-of-atom"},
    "filemail": {"password": "renewed-password-of-filemail"},
    "vercom": {"authorization": "renewed0" * 16},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "import.sqlite"


async def left_after(batch: Batch[Any], count: int) -> None:
    """Reads so many results, and leaves the batch."""
    async with batch as run:
        for _ in range(count):
            await anext(run)


@pytest.mark.parametrize("account", [None, "mine"])
async def test_renewed_credentials_double_nobody(
    vendor: str,
    card: Card,
    account: str | None,
    server: Server,
    make_book: Callable[..., AddressBook],
    group: str,
    path: Path,
) -> None:
    source = people(card, COUNT, group)
    options: dict[str, Any] = {"journal": path, "match": match_of(card), "concurrency": 2}
    async with make_book(account=account) as book:
        await left_after(book.contacts.create_many(source, **options), 5)
    server.renew(vendor, **RENEWED[vendor])
    async with make_book(account=account, **RENEWED[vendor]) as book:
        assert statuses(await ran(book.contacts.create_many(source, **options))) == {"created": COUNT}
        assert len(await stored(book)) == COUNT


@pytest.mark.parametrize("vendor", ["serwersms"], indirect=True)
@pytest.mark.parametrize("account", [None, "mine"])
async def test_a_token_after_a_password_doubles_nobody(
    card: Card, account: str | None, server: Server, make_book: Callable[..., AddressBook], group: str, path: Path
) -> None:
    source = people(card, COUNT, group)
    options: dict[str, Any] = {"journal": path, "match": "phone", "concurrency": 2}
    password = {"account": account, "token": None}
    token = {"account": account, "username": None, "password": None, "token": server.token}
    for credentials, count in ((password, 4), (token, 4), (password, 2)):
        async with make_book(**credentials) as book:
            await left_after(book.contacts.create_many(source, **options), count)
    async with make_book(**token) as book:
        assert statuses(await ran(book.contacts.create_many(source, **options))) == {"created": COUNT}
        assert len(await stored(book)) == COUNT


def dumped(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def inside_of(vendor: str, group: str | None = None) -> tuple[Inside, str]:
    inside = Inside(vendor)
    return inside, group or inside.group()


async def begun(inside: Inside, card: Card, group: str, journal: Any, count: int = 6, **options: Any) -> None:
    """A run of this journal that was left when so many were created."""
    async with inside.book(**options.pop("book", {})) as book:
        batch = book.contacts.create_many(people(card, COUNT, group), journal=journal, concurrency=1, **options)
        await left_after(batch, count)


@pytest.mark.parametrize("account", [None, "other"])
@pytest.mark.parametrize("finished", [False, True])
async def test_another_account_is_refused_before_any_write(
    vendor: str, card: Card, path: Path, account: str | None, finished: bool
) -> None:
    """The same base URL; other contacts, though in part under the same ids."""
    match = match_of(card)
    (one, group), (other, _) = inside_of(vendor), inside_of(vendor)
    await begun(one, card, group, path, COUNT if finished else 6, match=match, book={"account": "mine"})
    async with other.book() as book:
        await ran(book.contacts.create_many(people(card, 8, group, begin=500)))
    before, calls = dumped(path), other.count.copy()
    renamed = {"account": account, **({"username": "other"} if vendor == "serwersms" and account is None else {})}
    other.account.credentials |= {"username": "other"} if "username" in renamed else {}
    async with other.book(**renamed) as book:
        batch = book.contacts.create_many(people(card, COUNT, group), journal=path, match=match, concurrency=1)
        with pytest.raises(JournalMismatch, match="may belong to another account") as caught:
            await ran(batch)
    assert caught.value.field == "account"
    assert len(other.contacts()) == 8
    assert not [name for name in other.count - calls if "create" in name.lower()]
    assert dumped(path) == before


async def test_contacts_that_are_the_same_show_the_account(vendor: str, card: Card, path: Path) -> None:
    """Read by id, at most three; and what is learned so is known in the next run."""
    inside, group = inside_of(vendor)
    options: dict[str, Any] = {"journal": path, "match": match_of(card), "concurrency": 1}
    source = people(card, COUNT, group)
    await begun(inside, card, group, path, 7, match=match_of(card), book={"account": None})
    get = "listContacts" if card.verb("contacts.get").support == "emulated" else card.verb("contacts.get").by
    reads = 1 if card.verb("contacts.get").support == "emulated" else 3
    calls = inside.count.copy()
    async with inside.book(account="new name") as book:
        await left_after(book.contacts.create_many(source, **options), 1)
    assert (inside.count - calls)[get] >= reads
    await begun(inside, card, group, path, COUNT, match=match_of(card), book={"account": "new name"})
    for account, expected in (("new name", 0), (None, reads)):
        calls = inside.count.copy()
        async with inside.book(account=account) as book:
            results = await ran(book.contacts.create_many(source, **options))
        assert all(result.replayed for result in results)
        assert (inside.count - calls)[get] == expected
    assert len(inside.contacts()) == COUNT


@pytest.mark.parametrize("vendor", ["atom"], indirect=True)
async def test_of_the_contacts_that_are_read_each_must_match(card: Card) -> None:
    match = match_of(card)
    for index in range(6):
        inside, group = inside_of("atom")
        journal = Kept()
        await begun(inside, card, group, journal, 6, match=match, book={"account": None})
        changed = inside.contacts()[index]["id"]
        for change in ("phone", "gone"):
            with inside.sandbox.store.transaction():
                if change == "gone":
                    inside.account.book.run("DELETE FROM contact WHERE id = ?", changed)
                else:
                    inside.account.book.change_contact(changed, {"phone": "+61491570156"})
            async with inside.book(account=None) as book:
                batch = book.contacts.create_many(people(card, COUNT, group), journal=journal, match=match)
                if index < 3:  # the last three are read
                    await left_after(batch, 1)
                    continue
                with pytest.raises(JournalMismatch, match=f"the contact of input {index} "):
                    await ran(batch)
            assert len(inside.contacts()) == (6 if change == "phone" else 5)
