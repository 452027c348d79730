"""Filemail contacts: models of requests and responses, with the field names of the API.

`Received[…]` is the spec's type for a type checker. The decoder accepts odd values in its place, and a missing field is
UNSET.

Written from specs/filemail.yaml, never by hand.
"""

from __future__ import annotations

from typing import Any, cast

from attrs import define
from msgspec import UNSET, UnsetType

from crossbook_wire.http import MISSING, Model, Received


@define(kw_only=True, repr=False)
class AddedContact(Model):
    """A contact just added. Its mobile number is not shown.

    Evidence: documented.
    """

    contactid: Received[str] = MISSING
    """The contact's id. Text, pattern `^[0-9A-Za-z]+$`."""

    name: Received[str] = MISSING
    """The name to show. Text."""

    email: Received[str] = MISSING
    """The e-mail address. Text."""


@define(kw_only=True, repr=False)
class Contact(Model):
    """A contact in the list. A stored mobile number is never shown.

    Evidence: documented.
    """

    contactid: Received[str] = MISSING
    """The contact's id. Text, pattern `^[0-9A-Za-z]+$`."""

    name: Received[str] = MISSING
    """The name to show. Text."""

    email: Received[str] = MISSING
    """The e-mail address. Text."""

    groups: Received[list[ContactGroup]] | UnsetType = UNSET
    """The groups that the contact is in. List."""


@define(kw_only=True, repr=False)
class ContactCreated(Model):
    """The new contact, or an error.

    Evidence: documented.
    """

    responsestatus: Received[str] = MISSING
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    contact: Received[AddedContact] = MISSING
    """A contact just added. Its mobile number is not shown."""

    errorcode: Received[int] | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: Received[str] | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: Received[str] | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: Received[str] | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""


@define(kw_only=True, repr=False)
class ContactGroup(Model):
    """A group, as a contact names it.

    Evidence: documented.
    """

    contactgroupid: Received[str] = MISSING
    """The group's id. Text, pattern `^[0-9a-f]{32}$`."""

    name: Received[str] = MISSING
    """The group's name. Text."""


@define(kw_only=True, repr=False)
class ContactList(Model):
    """All contacts, or an error. The vendor spells the list with a capital when it is empty,
    and maybe at other times.

    Evidence: documented.
    """

    responsestatus: Received[str] = MISSING
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    contacts: Received[list[Contact]] = MISSING
    """The contacts. List. Also written `Contacts`."""

    Contacts: Received[list[Contact]] | UnsetType = UNSET
    """Another spelling of `contacts`. List."""

    errorcode: Received[int] | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: Received[str] | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: Received[str] | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: Received[str] | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""

    def __attrs_post_init__(self) -> None:
        """Fill a field that the vendor spells in several ways from another spelling."""
        if cast("object", self.contacts) is UNSET:
            self.contacts = cast("Any", self.Contacts)


@define(kw_only=True, repr=False)
class Done(Model):
    """Done, or an error.

    Evidence: documented.
    """

    responsestatus: Received[str] = MISSING
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    errorcode: Received[int] | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: Received[str] | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: Received[str] | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: Received[str] | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""


@define(kw_only=True, repr=False)
class Failure(Model):
    """An error.

    Evidence: public. A captured response.
    """

    responsestatus: Received[str] = MISSING
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    errorcode: Received[int] = MISSING
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: Received[str] | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: Received[str] = MISSING
    """A sentence for a person to read. Text."""

    method: Received[str] | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""


@define(kw_only=True, repr=False)
class Group(Model):
    """A contact group.

    Evidence: documented.
    """

    contactgroupid: Received[str] = MISSING
    """The group's id. Text, pattern `^[0-9a-f]{32}$`."""

    contactgroupname: Received[str] = MISSING
    """The group's name. Text."""


@define(kw_only=True, repr=False)
class GroupCreated(Model):
    """The new group as the only element of an array, or an error.

    Evidence: documented.
    """

    responsestatus: Received[str] = MISSING
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    Groups: Received[list[Group]] = MISSING
    """The group. List, 1 items. Also written `groups`."""

    groups: Received[list[Group]] | UnsetType = UNSET
    """Another spelling of `Groups`. List, 1 items."""

    errorcode: Received[int] | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: Received[str] | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: Received[str] | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: Received[str] | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""

    def __attrs_post_init__(self) -> None:
        """Fill a field that the vendor spells in several ways from another spelling."""
        if cast("object", self.Groups) is UNSET:
            self.Groups = cast("Any", self.groups)


@define(kw_only=True, repr=False)
class GroupList(Model):
    """All groups, or an error. The vendor's page shows status here where all other responses
    have responsestatus.

    Evidence: documented.
    """

    status: Received[str] | UnsetType = UNSET
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    responsestatus: Received[str] | UnsetType = UNSET
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    groups: Received[list[Group]] = MISSING
    """The groups. List. Also written `Groups`."""

    Groups: Received[list[Group]] | UnsetType = UNSET
    """Another spelling of `groups`. List."""

    errorcode: Received[int] | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: Received[str] | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: Received[str] | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: Received[str] | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""

    def __attrs_post_init__(self) -> None:
        """Fill a field that the vendor spells in several ways from another spelling."""
        if cast("object", self.groups) is UNSET:
            self.groups = cast("Any", self.Groups)


@define(kw_only=True, repr=False)
class LoginAnswer(Model):
    """The token, or an error.

    Evidence: public. The vendor's page on authentication.
    """

    responsestatus: Received[str] = MISSING
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    errorcode: Received[int] | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: Received[str] | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: Received[str] | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: Received[str] | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""


@define(kw_only=True, repr=False)
class LogoutAnswer(Model):
    """The token that ended, or an error.

    Evidence: public. The vendor's page on authentication.
    """

    responsestatus: Received[str] = MISSING
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    errorcode: Received[int] | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: Received[str] | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: Received[str] | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: Received[str] | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""
