"""Read the sandbox's stored contacts and groups as crossbook's models, and store made-up people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from sqlite3 import Row
from typing import Any

from crossbook import _phones
from crossbook.models import Contact, Group
from crossbook.vendor import VendorProfile
from crossbook_sandbox.seeds import columns, people
from crossbook_sandbox.store import Book


@dataclass(frozen=True, slots=True)
class SeededData:
    """The contacts and groups that `Sandbox.seed` stored.

    Args:
        contacts: with their ids and groups, in the order in which they were stored.
        groups: with their ids.
    """

    contacts: tuple[Contact, ...]
    groups: tuple[Group, ...]


def read_contacts(book: Book, profile: VendorProfile) -> tuple[Contact, ...]:
    """Return every contact of the account with all stored fields, also those that the vendor's API does not show."""
    groups: dict[int, list[str]] = {}
    for row in book.rows(
        "SELECT m.contact_id, g.id, g.key FROM membership m JOIN contact_group g ON g.id = m.group_id"
        " WHERE g.vendor = ? ORDER BY g.id",
        book.vendor,
    ):
        groups.setdefault(row["contact_id"], []).append(_group_id(row, profile))
    channels: dict[int, list[Any]] = {}
    for row in book.rows(
        "SELECT s.contact_id, s.channel FROM suppression s JOIN contact c ON c.id = s.contact_id WHERE c.vendor = ?",
        book.vendor,
    ):
        channels.setdefault(row["contact_id"], []).append(row["channel"])
    rows = book.rows("SELECT * FROM contact WHERE vendor = ? ORDER BY id", book.vendor)
    return tuple(_make_contact(row, profile, groups.get(row["id"], ()), channels.get(row["id"], ())) for row in rows)


def read_groups(book: Book, profile: VendorProfile) -> tuple[Group, ...]:
    """Return every group of the account."""
    rows = book.rows("SELECT * FROM contact_group WHERE vendor = ? ORDER BY id", book.vendor)
    return tuple(
        Group(
            id=_group_id(row, profile), name=row["name"], description=row["description"], external_id=row["external_id"]
        )
        for row in rows
    )


def store_people(book: Book, profile: VendorProfile, contacts: int, groups: Sequence[str]) -> SeededData:
    """Store made-up people, each in one of the groups. A group that does not exist is created."""
    known = {row["name"]: row["id"] for row in book.rows("SELECT * FROM contact_group WHERE vendor = ?", book.vendor)}
    if profile.single_group and contacts and not groups:
        groups = ("Seeds",)
    ids = [known.get(name) or book.add_group({"name": name, "external_id": f"seeds-{name}"}) for name in groups]
    first = book.count("SELECT count(*) FROM contact WHERE vendor = ?", book.vendor)
    stored: list[int] = []
    for number, person in enumerate(islice(people(first), contacts)):
        group = [ids[number % len(ids)]] if ids else []
        stored.append(book.add_contact(columns(book.vendor, person), group))
    by_id = {contact.id: contact for contact in read_contacts(book, profile)}
    by_name = {group.name: group for group in read_groups(book, profile)}
    return SeededData(tuple(by_id[str(id)] for id in stored), tuple(by_name[name] for name in groups))


def make_group_names(groups: int | Iterable[str]) -> tuple[str, ...]:
    """Return these group names, or if a number is given, that number of made-up names."""
    return tuple(f"Group {number}" for number in range(1, groups + 1)) if isinstance(groups, int) else tuple(groups)


def _group_id(row: Row, profile: VendorProfile) -> str:
    """Return a group's id as its vendor shows it: a hexadecimal key at Filemail, a number at the others."""
    return str(row["key"] if profile.group_id.fullmatch(str(row["key"])) else row["id"])


def _make_contact(row: Row, profile: VendorProfile, groups: Sequence[str], channels: Sequence[Any]) -> Contact:
    first, last = row["first_name"] or None, row["last_name"] or None
    fields: Mapping[str, Any] = {name: value for name, value in json.loads(row["fields"]).items() if value != ""}
    return Contact(
        id=str(row["id"]),
        external_id=row["external_id"],
        phone=_phones.normalize(row["phone"], profile.default_region) if row["phone"] else None,
        email=row["email"] or None,
        first_name=first,
        last_name=last,
        name=row["name"] or " ".join(half for half in (first, last) if half) or None,
        company=row["company"] or None,
        fields=fields,
        groups=tuple(groups),
        opted_out=frozenset(channels),
        archived=row["archived_at"] is not None,
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
    )
