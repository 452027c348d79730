"""A vendor's card: its facts as rows. One table drives the runtime, the docs' grid and the contract tests.

What comes with a vendor's class is a Struct of msgspec, here and in paging and options: it is made in a thirtieth of
the time that attrs takes, which is imported later, with the wire models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from crossbook.core.pages import Paging
from crossbook.errors import CrossbookError

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
    ahead: bool = False


class Verb(Struct, frozen=True):
    """One of our verbs, as a vendor does it.

    Attributes:
        support: `native`, `emulated` (composed from other calls), or `unsupported`.
        note: what is worth knowing: the price of an emulation, a limit.
        bulk: items that one native call takes.
        calls: requests that it costs.
        calls_a_group: and so many more for each group of the contact.
        by: the operation that does it; others may be called before or after.
    """

    support: Support
    note: str = ""
    bulk: int = 1
    calls: int = 1
    calls_a_group: int = 0
    by: str = ""


class Holds(Struct, frozen=True):
    """How the vendor holds one of our contact fields: read, written, both; at most how long; required on create."""

    access: Literal["rw", "r", "w"] = "rw"
    longest: int | None = None
    required: bool = False


class Rate(Struct, frozen=True):
    """A known limit: requests a second on average, and how many may come at once."""

    per_second: float
    burst: int


class Complaint(Struct, frozen=True):
    """What a vendor's body says of an error, before it becomes one of ours. Without a kind the status judges."""

    kind: type[CrossbookError] | None
    code: str | None = None
    message: str = ""
    field: str | None = None
    request_id: str | None = None


class Card(Struct, frozen=True, eq=False):
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
    verbs: Mapping[str, Verb]
    holds: Mapping[str, Holds]
    envelope: type[Any]
    read_error: Callable[[int, Any], Complaint | None]
    contact_id: re.Pattern[str]
    group_id: re.Pattern[str]
    filters: Mapping[str, Support] = field(default_factory=dict[str, Support])
    sorts: frozenset[str] = frozenset()
    match_keys: Mapping[MatchKey, MatchHow] = field(default_factory=dict["MatchKey", "MatchHow"])
    named_fields: Mapping[str, int | None] | None = field(default_factory=dict[str, "int | None"])  # None: any name
    names: Literal["halves", "whole"] = "halves"  # how the vendor stores a name
    needs_one_of: tuple[str, ...] = ()
    clears: Literal["null", "empty", "never"] = "empty"  # what empties a field: null, an empty text, nothing; inferred
    channels: frozenset[str] = frozenset()
    one_group: bool = False  # a contact is in exactly one
    everybody: str | None = None  # the external id of a group that everybody is in: nobody joins or leaves it
    group_name_longest: int | None = None
    rate: Rate | None = None
    concurrency: int = 32
    default_region: str | None = None
    phone_form: Literal["e164", "digits"] = "e164"
    phone_pattern: re.Pattern[str] | None = None
    request_id: Callable[[Any], str | None] = lambda _envelope: None  # what the vendor calls a request that went well
    empty_list: bytes = b"{}"  # how an empty list is spelled, for who says it with a 404
    max_body: int = 16 * MIB
    max_objects: int = 1_000_000

    def __repr__(self) -> str:
        # All of it would be a page, and takes 2 ms to write.
        return f"<Card of {self.title}>"

    def verb(self, name: str) -> Verb:
        return self.verbs.get(name, _UNSUPPORTED)


_UNSUPPORTED = Verb("unsupported")


def as_object(value: Any) -> dict[str, Any]:
    """A part of an error body as an object; an empty one if it is something else."""
    value = decoded(value)
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def as_list(value: Any) -> list[Any]:
    if value is msgspec.UNSET:
        return []
    value = decoded(value)
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]


def decoded(value: Any) -> Any:
    """A part of an envelope. It is kept raw, so that no list of contacts is decoded twice, and no bomb at all."""
    if not isinstance(value, msgspec.Raw):
        return None if value is msgspec.UNSET else value
    try:
        return msgspec.json.decode(value) if len(memoryview(value)) <= MIB else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
