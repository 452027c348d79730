"""Vercom contacts (EmailLabs, MessageFlow, RedLink): models of requests and responses, with the field names of the API.

`Received[…]` is the spec's type for a type checker. The decoder accepts odd values in its place, and a missing field is
UNSET.

Written from specs/vercom.yaml, never by hand.
"""

from __future__ import annotations

from typing import Any

from attrs import define
from msgspec import UNSET, UnsetType

from crossbook_wire.http import MISSING, Model, Received


@define(kw_only=True, repr=False)
class Contact(Model):
    """A contact without its groups and subscriptions.

    Evidence: inferred. No page shows a contact in a response. The fields are those of
    adding plus the read-only ones; that all keys are there, null where empty, follows the
    captured group.
    """

    id: Received[str] = MISSING
    """The contact's id, as text. Text, pattern `^[0-9]+$`."""

    externalId: Received[str | None] = MISSING
    """The contact's unique name in the caller's own system. Text or null, at most 150
    characters.
    """

    email: Received[str | None] = MISSING
    """E-mail address. Text or null, at most 150 characters."""

    phoneNumber: Received[str | None] = MISSING
    """Phone number as it was given. Text or null, at most 15 characters."""

    firstName: Received[str | None] = MISSING
    """First name. Text or null, at most 150 characters."""

    lastName: Received[str | None] = MISSING
    """Last name. Text or null, at most 150 characters."""

    companyName: Received[str | None] = MISSING
    """Company. Text or null, at most 150 characters."""

    createdAt: Received[str | int] = MISSING
    """The creation time in unix seconds, or `YYYY-MM-DD HH:MM:SS` with `getFullDate=1`. Text or
    whole number, pattern `^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$`.
    """

    inArchive: Received[bool] = MISSING
    """Whether the contact is archived. True or false."""

    externalData: Received[dict[str, Any]] = MISSING
    """The contact's values of the account's additional fields, by name; empty if it has none."""


@define(kw_only=True, repr=False)
class ContactChanges(Model):
    """The fields to change; what is not named stays, null clears.

    Evidence: inferred. The fields are those of adding, less those documented for adding
    only. That null clears a field is a guess from responses, which show null for an empty
    field.
    """

    email: str | None | UnsetType = UNSET
    """A valid e-mail address. Text or null, at most 150 characters."""

    phoneNumber: str | None | UnsetType = UNSET
    """Digits, with or without a plus in front. Text or null, at most 15 characters, pattern
    `^\\+?[0-9]+$`.
    """

    firstName: str | None | UnsetType = UNSET
    """First name. Text or null, at most 150 characters."""

    lastName: str | None | UnsetType = UNSET
    """Last name. Text or null, at most 150 characters."""

    companyName: str | None | UnsetType = UNSET
    """Company. Text or null, at most 150 characters."""

    externalId: str | None | UnsetType = UNSET
    """The contact's unique name in the caller's own system. Text or null, at most 150
    characters.
    """

    createdAt: str | UnsetType = UNSET
    """The creation time, as in NewContact. Text, at most 150 characters, pattern
    `^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(\\s*([01][0-9]|2[
    0-3]):[0-5][0-9](:[0-5][0-9])?)?$`.
    Evidence: public. An official example sends it in a change.
    """

    externalData: dict[str, Any] | UnsetType = UNSET
    """The account's additional fields by name. `listFields` returns the names in use."""


@define(kw_only=True, repr=False)
class ContactIds(Model):
    """The contacts that are meant, by id.

    Evidence: documented.
    """

    id: list[int]
    """Contact ids, as numbers. The largest array is not documented. List (each whole number, at
    least 1), at least 1 item.
    """


@define(kw_only=True, repr=False)
class ContactList(Model):
    """A page of contacts.

    Evidence: public. The envelope is from the vendor's general page.
    """

    meta: Received[Meta] = MISSING
    """Information about the response."""

    data: Received[list[Contact]] = MISSING
    """The contacts. List."""

    errors: Received[list[Problem]] | UnsetType = UNSET
    """Never together with data, except for status 207. List."""


@define(kw_only=True, repr=False)
class ContactUpdateByExternalId(Model):
    """A change to the contact with this external id.

    Evidence: public. As ContactUpdates.
    """

    externalId: str
    """The contact's external id. Text, 1 to 150 characters."""

    data: ContactChanges
    """The fields to change; what is not named stays, null clears."""


@define(kw_only=True, repr=False)
class ContactUpdateById(Model):
    """A change to the contact with this id.

    Evidence: public. As ContactUpdates.
    """

    id: str
    """The contact's id, as text. Text, pattern `^[0-9]{1,18}$`."""

    data: ContactChanges
    """The fields to change; what is not named stays, null clears."""


@define(kw_only=True, repr=False)
class CountedSegment(Model):
    """A segment and how many contacts it has.

    Evidence: inferred. As SegmentCount.
    """

    id: Received[str | int] | UnsetType = UNSET
    """The segment's id. Text or whole number."""

    name: Received[str] | UnsetType = UNSET
    """The name given in the panel. Text."""

    count: Received[int] = MISSING
    """How many contacts it has. Whole number, at least 0."""


@define(kw_only=True, repr=False)
class Failure(Model):
    """Why a call failed.

    Evidence: public. The vendor's general page and a captured 401.
    """

    errors: Received[list[Problem]] = MISSING
    """At least one. List, at least 1 item."""

    meta: Received[FailureMeta] = MISSING
    """Information about a failed response; it is empty in the captured 401."""


@define(kw_only=True, repr=False)
class FailureMeta(Model):
    """Information about a failed response; it is empty in the captured 401.

    Evidence: public. A captured 401.
    """

    numberOfErrors: Received[int] | UnsetType = UNSET
    """The length of errors. Whole number, at least 0."""

    numberOfData: Received[int] | UnsetType = UNSET
    """The length of data. Whole number, at least 0."""

    status: Received[int] | UnsetType = UNSET
    """The HTTP status once more. Whole number, 400 to 599."""

    uniqId: Received[str] | UnsetType = UNSET
    """The response's id, for the vendor's support. Text, at least 1 character."""


@define(kw_only=True, repr=False)
class Field(Model):
    """An additional field of the account.

    Evidence: inferred. No page prints one; only the name is sure to be there.
    """

    id: Received[str | int] | UnsetType = UNSET
    """The field's id. Text or whole number."""

    name: Received[str] = MISSING
    """The key of the field in `externalData`. Text, at least 1 character."""


@define(kw_only=True, repr=False)
class FieldList(Model):
    """A page of the account's additional fields.

    Evidence: inferred. The envelope is public, the shape of an item is a guess.
    """

    meta: Received[Meta] = MISSING
    """Information about the response."""

    data: Received[list[Field]] = MISSING
    """The fields. List."""

    errors: Received[list[Problem]] | UnsetType = UNSET
    """Never together with data, except for status 207. List."""


@define(kw_only=True, repr=False)
class Group(Model):
    """A group of contacts.

    Evidence: public. A captured response.
    """

    id: Received[int] = MISSING
    """The group's id. Whole number, at least 1."""

    name: Received[str] = MISSING
    """The name shown in the panel. Text."""

    description: Received[str | None] = MISSING
    """What the group is for. Text or null."""

    externalId: Received[str | None] = MISSING
    """The group's unique name in the caller's own system. Text or null."""

    createdAt: Received[str | int] = MISSING
    """The creation time in unix seconds, or `YYYY-MM-DD HH:MM:SS` with `getFullDate=1`. Text or
    whole number, pattern `^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$`.
    """


@define(kw_only=True, repr=False)
class GroupContact(Model):
    """A contact in short.

    Evidence: public. The vendor's page on groups; null for an empty field is inferred.
    """

    id: Received[str] = MISSING
    """The contact's id, as text. Text, pattern `^[0-9]+$`."""

    externalId: Received[str | None] = MISSING
    """The contact's unique name in the caller's own system. Text or null, at most 150
    characters.
    """

    email: Received[str | None] = MISSING
    """E-mail address. Text or null, at most 150 characters."""

    phoneNumber: Received[str | None] = MISSING
    """Phone number as it was given. Text or null, at most 15 characters."""


@define(kw_only=True, repr=False)
class GroupContactList(Model):
    """A page of a group's contacts.

    Evidence: public. The vendor's page on groups.
    """

    meta: Received[Meta] = MISSING
    """Information about the response."""

    data: Received[list[GroupContact]] = MISSING
    """The contacts. List."""

    errors: Received[list[Problem]] | UnsetType = UNSET
    """Never together with data, except for status 207. List."""


@define(kw_only=True, repr=False)
class GroupIds(Model):
    """The groups that are meant, by id.

    Evidence: documented.
    """

    id: list[int]
    """Group ids. The largest array is not documented. List (each whole number, at least 1), at
    least 1 item.
    """


@define(kw_only=True, repr=False)
class GroupList(Model):
    """A page of groups.

    Evidence: public. A captured response.
    """

    meta: Received[Meta] = MISSING
    """Information about the response."""

    data: Received[list[Group]] = MISSING
    """The groups. List."""

    errors: Received[list[Problem]] | UnsetType = UNSET
    """Never together with data, except for status 207. List."""


@define(kw_only=True, repr=False)
class GroupUpdate(Model):
    """A change to the group with this id; what is not named stays.

    Evidence: public. The vendor's page on groups; that a name may not be empty is inferred.
    """

    id: int
    """The group's id. Whole number, at least 1."""

    name: str | UnsetType = UNSET
    """The new name. Text, at least 1 character."""

    description: str | UnsetType = UNSET
    """The new description. Text."""


@define(kw_only=True, repr=False)
class Meta(Model):
    """Information about the response.

    Evidence: public. The vendor's general page and captured responses.
    """

    numberOfErrors: Received[int] = MISSING
    """The length of errors. Whole number, at least 0."""

    numberOfData: Received[int] = MISSING
    """The length of data, not the total of a list. Whole number, at least 0."""

    status: Received[int] = MISSING
    """The HTTP status once more. Whole number, 200 to 207."""

    uniqId: Received[str] = MISSING
    """The response's id, for the vendor's support. Text, at least 1 character."""


@define(kw_only=True, repr=False)
class NewContact(Model):
    """A contact to add. At least one of `email` and `phoneNumber` is needed.

    Evidence: documented.
    """

    email: str | UnsetType = UNSET
    """A valid e-mail address. Text, at most 150 characters."""

    phoneNumber: str | UnsetType = UNSET
    """Digits, with or without a plus in front. Text, at most 15 characters, pattern
    `^\\+?[0-9]+$`.
    """

    firstName: str | UnsetType = UNSET
    """First name. Text, at most 150 characters."""

    lastName: str | UnsetType = UNSET
    """Last name. Text, at most 150 characters."""

    companyName: str | UnsetType = UNSET
    """Company. Text, at most 150 characters."""

    externalId: str | UnsetType = UNSET
    """The contact's unique name in the caller's own system. Text, at most 150 characters."""

    createdAt: str | UnsetType = UNSET
    """The creation time, `YYYY-MM-DD HH:MM:SS`; also without seconds, or a date only. The
    default is now. Text, at most 150 characters, pattern
    `^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(\\s*([01][0-9]|2[
    0-3]):[0-5][0-9](:[0-5][0-9])?)?$`.
    """

    externalData: dict[str, Any] | UnsetType = UNSET
    """The account's additional fields by name. `listFields` returns the names in use."""

    addToGroup: list[int] | UnsetType = UNSET
    """Ids of the groups to put the contact into. Taken when adding only. List (each whole
    number, at least 1).
    """


@define(kw_only=True, repr=False)
class NewGroup(Model):
    """A group to add.

    Evidence: public. The vendor's page on groups; that a name may not be empty is inferred.
    """

    name: str
    """The name shown in the panel. Text, at least 1 character."""

    externalId: str
    """The group's unique name in the caller's own system. Text, at least 1 character."""

    description: str | UnsetType = UNSET
    """What the group is for. Text."""


@define(kw_only=True, repr=False)
class Nothing(Model):
    """There is no result.

    Evidence: inferred. The status is public, as a call that was processed and has no
    results; whether data is empty or absent, and whether errors explain it, is not
    documented. So errors do not make an empty list a failure.
    """

    meta: Received[FailureMeta] = MISSING
    """Information about a failed response; it is empty in the captured 401."""

    data: Received[list[str]] | UnsetType = UNSET
    """Empty, if it is there. List (each text), at most 0 items."""

    errors: Received[list[Problem]] | UnsetType = UNSET
    """An explanation, if there is one. List."""


@define(kw_only=True, repr=False)
class Problem(Model):
    """One error.

    Evidence: public. The vendor's general page and a captured 401.
    """

    title: Received[str] = MISSING
    """The kind of error in two or three words. Text."""

    message: Received[str] = MISSING
    """A sentence for a person to read. Text."""

    code: Received[str] = MISSING
    """The vendor's code. Only those of x-error-codes are known; the others in the examples here
    are made up. Text.
    """

    meta: Received[ProblemMeta] | UnsetType = UNSET
    """Which value of which item was refused."""


@define(kw_only=True, repr=False)
class ProblemMeta(Model):
    """Which value of which item was refused.

    Evidence: public. The vendor's general page; that each may be absent is inferred. By two
    readers of the vendor's description of September 2026, an error has no `meta` at all.
    """

    parameter: Received[str | None] | UnsetType = UNSET
    """The field or parameter. Text or null."""

    value: Received[str | float | bool | None] | UnsetType = UNSET
    """What was sent in it. How an array or an object is shown is not known. Text or number or
    true or false or null.
    """

    source: Received[str | int | None] | UnsetType = UNSET
    """The item, for instance by its external id. Text or whole number or null."""


@define(kw_only=True, repr=False)
class Segment(Model):
    """A saved selection of contacts.

    Evidence: inferred. No page prints one.
    """

    id: Received[str | int] = MISSING
    """The segment's id. Text or whole number."""

    name: Received[str] = MISSING
    """The name given in the panel. Text."""


@define(kw_only=True, repr=False)
class SegmentCount(Model):
    """The size of a segment.

    Evidence: inferred. The envelope is public; the page mentions a count, not its name.
    """

    meta: Received[Meta] = MISSING
    """Information about the response."""

    data: Received[list[CountedSegment]] = MISSING
    """The segment; empty while it is being counted. List, at most 1 item."""

    errors: Received[list[Problem]] | UnsetType = UNSET
    """Never together with data, except for status 207. List."""


@define(kw_only=True, repr=False)
class SegmentList(Model):
    """A page of segments.

    Evidence: inferred. The envelope is public, the shape of an item is a guess.
    """

    meta: Received[Meta] = MISSING
    """Information about the response."""

    data: Received[list[Segment]] = MISSING
    """The segments. List."""

    errors: Received[list[Problem]] | UnsetType = UNSET
    """Never together with data, except for status 207. List."""


@define(kw_only=True, repr=False)
class WrittenContact(Model):
    """A contact that a write touched.

    Evidence: inferred. As WrittenContacts.
    """

    id: Received[str] = MISSING
    """The contact's id, as text. Text, pattern `^[0-9]+$`."""

    externalId: Received[str | None] = MISSING
    """The contact's unique name in the caller's own system. Text or null, at most 150
    characters.
    """


@define(kw_only=True, repr=False)
class WrittenContacts(Model):
    """The contacts that a write touched, and with status 207 also what was refused.

    Evidence: inferred. The envelope is public; what data holds after a write is a guess.
    """

    meta: Received[Meta] = MISSING
    """Information about the response."""

    data: Received[list[WrittenContact]] = MISSING
    """One item a contact that was touched. List."""

    errors: Received[list[Problem]] | UnsetType = UNSET
    """What was refused; with status 207 only. List."""


@define(kw_only=True, repr=False)
class WrittenGroup(Model):
    """A group that a write touched.

    Evidence: inferred. As WrittenGroups.
    """

    id: Received[int] = MISSING
    """The group's id. Whole number, at least 1."""

    externalId: Received[str | None] = MISSING
    """The group's unique name in the caller's own system. Text or null."""


@define(kw_only=True, repr=False)
class WrittenGroups(Model):
    """The groups that a write touched, and with status 207 also what was refused.

    Evidence: inferred. The envelope is public; what data holds after a write is a guess.
    """

    meta: Received[Meta] = MISSING
    """Information about the response."""

    data: Received[list[WrittenGroup]] = MISSING
    """One item a group that was touched. List."""

    errors: Received[list[Problem]] | UnsetType = UNSET
    """What was refused; with status 207 only. List."""
