"""Test that a journal belongs to its account: renewed credentials resume it, and other accounts are refused."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from batch_helpers import get_match_key, people, run_batch, statuses, stored
from control import Server
from dict_journal import DictJournal
from fakes import BASE_URL, VENDORS, reply
from local_vendor import LocalVendor

from crossbook import AddressBook, Contact, ExternalId, InvalidInputError, JournalMismatchError, SqliteJournal
from crossbook._batch.batch import Batch
from crossbook._batch.fingerprint import KeyedHash
from crossbook.journal import JournalEntry
from crossbook.vendor import VendorProfile
from crossbook_sandbox.credentials import CREDENTIALS

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


async def run_partly(batch: Batch[Any], count: int) -> None:
    """Read `count` results, and leave the batch."""
    async with batch as run:
        for _ in range(count):
            await anext(run)


async def assert_completes(book: AddressBook, source: Sequence[Contact], options: dict[str, Any]) -> None:
    """Resume the run, and check that each contact of the source was created once."""
    assert statuses(await run_batch(book.contacts.create_many(source, **options))) == {"created": COUNT}
    assert len(await stored(book)) == COUNT


@pytest.mark.parametrize("account", [None, "mine"])
async def test_renewed_credentials_create_no_duplicates(
    vendor: str,
    profile: VendorProfile,
    account: str | None,
    server: Server,
    make_book: Callable[..., AddressBook],
    group: str,
    path: Path,
) -> None:
    source = people(profile, COUNT, group)
    options: dict[str, Any] = {"journal": path, "match": get_match_key(profile), "concurrency": 2, "settle_timeout": 0}
    async with make_book(account=account) as book:
        await run_partly(book.contacts.create_many(source, **options), 5)
    server.renew(vendor, **RENEWED[vendor])
    async with make_book(account=account, **RENEWED[vendor]) as book:
        await assert_completes(book, source, options)


@pytest.mark.parametrize("vendor", ["serwersms"], indirect=True)
@pytest.mark.parametrize("account", [None, "mine"])
async def test_token_after_password_creates_no_duplicates(
    profile: VendorProfile,
    account: str | None,
    server: Server,
    make_book: Callable[..., AddressBook],
    group: str,
    path: Path,
) -> None:
    source = people(profile, COUNT, group)
    options: dict[str, Any] = {"journal": path, "match": "phone", "concurrency": 2, "settle_timeout": 0}
    password = {"account": account, "token": None}
    token = {"account": account, "username": None, "password": None, "token": server.token}
    for credentials, count in ((password, 4), (token, 4), (password, 2)):
        async with make_book(**credentials) as book:
            await run_partly(book.contacts.create_many(source, **options), count)
    async with make_book(**token) as book:
        await assert_completes(book, source, options)


def dump_journal(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


class InstantVendor(LocalVendor):
    """A vendor that processes each call at once, so that no settle time is needed."""

    def book(self, **options: Any) -> AddressBook:
        return super().book(read_timeout=0.001, **options)


def make_vendor(vendor: str) -> tuple[LocalVendor, str]:
    local_vendor = InstantVendor(vendor)
    return local_vendor, local_vendor.group()


async def begin_run(
    local_vendor: LocalVendor, profile: VendorProfile, group: str, journal: Any, count: int = 6, **options: Any
) -> None:
    """Begin a run of this journal, and leave it after `count` creates."""
    async with local_vendor.book(**options.pop("book", {})) as book:
        batch = book.contacts.create_many(people(profile, COUNT, group), journal=journal, concurrency=1, **options)
        await run_partly(batch, count)


@pytest.mark.parametrize("account", [None, "other"])
@pytest.mark.parametrize("finished", [False, True])
async def test_another_account_is_refused_before_any_write(
    vendor: str, profile: VendorProfile, path: Path, account: str | None, finished: bool
) -> None:
    """The base URL is the same. The other account has other contacts, some of them with the same ids."""
    match = get_match_key(profile)
    (one, group), (other, _) = make_vendor(vendor), make_vendor(vendor)
    await begin_run(one, profile, group, path, COUNT if finished else 6, match=match, book={"account": "mine"})
    async with other.book() as book:
        await run_batch(book.contacts.create_many(people(profile, 8, group, begin=500)))
    before, calls = dump_journal(path), other.count.copy()
    renamed = {"account": account, **({"username": "other"} if vendor == "serwersms" and account is None else {})}
    other.account.credentials |= {"username": "other"} if "username" in renamed else {}
    async with other.book(**renamed) as book:
        batch = book.contacts.create_many(people(profile, COUNT, group), journal=path, match=match, concurrency=1)
        with pytest.raises(JournalMismatchError, match="may belong to another account") as caught:
            await run_batch(batch)
    assert caught.value.field == "account"
    assert len(other.contacts()) == 8
    assert not [name for name in other.count - calls if "create" in name.lower()]
    assert dump_journal(path) == before


async def test_equal_contacts_prove_the_account(vendor: str, profile: VendorProfile, path: Path) -> None:
    """At most three contacts are read by id, and the next run knows the account without reading."""
    local_vendor, group = make_vendor(vendor)
    options: dict[str, Any] = {"journal": path, "match": get_match_key(profile), "concurrency": 1}
    source = people(profile, COUNT, group)
    await begin_run(local_vendor, profile, group, path, 7, match=get_match_key(profile), book={"account": None})
    get = (
        "listContacts"
        if profile.capability("contacts.get").support == "emulated"
        else profile.capability("contacts.get").operation
    )
    reads = 1 if profile.capability("contacts.get").support == "emulated" else 3
    calls = local_vendor.count.copy()
    async with local_vendor.book(account="new name") as book:
        await run_partly(book.contacts.create_many(source, **options), 1)
    assert (local_vendor.count - calls)[get] >= reads
    await begin_run(
        local_vendor, profile, group, path, COUNT, match=get_match_key(profile), book={"account": "new name"}
    )
    user = vendor in ("serwersms", "filemail")  # this name replaces the other name
    for account, expected in (("new name", 0), (None, reads), ("new name", reads if user else 0)):
        calls = local_vendor.count.copy()
        async with local_vendor.book(account=account) as book:
            results = await run_batch(book.contacts.create_many(source, **options))
        assert all(result.replayed for result in results)
        assert (local_vendor.count - calls)[get] == expected
    assert len(local_vendor.contacts()) == COUNT


@pytest.mark.parametrize("vendor", ["atom"], indirect=True)
async def test_every_compared_contact_must_match(profile: VendorProfile) -> None:
    match = get_match_key(profile)
    for index in range(6):
        local_vendor, group = make_vendor("atom")
        journal = DictJournal()
        await begin_run(local_vendor, profile, group, journal, 6, match=match, book={"account": None})
        changed = local_vendor.contacts()[index]["id"]
        for change in ("phone", "empty", "gone"):
            with local_vendor.sandbox.store.transaction():
                if change == "gone":
                    local_vendor.account.book.run("DELETE FROM contact WHERE id = ?", changed)
                else:
                    phone = "+61491570156" if change == "phone" else None
                    local_vendor.account.book.change_contact(changed, {"phone": phone})
            async with local_vendor.book(account=None) as book:
                batch = book.contacts.create_many(people(profile, COUNT, group), journal=journal, match=match)
                if index < 3:  # the last three contacts are read
                    await run_partly(batch, 1)
                    continue
                with pytest.raises(JournalMismatchError, match=f"the contact of input {index} "):
                    await run_batch(batch)
            assert len(local_vendor.contacts()) == (5 if change == "gone" else 6)


@pytest.mark.parametrize("vendor", ["atom"], indirect=True)
async def test_run_without_comparable_contacts_is_refused(profile: VendorProfile, path: Path) -> None:
    """Without match key or finished item, and for deletes, updates by id and groups, the caller states the account."""
    local_vendor, group = make_vendor("atom")
    source, match = people(profile, COUNT, group), get_match_key(profile)
    async with local_vendor.book(account=None) as book:
        written = [
            str(result.id) for result in await run_batch(book.contacts.create_many(people(profile, 9, group, begin=90)))
        ]
        changes = [(id, {"first_name": "Other"}) for id in written]
        runs: list[Callable[..., Batch[Any]]] = [
            lambda **options: book.contacts.create_many(source, **options),
            lambda **options: book.contacts.update_many(changes, **options),
            lambda **options: book.contacts.delete_many(written, **options),
            lambda **options: book.contacts.create_many(source, match=match, **options),
        ]
        for number, run in enumerate(runs):
            options: dict[str, Any] = {"journal": path, "run": str(number), "concurrency": 1}
            local_vendor.choose_fault = (
                (lambda _: None) if number < 3 else (lambda name: failing if name.startswith("create") else None)
            )
            await run_partly(run(**options), 2)
            local_vendor.choose_fault = lambda _: None
            before, calls = local_vendor.contacts(), sum(local_vendor.count.values())
            with pytest.raises(
                JournalMismatchError, match=f"run '{number}' of the journal may belong to another account: no finished"
            ):
                await run_batch(run(**options))
            assert (local_vendor.contacts(), sum(local_vendor.count.values())) == (before, calls)
            results = await run_batch(run(**options, same_account=True))
            assert statuses(results).keys() <= {"created", "updated", "deleted", "uncertain", "failed"}
    async with local_vendor.book(account="named") as book:  # once is enough only with a name
        for named in ({"same_account": True}, {}):
            results = await run_batch(book.contacts.create_many(source, journal=path, run="0", **named))
            assert all(result.replayed for result in results)


async def failing(local_vendor: LocalVendor, run: Callable[[], Any]) -> Any:
    return reply({"status": "error", "error": {"code": "invalid_request", "message": "no"}}, 400)


@pytest.mark.parametrize("vendor", ["atom"], indirect=True)
async def test_run_without_entries_begins_again(profile: VendorProfile, path: Path) -> None:
    local_vendor, group = make_vendor("atom")
    async with local_vendor.book(account=None) as book:
        for _ in range(2):
            await run_batch(book.contacts.create_many([], journal=path))  # finished, without an item
            async with book.contacts.create_many(people(profile, 2, group), journal=path, run="begun", concurrency=1):
                pass
        await run_batch(book.contacts.delete_many([], journal=path, run="begun"))
        with pytest.raises(JournalMismatchError, match="the finished run had 0 inputs"):
            await run_batch(book.contacts.create_many(people(profile, 1, group), journal=path))


@pytest.mark.parametrize("vendor", ["vercom"], indirect=True)
async def test_other_base_url_or_brand_is_checked_once(profile: VendorProfile, vendor: str) -> None:
    local_vendor, group = make_vendor(vendor)
    journal, match = DictJournal(), get_match_key(profile)
    await begin_run(local_vendor, profile, group, journal, COUNT, match=match, book={"brand": "redlink"})
    for place, reads in (
        ({"base_url": f"{BASE_URL}/"}, 0), ({"brand": "redlink"}, 0), ({"brand": "messageflow"}, 3),
        ({"brand": "messageflow"}, 0), ({"account": "other", "brand": "messageflow"}, 3), ({"account": "tests"}, 3),
    ):  # fmt: skip
        calls = local_vendor.count.copy()
        async with local_vendor.book(**{"brand": "redlink", **place}) as book:
            await run_batch(book.contacts.create_many(people(profile, COUNT, group), journal=journal, match=match))
        assert (local_vendor.count - calls)["listContacts"] == reads, place
    assert len(local_vendor.contacts()) == COUNT


@pytest.mark.parametrize("vendor", ["atom"], indirect=True)
async def test_mismatch_suggests_no_other_file(profile: VendorProfile, path: Path) -> None:
    local_vendor, group = make_vendor("atom")
    source = people(profile, COUNT, group)
    await begin_run(local_vendor, profile, group, path, 4, match="phone", book={"account": "mine"})
    other: list[tuple[Callable[[AddressBook], Batch[Any]], str, str]] = [
        (lambda book: book.contacts.delete_many(["1"], journal=path), "was made with operation", "operation"),
        (
            lambda book: book.contacts.create_many(source[::-1], match="phone", journal=path),
            "made for another source",
            "source",
        ),
    ]
    async with local_vendor.book(account="mine") as book:
        for run, why, field in other:
            with pytest.raises(JournalMismatchError, match=why) as caught:
                await run_batch(run(book))
            assert caught.value.field == field
            assert not [word for word in ("another file", "other file", "new run", "run=") if word in str(caught.value)]
        assert statuses(await run_batch(book.contacts.create_many(source, match="phone", journal=path))) == {
            "created": COUNT
        }
        await SqliteJournal(path).archive()
        with pytest.raises(JournalMismatchError, match="is archived: all its inputs were processed") as caught:
            await run_batch(book.contacts.create_many(source, match="phone", journal=path))
    assert caught.value.field == "run"
    assert len(local_vendor.contacts()) == COUNT


@pytest.mark.parametrize("vendor", ["atom"], indirect=True)
async def test_different_match_is_refused(profile: VendorProfile) -> None:
    journal, (local_vendor, group) = DictJournal(), make_vendor("atom")
    await begin_run(local_vendor, profile, group, journal, 4, match="phone")
    async with local_vendor.book() as book:
        with pytest.raises(JournalMismatchError, match="was made with match 'phone', not None") as caught:
            await run_batch(book.contacts.create_many(people(profile, COUNT, group), journal=journal))
    assert caught.value.field == "match"


# Each vendor has one of the two kinds of keys: scrypt takes most of the time of this test.
@pytest.mark.parametrize(
    ("vendor", "key"),
    [(vendor, ("a phrase of sixteen", b"\x00\xff" * 8)[number % 2]) for number, vendor in enumerate(VENDORS)],
    indirect=["vendor"],
)
async def test_journal_key_is_required_and_checked(
    vendor: str, profile: VendorProfile, path: Path, key: str | bytes
) -> None:
    local_vendor, group = make_vendor(vendor)
    source = people(profile, COUNT, group)
    await begin_run(local_vendor, profile, group, path, 4, match=get_match_key(profile), journal_key=key)
    calls = sum(local_vendor.count.values())
    async with local_vendor.book() as book:

        def again(**options: Any) -> Batch[Any]:
            return book.contacts.create_many(source, journal=path, match=get_match_key(profile), **options)

        for given, why in (
            (None, "pass the same"),
            ("another key of ours", "wrong journal_key"),
            (b"x" * 16, "wrong journal_key"),
        ):
            with pytest.raises(InvalidInputError, match=why) as caught:
                await run_batch(again(journal_key=given))
            assert caught.value.field == "journal_key"
        assert sum(local_vendor.count.values()) == calls
        assert statuses(await run_batch(again(journal_key=key))) == {"created": COUNT}
        assert all(result.replayed for result in await run_batch(again(journal_key=key)))
        await run_batch(again(run="without"))
        with pytest.raises(
            InvalidInputError, match="run 'without' of the journal was begun without journal_key"
        ) as caught:
            await run_batch(again(run="without", journal_key=key))
    assert caught.value.field == "journal_key"


@pytest.mark.parametrize("wrong", ["fifteen letters", b"x" * 15, "", 5, ["x"] * 16])
async def test_invalid_journal_key_is_refused(path: Path, wrong: Any) -> None:
    async with LocalVendor("atom").book() as book:
        with pytest.raises(InvalidInputError, match="at least 16") as caught:
            book.contacts.create_many([], journal=path, journal_key=wrong)
    assert caught.value.field == "journal_key"
    assert str(wrong) not in str(caught.value) or not wrong


def hash_without_key(text: str) -> list[str]:
    """Return the hashes that can be made without the key."""
    return [hashlib.blake2b(text.encode(), digest_size=size).hexdigest() for size in (8, 12, 16, 32)]


@pytest.mark.parametrize("vendor", ["serwersms"], indirect=True)
@pytest.mark.parametrize("journal_key", [None, "a phrase of sixteen"])
async def test_copied_journal_reveals_no_phone(profile: VendorProfile, path: Path, journal_key: str | None) -> None:
    """Of 3,000 candidate numbers 100 are right.

    With the key that a run stores all are found, with `journal_key` none.
    """
    local_vendor, group = make_vendor("serwersms")
    async with local_vendor.book() as book:
        await run_batch(
            book.contacts.create_many(people(profile, 100, group), journal=path, match="phone", journal_key=journal_key)
        )
    found = recover_phones(path)
    assert len(found) == (100 if journal_key is None else 0)
    data = content(path)
    assert not [text for text in (b"+48500", b"a phrase of", b"sandbox") if text in data]


def recover_phones(path: Path) -> set[str]:
    candidates = [f"+48500{number:06}" for number in range(3000)]
    with closing(sqlite3.connect(path)) as db:
        keys = {key for (key,) in db.execute("select key from entry")}
        (stored,) = db.execute("select key from run").fetchone()
    hashes = KeyedHash()
    hashes.set_key(stored)
    return {phone for phone in candidates if hashes.digest(phone) in keys or keys & set(hash_without_key(phone))}


def content(path: Path) -> bytes:
    return path.read_bytes()


async def test_journal_contains_no_credential(vendor: str, profile: VendorProfile, path: Path) -> None:
    """Neither a credential nor a hash of it, in any order; the user name only under the run's key."""
    local_vendor, group = make_vendor(vendor)
    await begin_run(local_vendor, profile, group, path, 4, match=get_match_key(profile))
    data = content(path)
    values = [value for name, value in CREDENTIALS[vendor].items() if name != "brand"]
    texts = {"\0".join(some) for size in (1, 2, 3) for some in permutations(values, size)}
    hashes = [hash for text in texts for hash in (*hash_without_key(text), hashlib.sha256(text.encode()).hexdigest())]
    written = [*values, *hashes, *(bytes.fromhex(hash) for hash in hashes)]
    assert not [each for each in written if (each.encode() if isinstance(each, str) else each) in data]


@pytest.mark.parametrize("verb", ["create", "update"])
@pytest.mark.parametrize("vendor", ["vercom"], indirect=True)
async def test_hashes_differ_between_runs(profile: VendorProfile, verb: str) -> None:
    """Two journals of the same contacts and external ids have no hash in common."""
    local_vendor, group = make_vendor("vercom")
    kept: list[DictJournal] = [DictJournal(), DictJournal()]
    async with local_vendor.book() as book:
        source = [replace(each, external_id=f"e{number}") for number, each in enumerate(people(profile, 3, group))]
        await run_batch(book.contacts.create_many(source))
        for journal in kept:
            if verb == "create":
                await run_batch(
                    book.contacts.create_many(source, match="external_id", on_duplicate="skip", journal=journal)
                )
            else:
                changes = [(ExternalId(f"e{number}"), {"company": "ABC"}) for number in range(3)]
                await run_batch(book.contacts.update_many(changes, journal=journal))
    hashes: list[list[str]] = [[*list_entry_hashes(journal)] for journal in kept]
    assert not set(hashes[0]) & set(hashes[1])
    assert all(len(text) == 32 for text in (*hashes[0], *hashes[1]))
    assert all(journal.heading is not None and len(journal.heading.key) == 32 for journal in kept)


def list_entry_hashes(journal: DictJournal) -> list[str]:
    entries: list[JournalEntry] = list(journal.entries.values())
    return [text for entry in entries for text in (entry.fingerprint, entry.key or "")]
