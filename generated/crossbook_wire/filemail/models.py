"""Filemail contacts: models of requests and responses, with the field names of the API.

Fields of responses accept any JSON scalar. Their docstrings have the documented type.

Written from specs/filemail.yaml, never by hand.
"""

from __future__ import annotations

from typing import Any

from attrs import define
from msgspec import UNSET, UnsetType

from crossbook_wire.http import Model


@define(kw_only=True, repr=False)
class AddedContact(Model):
    """A contact just added. Its mobile number is not shown.

    Evidence: documented.
    """

    contactid: str | int | float | bool | None | UnsetType = UNSET
    """The contact's id. Text, pattern `^[0-9A-Za-z]+$`."""

    name: str | int | float | bool | None | UnsetType = UNSET
    """The name to show. Text."""

    email: str | int | float | bool | None | UnsetType = UNSET
    """The e-mail address. Text."""


@define(kw_only=True, repr=False)
class Contact(Model):
    """A contact in the list. A stored mobile number is never shown.

    Evidence: documented.
    """

    contactid: str | int | float | bool | None | UnsetType = UNSET
    """The contact's id. Text, pattern `^[0-9A-Za-z]+$`."""

    name: str | int | float | bool | None | UnsetType = UNSET
    """The name to show. Text."""

    email: str | int | float | bool | None | UnsetType = UNSET
    """The e-mail address. Text."""

    groups: list[ContactGroup | list[Any] | None] | None | UnsetType = UNSET
    """The groups that the contact is in. List."""


@define(kw_only=True, repr=False)
class ContactCreated(Model):
    """The new contact, or an error.

    Evidence: documented.
    """

    responsestatus: str | int | float | bool | None | UnsetType = UNSET
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    contact: AddedContact | list[Any] | None | UnsetType = UNSET
    """A contact just added. Its mobile number is not shown."""

    errorcode: str | int | float | bool | None | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: str | int | float | bool | None | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: str | int | float | bool | None | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: str | int | float | bool | None | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""


@define(kw_only=True, repr=False)
class ContactGroup(Model):
    """A group, as a contact names it.

    Evidence: documented.
    """

    contactgroupid: str | int | float | bool | None | UnsetType = UNSET
    """The group's id. Text, pattern `^[0-9a-f]{32}$`."""

    name: str | int | float | bool | None | UnsetType = UNSET
    """The group's name. Text."""


@define(kw_only=True, repr=False)
class ContactList(Model):
    """All contacts, or an error. The vendor spells the list with a capital when it is empty,
    and maybe at other times.

    Evidence: documented.
    """

    responsestatus: str | int | float | bool | None | UnsetType = UNSET
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    contacts: list[Contact | list[Any] | None] | None | UnsetType = UNSET
    """The contacts. List. Also written `Contacts`."""

    Contacts: list[Contact | list[Any] | None] | None | UnsetType = UNSET
    """Another spelling of `contacts`. List."""

    errorcode: str | int | float | bool | None | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: str | int | float | bool | None | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: str | int | float | bool | None | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: str | int | float | bool | None | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""


@define(kw_only=True, repr=False)
class Done(Model):
    """Done, or an error.

    Evidence: documented.
    """

    responsestatus: str | int | float | bool | None | UnsetType = UNSET
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    errorcode: str | int | float | bool | None | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: str | int | float | bool | None | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: str | int | float | bool | None | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: str | int | float | bool | None | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""


@define(kw_only=True, repr=False)
class Failure(Model):
    """An error.

    Evidence: public. A captured response.
    """

    responsestatus: str | int | float | bool | None | UnsetType = UNSET
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    errorcode: str | int | float | bool | None | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: str | int | float | bool | None | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: str | int | float | bool | None | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: str | int | float | bool | None | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""


@define(kw_only=True, repr=False)
class Group(Model):
    """A contact group.

    Evidence: documented.
    """

    contactgroupid: str | int | float | bool | None | UnsetType = UNSET
    """The group's id. Text, pattern `^[0-9a-f]{32}$`."""

    contactgroupname: str | int | float | bool | None | UnsetType = UNSET
    """The group's name. Text."""


@define(kw_only=True, repr=False)
class GroupCreated(Model):
    """The new group as the only element of an array, or an error.

    Evidence: documented.
    """

    responsestatus: str | int | float | bool | None | UnsetType = UNSET
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    Groups: list[Group | list[Any] | None] | None | UnsetType = UNSET
    """The group. List, 1 items. Also written `groups`."""

    groups: list[Group | list[Any] | None] | None | UnsetType = UNSET
    """Another spelling of `Groups`. List, 1 items."""

    errorcode: str | int | float | bool | None | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: str | int | float | bool | None | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: str | int | float | bool | None | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: str | int | float | bool | None | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""


@define(kw_only=True, repr=False)
class GroupList(Model):
    """All groups, or an error. The vendor's page shows status here where all other responses
    have responsestatus.

    Evidence: documented.
    """

    status: str | int | float | bool | None | UnsetType = UNSET
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    responsestatus: str | int | float | bool | None | UnsetType = UNSET
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    groups: list[Group | list[Any] | None] | None | UnsetType = UNSET
    """The groups. List. Also written `Groups`."""

    Groups: list[Group | list[Any] | None] | None | UnsetType = UNSET
    """Another spelling of `groups`. List."""

    errorcode: str | int | float | bool | None | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: str | int | float | bool | None | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: str | int | float | bool | None | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: str | int | float | bool | None | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""


@define(kw_only=True, repr=False)
class LoginAnswer(Model):
    """The token, or an error.

    Evidence: public. The vendor's page on authentication.
    """

    responsestatus: str | int | float | bool | None | UnsetType = UNSET
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    errorcode: str | int | float | bool | None | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: str | int | float | bool | None | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: str | int | float | bool | None | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: str | int | float | bool | None | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""


@define(kw_only=True, repr=False)
class LogoutAnswer(Model):
    """The token that ended, or an error.

    Evidence: public. The vendor's page on authentication.
    """

    responsestatus: str | int | float | bool | None | UnsetType = UNSET
    """OK or ok, or the name of the error (see x-error-codes). Text, pattern `^[A-Za-z]+$`."""

    errorcode: str | int | float | bool | None | UnsetType = UNSET
    """The number of the error (see x-error-codes). Absent if there is none. Whole number, 1001
    to 9999.
    """

    errorname: str | int | float | bool | None | UnsetType = UNSET
    """The name of the error, in accounts where responsestatus is only `error`. Text. Evidence:
    public. The vendor's general page names it; no captured response has it.
    """

    errormessage: str | int | float | bool | None | UnsetType = UNSET
    """A sentence for a person to read. Text."""

    method: str | int | float | bool | None | UnsetType = UNSET
    """The path that failed. Text. Evidence: public. A captured error."""
