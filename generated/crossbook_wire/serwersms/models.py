"""SerwerSMS.pl HTTPS API v2, contacts, groups and blacklist: models of requests and responses, with the field names of the API.

`Received[…]` is the spec's type for a type checker. The decoder accepts odd values in its place, and a missing field is
UNSET.

Written from specs/serwersms.yaml, never by hand.
"""

from __future__ import annotations

from typing import Literal

from attrs import define
from msgspec import UNSET, UnsetType

from crossbook_wire.http import MISSING, Model, Received


@define(kw_only=True, repr=False)
class BlacklistPage(Model):
    """A page of the blacklist, or an error.

    Evidence: public. The vendor's page "Czarna lista" and its official clients.
    """

    items: Received[list[BlacklistRow]] = MISSING
    """The phone numbers of one page. List. Evidence: public. The vendor's page "Czarna lista"
    and its official clients.
    """

    paging: Received[Paging] | UnsetType = UNSET
    """Where in the list this page is."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class BlacklistQuery(Model):
    """Which phone numbers of the blacklist, and which page.

    Evidence: public. The vendor's page "Czarna lista" and its official clients.
    """

    phone: str | UnsetType = UNSET
    """Only this number. Text, pattern `^\\+?[0-9]{7,15}$`. Evidence: inferred. The parameter is
    documented; the pattern covers what the vendor's page and clients show.
    """

    page: int | UnsetType = UNSET
    """The page, counted from 1; without it, and with 0, the first. Whole number, at least 0.
    Evidence: public. The vendor's official clients and its plugin, which sends 0; that pages
    are counted from 1 is inferred.
    """

    limit: int | UnsetType = UNSET
    """How many items a page holds. What is assumed without it, and the most that is allowed, are
    unknown. Whole number, at least 1. Evidence: public. The vendor's official clients.
    """


@define(kw_only=True, repr=False)
class BlacklistRow(Model):
    """A phone number of the blacklist.

    Evidence: public. The vendor's page "Czarna lista" and its official clients.
    """

    phone: Received[str] = MISSING
    """The phone number with its country code. Text."""

    added: Received[str] = MISSING
    """When it was added; the time zone is unknown. Text."""


@define(kw_only=True, repr=False)
class BlacklistStatus(Model):
    """Whether a phone number is on the blacklist, or an error.

    Evidence: public. The vendor's page "Czarna lista" and its official clients.
    """

    exists: Received[bool] = MISSING
    """Whether the number is on the blacklist. True or false."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class Contact(Model):
    """A contact without its groups, or an error.

    Evidence: public. The vendor's official clients.
    """

    id: Received[int] = MISSING
    """The contact's id. Whole number, at least 1."""

    phone: Received[str] = MISSING
    """The phone number with its country code. Text."""

    email: Received[str | None] = MISSING
    """E-mail address; empty or null if there is none. Text or null, at most 255 characters.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    company: Received[str | None] = MISSING
    """Company name; empty or null if there is none. Text or null, at most 255 characters.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    first_name: Received[str | None] = MISSING
    """Given name; empty or null if there is none. Text or null, at most 255 characters.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    last_name: Received[str | None] = MISSING
    """Family name; empty or null if there is none. Text or null, at most 255 characters.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    tax_id: Received[str | None] = MISSING
    """Tax number; empty or null if there is none. Text or null, at most 255 characters.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    address: Received[str | None] = MISSING
    """Street and number; empty or null if there is none. Text or null, at most 255 characters.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    city: Received[str | None] = MISSING
    """Town; empty or null if there is none. Text or null, at most 255 characters. Evidence:
    inferred. Text is documented; how a missing one is shown is not.
    """

    description: Received[str | None] = MISSING
    """Free text; empty or null if there is none. Text or null, at most 255 characters. Evidence:
    inferred. Text is documented; how a missing one is shown is not.
    """

    blacklist: Received[bool] = MISSING
    """Whether the number is on the blacklist. True or false."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class ContactDeletion(Model):
    """Names the contacts to delete.

    Evidence: documented.
    """

    id: int | list[int]
    """One id, or several. Evidence: public. One id is documented; several are what the official
    clients send.
    """


@define(kw_only=True, repr=False)
class ContactEdit(Model):
    """A contact's id, groups and phone, and what else it is to hold; an empty text clears.

    Evidence: documented. That id, group_id and phone are required is inferred; the official
    clients always send the three.
    """

    id: int
    """The contact's id. Whole number, at least 1."""

    group_id: int | list[int] | str
    """One group, several, or `none`."""

    phone: str
    """A phone number, best in its international form. Text, pattern `^\\+?[0-9]{7,15}$`.
    Evidence: inferred. The parameter is documented; the pattern covers what the vendor's page
    and clients show.
    """

    email: str | UnsetType = UNSET
    """An e-mail address, or an empty text. Text, at most 255 characters, pattern
    `^([^@\\s]+@[^@\\s]+)?$`. Evidence: inferred. The parameter and its length are documented;
    the pattern is the least that an address must have.
    """

    first_name: str | UnsetType = UNSET
    """Given name. Text, at most 255 characters."""

    last_name: str | UnsetType = UNSET
    """Family name. Text, at most 255 characters."""

    company: str | UnsetType = UNSET
    """Company name. Text, at most 255 characters."""

    tax_id: str | UnsetType = UNSET
    """Tax number. Text, at most 255 characters."""

    address: str | UnsetType = UNSET
    """Street and number. Text, at most 255 characters."""

    city: str | UnsetType = UNSET
    """Town. Text, at most 255 characters."""

    description: str | UnsetType = UNSET
    """Free text. Text, at most 255 characters."""


@define(kw_only=True, repr=False)
class ContactId(Model):
    """Names a contact.

    Evidence: documented.
    """

    id: int
    """The contact's id. Whole number, at least 1."""


@define(kw_only=True, repr=False)
class ContactImport(Model):
    """The name of a new group and its contacts.

    Evidence: public. The vendor's official clients; the length of the name is that of
    groups/add.
    """

    group_name: str
    """The new group's name. Text, 1 to 100 characters."""

    contact: list[ImportedContact]
    """The contacts of the new group. The most that may be sent at once is unknown. List, at
    least 1 item. Evidence: public. The vendor's official clients; that an empty list is
    refused is inferred.
    """


@define(kw_only=True, repr=False)
class ContactList(Model):
    """A page of contacts, or an error.

    Evidence: public. The vendor's official clients; the examples on the vendor's page have
    no paging.
    """

    items: Received[list[ContactRow]] = MISSING
    """The contacts of one page. List. Evidence: public. The vendor's official clients."""

    paging: Received[Paging] | UnsetType = UNSET
    """Where in the list this page is."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class ContactQuery(Model):
    """Which contacts, in which order, which page.

    Evidence: documented.
    """

    search: str | UnsetType = UNSET
    """A phrase that the contact holds. Text."""

    group_id: int | str | UnsetType = UNSET
    """The contacts of this group, or with `none` those that are in no group. Text or whole
    number, at least 1, pattern `^none$`.
    """

    sort: (
        Literal[
            "address",
            "city",
            "company",
            "description",
            "email",
            "first_name",
            "last_name",
            "phone",
            "tax_id",
        ]
        | UnsetType
    ) = UNSET
    """The field to sort contacts by. Text, one of `"address"`, `"city"`, `"company"`,
    `"description"`, `"email"`, `"first_name"`, `"last_name"`, `"phone"`, `"tax_id"`.
    """

    order: Literal["asc", "desc"] | UnsetType = UNSET
    """Upwards or downwards. Text, one of `"asc"`, `"desc"`."""

    page: int | UnsetType = UNSET
    """The page, counted from 1; without it, and with 0, the first. Whole number, at least 0.
    Evidence: public. The vendor's official clients and its plugin, which sends 0; that pages
    are counted from 1 is inferred.
    """

    limit: int | UnsetType = UNSET
    """How many items a page holds. What is assumed without it, and the most that is allowed, are
    unknown. Whole number, at least 1. Evidence: public. The vendor's official clients.
    """


@define(kw_only=True, repr=False)
class ContactRow(Model):
    """A contact in a list, with one of its groups.

    Evidence: public. The vendor's official clients; the vendor's page shows a part.
    """

    id: Received[int] = MISSING
    """The contact's id. Whole number, at least 1."""

    phone: Received[str] = MISSING
    """The phone number with its country code. Text."""

    email: Received[str | None] = MISSING
    """E-mail address; empty or null if there is none. Text or null, at most 255 characters.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    company: Received[str | None] = MISSING
    """Company name; empty or null if there is none. Text or null, at most 255 characters.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    first_name: Received[str | None] = MISSING
    """Given name; empty or null if there is none. Text or null, at most 255 characters.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    last_name: Received[str | None] = MISSING
    """Family name; empty or null if there is none. Text or null, at most 255 characters.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    tax_id: Received[str | None] = MISSING
    """Tax number; empty or null if there is none. Text or null, at most 255 characters.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    address: Received[str | None] = MISSING
    """Street and number; empty or null if there is none. Text or null, at most 255 characters.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    city: Received[str | None] = MISSING
    """Town; empty or null if there is none. Text or null, at most 255 characters. Evidence:
    inferred. Text is documented; how a missing one is shown is not.
    """

    description: Received[str | None] = MISSING
    """Free text; empty or null if there is none. Text or null, at most 255 characters. Evidence:
    inferred. Text is documented; how a missing one is shown is not.
    """

    blacklist: Received[bool] = MISSING
    """Whether the number is on the blacklist. True or false."""

    group_id: Received[int | None] = MISSING
    """One of the contact's groups, or null if it is in none. Whole number or null, at least 1.
    Evidence: inferred. The number is documented; null for a contact without a group is not.
    """

    group_name: Received[str | None] = MISSING
    """The name of that group, or null. Text or null. Evidence: inferred. The text is documented;
    null for a contact without a group is not.
    """


@define(kw_only=True, repr=False)
class Error(Model):
    """What went wrong; the table of codes is at the top of this document.

    Evidence: public. The vendor's page on errors.
    """

    code: Received[int] = MISSING
    """One of the codes in x-error-codes. Whole number, at least 1000."""

    type: Received[str] = MISSING
    """The kind of error; several codes share one. Text, at least 1 character."""

    message: Received[str] = MISSING
    """A sentence for people. Text."""


@define(kw_only=True, repr=False)
class Group(Model):
    """A group, or an error.

    Evidence: public. The vendor's official clients.
    """

    id: Received[int] = MISSING
    """The group's id. Whole number, at least 1."""

    name: Received[str] = MISSING
    """The group's name. Text, at most 100 characters."""

    count: Received[int] = MISSING
    """How many contacts are in it. Whole number, at least 0."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class GroupDeletion(Model):
    """The groups to delete, and whether their contacts go with them.

    Evidence: documented.
    """

    id: int | list[int]
    """One id, or several. Evidence: public. One id is documented; several are what the official
    clients send.
    """

    delete_contacts: bool | UnsetType = UNSET
    """True deletes the groups' contacts too; without it they stay. Leave it out rather than send
    false: the server is written in PHP, where the text `false` of a form counts as true. True
    or false.
    """


@define(kw_only=True, repr=False)
class GroupEdit(Model):
    """A group's id and its new name.

    Evidence: documented.
    """

    id: int
    """The group's id. Whole number, at least 1."""

    name: str
    """The new name. Text, 1 to 100 characters."""


@define(kw_only=True, repr=False)
class GroupId(Model):
    """Names a group.

    Evidence: public. The vendor's official clients.
    """

    id: int
    """The group's id. Whole number, at least 1."""


@define(kw_only=True, repr=False)
class GroupList(Model):
    """A page of groups, or an error.

    Evidence: public. The vendor's official clients; the examples on the vendor's page have
    no paging.
    """

    items: Received[list[GroupRow]] = MISSING
    """The groups of one page. List. Evidence: public. The vendor's official clients."""

    paging: Received[Paging] | UnsetType = UNSET
    """Where in the list this page is."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class GroupQuery(Model):
    """Which groups, in which order, which page.

    Evidence: documented.
    """

    search: str | UnsetType = UNSET
    """A part of the name. Text."""

    sort: Literal["name"] | UnsetType = UNSET
    """The field to sort groups by. Text, one of `"name"`."""

    order: Literal["asc", "desc"] | UnsetType = UNSET
    """Upwards or downwards. Text, one of `"asc"`, `"desc"`."""

    page: int | UnsetType = UNSET
    """The page, counted from 1; without it, and with 0, the first. Whole number, at least 0.
    Evidence: public. The vendor's official clients and its plugin, which sends 0; that pages
    are counted from 1 is inferred.
    """

    limit: int | UnsetType = UNSET
    """How many items a page holds. What is assumed without it, and the most that is allowed, are
    unknown. Whole number, at least 1. Evidence: public. The vendor's official clients.
    """


@define(kw_only=True, repr=False)
class GroupRow(Model):
    """A group in a list.

    Evidence: public. The vendor's official clients; the vendor's page shows a part.
    """

    id: Received[int] = MISSING
    """The group's id. Whole number, at least 1."""

    name: Received[str] = MISSING
    """The group's name. Text, at most 100 characters."""

    count: Received[int] = MISSING
    """How many contacts are in it. Whole number, at least 0."""


@define(kw_only=True, repr=False)
class IdResult(Model):
    """The id of what was made or changed, or an error.

    Evidence: public. The vendor's official clients.
    """

    success: Received[bool] = MISSING
    """True; it is absent from an error. True or false."""

    id: Received[int] = MISSING
    """The id of a contact, a group or a blacklist entry. Whole number, at least 1."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class ImportResult(Model):
    """What became of an import, or an error.

    Evidence: public. The vendor's official clients.
    """

    success: Received[bool] = MISSING
    """True; it is absent from an error. True or false."""

    id: Received[int] = MISSING
    """The new group's id. Whole number, at least 1."""

    correct: Received[int] = MISSING
    """How many contacts were taken. Whole number, at least 0."""

    failed: Received[int] = MISSING
    """How many were not. Whole number, at least 0."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class ImportedContact(Model):
    """A contact to be imported; fewer fields than elsewhere.

    Evidence: public. The vendor's official clients; the lengths, and that only the phone is
    required, are inferred.
    """

    phone: str
    """A phone number, best in its international form. Text, pattern `^\\+?[0-9]{7,15}$`.
    Evidence: inferred. The parameter is documented; the pattern covers what the vendor's page
    and clients show.
    """

    email: str | UnsetType = UNSET
    """An e-mail address, or an empty text. Text, at most 255 characters, pattern
    `^([^@\\s]+@[^@\\s]+)?$`. Evidence: inferred. The parameter and its length are documented;
    the pattern is the least that an address must have.
    """

    first_name: str | UnsetType = UNSET
    """Given name. Text, at most 255 characters."""

    last_name: str | UnsetType = UNSET
    """Family name. Text, at most 255 characters."""

    company: str | UnsetType = UNSET
    """Company name. Text, at most 255 characters."""


@define(kw_only=True, repr=False)
class Membership(Model):
    """A contact's being in a group.

    Evidence: public. The vendor's official clients; the vendor's page shows a part.
    """

    id: Received[int] = MISSING
    """The contact's id. Whole number, at least 1."""

    group_id: Received[int] = MISSING
    """The group's id. Whole number, at least 1."""

    group_name: Received[str] = MISSING
    """The group's name. Text, at most 100 characters."""


@define(kw_only=True, repr=False)
class MembershipList(Model):
    """The groups behind a phone number, or an error.

    Evidence: public. The vendor's official clients.
    """

    items: Received[list[Membership]] = MISSING
    """One row a contact and group. List. Evidence: public. The vendor's official clients."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class NewContact(Model):
    """A contact to be added.

    Evidence: documented. That only the phone is required is inferred.
    """

    group_id: int | list[int] | str | UnsetType = UNSET
    """One group, several, or `none`."""

    phone: str
    """A phone number, best in its international form. Text, pattern `^\\+?[0-9]{7,15}$`.
    Evidence: inferred. The parameter is documented; the pattern covers what the vendor's page
    and clients show.
    """

    email: str | UnsetType = UNSET
    """An e-mail address, or an empty text. Text, at most 255 characters, pattern
    `^([^@\\s]+@[^@\\s]+)?$`. Evidence: inferred. The parameter and its length are documented;
    the pattern is the least that an address must have.
    """

    first_name: str | UnsetType = UNSET
    """Given name. Text, at most 255 characters."""

    last_name: str | UnsetType = UNSET
    """Family name. Text, at most 255 characters."""

    company: str | UnsetType = UNSET
    """Company name. Text, at most 255 characters."""

    tax_id: str | UnsetType = UNSET
    """Tax number. Text, at most 255 characters."""

    address: str | UnsetType = UNSET
    """Street and number. Text, at most 255 characters."""

    city: str | UnsetType = UNSET
    """Town. Text, at most 255 characters."""

    description: str | UnsetType = UNSET
    """Free text. Text, at most 255 characters."""


@define(kw_only=True, repr=False)
class NewGroup(Model):
    """A group to be made.

    Evidence: documented.
    """

    name: str
    """The group's name. Text, 1 to 100 characters."""


@define(kw_only=True, repr=False)
class Paging(Model):
    """Where in the list this page is.

    Evidence: public. The vendor's official clients; the examples on its page do not have
    it.
    """

    page: Received[int] = MISSING
    """This page. Whole number, at least 1."""

    count: Received[int] = MISSING
    """The number of pages. Whole number, at least 0."""


@define(kw_only=True, repr=False)
class PhoneQuery(Model):
    """A phone number to look up.

    Evidence: documented.
    """

    phone: str
    """A phone number, best in its international form. Text, pattern `^\\+?[0-9]{7,15}$`.
    Evidence: inferred. The parameter is documented; the pattern covers what the vendor's page
    and clients show.
    """


@define(kw_only=True, repr=False)
class Success(Model):
    """That it was done, or an error.

    Evidence: public. The vendor's official clients.
    """

    success: Received[bool] = MISSING
    """True; it is absent from an error. True or false."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""
