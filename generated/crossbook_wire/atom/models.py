"""Atom Telecom SMS API, contacts and address books: models of requests and responses, with the field names of the API.

`Received[…]` is the spec's type for a type checker. The decoder accepts odd values in its place, and a missing field is
UNSET.

Written from specs/atom.yaml, never by hand.
"""

from __future__ import annotations

from attrs import define
from msgspec import UNSET, UnsetType

from crossbook_wire.http import MISSING, Model, Received


@define(kw_only=True, repr=False)
class AddressBook(Model):
    """An address book without its contacts.

    Evidence: public. Shown for address-book/new; the same element in address-book/list is
    inferred.
    """

    id: Received[int] = MISSING
    """The book's id. Whole number, at least 1."""

    name: Received[str] = MISSING
    """The book's name. Text."""


@define(kw_only=True, repr=False)
class AddressBookAnswer(Model):
    """An address book, or an error.

    Evidence: public. The vendor's address book page; the error is inferred.
    """

    status: Received[str] = MISSING
    """Whether the call succeeded. Text, one of `"success"`, `"error"`. Evidence: inferred. Only
    `success` is documented. Anything else is to be read as a failure.
    """

    result: Received[AddressBook] = MISSING
    """An address book without its contacts."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class AddressBookChanges(Model):
    """An address book's id and its new name.

    Evidence: public. The vendor's address book page calls the name optional; that it must
    not be empty is inferred.
    """

    id: int
    """The book's id. Whole number, at least 1."""

    name: str | UnsetType = UNSET
    """The book's new name. Text, at least 1 character."""


@define(kw_only=True, repr=False)
class AddressBookDetail(Model):
    """An address book with all its contacts.

    Evidence: public. The vendor's address book page.
    """

    id: Received[int] = MISSING
    """The book's id. Whole number, at least 1."""

    name: Received[str] = MISSING
    """The book's name. Text."""

    contacts: Received[list[ListedContact]] = MISSING
    """Every contact of a book. List. Evidence: public. The vendor's address book page."""


@define(kw_only=True, repr=False)
class AddressBookDetailAnswer(Model):
    """An address book with all its contacts, or an error.

    Evidence: public. The vendor's address book page; the error is inferred.
    """

    status: Received[str] = MISSING
    """Whether the call succeeded. Text, one of `"success"`, `"error"`. Evidence: inferred. Only
    `success` is documented. Anything else is to be read as a failure.
    """

    result: Received[AddressBookDetail] = MISSING
    """An address book with all its contacts."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class AddressBookId(Model):
    """Names an address book to be read or deleted.

    Evidence: public. The vendor's address book page.
    """

    id: int
    """The book's id. Whole number, at least 1."""


@define(kw_only=True, repr=False)
class AddressBookListAnswer(Model):
    """All address books, or an error.

    Evidence: public. The vendor's address book page shows an empty array; its elements are
    inferred, and so is the error.
    """

    status: Received[str] = MISSING
    """Whether the call succeeded. Text, one of `"success"`, `"error"`. Evidence: inferred. Only
    `success` is documented. Anything else is to be read as a failure.
    """

    result: Received[list[AddressBook]] = MISSING
    """Address books, in no order that is promised. List. Evidence: public. The vendor's address
    book page shows an empty array; its elements are inferred.
    """

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class Contact(Model):
    """A contact with all its fields, except for the address book it is in.

    Evidence: documented.
    """

    id: Received[int] = MISSING
    """The contact's id. Whole number, at least 1."""

    first_name: Received[str | None] = MISSING
    """Given name; empty or null if there is none. Text or null. Evidence: inferred. Text is
    documented; how a missing one is shown is not.
    """

    last_name: Received[str | None] = MISSING
    """Family name; empty or null if there is none. Text or null. Evidence: inferred. Text is
    documented; how a missing one is shown is not.
    """

    company: Received[str | None] = MISSING
    """Company name; empty or null if there is none. Text or null. Evidence: inferred. Text is
    documented; how a missing one is shown is not.
    """

    phone_number: Received[str] = MISSING
    """As it was given. Text, at least 1 character. Evidence: inferred. The number is shown; that
    it is the one that was given, and not another spelling, is a guess.
    """

    custom_1: Received[str | None] = MISSING
    """Free text of the account's own meaning; empty or null if there is none. Text or null.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    custom_2: Received[str | None] = MISSING
    """Free text of the account's own meaning; empty or null if there is none. Text or null.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    custom_3: Received[str | None] = MISSING
    """Free text of the account's own meaning; empty or null if there is none. Text or null.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """

    custom_4: Received[str | None] = MISSING
    """Free text of the account's own meaning; empty or null if there is none. Text or null.
    Evidence: inferred. Text is documented; how a missing one is shown is not.
    """


@define(kw_only=True, repr=False)
class ContactAnswer(Model):
    """A contact, or an error.

    Evidence: documented. The error is inferred.
    """

    status: Received[str] = MISSING
    """Whether the call succeeded. Text, one of `"success"`, `"error"`. Evidence: inferred. Only
    `success` is documented. Anything else is to be read as a failure.
    """

    result: Received[ContactResult] = MISSING
    """The envelope of a single contact."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class ContactChanges(Model):
    """A contact's id and the changed fields.

    Evidence: documented.
    """

    id: int
    """The contact's id. Whole number, at least 1."""

    group_id: int | UnsetType = UNSET
    """The address book to move the contact to. Whole number, at least 1."""

    phone_number: str | UnsetType = UNSET
    """Kept as it is given; cannot be cleared. Text, pattern `^\\+?[0-9]{7,15}$`. Evidence:
    inferred. The parameter is documented; the pattern covers what the vendor's pages show,
    and that the number is kept as it is given is a guess too.
    """

    first_name: str | UnsetType = UNSET
    """Given name; empty clears it. Text."""

    last_name: str | UnsetType = UNSET
    """Family name; empty clears it. Text."""

    company: str | UnsetType = UNSET
    """Company name; empty clears it. Text."""

    custom_1: str | UnsetType = UNSET
    """Free text; empty clears it. Text."""

    custom_2: str | UnsetType = UNSET
    """Free text; empty clears it. Text."""

    custom_3: str | UnsetType = UNSET
    """Free text; empty clears it. Text."""

    custom_4: str | UnsetType = UNSET
    """Free text; empty clears it. Text."""


@define(kw_only=True, repr=False)
class ContactId(Model):
    """The id of a contact to delete.

    Evidence: documented.
    """

    id: int
    """The contact's id. Whole number, at least 1."""


@define(kw_only=True, repr=False)
class ContactResult(Model):
    """The envelope of a single contact.

    Evidence: documented.
    """

    contact: Received[Contact] = MISSING
    """A contact with all its fields, except for the address book it is in."""


@define(kw_only=True, repr=False)
class ContactTextId(Model):
    """The id of a contact to read.

    Evidence: documented.
    """

    id: str
    """The contact's id, as text. Text, pattern `^[1-9][0-9]*$`. Evidence: inferred. Text is
    documented; digits only, because responses have the id as a number.
    """


@define(kw_only=True, repr=False)
class Error(Model):
    """What went wrong; the table of codes is at the top of this document.

    Evidence: inferred. Only the code `rate_limited` is public.
    """

    code: Received[str] = MISSING
    """One of the codes in x-error-codes. Text, at least 1 character."""

    message: Received[str] = MISSING
    """A sentence for people. Text."""


@define(kw_only=True, repr=False)
class ErrorAnswer(Model):
    """The body of a response whose HTTP status is not 200.

    Evidence: inferred. No error body is published.
    """

    status: Received[str] = MISSING
    """Never `success`. Text, one of `"error"`."""

    error: Received[Error] = MISSING
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class IdAnswer(Model):
    """An id, or an error.

    Evidence: documented. The error is inferred.
    """

    status: Received[str] = MISSING
    """Whether the call succeeded. Text, one of `"success"`, `"error"`. Evidence: inferred. Only
    `success` is documented. Anything else is to be read as a failure.
    """

    result: Received[IdResult] = MISSING
    """The id of what was made, changed or deleted."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""


@define(kw_only=True, repr=False)
class IdResult(Model):
    """The id of what was made, changed or deleted.

    Evidence: documented.
    """

    id: Received[int] = MISSING
    """A contact's or an address book's id. Whole number, at least 1."""


@define(kw_only=True, repr=False)
class ListedContact(Model):
    """A contact as an address book shows it, without company and custom fields.

    Evidence: public. The vendor's address book page.
    """

    id: Received[int] = MISSING
    """The contact's id. Whole number, at least 1."""

    first_name: Received[str | None] = MISSING
    """Given name; empty or null if there is none. Text or null. Evidence: inferred. Text is
    documented; how a missing one is shown is not.
    """

    last_name: Received[str | None] = MISSING
    """Family name; empty or null if there is none. Text or null. Evidence: inferred. Text is
    documented; how a missing one is shown is not.
    """

    phone_number: Received[str] = MISSING
    """As it was given. Text, at least 1 character. Evidence: inferred. The number is shown; that
    it is the one that was given, and not another spelling, is a guess.
    """


@define(kw_only=True, repr=False)
class NewAddressBook(Model):
    """A new address book.

    Evidence: public. The vendor's address book page; that the name must not be empty is
    inferred.
    """

    name: str
    """The book's name. Text, at least 1 character."""


@define(kw_only=True, repr=False)
class NewContact(Model):
    """A contact to be added to one address book.

    Evidence: documented.
    """

    group_id: int
    """The address book. Whole number, at least 1."""

    phone_number: str
    """Kept as it is given, national or international. Text, pattern `^\\+?[0-9]{7,15}$`.
    Evidence: inferred. The parameter is documented; the pattern covers what the vendor's
    pages show, and that the number is kept as it is given is a guess too.
    """

    first_name: str | UnsetType = UNSET
    """Given name. Text."""

    last_name: str | UnsetType = UNSET
    """Family name. Text."""

    company: str | UnsetType = UNSET
    """Company name. Text."""

    custom_1: str | UnsetType = UNSET
    """Free text of the account's own meaning. Text."""

    custom_2: str | UnsetType = UNSET
    """Free text of the account's own meaning. Text."""

    custom_3: str | UnsetType = UNSET
    """Free text of the account's own meaning. Text."""

    custom_4: str | UnsetType = UNSET
    """Free text of the account's own meaning. Text."""


@define(kw_only=True, repr=False)
class RenamedAddressBook(Model):
    """An address book whose id is text.

    Evidence: public. The vendor's address book page shows the id in quotes for this call
    only.
    """

    id: Received[str] = MISSING
    """The book's id. Text, pattern `^[1-9][0-9]*$`."""

    name: Received[str] = MISSING
    """The book's name. Text."""


@define(kw_only=True, repr=False)
class RenamedAddressBookAnswer(Model):
    """A renamed address book, or an error.

    Evidence: public. The vendor's address book page; the error is inferred.
    """

    status: Received[str] = MISSING
    """Whether the call succeeded. Text, one of `"success"`, `"error"`. Evidence: inferred. Only
    `success` is documented. Anything else is to be read as a failure.
    """

    result: Received[RenamedAddressBook] = MISSING
    """An address book whose id is text."""

    error: Received[Error] | UnsetType = UNSET
    """What went wrong; the table of codes is at the top of this document."""
