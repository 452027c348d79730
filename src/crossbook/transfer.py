"""`crossbook.copy`: copy contacts from one book into another. The command line's import and export use parts of it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import closing
from dataclasses import fields, replace
from typing import Any, Literal, Unpack, cast

from crossbook import _validation
from crossbook._batch.assemble import BatchOptions
from crossbook._batch.batch import Batch
from crossbook._batch.operations import OnOptedOut
from crossbook._batch.resolver import OnDuplicate
from crossbook._tracebacks import hide_internal_frames
from crossbook.book import AddressBook
from crossbook.errors import InvalidInputError
from crossbook.models import Channel, Contact, attach_raw
from crossbook.vendor import Match

DRY_RUN_GROUP = "9" * 18  # the id of a group that a dry run would create; valid for every vendor


@hide_internal_frames
def copy(
    source: AddressBook,
    target: AddressBook,
    *,
    group: str | None = None,
    groups: Literal["by_name", "none"] | Mapping[str, str] = "by_name",
    match: Match | None = None,
    on_duplicate: OnDuplicate | None = None,
    on_unsupported_field: _validation.OnUnsupportedField = "error",
    on_opted_out: OnOptedOut = "skip",
    full: bool = True,
    **options: Unpack[BatchOptions],
) -> Batch[Contact]:
    """Copy contacts from one open book into another. Nothing is deleted, and opted-out contacts are skipped by default.

    Each contact is copied once, with the fields that the source's vendor returns. Its id is the results' `item_key`.
    `id` is not copied, nor is `created_at` if the target does not store it. A full name (Filemail) is never split, so a
    vendor that stores first and last name cannot store it.
    Contacts that are known to have opted out of a channel are skipped, unless you pass `on_opted_out`, and counted as
    `opted_out` in the summary's `dropped_fields`. A list of opted-out contacts is read first if the list of all
    contacts does not show the mark (Vercom). Atom and Filemail do not return opt-outs, so there nothing is known.

    Args:
        source: the book to read; both books are open, in the same event loop.
        target: the book to write.
        group: only the contacts of this group of the source.
        groups: "by_name" adds contacts to the target's groups with the same names, and creates the missing groups;
            "none" adds them to no group, or to the target's `default_group`; a mapping from the source's group ids to
            the target's adds them to those only.
        match: "phone", "email" or "external_id": the key by which two contacts are the same; the target must support
            it. "auto" as in `create_many`.
        on_duplicate: requires `match`. What to do with a key that exists; as in `create_many`.
        on_unsupported_field: "error" fails a contact with a field that the target cannot store, "drop" leaves the field
            out.
        on_opted_out: as in `create_many`. "unsubscribe" copies contacts that opted out, and opts them out in the
            target.
        full: fetches every field, one call for each contact, if the list has fewer fields (Atom).
        options: see `BatchOptions`: `journal`, `dry_run`, `progress` and others.

    Returns:
        A `Batch`: enter it for results, or await `.run()`. An error of the source ends the batch and is raised.

    Raises:
        InvalidInputError, UnsupportedError: an option is invalid, or both books are one account; before any request.

    Example:
        ```python
        async with crossbook.open("serwersms") as old, crossbook.open("vercom") as new:
            print(await crossbook.copy(old, new, match="phone", on_duplicate="skip", journal="copy.sqlite").run())
        ```
    """
    for field, book in {"source": source, "target": target}.items():
        if not isinstance(book, AddressBook):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError(f"{field} must be an open book, such as crossbook.open(name)", field=field)
    source_session, target_session = source._session, target._session  # pyright: ignore[reportPrivateUsage]
    if set(source_session.names) & set(target_session.names):
        why = "source and target are the same account: pass books of two accounts"
        raise InvalidInputError(why, field="target", vendor=target.profile.vendor)
    if isinstance(groups, str) and groups not in ("by_name", "none"):
        raise InvalidInputError(
            "groups must be 'by_name', 'none', or a mapping from the source's group ids to the target's", field="groups"
        )
    source_session.check_open()
    options.setdefault("item_key", _id)
    contacts = _convert_contacts(
        source, target, group, groups,
        full=full, on_opted_out=on_opted_out, dry_run=options.get("dry_run", False),
    )  # fmt: skip
    return target.contacts.create_many(
        contacts,
        match=match,
        on_duplicate=on_duplicate,
        on_unsupported_field=on_unsupported_field,
        on_opted_out=on_opted_out,
        **options,
    )


def _id(contact: Contact) -> str:
    return contact.id


async def _convert_contacts(
    source: AddressBook,
    target: AddressBook,
    group: str | None,
    groups: Literal["by_name", "none"] | Mapping[str, str],
    *,
    full: bool,
    on_opted_out: OnOptedOut,
    dry_run: bool,
) -> AsyncIterator[Contact]:
    """Yield the contacts of the source book, ready to be created in the target book, with the target's group ids."""
    resolver = GroupResolver(target, dry_run=dry_run)
    names: dict[str, str] = {}
    if groups == "by_name":
        async for each in source.groups.list():
            names[each.id] = each.name
    copies_created_at = _validation.is_writable(target.profile, "created_at")
    async for contact in iter_all_contacts(source, group=group, groups=groups != "none", full=full):
        values: dict[str, Any] = {
            f.name: value
            for f in fields(contact)
            if f.name in contact.known_fields
            and (f.name != "created_at" or copies_created_at)
            and not _validation.is_empty(value := getattr(contact, f.name))
        }
        source_groups = values.pop("groups", ())
        if not isinstance(groups, str):
            values["groups"] = tuple(dict.fromkeys(groups[id] for id in source_groups if id in groups)) or None
        elif source_groups and (on_opted_out == "unsubscribe" or not contact.opted_out):
            values["groups"] = await resolver.resolve(names[id] for id in source_groups if id in names)
        yield drop_derived_name(target, Contact(**values))


class GroupResolver:
    """Finds the ids of a book's groups by their names, and creates a missing group when it is first needed.

    Args:
        book: an open book.
        dry_run: creates no group; a missing one gets an id that does not exist.

    Attributes:
        created: the names of the groups that were created, or that a dry run would create.
    """

    def __init__(self, book: AddressBook, *, dry_run: bool = False) -> None:
        self._book = book
        self._dry_run = dry_run
        self._ids: dict[str, str] | None = None
        self.created: list[str] = []

    async def resolve(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the ids of the groups with these names. Create missing groups. Of equal names, take the first."""
        if self._ids is None:
            self._ids = {}
            async for group in self._book.groups.list():
                self._ids.setdefault(group.name, group.id)
        found: list[str] = []
        for name in names:
            if name not in self._ids:
                self._ids[name] = DRY_RUN_GROUP if self._dry_run else (await self._book.groups.create(name)).id
                self.created.append(name)
            found.append(self._ids[name])
        return tuple(dict.fromkeys(found))


def drop_derived_name(book: AddressBook, contact: Contact) -> Contact:
    """Drop the full name of a contact that has a first or last name, if the book's vendor stores these separately."""
    has_parts = book.profile.name_format == "split" and (contact.first_name or contact.last_name)
    return replace(contact, name=None) if has_parts and contact.name else contact


async def iter_all_contacts(
    book: AddressBook, *, group: str | None, groups: bool, full: bool
) -> AsyncIterator[Contact]:
    """Yield every contact of a book, or of one group, exactly once, even if the vendor's list repeats contacts.

    What the list does not return is read before, into a temporary SQLite database: the opt-outs of each channel, if
    only a filter of the vendor shows them, and the members of each group. An emulated filter reads the rows of the
    list, which thus contain the opt-outs.

    Args:
        book: an open book.
        group: only the contacts of this group.
        groups: whether to read the groups of each contact.
        full: whether to read every field, one call for each contact, if the list has fewer fields (Atom).
    """
    profile = book.profile
    more: dict[str, Any] = {"full": True} if full and _can_filter(book, "full") else {}
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.execute("create table seen (id text primary key) without rowid")
        for table in ("opted_out", "groups"):
            db.execute(f"create table {table} (id text, value text, primary key (id, value)) without rowid")
        channels = sorted(profile.channels) if profile.filters.get("opted_out") == "native" else []
        for channel in channels:
            await _store(db, "opted_out", book, channel, {"opted_out": channel, "group": group})
        has_members = False
        async for contact in book.contacts.list(group=group, **more):
            if db.execute("insert or ignore into seen values (?)", (contact.id,)).rowcount == 0:
                continue
            added: dict[str, Any] = {}
            if channels:
                added["opted_out"] = frozenset(cast("list[Channel]", _load(db, "opted_out", contact.id)))
            if groups and "groups" not in contact.known_fields:
                if not has_members:
                    async for each in book.groups.list():
                        if profile.all_contacts_group is None or each.external_id != profile.all_contacts_group:
                            await _store(db, "groups", book, each.id, {"group": each.id})
                    has_members = True
                added["groups"] = tuple(_load(db, "groups", contact.id))
            yield _add_known(contact, added)


def _can_filter(book: AddressBook, filter: str) -> bool:
    return book.profile.filters.get(filter, "unsupported") != "unsupported"


async def _store(db: sqlite3.Connection, table: str, book: AddressBook, value: str, filters: dict[str, Any]) -> None:
    """Store `value` in a database table for the id of every contact that the book lists with these filters."""
    async for page in book.contacts.list(**filters).pages():
        db.executemany(f"insert or ignore into {table} values (?, ?)", ((each.id, value) for each in page.items))  # noqa: S608


def _load(db: sqlite3.Connection, table: str, id: str) -> list[str]:
    return [value for (value,) in db.execute(f"select value from {table} where id = ? order by value", (id,))]  # noqa: S608


def _add_known(contact: Contact, added: dict[str, Any]) -> Contact:
    """Return a copy of the contact with the fields of `added`, marked as known. Set fields that are unknown to None."""
    known = contact.known_fields | added.keys()
    values = {f.name: getattr(contact, f.name) for f in fields(contact) if f.name in known}
    return attach_raw(Contact(**(values | added)), contact.raw, known)
