"""What every vendor is asked, in our words. A vendor's page answers in its own; what its card calls unsupported never
comes here, since the public surface asks the card first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from msgspec import UNSET, Struct, UnsetType

from crossbook.core import phones
from crossbook.core.card import Card
from crossbook.core.chunks import map_in_chunks
from crossbook.core.pages import Fetch
from crossbook.errors import BadResponse, NotFound, Unsupported
from crossbook.models import Contact, ExternalId, Group


class Query(Struct, frozen=True):
    """What a list of contacts is narrowed and ordered by, checked against the card already."""

    group: str | None = None
    search: str | None = None
    phone: str | None = None
    email: str | None = None
    external_id: str | None = None
    archived: bool | None = None
    opted_out: str | None = None
    sort: str | None = None
    descending: bool = False
    full: bool = False


class Verbs:
    """A vendor's verbs. Ids, fields and names are checked and in outgoing form; `region` is the account's."""

    card: Card
    region: str | None = None

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        raise self.unsupported("contacts.list")

    async def get_contact(self, id: str) -> Contact:
        raise self.unsupported("contacts.get")

    async def candidates(self, key: str, value: str) -> Sequence[Contact]:
        """Contacts that may have this phone, e-mail or external id: more than do is fine, fewer is not."""
        raise self.unsupported("contacts.find")

    async def create_contact(self, contact: Contact) -> str:
        raise self.unsupported("contacts.create")

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        """Answers the contact's id."""
        raise self.unsupported("contacts.update")

    async def delete_contact(self, id: str) -> None:
        raise self.unsupported("contacts.delete")

    async def groups_of(self, id: str) -> Sequence[Group]:
        raise self.unsupported("contacts.groups_of")

    async def unsubscribe(self, id: str, channel: str) -> None:
        raise self.unsupported("contacts.unsubscribe")

    async def resubscribe(self, id: str, channel: str) -> None:
        raise self.unsupported("contacts.resubscribe")

    def list_groups(self, size: int) -> Fetch[Group]:
        raise self.unsupported("groups.list")

    async def get_group(self, id: str) -> Group:
        """Emulated here, for those who have no such call: looked up in the list."""
        groups: list[Group] = await self.collect(self.list_groups(self.card.group_paging.longest))
        for group in groups:
            if group.id == id:
                return group
        raise self.not_found("group", "groups.get")

    async def create_group(self, name: str, description: str | None, external_id: str | None) -> str:
        raise self.unsupported("groups.create")

    async def rename_group(self, id: str, name: str) -> None:
        raise self.unsupported("groups.rename")

    async def delete_group(self, id: str, *, with_contacts: bool) -> None:
        raise self.unsupported("groups.delete")

    async def add_to_group(self, group: str, id: str) -> None:
        raise self.unsupported("groups.add")

    async def remove_from_group(self, group: str, id: str) -> None:
        raise self.unsupported("groups.remove")

    async def set_groups(self, id: str, wanted: Sequence[str]) -> None:
        """Emulated: the difference to what is there, call by call."""
        current = [group.id for group in await self.groups_of(id)]
        for group in wanted:
            if group not in current:
                await self.add_to_group(group, id)
        for group in current:
            if group not in wanted:
                await self.remove_from_group(group, id)

    async def collect(self, fetch: Fetch[Any]) -> list[Any]:
        """A whole list, page after page."""
        rows, position = await fetch(None)
        found = [row for row in rows if row is not None]
        while position is not None:
            rows, position = await fetch(position)
            found += [row for row in rows if row is not None]
        return found

    def cleared(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields as they are sent: what is to be emptied in the form that the card says (inferred for all vendors)."""
        empty = "" if self.card.clears == "empty" else None
        return {name: empty if value is None else value for name, value in fields.items()}

    def unsupported(self, verb: str) -> Unsupported:
        """`verb` may be one way to use one, named by its argument: `groups.delete:with_contacts`."""
        note = self.card.verb(verb).note
        operation, _, field = verb.partition(":")
        what = f"does not know {field}" if field else "has no such thing"
        return Unsupported(
            f"{self.card.title} {what}{f': {note}' if note else ''}",
            vendor=self.card.vendor, operation=operation, field=field or None,
        )  # fmt: skip

    def not_found(self, what: str, operation: str) -> NotFound:
        return NotFound(f"there is no such {what}", vendor=self.card.vendor, operation=operation, sent="yes")

    def lacking(self, operation: str, what: str) -> BadResponse:
        return BadResponse(
            f"the answer lacks {what}", vendor=self.card.vendor, operation=operation, status=200, sent="yes"
        )


def spellings(key: str, value: str) -> list[str]:
    """How a vendor may have stored what is looked for: some compare exactly, where we do not."""
    if key == "phone":
        return phones.spellings(value)
    return list(dict.fromkeys((value, value.casefold()))) if key == "email" else [value]


M = TypeVar("M")
R = TypeVar("R")
Scalar = str | int | float | bool | None | UnsetType


def rows(value: object, kind: type[M]) -> list[M | None] | None:
    """A wire list, what is none of its models (null, PHP's `[]`) as None; None if there is no list at all."""
    if not isinstance(value, list):
        return None
    return [row if isinstance(row, kind) else None for row in value]  # pyright: ignore[reportUnknownVariableType]


async def each(found: Sequence[M | None], read: Callable[[M], R]) -> list[R | None]:
    """Apply `read` to each row; other tasks run meanwhile, if there are many."""
    return await map_in_chunks(found, lambda row: None if row is None else read(row))


def text(value: Scalar) -> str | None:
    """A wire value as text; None for null, for what is not there, and for the empty text."""
    if type(value) is str:
        return value or None
    return None if value is None or isinstance(value, UnsetType) else str(value)


def number(value: Scalar) -> int | None:
    """A wire value as a whole number, also where it came as text."""
    try:
        return None if value is None or isinstance(value, UnsetType) else int(value)
    except ValueError:
        return None


def truth(value: Scalar) -> bool | None:
    """A wire value as a boolean, also where it came as 0, 1 or text."""
    if type(value) is bool:
        return value
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False, "": False}.get(value.strip().lower())
    return None if value is None or isinstance(value, UnsetType) else bool(value)


def told(row: object, fields: frozenset[str], names: Mapping[str, str]) -> frozenset[str]:
    """Of the fields that an answer of this kind tells, those that this row really has; `names` are ours → theirs."""
    missing = [ours for ours, theirs in names.items() if getattr(row, theirs) is UNSET]
    return fields.difference(missing) if missing else fields


def moment(value: Scalar) -> datetime | None:
    """A vendor's date, unix seconds or `YYYY-MM-DD HH:MM:SS`, in UTC: no vendor says which zone it means."""
    try:
        if type(value) is int:
            return datetime.fromtimestamp(value, UTC)
        if value is None or isinstance(value, UnsetType) or value == "":
            return None
        if isinstance(value, str) and not value.isdigit():
            return datetime.fromisoformat(value.strip()).replace(tzinfo=UTC)
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None
