"""Test `crossbook.erase` and `crossbook.export_person` over loopback, at all four vendors."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from control import Server

import crossbook
from crossbook import (
    AddressBook,
    AmbiguousMatchError,
    Contact,
    CrossbookError,
    InvalidInputError,
    JournalBusyError,
    SuppressionList,
)
from crossbook.journal import SqliteJournal

pytestmark = pytest.mark.anyio
Books = Callable[..., AbstractAsyncContextManager[list[AddressBook]]]
VENDORS = ("serwersms", "vercom", "atom", "filemail")
PHONE, EMAIL = "+48500600700", "anna@example.com"
KEYS: Any = {"phone": PHONE, "email": EMAIL}
SECRET = "a secret of the test suite"


@pytest.fixture
async def suppressions(tmp_path: Path) -> AsyncIterator[SuppressionList]:
    async with SuppressionList(tmp_path / "list.sqlite") as made:
        yield made


async def fit(book: AddressBook, name: str, phone: str | None = PHONE, email: str | None = EMAIL) -> Contact:
    """Return a contact with the fields that the vendor stores."""
    contact = Contact(phone=phone, email=email, first_name=name, last_name="Sample")
    if book.profile.name_format == "full":
        contact = replace(contact, first_name=None, last_name=None, name=f"{name} Sample")
    if book.profile.vendor == "atom":
        groups = [group.id async for group in book.groups.list()]
        contact = replace(contact, groups=(groups or [(await book.groups.create("All")).id])[:1])
    return contact


async def create(book: AddressBook, name: str, **keys: Any) -> str:
    return (await book.contacts.create(await fit(book, name, **keys), on_unsupported_field="drop")).id


async def ids(book: AddressBook) -> set[str]:
    return {contact.id async for contact in book.contacts.list()}


def find_place(report: crossbook.ErasureReport, kind: str, name: str = "") -> crossbook.ErasedPlace:
    (place,) = [each for each in report.places if each.kind == kind and each.name.startswith(name)]
    return place


async def test_person_is_erased_from_all_books(books: Books, suppressions: SuppressionList) -> None:
    """Others stay, and the report has no key of the person in clear."""
    async with books(*VENDORS, suppressions=suppressions) as opened:
        others = [await create(book, "Jan", phone="+48500600701", email="jan@example.com") for book in opened]
        for book in opened:
            await create(book, "Anna")
        dry = await crossbook.erase(opened, **KEYS, dry_run=True)
        assert [place.found for place in dry.places if place.kind == "book"] == [1, 1, 1, 1]
        assert not dry.is_complete
        assert [len(await ids(book)) for book in opened] == [2, 2, 2, 2]
        report = await crossbook.erase(opened, **KEYS)
        assert [await ids(book) for book in opened] == [{id} for id in others]
        assert report.is_complete
        for vendor in VENDORS:
            place = find_place(report, "book", vendor)
            assert (place.found, place.done, place.remaining) == (1, 1, ())
            assert place.verified_at is not None
        assert find_place(report, "book", "atom").not_searched.keys() == {"email"}
        assert find_place(report, "book", "filemail").not_searched.keys() == {"phone"}
        text = report.to_json().decode()
        assert not [key for key in (PHONE, PHONE[3:], EMAIL) if key in text]
        assert json.loads(text)["keys"] == {"phone": "+48******00", "email": "a***@e***"}
        for book in opened:
            with pytest.raises(InvalidInputError, match="person who was erased"):
                await create(book, "Anna")
        again = await crossbook.erase(opened, **KEYS)
        assert again.is_complete
        assert [place.found for place in again.places if place.kind == "book"] == [0, 0, 0, 0]
        await suppressions.remove(**KEYS, reason="came back")
        await create(opened[0], "Anna")


@pytest.mark.parametrize("vendor", ["serwersms", "vercom", "atom"])
async def test_shared_phone_is_ambiguous(books: Books, vendor: str, suppressions: SuppressionList) -> None:
    """Nothing is written. The ids decide."""
    async with books(vendor) as (book,):
        both = {await create(book, "Anna"), (mother := await create(book, "Eva", email="eva@example.com"))}
        with pytest.raises(AmbiguousMatchError) as caught:
            await crossbook.erase([book], phone=PHONE, suppressions=suppressions)
        assert (set(caught.value.candidates), caught.value.vendor) == (both, vendor)
        assert PHONE[3:] not in str(caught.value)
        assert not [entry async for entry in suppressions.entries()]
        assert await ids(book) == both
        report = await crossbook.erase([book], phone=PHONE, ids={vendor: [mother]}, suppressions=suppressions)
        assert await ids(book) == both - {mother}
        assert find_place(report, "book").left == tuple(both - {mother})
        other = await create(book, "Jan", phone="+48500600701")
        with pytest.raises(InvalidInputError, match="none of the keys"):
            await crossbook.erase([book], phone=PHONE, ids={vendor: [other]})


@pytest.mark.parametrize("vendor", ["serwersms", "vercom"])
async def test_all_keys_tell_shared_phone_apart(books: Books, vendor: str) -> None:
    async with books(vendor) as (book,):
        await create(book, "Anna")
        mother = await create(book, "Eva", email="eva@example.com")
        for _ in range(2):
            report = await crossbook.erase([book], **KEYS)
            assert await ids(book) == {mother}
            assert find_place(report, "book").left == (mother,)
        unknown = await create(book, "Ida", email=None)
        with pytest.raises(AmbiguousMatchError) as caught:
            await crossbook.erase([book], **KEYS)
        assert caught.value.candidates == (unknown,)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("secret", [None, SECRET])
async def test_resumed_import_creates_nobody_again(
    books: Books, vendor: str, secret: str | None, server: Server, tmp_path: Path
) -> None:
    """The journal's entry becomes `erased` in a finished run, and in a run that stopped in the middle."""
    journal: Any = {"journal": tmp_path / "import.sqlite", "journal_key": secret}
    traced: Any = {"journals": [tmp_path / "import.sqlite"], "journal_key": secret}
    async with books(vendor) as (book,):
        people = [
            await fit(book, f"P{number}", f"+4850060070{number}", f"p{number}@example.com") for number in range(4)
        ]
        options: Any = {"match": "auto", "on_duplicate": "skip", "on_unsupported_field": "drop", "ordered": True}
        batch = book.contacts.create_many(people, concurrency=1, **journal, **options)
        async with batch as run:
            async for result in run:
                if result.index == 1:
                    batch.stop("enough")
        keys: Any = {"phone": "+48500600700", "email": "p0@example.com"}
        report = await crossbook.erase([book], **keys, **traced)
        place = find_place(report, "journal")
        assert (place.found, place.done, place.remaining) == (1, 1, ())
        assert place.verified_at is not None
        # Vercom takes all inputs in one call.
        assert ("the run is not finished" in place.note) == (vendor != "vercom")
        for _ in range(2):
            async with book.contacts.create_many(people, **journal, **options) as run:
                results = [result async for result in run]
            assert [result.status for result in results] == ["erased", "created", "created", "created"]
            assert (results[0].id, results[0].replayed) == (None, True)
            assert len(await ids(book)) == 3
        again = await crossbook.erase([book], **keys, **traced)
        assert (find_place(again, "journal").found, find_place(again, "journal").note) == (0, "")
        (stored,) = await SqliteJournal(tmp_path / "import.sqlite").runs()
        assert stored.counts == {"created": 3, "erased": 1}


async def test_entry_without_outcome_is_erased(books: Books, tmp_path: Path) -> None:
    """The person was about to be written when the import was killed. Another person with the phone keeps its entry."""
    path = tmp_path / "import.sqlite"
    async with books("serwersms") as (book,):
        people = [await fit(book, "Anna"), await fit(book, "Eva", email="eva@example.com")]
        await book.contacts.create_many(people, match="email", on_duplicate="skip", journal=path).run()
        journal = SqliteJournal(path)
        await journal.open("")
        (first,) = await journal.find_entries(0, 1)
        first.state, first.status, first.id = "intent", None, None
        await journal.record_intents([first])
        await journal.close()
        report = await crossbook.erase([book], **KEYS, journals=[path])
        assert find_place(report, "journal").searched == ("email", "id")
        batch = book.contacts.create_many(people, match="email", on_duplicate="skip", journal=path)
        summary = await batch.run()
        assert summary.counts == {"erased": 1, "created": 1}
        assert len(await ids(book)) == 1


async def test_busy_journal_stops_before_any_write(books: Books, tmp_path: Path, suppressions: SuppressionList) -> None:
    async with books("vercom") as (book,):
        id = await create(book, "Anna")
        journal = SqliteJournal(tmp_path / "import.sqlite")
        await journal.open("")
        with pytest.raises(JournalBusyError):
            await crossbook.erase([book], **KEYS, journals=[tmp_path / "import.sqlite"], suppressions=suppressions)
        await journal.close()
        assert await ids(book) == {id}
        assert not [entry async for entry in suppressions.entries()]


async def test_failed_erase_resumes(
    books: Books, server: Server, tmp_path: Path, suppressions: SuppressionList
) -> None:
    """The file of the report knows what the interrupted call deleted."""
    path = tmp_path / "report.json"
    async with books("serwersms", "filemail", max_attempts=1, suppressions=suppressions) as opened:
        for book in opened:
            await create(book, "Anna")
        server.fault("status", "filemail", "deleteContact", status=503)
        with pytest.raises(CrossbookError):
            await crossbook.erase(opened, **KEYS, report=path)
        server.calm()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not await ids(opened[0])
        with pytest.raises(InvalidInputError, match="not the report of this person"):
            await crossbook.erase(opened, phone="+48500600701", report=path)
        report = await crossbook.erase(opened, **KEYS, report=path)
        assert [(place.found, place.done) for place in report.places if place.kind == "book"] == [(1, 1), (1, 1)]
        assert report.is_complete
        assert json.loads(path.read_bytes()) == json.loads(report.to_json())


async def test_contact_that_stays_is_reported(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor says that it deleted the contact, and still has it."""

    async def pretend(id: str) -> None:
        """Delete nothing."""

    async with books("vercom") as (book,):
        id = await create(book, "Anna")
        monkeypatch.setattr(book._adapter, "delete_contact", pretend)
        report = await crossbook.erase([book], **KEYS, settle_timeout=0)
        place = find_place(report, "book")
        assert (place.remaining, place.done, place.verified_at, report.is_complete) == ((id,), 0, None, False)


async def test_unsearchable_book_is_not_complete(books: Books) -> None:
    async with books("filemail") as (book,):
        await create(book, "Anna")
        report = await crossbook.erase([book], phone=PHONE)
        place = find_place(report, "book")
        assert (place.searched, place.found, report.is_complete) == ((), 0, False)
        assert "by phone" in place.not_searched["phone"]


async def test_uploads_and_journals_of_jobs_are_searched(books: Books, tmp_path: Path) -> None:
    """A row of an upload is reported, and stays until its job ends."""
    job = tmp_path / "jobs" / "one"
    job.mkdir(parents=True)
    (job / "input.csv").write_text(f"phone,first_name,last_name\n+48500600701,Jan,Sample\n{PHONE},Anna,Sample\n")
    async with books("vercom") as (book,):
        people = [await fit(book, "Anna")]
        await book.contacts.create_many(people, match="phone", journal=job / "journal.sqlite").run()
        report = await crossbook.erase([book], phone=PHONE, jobs=tmp_path / "jobs")
        assert find_place(report, "journal").done == 1
        place = find_place(report, "upload")
        assert (place.found, place.remaining, report.is_complete) == (1, ("3",), False)
        person = await crossbook.export_person([book], phone=PHONE, jobs=tmp_path / "jobs")
        assert person["uploads"][0]["rows"] == ["3"]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_export_has_everything(books: Books, vendor: str, tmp_path: Path, suppressions: SuppressionList) -> None:
    async with books(vendor, suppressions=suppressions) as (book,):
        people = [await fit(book, "Anna"), await fit(book, "Jan", "+48500600701", "jan@example.com")]
        options: Any = {"match": "auto", "on_unsupported_field": "drop", "journal": tmp_path / "a.sqlite"}
        await book.contacts.create_many(people, item_key=lambda contact: contact.phone, **options).run()
        await suppressions.add(phone=PHONE, channel="sms", reason="STOP")
        person = await crossbook.export_person([book], **KEYS, journals=[tmp_path / "a.sqlite"])
        (contact,) = person["books"][vendor]["contacts"]
        assert (contact.get("first_name") or contact.get("name") or "").startswith("Anna")
        assert contact["raw"]
        assert bool(contact.get("groups")) == (vendor == "atom")
        (entry,) = person["journals"][0]["entries"]
        assert (entry["item_key"], entry["status"]) == (PHONE, "created")
        assert person["suppressions"][0][0]["reason"] == "STOP"
        assert json.loads(json.dumps(person)) == person
        assert len(await ids(book)) == 2


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"email": " "}, "email"),
        ({"phone": PHONE, "ids": {"eu": ["1"]}}, "ids"),
        ({"phone": PHONE, "ids": {"vercom": ["x/y"]}}, "id"),
        ({"phone": PHONE, "journals": ["missing.sqlite"]}, "journal"),
    ],
)
async def test_invalid_arguments_are_refused(books: Books, arguments: Any, field: str) -> None:
    async with books("vercom") as opened:
        with pytest.raises(InvalidInputError) as caught:
            await crossbook.erase(opened, **arguments)
        assert caught.value.field == field


async def test_books_have_names(books: Books) -> None:
    """A second book of a vendor has a number. Phones without a country code must be the same number everywhere."""
    async with books("vercom", "vercom", "atom") as opened:
        report = await crossbook.erase(opened, phone=PHONE)
        assert [place.name for place in report.places] == ["vercom", "vercom-2", "atom"]
        report = await crossbook.erase({"eu": opened[0]}, phone=PHONE)
        assert [place.name for place in report.places] == ["eu"]
        with pytest.raises(InvalidInputError, match="write \\+<country>"):
            await crossbook.erase(opened, phone="500 600 700")
