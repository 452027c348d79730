"""`crossbook.erase` and `crossbook.export_person`: one person in books, journals, uploads and suppression lists.

Both search first and write afterwards. `erase` writes in an order that a crash may interrupt anywhere:

1. It notes the ids of the person's contacts in the file `report`, if there is one.
2. Tombstones in the suppression lists: from now on no book with the list creates the person.
3. Journal entries become `erased`: a run that resumes does not create the person.
4. The contacts are deleted, and looked up again until they are gone.

Each step can be repeated, so that the same call resumes after a crash.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

import anyio
import msgspec
from anyio import to_thread

from crossbook import _redaction, _validation, files
from crossbook._batch.assemble import make_journal_key
from crossbook._batch.fingerprint import KeyedHash
from crossbook._batch.matching import AUTO
from crossbook._batch.resume import derive_run_key, hash_account
from crossbook._redaction import Secret
from crossbook._tracebacks import hide_internal_frames
from crossbook.book import AddressBook
from crossbook.errors import AmbiguousMatchError, CrossbookError, InvalidInputError, NotFoundError
from crossbook.journal import RunKey, SqliteJournal
from crossbook.models import Contact, known_values
from crossbook.suppressions import SuppressionEntry, SuppressionList

Books = Sequence[AddressBook] | Mapping[str, AddressBook]
PathLike = str | os.PathLike[str]
_KINDS = ("phone", "email", "external_id")
_PAUSE = 0.1  # seconds before the second lookup after a delete; each further pause is twice as long
_encode = msgspec.json.Encoder(enc_hook=str).encode


@dataclass(frozen=True, kw_only=True)
class ErasedPlace:
    """What `crossbook.erase` did in one place.

    Args:
        kind: "book", "journal", "upload" or "suppressions".
        name: the name of the book, or the path of the file.
        searched: the keys by which the place was searched: "phone", "email", "external_id" or "id".
        not_searched: the keys by which the place cannot be searched, each with the reason.
        found: how many contacts, entries or rows of the person the place had.
        done: how many of them were deleted (book), became `erased` (journal), or got a tombstone (suppressions).
        remaining: the contacts' ids or the rows that are still there. An id that is an e-mail address is masked.
        left: the ids of contacts that have one of the keys and belong to other people, so that they stay.
        verified_at: when the last lookup found nothing more, in UTC; None if it was not looked up, or found something.
        note: what to know about this place.
    """

    kind: Literal["book", "journal", "upload", "suppressions"]
    name: str
    searched: tuple[str, ...] = ()
    not_searched: Mapping[str, str] = field(default_factory=dict[str, str])
    found: int = 0
    done: int = 0
    remaining: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    verified_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ErasureReport:
    """What `crossbook.erase` searched, found, did and verified. It holds no phone, e-mail address or external id.

    Args:
        keys: the given keys, masked.
        begun_at: when the call began, in UTC.
        ended_at: when it ended, in UTC.
        dry_run: whether nothing was written.
        places: what happened in each place.
    """

    keys: Mapping[str, str]
    begun_at: datetime
    ended_at: datetime
    dry_run: bool
    places: tuple[ErasedPlace, ...]

    @property
    def is_complete(self) -> bool:
        """Whether each place was searched by at least one key, and nothing of the person is left there."""
        return not self.dry_run and all(place.verified_at is not None for place in self.places)

    def to_json(self) -> bytes:
        """Return the report as a JSON object."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return _encode({**values, "is_complete": self.is_complete})


@hide_internal_frames
async def erase(
    books: Books,
    *,
    phone: str | None = None,
    email: str | None = None,
    external_id: str | None = None,
    ids: Mapping[str, Collection[str]] | None = None,
    journals: Collection[PathLike] = (),
    journal_key: str | bytes | None = None,
    jobs: PathLike | None = None,
    suppressions: SuppressionList | None = None,
    reason: str = "erasure request",
    report: PathLike | None = None,
    settle_timeout: float = 10.0,
    dry_run: bool = False,
) -> ErasureReport:
    """Erase one person: from open books, journals of batches, and jobs. A tombstone keeps the person erased.

    Contacts with every given key are the person's, if several keys are given. Contacts with another value of one of the
    keys are other people's and stay, such as those who share the phone. Without such keys, a book may have one contact
    with all keys by which its vendor can be searched. If it has several, or if a contact lacks a key, nothing is
    written and `AmbiguousMatchError` is raised: pass further keys, or `ids`.

    The same call resumes after a crash or an error, because each step can be repeated.

    Args:
        books: the open books, or a mapping from names of yours to open books. Without names, a book has its vendor's
            name; a second book of the vendor has the name with `-2`.
        phone: a phone in any spelling; without a country code, all books must read it as the same number.
        email: an e-mail address; compared without regard to case.
        external_id: your own key of the person; compared unchanged.
        ids: the name of a book → the ids of the contacts to erase there. Each must have one of the given keys.
        journals: the paths of the SQLite journals of batches that may have the person.
        journal_key: the `journal_key` of these journals, if they have one.
        jobs: the folder of `crossbook.fastapi.Jobs`. Its journals are erased from, its uploads are searched.
        suppressions: the list that gets a tombstone for each given key, in addition to the lists of the books.
        reason: the reason of the tombstones. It is stored in clear.
        report: a file for the report, which only its owner may read. Until the end it holds the ids of the person's
            contacts, so that a resumed call reports also what the interrupted call deleted.
        settle_timeout: seconds for which a deleted contact is looked up again, until the vendor no longer returns it.
        dry_run: search only, and write nothing.

    Returns:
        An `ErasureReport`: what was searched, found, done and verified in each place, and where a key cannot be
        searched.

    Raises:
        AmbiguousMatchError: see above; `error.candidates` are the ids, `error.vendor` is the vendor.
        InvalidInputError: no key is given, a key is invalid, or a file is no journal; before any write.
        JournalBusyError: a batch that uses a journal is running; before any write.
        CrossbookError: a vendor failed. Repeat the call.

    Example:
        ```python
        report = await crossbook.erase([book], phone="+48500600799", suppressions=suppressions)
        print(report.is_complete)
        ```
    """
    begun_at = datetime.now(UTC)
    named = _name_books(books)
    keys = _check_keys(named, {"phone": phone, "email": email, "external_id": external_id})
    masked = _mask_keys(keys)
    state = _ReportFile(None if report is None or dry_run else Path(report), masked)
    found = await _find_everywhere(named, keys, ids or {}, state.read())
    traces = await _find_traces(found, keys, journals, journal_key, jobs)
    uploads = [] if jobs is None else await _search_uploads(Path(jobs), keys, named)
    lists = _list_suppressions(named, suppressions)
    if not dry_run:
        state.write_ids({each.name: sorted(each.ids) for each in found})
    blocked = [
        await _add_tombstones(each, number, keys, reason, dry_run=dry_run) for number, each in enumerate(lists, 1)
    ]
    forgotten = [await trace.erase(dry_run=dry_run) for trace in traces]
    deleted = [await _delete(person, keys, settle_timeout, dry_run=dry_run) for person in found]
    made = ErasureReport(
        keys=masked, begun_at=begun_at, ended_at=datetime.now(UTC), dry_run=dry_run,
        places=(*deleted, *forgotten, *uploads, *blocked),
    )  # fmt: skip
    state.write(made.to_json())
    return made


@hide_internal_frames
async def export_person(
    books: Books,
    *,
    phone: str | None = None,
    email: str | None = None,
    external_id: str | None = None,
    ids: Mapping[str, Collection[str]] | None = None,
    journals: Collection[PathLike] = (),
    journal_key: str | bytes | None = None,
    jobs: PathLike | None = None,
    suppressions: SuppressionList | None = None,
) -> dict[str, Any]:
    """Return everything that open books, journals, jobs and suppression lists have of one person, as JSON values.

    Nothing is written, so that the call can be repeated after a crash.

    Args:
        books: as in `erase`.
        phone: as in `erase`.
        email: as in `erase`.
        external_id: as in `erase`.
        ids: as in `erase`.
        journals: as in `erase`.
        journal_key: as in `erase`.
        jobs: as in `erase`.
        suppressions: as in `erase`.

    Returns:
        `{"at": the time, "books": {name: {"contacts": […], "searched": […], "not_searched": {key: reason},
        "left": [ids]}}, "journals": [{"name", "entries"}], "uploads": […], "suppressions": [[entries]]}`. A contact has
        the fields of `Contact`, its groups with their names, and `raw`: the vendor's own fields.

    Raises:
        AmbiguousMatchError, InvalidInputError, JournalBusyError, CrossbookError: as in `erase`.

    Example:
        ```python
        person = await crossbook.export_person([book], phone="+48500600700")
        print(list(person["books"]))
        ```
    """
    named = _name_books(books)
    keys = _check_keys(named, {"phone": phone, "email": email, "external_id": external_id})
    found = await _find_everywhere(named, keys, ids or {}, {})
    traces = await _find_traces(found, keys, journals, journal_key, jobs)
    uploads = [] if jobs is None else await _search_uploads(Path(jobs), keys, named)
    return cast(
        "dict[str, Any]",
        msgspec.json.decode(
            _encode(
                {
                    "at": datetime.now(UTC),
                    "books": {person.name: await _export_book(person) for person in found},
                    "journals": [await trace.export() for trace in traces],
                    "uploads": [{"name": place.name, "rows": place.remaining, "note": place.note} for place in uploads],
                    "suppressions": [
                        [
                            {each.name: getattr(entry, each.name) for each in fields(SuppressionEntry)}
                            for entry in await suppression.history(Contact(**cast("Any", keys)))
                        ]
                        for suppression in _list_suppressions(named, suppressions)
                    ],
                }
            )
        ),
    )


# The given keys.


def _name_books(books: Books) -> dict[str, AddressBook]:
    named: dict[str, AddressBook] = {}
    given = books.items() if isinstance(books, Mapping) else [("", book) for book in books]
    for name, book in given:
        if not isinstance(book, AddressBook):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError("books must be open books, such as crossbook.open(name)", field="books")
        book._session.check_open()  # pyright: ignore[reportPrivateUsage]
        vendor, number = book.profile.vendor, 1
        while not name or name in named:
            name = vendor if number == 1 else f"{vendor}-{number}"
            number += 1
        named[name] = book
    return named


def _check_keys(books: Mapping[str, AddressBook], given: Mapping[str, str | None]) -> dict[str, str]:
    """Return the given keys in normal form, in which all books must agree."""
    keys: dict[str, str] = {}
    regions = {_get_region(book) for book in books.values()} or {None}
    for kind, value in given.items():
        if value is None:
            continue
        if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError(f"{kind} must be text", field=kind)
        forms = {_validation.match_key(kind, value, region) for region in regions}
        if None in forms:
            raise InvalidInputError(_validation.explain_no_match_key(kind, value, next(iter(regions))), field=kind)
        if len(forms) > 1:
            raise InvalidInputError("the books read this phone differently: write +<country><number>", field=kind)
        keys[kind] = str(forms.pop())
    if not keys:
        raise InvalidInputError("pass at least one of phone, email and external_id", field="phone")
    return keys


def _mask_keys(keys: Mapping[str, str]) -> dict[str, str]:
    masks = {"phone": _redaction.mask_phone, "email": _redaction.mask_email}
    return {kind: masks[kind](value) if kind in masks else "***" for kind, value in keys.items()}


def _get_region(book: AddressBook) -> str | None:
    return book._adapter.region  # pyright: ignore[reportPrivateUsage]


# Books.


@dataclass(kw_only=True)
class _Person:
    """The person in one book.

    Attributes:
        name, book: the book.
        searched, not_searched: as in `ErasedPlace`.
        contacts: the person's contacts.
        left: the ids of other contacts that have one of the keys.
        gone: the ids that an interrupted call found.
    """

    name: str
    book: AddressBook
    searched: tuple[str, ...] = ()
    not_searched: dict[str, str] = field(default_factory=dict[str, str])
    contacts: list[Contact] = field(default_factory=list[Contact])
    left: tuple[str, ...] = ()
    gone: frozenset[str] = frozenset()

    @property
    def ids(self) -> set[str]:
        return {contact.id for contact in self.contacts} | self.gone


async def _find_everywhere(
    books: Mapping[str, AddressBook],
    keys: Mapping[str, str],
    ids: Mapping[str, Collection[str]],
    earlier: Mapping[str, Sequence[str]],
) -> list[_Person]:
    unknown = [name for name in ids if name not in books]
    if unknown:
        raise InvalidInputError(f"ids has no book {unknown[0]!r}: use one of {', '.join(books)}", field="ids")
    for name, chosen in ids.items():
        for id in chosen:
            _validation.check_id(books[name].profile, "id", id)
    found: list[_Person] = []
    for name, book in books.items():
        person, candidates = await _search(name, book, keys)
        person.gone = frozenset(earlier.get(name, ()))
        await _choose(person, candidates, keys, ids.get(name))
        found.append(person)
    return found


async def _search(name: str, book: AddressBook, keys: Mapping[str, str]) -> tuple[_Person, dict[str, Contact]]:
    """Search a book by each key that its vendor can be searched by. Return the contacts with one of the keys, by id."""
    person, candidates = _Person(name=name, book=book), dict[str, Contact]()
    for kind, value in keys.items():
        if kind in book.profile.match_keys:
            person.searched += (kind,)
            candidates |= await book.contacts._find_all(kind, value)  # pyright: ignore[reportPrivateUsage]
        else:
            person.not_searched[kind] = f"{book.profile.title} cannot be searched by {kind}"
    if person.not_searched:  # a list may have fewer fields, and a further key can tell people apart
        for id in candidates:
            try:
                candidates[id] = await book.contacts.get(id)
            except NotFoundError:  # deleted since
                continue
    return person, candidates


async def _choose(
    person: _Person, candidates: Mapping[str, Contact], keys: Mapping[str, str], chosen: Collection[str] | None
) -> None:
    """Decide which of the contacts with one of the keys are the person's."""
    region = _get_region(person.book)
    contacts = list(candidates.values())
    full = [each for each in contacts if len(keys) > 1 and _has(each, keys, keys, region)]
    if chosen is not None:
        for id in set(chosen) - candidates.keys() - person.gone:
            if await _exists(person.book, id):
                raise InvalidInputError(f"contact {_redaction.mask_address(id)} has none of the keys", field="ids")
        own = [each for each in contacts if each.id in chosen]
    elif person.gone:  # the interrupted call has chosen
        own = [each for each in contacts if each.id in person.gone or each in full]
    elif full:
        own = full
    else:
        # A contact with another value of a further key is another person's, such as one who shares the phone.
        own = [each for each in contacts if not _has_other(each, keys, keys, region)]
        if len(own) > 1 or not all(_has(each, person.searched, keys, region) for each in own):
            raise _make_ambiguous(person, [each.id for each in own])
    person.contacts = own
    person.left = tuple(id for id in candidates if id not in {each.id for each in own})


def _has(contact: Contact, kinds: Collection[str], keys: Mapping[str, str], region: str | None) -> bool:
    return all(_validation.match_key(kind, getattr(contact, kind), region) == keys[kind] for kind in kinds)


def _has_other(contact: Contact, kinds: Collection[str], keys: Mapping[str, str], region: str | None) -> bool:
    return any(getattr(contact, kind) and not _has(contact, [kind], keys, region) for kind in kinds)


def _make_ambiguous(person: _Person, candidates: Collection[str]) -> AmbiguousMatchError:
    shown = ", ".join(map(_redaction.mask_address, list(candidates)[:10]))
    count = "1 contact has" if len(candidates) == 1 else f"{len(candidates)} contacts have"
    return AmbiguousMatchError(
        f"{count} one of the keys in the book {person.name}, and it is unclear which is the person's: {shown}. Pass "
        "all keys of the person, or the ids",
        candidates=tuple(candidates), vendor=person.book.profile.vendor, operation="erase", sent="yes",
    )  # fmt: skip


async def _exists(book: AddressBook, id: str) -> bool:
    try:
        await book.contacts.get(id)
    except NotFoundError:
        return False
    return True


async def _delete(person: _Person, keys: Mapping[str, str], settle_timeout: float, *, dry_run: bool) -> ErasedPlace:
    place = ErasedPlace(
        kind="book", name=person.name, searched=person.searched, not_searched=person.not_searched,
        found=len(person.ids), left=_mask_ids(person.left),
        note="" if person.searched else "none of the keys can be searched here: look the person up by hand",
    )  # fmt: skip
    if dry_run or not person.searched:
        return replace(place, remaining=_mask_ids({contact.id for contact in person.contacts}))
    for contact in person.contacts:
        with suppress(NotFoundError):  # another program, or an attempt whose response was lost, has deleted it
            await person.book.contacts.delete(contact.id)
    pause, waited = _PAUSE, 0.0
    while True:
        remaining = await _find_remaining(person, keys)
        if not remaining or waited >= settle_timeout:
            break
        await anyio.sleep(pause)
        waited, pause = waited + pause, pause * 2
    return replace(
        place,
        done=len(person.ids - remaining),
        remaining=_mask_ids(remaining),
        verified_at=None if remaining else datetime.now(UTC),
    )


async def _find_remaining(person: _Person, keys: Mapping[str, str]) -> set[str]:
    """Return the ids of the person's contacts that are still there, and of contacts that were created meanwhile."""
    _, candidates = await _search(person.name, person.book, keys)
    remaining = candidates.keys() - set(person.left)
    for id in person.ids - remaining:
        if await _exists(person.book, id):
            remaining.add(id)
    return remaining


def _mask_ids(ids: Collection[str]) -> tuple[str, ...]:
    return tuple(map(_redaction.mask_address, sorted(ids)))


async def _export_book(person: _Person) -> dict[str, Any]:
    profile, contacts = person.book.profile, list[dict[str, Any]]()
    names: dict[str, str] = {}
    for found in person.contacts:
        contact = await person.book.contacts.get(found.id)
        values = known_values(found) | {name: value for name, value in known_values(contact).items() if value}
        groups: Any = values.get("groups")
        if profile.capability("contacts.groups_of").support != "unsupported":
            groups = [group.id for group in await person.book.contacts.groups_of(found.id)]
        if groups and not names:
            names = {group.id: group.name async for group in person.book.groups.list()}
        if groups:
            values["groups"] = [{"id": id, "name": names.get(id)} for id in groups]
        if profile.channels and contact.opted_out is None and found.opted_out is None:
            adapter = person.book._adapter  # pyright: ignore[reportPrivateUsage]
            values["opted_out"] = await adapter.read_opt_outs(contact, profile.channels)
        if isinstance(values.get("opted_out"), frozenset):
            values["opted_out"] = sorted(values["opted_out"])
        contacts.append({**values, "raw": _to_builtins(contact.raw)})
    return {
        "vendor": profile.vendor, "contacts": contacts, "searched": person.searched,
        "not_searched": person.not_searched, "left": person.left,
    }  # fmt: skip


def _to_builtins(raw: Any) -> Any:
    return None if raw is None else msgspec.json.decode(_encode(raw))


# Journals.


@dataclass(kw_only=True)
class _Trace:
    """The person in one run of a journal: the values for `SqliteJournal.find_person`, and what they find."""

    path: Path
    run: str
    searched: tuple[str, ...]
    not_searched: dict[str, str]
    keys: Sequence[str]
    ids: Collection[str]
    others: Collection[str]
    is_finished: bool
    found: int = 0

    @property
    def name(self) -> str:
        return f"{self.path} run {self.run}" if self.run else str(self.path)

    def _arguments(self) -> dict[str, Any]:
        return {"keys": self.keys, "ids": self.ids, "others": self.others}

    async def count(self) -> None:
        self.found = len(await SqliteJournal(self.path).find_person(self.run, **self._arguments()))

    async def erase(self, *, dry_run: bool) -> ErasedPlace:
        journal = SqliteJournal(self.path)
        done = await journal.erase_person(self.run, **self._arguments()) if self.found and not dry_run else 0
        rest = await journal.find_person(self.run, **self._arguments()) if self.found else ()
        notes = [
            "" if self.keys else "the run has no hash of a given key: only entries with a contact's id are found",
            "" if self.is_finished else "the run is not finished, and may have further inputs of the person: resume it "
            "with a book that has the suppression list",
        ]  # fmt: skip
        return ErasedPlace(
            kind="journal", name=self.name, searched=self.searched, not_searched=self.not_searched, found=self.found,
            done=done, remaining=tuple(str(entry.index) for entry in rest),
            verified_at=datetime.now(UTC) if self.searched and not rest else None,
            note="; ".join(filter(None, notes)),
        )  # fmt: skip

    async def export(self) -> dict[str, Any]:
        entries = await SqliteJournal(self.path).find_person(self.run, **self._arguments())
        names = ("index", "item_key", "state", "at", "status", "id", "dropped_fields", "write_only_fields")
        return {
            "name": self.name, "searched": self.searched, "not_searched": self.not_searched,
            "entries": [{name: getattr(entry, name) for name in names} for entry in entries],
        }  # fmt: skip


async def _find_traces(
    people: Sequence[_Person],
    keys: Mapping[str, str],
    journals: Collection[PathLike],
    journal_key: str | bytes | None,
    jobs: PathLike | None,
) -> list[_Trace]:
    """Find the person in all runs of the journals, and of the jobs. Nothing is written."""
    secret = make_journal_key(journal_key)
    paths = [Path(path) for path in journals]
    if jobs is not None:
        paths += await to_thread.run_sync(lambda: sorted(Path(jobs).glob("*/journal.sqlite")))
    traces: list[_Trace] = []
    for path in paths:
        finished = {run.name for run in await SqliteJournal(path).runs() if run.state != "begun"}
        for run, run_key in (await SqliteJournal(path).find_run_keys()).items():
            trace = await _make_trace(path, run, run_key, people, keys, secret)
            trace.is_finished = run in finished
            await trace.count()
            traces.append(trace)
    return traces


async def _make_trace(
    path: Path, run: str, run_key: RunKey, people: Sequence[_Person], keys: Mapping[str, str], secret: Secret | None
) -> _Trace:
    hashes, why = KeyedHash(), "it is archived, so that it has no hash of a key"
    if run_key.key and run_key.tag is None:
        hashes.set_key(run_key.key)
        why = ""
    elif run_key.key and secret is not None and (derived := await derive_run_key(secret, run_key)) is not None:
        hashes.set_key(derived)
        why = ""
    elif run_key.key:
        why = "it was begun with another journal_key: pass journal_key="
    texts = {kind: f"{kind} {value}" if run_key.match == AUTO else value for kind, value in keys.items()}
    has_hash = {kind: not why and run_key.match in (AUTO, kind) for kind in keys}
    digests = [hashes.digest(text) for kind, text in texts.items() if has_hash[kind]]
    own = [person for person in people if not why and _may_be_account(person.book, run_key, hashes)]
    if why:
        own = [person for person in people if person.book.profile.vendor == run_key.vendor]
    return _Trace(
        path=path,
        run=run,
        searched=(*(kind for kind in keys if has_hash[kind]), *(["id"] if own else [])),
        not_searched={kind: why or f"its entries have no hash of {kind}" for kind in keys if not has_hash[kind]},
        keys=digests,
        ids={id for person in own for id in person.ids},
        others={id for person in own for id in person.left},
        is_finished=False,
    )


def _may_be_account(book: AddressBook, run_key: RunKey, hashes: KeyedHash) -> bool:
    """Return whether the run may have written to the book's account, so that ids mean the same contacts."""
    session = book._session  # pyright: ignore[reportPrivateUsage]
    if (book.profile.vendor, session.base_url, session.brand) != (run_key.vendor, run_key.base_url, run_key.brand):
        return False
    account = hash_account(hashes, session.identity)
    return account is None or run_key.account is None or account == run_key.account


# Uploads of jobs.


async def _search_uploads(folder: Path, keys: Mapping[str, str], books: Mapping[str, AddressBook]) -> list[ErasedPlace]:
    regions = sorted({region for book in books.values() if (region := _get_region(book)) is not None})
    paths = await to_thread.run_sync(lambda: sorted(folder.glob("*/input*")))
    return [await to_thread.run_sync(_search_upload, path, keys, regions or (None,)) for path in paths]


def _search_upload(path: Path, keys: Mapping[str, str], regions: Sequence[str | None]) -> ErasedPlace:
    """Search an uploaded file. A job that resumes needs all its rows, so that no row is taken out."""

    def is_of_person(contact: Contact) -> bool:
        return any(_has(contact, [kind], keys, region) for kind in keys for region in regions)

    try:
        with files.read(path) as people:
            rows = [str(row.line) for row in people if row.contact is not None and is_of_person(row.contact)]
    except (CrossbookError, OSError) as error:
        why = error.message if isinstance(error, CrossbookError) else type(error).__name__
        return ErasedPlace(kind="upload", name=str(path), note=f"the file cannot be searched: {why}")
    note = "its job has not ended and needs the file, which is deleted when the job ends: cancel the job to delete it"
    return ErasedPlace(
        kind="upload", name=str(path), searched=tuple(keys), found=len(rows), remaining=tuple(rows),
        verified_at=None if rows else datetime.now(UTC), note=note if rows else "",
    )  # fmt: skip


# Suppression lists.


def _list_suppressions(books: Mapping[str, AddressBook], given: SuppressionList | None) -> list[SuppressionList]:
    found = [] if given is None else [given]
    for book in books.values():
        own = book._suppressions  # pyright: ignore[reportPrivateUsage]
        if own is not None and not any(own is each for each in found):
            found.append(own)
    return found


async def _add_tombstones(
    suppressions: SuppressionList, number: int, keys: Mapping[str, str], reason: str, *, dry_run: bool
) -> ErasedPlace:
    """Block each key. The opt-outs of the person stay, because they must be honoured."""
    entries = await suppressions.history(Contact(**cast("Any", keys)))
    done = (
        0 if dry_run else await suppressions.add_tombstone(**cast("Any", keys), reason=reason, source="crossbook.erase")
    )
    blocked = [
        kind for kind, value in keys.items() if (await suppressions.check(Contact(**cast("Any", {kind: value})))).erased
    ]
    return ErasedPlace(
        kind="suppressions", name=f"list {number}", searched=tuple(keys), found=len(entries), done=done,
        verified_at=datetime.now(UTC) if len(blocked) == len(keys) else None,
        note="the entries stay, with a tombstone for each key: remove() with a reason ends it",
    )  # fmt: skip


# The file of the report.


class _ReportFile:
    """The file of the report: until the end of the call, the ids of the person's contacts in each book."""

    def __init__(self, path: Path | None, keys: Mapping[str, str]) -> None:
        self._path = path
        self._keys = keys

    def read(self) -> dict[str, list[str]]:
        """Return the ids that an interrupted call stored, by book."""
        if self._path is None or not self._path.exists():
            return {}
        try:
            stored = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Any])
        except msgspec.DecodeError:
            stored = {}
        if stored.get("keys") != self._keys:
            raise InvalidInputError(f"{self._path} is not the report of this person: pass a new path", field="report")
        found: dict[str, list[str]] = stored.get("interrupted", {})
        return found

    def write_ids(self, ids: Mapping[str, Sequence[str]]) -> None:
        self.write(_encode({"keys": self._keys, "interrupted": ids}))

    def write(self, content: bytes) -> None:
        """Replace the file. The content is on disk when the call returns."""
        if self._path is None:
            return
        new = self._path.with_name(f"{self._path.name}.new")
        with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
