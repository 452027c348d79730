"""A vendor's profile: its facts as rows. One table drives the runtime, the docs' grid and the contract tests.

What comes with a vendor's class is a Struct of msgspec, here and in paging and options: it is made in a thirtieth of
the time that attrs takes, which is imported later, with the wire models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from crossbook._pagination.strategies import Fetch, Paging
from crossbook.errors import CrossbookError, InvalidResponseError, NotFoundError, UnsupportedError
from crossbook.models import Contact, ExternalId, Group

Support = Literal["native", "emulated", "unsupported"]
MatchKey = Literal["phone", "email", "external_id"]
MatchHow = Literal["filter", "search", "snapshot"]
MIB = 1024 * 1024


class Retry(Enum):
    """How an operation may be repeated: by what it does, not by its HTTP verb (Filemail creates with GET)."""

    SAFE = "safe"  # reads
    IDEMPOTENT = "idempotent"  # twice is as good as once
    CREATE_WITH_LOOKUP = "create_with_lookup"  # twice makes two; a lookup can tell whether it happened
    CREATE_NO_LOOKUP = "create_no_lookup"  # twice makes two, and nobody can tell


class Operation(Struct, frozen=True):
    """One operation of the wire: how it may be repeated, whether its 404 is an empty list, whether others wait."""

    retry: Retry
    empty_on_404: bool = False
    priority: bool = False


class Capability(Struct, frozen=True):
    """One of our verbs, as a vendor does it.

    Attributes:
        support: `native`, `emulated` (composed from other calls), or `unsupported`.
        note: what is worth knowing: the price of an emulation, a limit.
        bulk: items that one native call takes.
        calls: requests that it costs.
        calls_per_group: and so many more for each group of the contact.
        by: the operation that does it; others may be called before or after.
    """

    support: Support
    note: str = ""
    bulk_size: int = 1
    calls: int = 1
    calls_per_group: int = 0
    operation: str = ""


class FieldSupport(Struct, frozen=True):
    """How the vendor holds one of our contact fields: read, written, both; at most how long; required on create."""

    access: Literal["rw", "r", "w"] = "rw"
    max_length: int | None = None
    required: bool = False


class Rate(Struct, frozen=True):
    """A known limit: requests a second on average, and how many may come at once."""

    per_second: float
    burst: int


class VendorErrorInfo(Struct, frozen=True):
    """What a vendor's body says of an error, before it becomes one of ours. Without a kind the status judges."""

    kind: type[CrossbookError] | None
    code: str | None = None
    message: str = ""
    field: str | None = None
    request_id: str | None = None


class VendorProfile(Struct, frozen=True, eq=False):
    """The facts of one vendor.

    `envelope` is what of any answer's body the judge looks at, each field optional and raw. `read_error` gets
    the status and that, and answers a complaint without a kind if the vendor has none, and None if this is not the
    vendor speaking at all.
    """

    vendor: str
    title: str
    base_urls: Mapping[str, str]  # by brand; "" for the only one
    environment: Mapping[str, str]  # our parameter → the variable that `from_env` reads
    contact_paging: Paging
    group_paging: Paging
    operations: Mapping[str, Operation]
    capabilities: Mapping[str, Capability]
    contact_fields: Mapping[str, FieldSupport]
    envelope: type[Any]
    read_error: Callable[[int, Any], VendorErrorInfo | None]
    contact_id: re.Pattern[str]
    group_id: re.Pattern[str]
    filters: Mapping[str, Support] = field(default_factory=dict[str, Support])
    sorts: frozenset[str] = frozenset()
    match_keys: Mapping[MatchKey, MatchHow] = field(default_factory=dict["MatchKey", "MatchHow"])
    extra_fields: Mapping[str, int | None] | None = field(default_factory=dict[str, "int | None"])  # None: any name
    name_format: Literal["split", "full"] = "split"  # how the vendor stores a name
    requires_any_of: tuple[str, ...] = ()
    clear_value: Literal["null", "empty", "never"] = (
        "empty"  # what empties a field: null, an empty text, nothing; inferred
    )
    channels: frozenset[str] = frozenset()
    single_group: bool = False  # a contact is in exactly one
    all_contacts_group: str | None = None  # the external id of a group that everybody is in: nobody joins or leaves it
    group_name_max_length: int | None = None
    rate: Rate | None = None
    concurrency: int = 32
    default_region: str | None = None
    phone_form: Literal["e164", "digits"] = "e164"
    phone_pattern: re.Pattern[str] | None = None
    request_id: Callable[[Any], str | None] = lambda _envelope: None  # what the vendor calls a request that went well
    empty_list: bytes = b"{}"  # how an empty list is spelled, for who says it with a 404
    max_response_bytes: int = 16 * MIB
    max_objects: int = 1_000_000

    def __repr__(self) -> str:
        # All of it would be a page, and takes 2 ms to write.
        return f"<VendorProfile of {self.title}>"

    def capability(self, name: str) -> Capability:
        return self.capabilities.get(name, _UNSUPPORTED)


_UNSUPPORTED = Capability("unsupported")


def parse_object(value: Any) -> dict[str, Any]:
    """A part of an error body as an object; an empty one if it is something else."""
    value = decode_raw(value)
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def parse_list(value: Any) -> list[Any]:
    if value is msgspec.UNSET:
        return []
    value = decode_raw(value)
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]


def decode_raw(value: Any) -> Any:
    """A part of an envelope. It is kept raw, so that no list of contacts is decoded twice, and no bomb at all."""
    if not isinstance(value, msgspec.Raw):
        return None if value is msgspec.UNSET else value
    try:
        return msgspec.json.decode(value) if len(memoryview(value)) <= MIB else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class VendorAdapter:
    """A vendor's verbs. Ids, fields and names are checked and in outgoing form; `region` is the account's."""

    profile: VendorProfile
    region: str | None = None

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        raise self.unsupported("contacts.list")

    async def get_contact(self, id: str) -> Contact:
        raise self.unsupported("contacts.get")

    async def search(self, key: str, value: str) -> Sequence[Contact]:
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
        groups: list[Group] = await self.fetch_all(self.list_groups(self.profile.group_paging.max_size))
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

    async def fetch_all(self, fetch: Fetch[Any]) -> list[Any]:
        """A whole list, page after page."""
        rows, position = await fetch(None)
        found = [row for row in rows if row is not None]
        while position is not None:
            rows, position = await fetch(position)
            found += [row for row in rows if row is not None]
        return found

    def encode_cleared(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields as they are sent: what is to be emptied in the form that the profile says (inferred for all vendors)."""
        empty = "" if self.profile.clear_value == "empty" else None
        return {name: empty if value is None else value for name, value in fields.items()}

    def unsupported(self, verb: str) -> UnsupportedError:
        """`verb` may be one way to use one, named by its argument: `groups.delete:with_contacts`."""
        note = self.profile.capability(verb).note
        operation, _, field = verb.partition(":")
        what = f"does not know {field}" if field else "has no such thing"
        return UnsupportedError(
            f"{self.profile.title} {what}{f': {note}' if note else ''}",
            vendor=self.profile.vendor, operation=operation, field=field or None,
        )  # fmt: skip

    def not_found(self, what: str, operation: str) -> NotFoundError:
        return NotFoundError(f"there is no such {what}", vendor=self.profile.vendor, operation=operation, sent="yes")

    def missing_field(self, operation: str, what: str) -> InvalidResponseError:
        return InvalidResponseError(
            f"the answer lacks {what}", vendor=self.profile.vendor, operation=operation, status=200, sent="yes"
        )


class Query(Struct, frozen=True):
    """What a list of contacts is validate_query and ordered by, checked against the profile already."""

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
