"""Define a vendor by a `VendorProfile` (its facts, as data) and a `VendorAdapter` (our methods as its API calls).

Everything that a vendor outside of crossbook needs can be imported from here; docs/add-a-vendor.md builds one.
"""

# The types of a profile are msgspec Structs: a vendor's class is imported in a service's start, and attrs classes take
# thirty times as long to make. For the same reason this module imports no event loop.

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from crossbook import _phones
from crossbook._pagination.strategies import (
    Fetch,
    OffsetPagination,
    PageNumberPagination,
    Paging,
    PerGroupPagination,
    SinglePage,
)
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import (
    CrossbookError,
    InvalidResponseError,
    NoResponseError,
    NotFoundError,
    UnsupportedError,
)
from crossbook.models import Contact, ExternalId, Group, attach_raw

if TYPE_CHECKING:
    from crossbook._http.auth import LoginAuth, StaticAuth, bearer_auth, body_auth, clean_credential, header_auth

Support = Literal["native", "emulated", "unsupported"]
MatchKey = Literal["phone", "email", "external_id"]
Match = MatchKey | Literal["auto"]
MatchSource = Literal["filter", "search", "snapshot"]
MIB = 1024 * 1024
NUMERIC_ID = re.compile(r"[1-9][0-9]{0,17}")
M = TypeVar("M")
R = TypeVar("R")
Scalar = str | int | float | bool | None | UnsetType  # a member of a wire model


def __getattr__(name: str) -> Any:
    if name in ("LoginAuth", "StaticAuth", "bearer_auth", "body_auth", "clean_credential", "header_auth"):
        return getattr(import_module("crossbook._http.auth"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Retry(Enum):
    """The retry class of an operation: after which errors its request may be sent again.

    The class depends on what the request does, not on its HTTP method: some vendors create with GET.
    """

    SAFE = "safe"  # only reads
    IDEMPOTENT = "idempotent"  # two requests have the effect of one
    CREATE_WITH_LOOKUP = "create_with_lookup"  # two requests create two records; a lookup finds the first
    CREATE_NO_LOOKUP = "create_no_lookup"  # two requests create two records; no lookup finds the first

    def allows(self, error: CrossbookError) -> bool:
        """Return whether a request of this class that failed with this error may be sent again.

        A create is sent again only if it never left, or was refused before it was processed.
        """
        if error.retry == "any" or (error.sent == "no" and isinstance(error, NoResponseError)):
            return True
        if error.retry == "never" or self in (Retry.CREATE_WITH_LOOKUP, Retry.CREATE_NO_LOOKUP):
            return False
        # A 2xx response was cut off or damaged on its way. Any other invalid response would come again.
        return not isinstance(error, InvalidResponseError) or error.status in range(200, 300)


class Operation(Struct, frozen=True):
    """The rules for the requests of one operation of a vendor's API: retries, what counts as a success, time-outs.

    Attributes:
        retry: when its request may be sent again.
        empty_on_404: whether status 404 means an empty list.
        priority: whether it skips the limiter's queue, since other calls wait for it (a login).
        returns_nothing: whether a success returns nothing, so that JSON `null` is a success too.
        allows_empty: whether a success (2xx) may have no body, as a 204 has none.
        timeout: seconds for a whole call, unless the caller sets `timeout`.
        read_timeout: seconds without a byte, unless the caller sets `read_timeout`.
    """

    retry: Retry
    empty_on_404: bool = False
    priority: bool = False
    returns_nothing: bool = False
    allows_empty: bool = False
    timeout: float = 60.0
    read_timeout: float = 30.0


class Capability(Struct, frozen=True):
    """How a vendor supports one of crossbook's methods, such as `contacts.find`.

    Attributes:
        support: `native`, `emulated` (composed from other calls), or `unsupported`.
        operation: the operationId that has the effect; other requests may precede or follow.
        note: a limit, or the cost of an emulation.
        bulk_size: the number of items that one native request takes.
        read_back: whether the response to such a request says too little, so that a batch reads its items back.
        calls: the number of requests.
        calls_with_groups: the number of requests if the caller names the contact's groups; 0 if it is `calls`.
        calls_per_group: the number of further requests for each group of the contact.
    """

    support: Support
    operation: str = ""
    note: str = ""
    bulk_size: int = 1
    read_back: bool = False
    calls: int = 1
    calls_with_groups: int = 0
    calls_per_group: int = 0


class FieldSupport(Struct, frozen=True):
    """How a vendor stores one field of `Contact`.

    Attributes:
        access: "r" read only, "w" written and never returned, "rw" both.
        max_length: the largest number of characters.
        required: whether each contact needs a value.
        unique: whether the vendor refuses a second contact with the same value. The contact's id may be this value, so
            an update of the field may change the id.
    """

    access: Literal["rw", "r", "w"] = "rw"
    max_length: int | None = None
    required: bool = False
    unique: bool = False


class Rate(Struct, frozen=True):
    """A rate limit: `per_second` requests on average, at most `burst` at once."""

    per_second: float
    burst: int


class VendorErrorInfo(Struct, frozen=True):
    """The error that a vendor's response body reports. If `kind` is None, the HTTP status decides the error's class."""

    kind: type[CrossbookError] | None
    code: str | None = None
    message: str = ""
    field: str | None = None
    request_id: str | None = None


class VendorProfile(Struct, frozen=True, eq=False):
    """The facts of one vendor, as data.

    Attributes:
        vendor: the name in small letters: of the module, the variables and `crossbook.open`.
        title: the name in messages and docs.
        base_urls: the API's address by brand; "" is the key of the only one. Empty if each account has its own.
        credentials: the constructor's parameters that `from_env` requires, in each alternative: a token, or user name
            and password.
        optional_credentials: further parameters that `from_env` reads if their variables are set.
        contact_paging: how lists of contacts are paged.
        group_paging: how lists of groups are paged.
        operations: the operations of the API by operationId.
        capabilities: our methods and how the vendor supports them.
        contact_fields: the fields of `Contact` that the vendor stores.
        extra_fields: the keys of `Contact.fields` with their maximum lengths; None if any key is stored.
        envelope: the members of any response body that `read_error` needs, each optional and undecoded.
        read_error: takes the HTTP status and the envelope. Returns a `VendorErrorInfo` without a kind for a success,
            and None if the response is not the vendor's (a proxy's page, a wrong address).
        contact_id: the pattern of a contact's id. Only matching text is put into a path, a query or a body.
        group_id: the pattern of a group's id.
        filters: the filters of `contacts.list`. An emulated `opted_out` reads the list, whose rows have the mark.
        sorts: the values of `sort=`.
        match_keys: the keys by which a contact can be found, and how: by a filter of the list, by a text search, or in
            a snapshot of the whole list.
        name_format: "split" if first and last name are stored, "full" if one whole name is.
        requires_any_of: fields of which each contact needs at least one.
        clear_value: what clears a field: "null", an "empty" text, or "never" if no value does.
        channels: the channels that a contact can be unsubscribed from.
        opt_outs_by: how the vendor stores opt-outs: by "contact", so that a contact is opted out after its creation, or
            by "phone", so that the phone number is opted out before.
        single_group: whether each contact is in exactly one group.
        all_contacts_group: the external id of a built-in group that holds every contact.
        group_name_max_length: the largest number of characters of a group's name.
        rate: the rate limit, if known.
        concurrency: the number of requests in flight at once.
        default_region: the region ("PL") of phone numbers without a country code.
        phone_form: "e164" if phones are sent with a plus, "digits" if without.
        phone_pattern: the phones that the vendor accepts.
        request_id: returns the vendor's id of a successful request.
        empty_list: the body of an empty list, for operations with `empty_on_404`.
        max_response_bytes: the largest response body, decompressed.
        max_objects: the largest number of JSON objects in a response.
    """

    vendor: str
    title: str
    base_urls: Mapping[str, str]
    credentials: tuple[tuple[str, ...], ...]
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
    match_keys: Mapping[MatchKey, MatchSource] = field(default_factory=dict["MatchKey", "MatchSource"])
    extra_fields: Mapping[str, int | None] | None = field(default_factory=dict[str, "int | None"])
    name_format: Literal["split", "full"] = "split"
    requires_any_of: tuple[str, ...] = ()
    clear_value: Literal["null", "empty", "never"] = "empty"
    channels: frozenset[str] = frozenset()
    opt_outs_by: Literal["contact", "phone"] = "contact"
    single_group: bool = False
    all_contacts_group: str | None = None
    group_name_max_length: int | None = None
    rate: Rate | None = None
    concurrency: int = 32
    default_region: str | None = None
    phone_form: Literal["e164", "digits"] = "e164"
    phone_pattern: re.Pattern[str] | None = None
    request_id: Callable[[Any], str | None] = lambda _envelope: None
    empty_list: bytes = b"{}"
    max_response_bytes: int = 16 * MIB
    max_objects: int = 1_000_000
    optional_credentials: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that `from_env` reads: constructor parameter → variable."""
        parameters = (*chain(*self.credentials), *self.optional_credentials, "base_url", "account")
        return {parameter: environment_variable(self.vendor, parameter) for parameter in parameters}

    def __repr__(self) -> str:
        return f"<VendorProfile of {self.title}>"  # the whole profile would fill a page

    def capability(self, name: str) -> Capability:
        """Return how the vendor supports crossbook's method `name`, such as "contacts.find"."""
        return self.capabilities.get(name, _UNSUPPORTED)


_UNSUPPORTED = Capability("unsupported")


def environment_variable(account: str, parameter: str) -> str:
    """Return the name of the environment variable for a parameter of an account: `eu`, `token` → CROSSBOOK_EU_TOKEN."""
    return f"CROSSBOOK_{account.upper().replace('-', '_')}_{parameter.upper()}"


class Query(Struct, frozen=True):
    """The filters and the order of a list of contacts, validated against the profile."""

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


class VendorAdapter:
    """The base class of adapters, which implement crossbook's methods by calls of one vendor's API.

    crossbook calls only methods that the profile supports. Ids, fields and names are validated and in the vendor's
    form. `region` is the account's region for phone numbers. Each batch has an adapter of its own, which is `in_batch`
    and may keep what it reads until the batch ends.
    """

    profile: VendorProfile
    region: str | None = None
    in_batch: bool = False

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        """Return the function that fetches one page of contacts. Make it with `profile.contact_paging.over`."""
        raise self.unsupported("contacts.list")

    async def get_contact(self, id: str) -> Contact:
        """Return the contact with this id. Raise NotFoundError if it does not exist."""
        raise self.unsupported("contacts.get")

    async def search(self, key: str, value: str) -> Sequence[Contact]:
        """Return every contact that may have this phone, e-mail or external id. The caller filters the result.

        An empty value returns every contact; only profiles with the match source "snapshot" get one.
        """
        raise self.unsupported("contacts.find")

    async def create_contact(self, contact: Contact) -> str:
        """Create a contact and return its id."""
        raise self.unsupported("contacts.create")

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        """Change the given fields of a contact, and return the contact's id. None clears a field."""
        raise self.unsupported("contacts.update")

    async def delete_contact(self, id: str) -> None:
        """Delete a contact. Raise NotFoundError if it does not exist."""
        raise self.unsupported("contacts.delete")

    async def groups_of(self, id: str) -> Sequence[Group]:
        """Return the groups of a contact."""
        raise self.unsupported("contacts.groups_of")

    async def unsubscribe(self, id: str, channel: str) -> None:
        """Opt a contact out of messages on a channel. The channel "all" means all channels."""
        raise self.unsupported("contacts.unsubscribe")

    async def unsubscribe_phone(self, phone: str) -> None:
        """Opt a phone number out, whether or not a contact has it. Only for a profile with `opt_outs_by="phone"`."""
        raise self.unsupported("contacts.unsubscribe")

    def list_opted_out_phones(self, size: int) -> Fetch[str]:
        """Return the function that fetches one page of opted-out phones. Only for a profile with `opt_outs_by="phone"`.

        A contact need not have the phone.
        """
        raise self.unsupported("contacts.unsubscribe")

    async def read_opt_outs(self, contact: Contact, channels: frozenset[str]) -> frozenset[str]:
        """Return the channels that a stored contact opted out of, of those given. Empty if the vendor reports none."""
        return frozenset(contact.opted_out or ()) & channels

    async def resubscribe(self, id: str, channel: str, *, shared_phone: bool) -> None:
        """End the opt-out of a contact, so that it gets messages on the channel again. "all" means all channels.

        If the vendor stores opt-outs by phone number and another contact has the number, raise AmbiguousMatchError
        unless `shared_phone` is true.
        """
        raise self.unsupported("contacts.resubscribe")

    def list_groups(self, size: int) -> Fetch[Group]:
        """Return the function that fetches one page of groups."""
        raise self.unsupported("groups.list")

    async def get_group(self, id: str) -> Group:
        """Return the group with this id. This emulation searches the list of all groups."""
        groups: list[Group] = await self.fetch_all(self.list_groups(self.profile.group_paging.max_size))
        for group in groups:
            if group.id == id:
                return group
        raise self.not_found("group", "groups.get")

    async def create_group(self, name: str, description: str | None, external_id: str | None) -> str:
        """Create a group and return its id."""
        raise self.unsupported("groups.create")

    async def rename_group(self, id: str, name: str) -> None:
        """Give a group another name."""
        raise self.unsupported("groups.rename")

    async def delete_group(self, id: str, *, with_contacts: bool) -> None:
        """Delete a group. If `with_contacts`, delete the contacts in it too."""
        raise self.unsupported("groups.delete")

    async def add_to_group(self, group: str, id: str) -> None:
        """Add a contact to a group."""
        raise self.unsupported("groups.add")

    async def remove_from_group(self, group: str, id: str) -> None:
        """Remove a contact from a group."""
        raise self.unsupported("groups.remove")

    async def set_groups(self, id: str, wanted: Sequence[str]) -> None:
        """Replace the groups of a contact by `wanted`. This emulation sends one call for each group that differs."""
        current = [group.id for group in await self.groups_of(id)]
        for group in wanted:
            if group not in current:
                await self.add_to_group(group, id)
        for group in current:
            if group not in wanted:
                await self.remove_from_group(group, id)

    async def fetch_all(self, fetch: Fetch[Any]) -> list[Any]:
        """Fetch every page of a list, and return all items."""
        found: list[Any] = []
        position = None
        while True:
            rows, position = await fetch(position)
            found += [row for row in rows if row is not None]
            if position is None:
                return found

    def encode_cleared(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the changes with each None replaced by the value that, by inference, clears a field at this vendor."""
        empty = "" if self.profile.clear_value == "empty" else None
        return {name: empty if value is None else value for name, value in fields.items()}

    def unsupported(self, name: str) -> UnsupportedError:
        """Return the UnsupportedError for a method (`groups.delete`) or an argument (`groups.delete:with_contacts`)."""
        note = self.profile.capability(name).note
        operation, _, field = name.partition(":")
        what = field or operation
        return UnsupportedError(
            f"{self.profile.title} does not support {what}{f': {note}' if note else ''}",
            vendor=self.profile.vendor, operation=operation, field=field or None,
        )  # fmt: skip

    def not_found(self, what: str, operation: str) -> NotFoundError:
        """Return the NotFoundError for a contact or group (`what`) that does not exist."""
        return NotFoundError(f"{what} not found", vendor=self.profile.vendor, operation=operation, sent="yes")

    def require_rows(self, value: object, model: type[M], operation: str, name: str) -> list[M | None]:
        """Return the rows of a list in a response. Raise InvalidResponseError if the value is not a list."""
        rows = parse_rows(value, model)
        if rows is None:
            raise self.missing_field(operation, name)
        return rows

    def require_id(self, value: Scalar, operation: str, name: str) -> str:
        """Return an id from a response as text. Raise InvalidResponseError if it is missing."""
        id = parse_str(value)
        if id is None:
            raise self.missing_field(operation, name)
        return id

    def check_same_id(self, value: Scalar, wanted: Scalar, operation: str, name: str) -> None:
        """Raise InvalidResponseError if a response is about another id than the requested one.

        Ids are compared as text: a vendor may return 7 for "7". If one of them is missing, there is nothing to compare.
        """
        returned, wanted = parse_str(value), parse_str(wanted)
        if returned is not None and wanted is not None and returned != wanted:
            raise InvalidResponseError(
                f"the response is about another id than the requested one: {name}",
                vendor=self.profile.vendor, operation=operation, status=200, sent="yes",
            )  # fmt: skip

    def missing_field(self, operation: str, name: str) -> InvalidResponseError:
        """Return the InvalidResponseError for a response that lacks the required member `name`."""
        return InvalidResponseError(
            f"the response has no {name}", vendor=self.profile.vendor, operation=operation, status=200, sent="yes"
        )


# Reading a response. The wire models let null, other types and missing members through; these functions normalize them.


def decode_raw(value: Any) -> Any:
    """Decode a raw member of a response object. Return None if it is missing, not JSON, or larger than 1 MiB.

    Members stay undecoded until here, so that a list of contacts is not decoded twice.
    """
    if not isinstance(value, msgspec.Raw):
        return None if value is UNSET else value
    try:
        return msgspec.json.decode(value) if len(memoryview(value)) <= MIB else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def parse_object(value: Any) -> dict[str, Any]:
    """Return a member of a response as a dict, or an empty dict if the member is not a JSON object."""
    value = decode_raw(value)
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def parse_list(value: Any) -> list[Any]:
    """Return a member of a response as a list, or an empty list if the member is not a JSON array."""
    value = decode_raw(value)
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]


def parse_model(value: object, model: type[M]) -> M | None:
    """Return a member of a response, or None if it is not an instance of `model` (null, missing, PHP's `[]`).

    The annotation of the member is the spec's type, but the decoder accepts other values in its place.
    """
    return value if isinstance(value, model) else None


def parse_rows(value: object, model: type[M]) -> list[M | None] | None:
    """Return the rows of a list in a response, or None if the value is not a list.

    A row that is not an instance of `model` (null, PHP's `[]`) becomes None.
    """
    if not isinstance(value, list):
        return None
    return [row if isinstance(row, model) else None for row in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


async def map_rows(rows: Sequence[M | None], read: Callable[[M], R]) -> list[R | None]:
    """Return `read(row)` of all rows, and None for each row that is None. Let other tasks run during long lists."""
    from crossbook._concurrency import map_in_chunks

    return await map_in_chunks(rows, lambda row: None if row is None else read(row))


def parse_str(value: Scalar) -> str | None:
    """Return a value of a response as text, or None if it is null, missing or empty."""
    if type(value) is str:
        return value or None
    return None if value is None or isinstance(value, UnsetType) else str(value)


def parse_int(value: Scalar) -> int | None:
    """Return a number, or a number written as text, as an integer. Return None for any other value."""
    try:
        return None if value is None or isinstance(value, UnsetType) else int(value)
    except ValueError:
        return None


def parse_bool(value: Scalar) -> bool | None:
    """Return true, false, 1, 0, or one of these written as text, as a boolean. Return None for other text."""
    if type(value) is bool:
        return value
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False, "": False}.get(value.strip().lower())
    return None if value is None or isinstance(value, UnsetType) else bool(value)


def parse_datetime(value: Scalar) -> datetime | None:
    """Return Unix seconds, or text such as `2024-05-31 12:00:00`, as a datetime. Return None for any other value.

    Times without an offset are read as UTC, since no vendor documents its time zone.
    """
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


def known_fields(row: object, fields: frozenset[str], names: Mapping[str, str]) -> frozenset[str]:
    """Return `fields` without those that a response row lacks. `names` maps our field names to the row's names."""
    missing = [ours for ours, theirs in names.items() if getattr(row, theirs) is UNSET]
    return fields.difference(missing) if missing else fields


def join_name(first: str | None, last: str | None) -> str | None:
    """Return the full name made of a first and a last name, or None if both are empty."""
    return " ".join(half for half in (first, last) if half) or None


def encode_phone(profile: VendorProfile, number: str, region: str | None) -> str:
    """Return a phone number in the form that the vendor's API takes: with a plus, or digits only.

    The plus stays if the digits alone would be read as another number.
    """
    digits = number[1:]
    plain = profile.phone_form == "digits" and number[:1] == "+" and _phones.normalize(digits, region) == number
    return digits if plain else number


def list_spellings(key: str, value: str) -> list[str]:
    """Return the forms in which a vendor may store a match key's value. Search each: some vendors compare exactly."""
    if key == "phone":
        return _phones.list_spellings(value)
    return list(dict.fromkeys((value, value.casefold()))) if key == "email" else [value]


__all__ = [
    "MIB",
    "NUMERIC_ID",
    "Capability",
    "Fetch",
    "FieldSupport",
    "LoginAuth",
    "Match",
    "MatchKey",
    "OffsetPagination",
    "Operation",
    "PageNumberPagination",
    "Paging",
    "PerGroupPagination",
    "Query",
    "Rate",
    "Retry",
    "SinglePage",
    "StaticAuth",
    "VendorAdapter",
    "VendorErrorInfo",
    "VendorProfile",
    "attach_raw",
    "bearer_auth",
    "body_auth",
    "clean_credential",
    "decode_raw",
    "encode_phone",
    "header_auth",
    "hide_internal_frames",
    "join_name",
    "known_fields",
    "list_spellings",
    "map_rows",
    "parse_bool",
    "parse_datetime",
    "parse_int",
    "parse_list",
    "parse_model",
    "parse_object",
    "parse_rows",
    "parse_str",
]
