"""The records that all vendors share: `Contact`, `Group`, `Page`, `WriteResult`.

They are frozen dataclasses with slots, which FastAPI and pydantic accept unchanged.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self

from crossbook import _redaction
from crossbook.errors import InvalidInputError

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    # pydantic needs this version on Python 3.11.
    from typing_extensions import TypedDict
if sys.version_info >= (3, 13):
    from typing import TypeVar
else:
    from typing_extensions import TypeVar

T = TypeVar("T")
RawT = TypeVar("RawT", covariant=True, default=Any)
"""The vendor's wire model of a record, as in `Contact[RawT]`. Without a parameter, as in `Contact`, it is Any."""

Channel = Literal["sms", "email", "push"]
_set = object.__setattr__


class _Record(Generic[RawT]):
    """The base class of `Contact` and `Group`: keeps the vendor's response row, and the names of the known fields."""

    __slots__ = ("_known", "_raw")
    # A service that takes a record as a body refuses misspelled fields too.
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}
    _known: frozenset[str]
    _raw: object

    if not TYPE_CHECKING:

        def __class_getitem__(cls, model: object) -> type[Self]:
            # `Contact[Model]` is for type checkers. An alias of typing would set an attribute of a frozen instance.
            return cls

    @property
    def known_fields(self) -> frozenset[str]:
        """The names of the fields whose value is known. None in a known field means empty, in any other field unknown.

        For a record that you made: the fields that have a value.
        """
        try:
            return self._known
        except AttributeError:
            return frozenset(f.name for f in fields(self) if getattr(self, f.name) not in (None, ""))  # type: ignore[arg-type]

    @property
    def raw(self) -> RawT:
        """The vendor's wire model of this record, with all fields under the vendor's names.

        A record that you made has none: there it is None, and its type is Any.
        """
        raw: Any = getattr(self, "_raw", None)
        return raw  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        state = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return _rebuild, (type(self), state, self.raw, getattr(self, "_known", None))


R = TypeVar("R", bound=_Record)


def attach_raw(record: R, raw: object, known: frozenset[str]) -> R:
    """Attach the vendor's wire model and the names of the known fields to a new record, and return the record."""
    _set(record, "_raw", raw)
    _set(record, "_known", known)
    return record


def known_values(record: _Record) -> dict[str, Any]:
    """Return the known fields of a record with their values, and its id, in the order of the fields."""
    known = record.known_fields | {"id"}
    return {f.name: getattr(record, f.name) for f in fields(record) if f.name in known}  # type: ignore[arg-type]


def get_source_vendor(record: _Record) -> str | None:
    """Return the name of the vendor from which a record was read, or None for a record that you made."""
    # Each vendor's wire models are in a package with the vendor's name.
    return None if record.raw is None else type(record.raw).__module__.split(".")[-2]


def _rebuild(kind: type[Any], state: dict[str, Any], raw: object, known: frozenset[str] | None) -> Any:
    record = kind(**state)
    return record if known is None else attach_raw(record, raw, known)


def repr_with_id(self: Any) -> str:
    """Return the repr of a dataclass that has the id of a contact. If that is an e-mail address, it is masked."""
    values = {each.name: getattr(self, each.name) for each in fields(self)}
    values["id"] = self.id and _redaction.mask_address(str(self.id))
    return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in values.items())})"


def group_ids(value: Any) -> tuple[str, ...]:
    """Return a tuple of group ids, from one id or an iterable of ids."""
    if isinstance(value, str):
        return (value,)
    try:
        return tuple(value)
    except TypeError:
        raise InvalidInputError("groups must be a group id, or a tuple of group ids", field="groups") from None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Contact(_Record[RawT]):
    """One contact of an address book.

    Args:
        id: the vendor's id, always text; empty for a contact that is not stored yet.
        external_id: your own key (Vercom).
        phone: E.164 (`+48500600700`) if the number is valid for the account's region, else the text unchanged.
        email: an e-mail address.
        first_name: the first name, if the vendor stores it separately.
        last_name: the last name, if the vendor stores it separately.
        name: the full name; derived from first and last name if those are stored.
        company: the company's name.
        fields: further fields by the vendor's names (SerwerSMS `tax_id`, `address`, `city`, `description`;
            Atom `custom_1` … `custom_4`; Vercom any).
        groups: the ids of its groups; None if the response does not contain them. A row of SerwerSMS's list names only
            one of the groups (public), so there `known_fields` does not contain `groups`.
        opted_out: the channels that it opted out of; None if unknown.
        archived: whether it is in the vendor's archive (Vercom).
        created_at: when it was created, in UTC (Vercom).

    `Contact[Model]` is a contact whose `raw` is this wire model. A book's methods return such contacts, so a type
    checker knows the fields of `raw`. `Contact` alone has a `raw` of any type.

    The repr masks phone and e-mail, also if it is the id, and shows no names, since reprs end in logs.

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
        shown = [f"id={_redaction.mask_address(str(self.id))!r}"] if self.id else []
        if self.phone:
            shown.append(f"phone={_redaction.mask_phone(str(self.phone))!r}")
        if self.email:
            shown.append(f"email={_redaction.mask_email(str(self.email))!r}")
        others = [f.name for f in fields(self) if f.name not in _SHOWN and getattr(self, f.name) not in (None, "")]
        return f"Contact({', '.join(shown + [f'{name}=…' for name in others])})"

    __reduce__ = _Record.__reduce__


_SHOWN = ("id", "phone", "email")


class _MutableContact(_Record):
    """A mutable `Contact` with the same slots, which `make_contact` fills and then turns into a frozen one."""

    __slots__ = tuple(Contact.__slots__)


def make_contact(
    raw: object, known: frozenset[str] | None,
    id: str, external_id: str | None, phone: str | None, email: str | None, first_name: str | None,
    last_name: str | None, name: str | None, company: str | None, fields: Mapping[str, Any] | None,
    groups: tuple[str, ...] | None, opted_out: frozenset[Any] | None, archived: bool | None,
    created_at: datetime | None,
) -> Contact:  # fmt: skip
    """Make a contact of a long list: the result of `attach_raw(Contact(…), raw, known)`, in a fifth of its time.

    Without `known`, as for a contact of a file, the fields that have a value are known.

    The `__init__` of a frozen dataclass is slow. This sets the slots of an unfrozen class, then changes the class.
    """
    contact: Any = _MutableContact()
    contact._raw = raw
    if known is not None:
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


class ContactFields(TypedDict, total=False):
    """The fields of a new contact that `create` and `upsert` take as keywords, instead of a `Contact`.

    Attributes:
        external_id: your own key (Vercom).
        phone: a phone number.
        email: an e-mail address.
        first_name: the first name.
        last_name: the last name.
        name: the full name, for a vendor that stores it (Filemail).
        company: the company's name.
        fields: further fields by the vendor's names.
        groups: the ids of its groups.
        created_at: when it was created (Vercom).
    """

    external_id: str | None
    phone: str | None
    email: str | None
    first_name: str | None
    last_name: str | None
    name: str | None
    company: str | None
    fields: Mapping[str, Any] | None
    groups: tuple[str, ...] | list[str] | None
    created_at: datetime | None


class ContactChanges(TypedDict, total=False):
    """The fields of a contact that `update` can change. None clears a field.

    Attributes:
        external_id: your own key (Vercom).
        phone: a phone number.
        email: an e-mail address.
        first_name: the first name; for a vendor that stores the full name (Filemail), only together with `last_name`.
        last_name: the last name.
        name: the full name, for a vendor that stores it (Filemail).
        company: the company's name.
        fields: further fields by the vendor's names; fields that are not given stay.
        groups: the ids of groups, which replace the contact's groups.
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


# As in a record. The body of a TypedDict can only have its keys.
for each in (ContactFields, ContactChanges):
    setattr(each, "__pydantic_config__", {"extra": "forbid"})  # noqa: B010


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(_Record[RawT]):
    """A group of contacts (Atom calls it an address book).

    Args:
        id: the vendor's id, always text.
        name: its name.
        count: the number of its contacts, if the vendor returns it.
        description: its description (Vercom).
        external_id: your own key (Vercom).
        created_at: when it was created, in UTC (Vercom).
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
    """One page of a list: its items, and the cursor of the next page.

    Args:
        items: the contacts or groups.
        cursor: where the next page begins: `list(..., after=page.cursor)`; None for the last page.
    """

    items: tuple[T, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """The result of creating or updating one contact.

    Args:
        id: the contact's id.
        status: `created`, `updated` or `unchanged`.
        contact: the contact as it was sent, with its id.
        dropped_fields: fields that the vendor cannot store and that `on_unsupported_field="drop"` left out.
        write_only_fields: fields that were written and that the vendor never returns (Filemail's mobile).
    """

    id: str
    status: Literal["created", "updated", "unchanged"]
    contact: Contact
    dropped_fields: tuple[str, ...] = ()
    write_only_fields: tuple[str, ...] = ()

    __repr__ = repr_with_id


@dataclass(frozen=True, slots=True)
class ExternalId:
    """Your own key of a contact, to pass in place of the vendor's id where that is supported (Vercom's `update`).

    Example:
        ```python
        await book.contacts.update(ExternalId("CRM-0001"), company="ABC")
        ```
    """

    value: str = field(repr=False)
