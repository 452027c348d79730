"""The shared vocabulary: what a contact, a group and an outcome are, whoever the vendor is.

Frozen, slotted standard-library dataclasses, so that FastAPI and pydantic take them as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar

from crossbook import _redaction
from crossbook.errors import InvalidInputError

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    # pydantic cannot read the older Python's own.
    from typing_extensions import TypedDict

T = TypeVar("T")
Channel = Literal["sms", "email", "push"]
_set = object.__setattr__


class _Record:
    """What every record from a vendor carries beside its fields: the wire model it was read from, and what it tells."""

    __slots__ = ("_known", "_raw")
    # For a service that takes them as a body: a misspelt field is refused there too.
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}
    _known: frozenset[str]
    _raw: object

    @property
    def known_fields(self) -> frozenset[str]:
        """The fields that the vendor's answer could tell. `None` outside means unknown, inside it means empty.

        For a record that you made it is what you set.
        """
        try:
            return self._known
        except AttributeError:
            return frozenset(f.name for f in fields(self) if getattr(self, f.name) not in (None, ""))  # type: ignore[arg-type]

    @property
    def raw(self) -> Any:
        """The wire model that this was read from, or None: every field that the vendor sent, by the vendor's names."""
        return getattr(self, "_raw", None)

    def __reduce__(self) -> tuple[Any, ...]:
        state = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return _rebuild, (type(self), state, self.raw, getattr(self, "_known", None))


R = TypeVar("R", bound=_Record)


def attach_raw(record: R, raw: object, known: frozenset[str]) -> R:
    """Marks a fresh record as read from a vendor: the wire model it came from, and what that told."""
    _set(record, "_raw", raw)
    _set(record, "_known", known)
    return record


def get_source_vendor(record: _Record) -> str | None:
    """The vendor whose answer a record was read from; None for one that you made."""
    # Each vendor's wire models are in a package of its name.
    return None if record.raw is None else type(record.raw).__module__.split(".")[-2]


def _rebuild(kind: type[Any], state: dict[str, Any], raw: object, known: frozenset[str] | None) -> Any:
    record = kind(**state)
    return record if known is None else attach_raw(record, raw, known)


def group_ids(value: Any) -> tuple[str, ...]:
    """What names groups, as a tuple: one id, or any iterable of them."""
    if isinstance(value, str):
        return (value,)
    try:
        return tuple(value)
    except TypeError:
        raise InvalidInputError("groups is a tuple of group ids", field="groups") from None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Contact(_Record):
    """One person in an address book.

    Args:
        id: the vendor's id, always text; empty for a contact that is not stored yet.
        external_id: your own key (Vercom).
        phone: E.164 (`+48500600700`) where the number is valid for the account's region, else the text unchanged.
        email: an e-mail address.
        first_name: the first half of the name, where the vendor stores halves.
        last_name: the other half.
        name: the whole name; derived from the halves where those are stored.
        company: the company's name.
        fields: further fields by the vendor's names (SerwerSMS `tax_id`, `address`, `city`, `description`;
            Atom `custom_1` … `custom_4`; Vercom any).
        groups: the ids of the groups it is in; None where the answer does not tell. A row of SerwerSMS's list names one
            of them (public), which is why `known` is without it.
        opted_out: the channels it does not want to hear from; None where unknown.
        archived: whether the vendor keeps it in its archive (Vercom).
        created_at: when it came to be, in UTC (Vercom).

    The repr masks phone and e-mail and shows no names, since reprs end in logs.

    Example:
        ```python
        Contact(phone="+48500600700", first_name="Anna", groups=(friends.id,))
        ```
    """

    id: str = ""
    external_id: str | None = None
    phone: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    company: str | None = None
    fields: Mapping[str, Any] | None = None
    groups: tuple[str, ...] | None = None
    opted_out: frozenset[Channel] | None = None
    archived: bool | None = None
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.groups is not None and type(self.groups) is not tuple:
            _set(self, "groups", group_ids(self.groups))

    def __repr__(self) -> str:
        shown = [f"id={self.id!r}"] if self.id else []
        if self.phone:
            shown.append(f"phone={_redaction.mask_phone(self.phone)!r}")
        if self.email:
            shown.append(f"email={_redaction.mask_email(self.email)!r}")
        others = [f.name for f in fields(self) if f.name not in _SHOWN and getattr(self, f.name) not in (None, "")]
        return f"Contact({', '.join(shown + [f'{name}=…' for name in others])})"

    __reduce__ = _Record.__reduce__


_SHOWN = ("id", "phone", "email")


class _Fresh(_Record):
    """A contact while it is being read from a vendor: laid out as one, and not frozen yet."""

    __slots__ = tuple(Contact.__slots__)


def make_contact(
    raw: object, known: frozenset[str],
    id: str, external_id: str | None, phone: str | None, email: str | None, first_name: str | None,
    last_name: str | None, name: str | None, company: str | None, fields: Mapping[str, Any] | None,
    groups: tuple[str, ...] | None, opted_out: frozenset[Any] | None, archived: bool | None,
    created_at: datetime | None,
) -> Contact:  # fmt: skip
    """`attach_raw(Contact(…), raw, known)`, for lists: a frozen dataclass's own `__init__` takes five times as long."""
    contact: Any = _Fresh()
    contact._raw = raw
    contact._known = known
    contact.id = id
    contact.external_id = external_id
    contact.phone = phone
    contact.email = email
    contact.first_name = first_name
    contact.last_name = last_name
    contact.name = name
    contact.company = company
    contact.fields = fields
    contact.groups = groups
    contact.opted_out = opted_out
    contact.archived = archived
    contact.created_at = created_at
    contact.__class__ = Contact
    read: Contact = contact
    return read


class ContactChanges(TypedDict, total=False):
    """What `update` can change, by keyword; None clears a field.

    Attributes:
        external_id: your own key (Vercom).
        phone: a phone number.
        email: an e-mail address.
        first_name: the first half of the name; where it is stored whole (Filemail), only together with the other.
        last_name: the other half.
        name: the whole name, where the vendor stores it whole (Filemail).
        company: the company's name.
        fields: further fields by the vendor's names; those that are not given stay.
        groups: ids of groups, in place of those that it is in.
    """

    external_id: str | None
    phone: str | None
    email: str | None
    first_name: str | None
    last_name: str | None
    name: str | None
    company: str | None
    fields: Mapping[str, Any]
    groups: tuple[str, ...] | list[str]


# As in a record; a TypedDict's body may hold nothing but its keys.
setattr(ContactChanges, "__pydantic_config__", {"extra": "forbid"})  # noqa: B010


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(_Record):
    """A group of contacts (Atom calls it an address book).

    Args:
        id: the vendor's id, always text.
        name: its name.
        count: how many contacts are in it, where the vendor tells.
        description: what it is for (Vercom).
        external_id: your own key (Vercom).
        created_at: when it came to be, in UTC (Vercom).
    """

    id: str = ""
    name: str = ""
    count: int | None = None
    description: str | None = None
    external_id: str | None = None
    created_at: datetime | None = None

    __reduce__ = _Record.__reduce__


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list.

    Args:
        items: what is on it.
        cursor: where the next page begins: `list(..., after=page.cursor)`; None after the last one.
    """

    items: tuple[T, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """What became of one write.

    Args:
        id: the contact's id.
        status: `created`, `updated` or `unchanged`.
        contact: the contact as it was sent, under its id.
        dropped_fields: fields that the vendor cannot hold and that `on_unsupported_field="drop"` left out.
        write_only_fields: fields that were written and that the vendor never shows (Filemail's mobile).
    """

    id: str
    status: Literal["created", "updated", "unchanged"]
    contact: Contact
    dropped_fields: tuple[str, ...] = ()
    write_only_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExternalId:
    """Names a contact by your own key instead of the vendor's id, where the vendor can (Vercom's `update`).

    Example:
        ```python
        await book.contacts.update(ExternalId("CRM-0001"), company="ABC")
        ```
    """

    value: str = field(repr=False)
