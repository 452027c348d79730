"""`crossbook.copy`: people from one book into another."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import closing
from dataclasses import fields, replace
from typing import Any, Literal, Unpack, cast

from crossbook import _validation
from crossbook._batch.batch import Batch
from crossbook._batch.builder import BatchOptions
from crossbook._batch.resolver import OnDuplicate
from crossbook._tracebacks import hide_internal_frames
from crossbook.book import AddressBook
from crossbook.errors import InvalidInputError
from crossbook.models import Channel, Contact, attach_raw
from crossbook.vendor import MatchKey

# Groups by their names: where people go who come from elsewhere.

NOT_MADE = "9" * 18  # stands for a group that a dry run would make; every vendor's pattern lets it through


class GroupResolver:
    """Finds a book's groups by name, and makes those that are missing when somebody first needs them.

    Args:
        book: one that is open.
        dry_run: makes none; who would be in one is put into a group that does not exist.

    Attributes:
        made: the names of the groups that were made, or in a dry run would be.
    """

    def __init__(self, book: AddressBook, *, dry_run: bool = False) -> None:
        self._book = book
        self._dry_run = dry_run
        self._ids: dict[str, str] | None = None
        self.made: list[str] = []

    async def ids(self, names: Iterable[str]) -> tuple[str, ...]:
        """The ids of the groups with these names; of several with one name the first that is listed."""
        if self._ids is None:
            self._ids = {}
            async for group in self._book.groups.list():
                self._ids.setdefault(group.name, group.id)
        found: list[str] = []
        for name in names:
            if name not in self._ids:
                self._ids[name] = NOT_MADE if self._dry_run else (await self._book.groups.create(name)).id
                self.made.append(name)
            found.append(self._ids[name])
        return tuple(dict.fromkeys(found))


def fitted(book: AddressBook, contact: Contact) -> Contact:
    """The contact without the whole name beside its halves, where the vendor stores halves alone."""
    halves = book.profile.name_format == "split" and (contact.first_name or contact.last_name)
    return replace(contact, name=None) if halves and contact.name else contact


# Everybody in a book, each once, with all that the vendor can tell: what a copy and an export take.


async def whole(book: AddressBook, *, group: str | None, groups: bool, full: bool) -> AsyncIterator[Contact]:
    """Every contact once, however the vendor's list repeats them.

    What a list does not tell is asked for beforehand, and kept in a temporary database of SQLite's: who opted out of
    which channel, where there is a list of them, and who is in which group, by a list of each group.

    Args:
        book: one that is open.
        group: only the contacts of this group.
        groups: whether the groups are wanted.
        full: whether every field is, where the list tells less at a call a contact (Atom).
    """
    profile = book.profile
    more: dict[str, Any] = {"full": True} if full and _can(book, "full") else {}
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.execute("create table seen (id text primary key) without rowid")
        for kind in ("opted_out", "groups"):
            db.execute(f"create table {kind} (id text, value text, primary key (id, value)) without rowid")
        channels = sorted(profile.channels) if _can(book, "opted_out") else []
        for channel in channels:
            await _note(db, "opted_out", book, channel, {"opted_out": channel, "group": group})
        noted = False
        async for contact in book.contacts.list(group=group, **more):
            if db.execute("insert or ignore into seen values (?)", (contact.id,)).rowcount == 0:
                continue
            told: dict[str, Any] = {}
            if channels:
                told["opted_out"] = frozenset(cast("list[Channel]", _values(db, "opted_out", contact.id)))
            if groups and "groups" not in contact.known_fields:
                if not noted:
                    async for each in book.groups.list():
                        if profile.all_contacts_group is None or each.external_id != profile.all_contacts_group:
                            await _note(db, "groups", book, each.id, {"group": each.id})
                    noted = True
                told["groups"] = tuple(_values(db, "groups", contact.id))
            yield _with(contact, told)


def _can(book: AddressBook, filter: str) -> bool:
    return book.profile.filters.get(filter, "unsupported") != "unsupported"


async def _note(db: sqlite3.Connection, kind: str, book: AddressBook, value: str, filters: dict[str, Any]) -> None:
    async for page in book.contacts.list(**filters).pages():
        db.executemany(f"insert or ignore into {kind} values (?, ?)", ((each.id, value) for each in page.items))  # noqa: S608


def _values(db: sqlite3.Connection, kind: str, id: str) -> list[str]:
    return [value for (value,) in db.execute(f"select value from {kind} where id = ? order by value", (id,))]  # noqa: S608


def _with(contact: Contact, told: dict[str, Any]) -> Contact:
    """The contact with what was asked for beside; what is not known of it is not there."""
    known = contact.known_fields | told.keys()
    values = {f.name: getattr(contact, f.name) for f in fields(contact) if f.name in known}
    return attach_raw(Contact(**(values | told)), contact.raw, known)


@hide_internal_frames
def copy(
    source: AddressBook,
    target: AddressBook,
    *,
    group: str | None = None,
    groups: Literal["by_name", "none"] | Mapping[str, str] = "by_name",
    match: MatchKey | None = None,
    on_duplicate: OnDuplicate | None = None,
    on_unsupported_field: _validation.OnUnsupportedField = "error",
    include_opted_out: bool = False,
    full: bool = True,
    **options: Unpack[BatchOptions],
) -> Batch[Contact]:
    """Copies people from one open book into another. Nothing is deleted, and nobody is ever subscribed again.

    Each person is taken once, with the fields that the source's vendor tells, and its id as the results' `item_key`. `id`
    and, where the target does not store it, `created_at` belong to the record and not to the person: they stay. A whole
    name (Filemail's) is never split: where halves are stored it cannot be held.
    People who are known to have opted out of a channel are skipped, and counted as `opted_out` in the summary's
    `dropped_fields`: no vendor takes that mark along, and in their new place they would be written to. Where the source
    has a list of them (Vercom), it is read first; where it does not tell (Atom, Filemail), nothing is known.

    Args:
        source: whose people; both books are open, in the same event loop.
        target: where they are written.
        group: only the people of this group of the source.
        groups: "by_name" puts them into the target's groups of the same names, and makes those that are missing;
            "none" into no group, which is what a `default_group` of the target is for; a mapping from the source's
            group ids to the target's puts them into those alone.
        match: "phone", "email" or "external_id": the key by which two are the same, as the target can be asked.
        on_duplicate: with `match`: what to do with a key that is there already; as in `create_many`.
        on_unsupported_field: "error" fails a person with a field that the target cannot hold, "drop" leaves the field out.
        include_opted_out: takes those too who opted out, without their mark. Ask a lawyer first.
        full: asks for every field, where the list tells less at a call a contact (Atom).
        options: see `BatchOptions`; `journal`, `dry_run`, `progress` … as in every batch.

    Returns:
        A `Batch`: enter it for results, or await `.run()`. The source's own errors end it, and are raised.

    Raises:
        InvalidInputError, UnsupportedError: an option that cannot be, or both books are one account; before any I/O.

    Example:
        ```python
        async with crossbook.open("serwersms") as old, crossbook.open("vercom") as new:
            print(await crossbook.copy(old, new, match="phone", on_duplicate="skip", journal="copy.sqlite").run())
        ```
    """
    for field, book in {"source": source, "target": target}.items():
        if not isinstance(book, AddressBook):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError(f"{field} is a book: crossbook.open(name), opened", field=field)
    there, here = source._session, target._session  # pyright: ignore[reportPrivateUsage]
    if set(there.names) & set(here.names):
        raise InvalidInputError("both books are the same account", field="target", vendor=here.profile.vendor)
    if isinstance(groups, str) and groups not in ("by_name", "none"):
        raise InvalidInputError("groups is 'by_name', 'none', or a mapping of group ids", field="groups")
    there.check_open()
    options.setdefault("item_key", _id)
    people = _people(
        source, target, group, groups,
        full=full, include_opted_out=include_opted_out, dry_run=options.get("dry_run", False),
    )  # fmt: skip
    return target.contacts.create_many(
        people,
        match=match,
        on_duplicate=on_duplicate,
        on_unsupported_field=on_unsupported_field,
        include_opted_out=include_opted_out,
        **options,
    )


def _id(contact: Contact) -> str:
    return contact.id


async def _people(
    source: AddressBook,
    target: AddressBook,
    group: str | None,
    groups: Literal["by_name", "none"] | Mapping[str, str],
    *,
    full: bool,
    include_opted_out: bool,
    dry_run: bool,
) -> AsyncIterator[Contact]:
    """The people as the target is to take them."""
    placing = GroupResolver(target, dry_run=dry_run)
    names: dict[str, str] = {}
    if groups == "by_name":
        async for each in source.groups.list():
            names[each.id] = each.name
    left = {"created_at"} - {
        name for name in target.profile.contact_fields if _validation.is_writable(target.profile, name)
    }
    async for contact in whole(source, group=group, groups=groups != "none", full=full):
        values: dict[str, Any] = {
            f.name: value
            for f in fields(contact)
            if f.name in contact.known_fields
            and f.name not in left
            and not _validation.is_empty(value := getattr(contact, f.name))
        }
        there = values.pop("groups", ())
        if not isinstance(groups, str):
            values["groups"] = tuple(dict.fromkeys(groups[id] for id in there if id in groups)) or None
        elif there and (include_opted_out or not contact.opted_out):
            values["groups"] = await placing.ids(names[id] for id in there if id in names)
        yield fitted(target, Contact(**values))
