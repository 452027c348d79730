"""Atom Telecom SMS API, contacts and address books: a class for each tag, a method for each operation.

Written from specs/atom.yaml, never by hand.
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cache
from typing import Any

from msgspec.json import Decoder

from crossbook_wire.http import Request, Send, encode, send_and_decode

from . import models


class ContactsApi:
    """People with a phone number, each in one address book.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def create_contact(self, body: models.NewContact) -> Coroutine[Any, Any, models.IdAnswer]:
        """Add a contact to an address book.

        The documentation does not mention phone numbers that exist already; a second contact is
        inferred.

        Args:
            body: A contact to be added to one address book.

        Returns:
            The id of the new contact, or an error.

        `POST /api/contact/new`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _id_answer,
            Request(
                operation="createContact",
                method="POST",
                path="/api/contact/new",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def get_contact(self, body: models.ContactTextId) -> Coroutine[Any, Any, models.ContactAnswer]:
        """Read one contact with all its fields.

        The response does not name the contact's address book. Only this request sends the id as
        text.

        Args:
            body: The id of a contact to read.

        Returns:
            The contact, one level deeper than elsewhere, or an error.

        `POST /api/contact/detail`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _contact_answer,
            Request(
                operation="getContact",
                method="POST",
                path="/api/contact/detail",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def update_contact(self, body: models.ContactChanges) -> Coroutine[Any, Any, models.IdAnswer]:
        """Change the named fields of a contact, or move it.

        Fields that are not sent keep their value. `group_id` moves the contact to another
        address book. An empty text clears a field (inferred).

        Args:
            body: A contact's id and the changed fields.

        Returns:
            The id of the contact, or an error.

        `POST /api/contact/edit`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _id_answer,
            Request(
                operation="updateContact",
                method="POST",
                path="/api/contact/edit",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def delete_contact(self, body: models.ContactId) -> Coroutine[Any, Any, models.IdAnswer]:
        """Delete a contact.

        Deletes the contact. The response repeats its id.

        Args:
            body: The id of a contact to delete.

        Returns:
            The id of the deleted contact, or an error.

        `POST /api/contact/delete`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _id_answer,
            Request(
                operation="deleteContact",
                method="POST",
                path="/api/contact/delete",
                body=encode(body),
                content_type="application/json",
            ),
        )


class AddressBooksApi:
    """Named books of contacts; the only way to enumerate contacts.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list_address_books(self) -> Coroutine[Any, Any, models.AddressBookListAnswer]:
        """List all address books, without their contacts.

        Takes no body and returns the complete list.

        Returns:
            Every address book of the account, or an error.

        `POST /api/address-book/list`. Evidence: public. The vendor's address book page; its
        example shows an empty list.
        """
        return send_and_decode(
            self._send,
            _address_book_list_answer,
            Request(
                operation="listAddressBooks",
                method="POST",
                path="/api/address-book/list",
            ),
        )

    def get_address_book(
        self, body: models.AddressBookId
    ) -> Coroutine[Any, Any, models.AddressBookDetailAnswer]:
        """Read an address book with all its contacts.

        Not paged. Its contacts have no `company` and `custom_1` … `custom_4`.

        Args:
            body: Names an address book to be read or deleted.

        Returns:
            The address book and its contacts, or an error.

        `POST /api/address-book/detail`. Evidence: public. The vendor's address book page.
        """
        return send_and_decode(
            self._send,
            _address_book_detail_answer,
            Request(
                operation="getAddressBook",
                method="POST",
                path="/api/address-book/detail",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def create_address_book(
        self, body: models.NewAddressBook
    ) -> Coroutine[Any, Any, models.AddressBookAnswer]:
        """Create an address book.

        Adds an empty address book. The documentation does not mention names that exist already;
        a second book is inferred.

        Args:
            body: A new address book.

        Returns:
            The new address book, or an error.

        `POST /api/address-book/new`. Evidence: public. The vendor's address book page.
        """
        return send_and_decode(
            self._send,
            _address_book_answer,
            Request(
                operation="createAddressBook",
                method="POST",
                path="/api/address-book/new",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def update_address_book(
        self, body: models.AddressBookChanges
    ) -> Coroutine[Any, Any, models.RenamedAddressBookAnswer]:
        """Rename an address book.

        This is the only call that returns the id as text.

        Args:
            body: An address book's id and its new name.

        Returns:
            The renamed address book, or an error.

        `POST /api/address-book/edit`. Evidence: public. The vendor's address book page.
        """
        return send_and_decode(
            self._send,
            _renamed_address_book_answer,
            Request(
                operation="updateAddressBook",
                method="POST",
                path="/api/address-book/edit",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def delete_address_book(
        self, body: models.AddressBookId
    ) -> Coroutine[Any, Any, models.IdAnswer]:
        """Delete an address book and its contacts.

        Whether a book must be empty is not documented. Inferred: it need not be, and its
        contacts are deleted with it, because a contact cannot be without a book.

        Args:
            body: Names an address book to be read or deleted.

        Returns:
            The id of the deleted address book, or an error.

        `POST /api/address-book/delete`. Evidence: public. The vendor's address book page names
        the call; its response and the deletion of the contacts are inferred.
        """
        return send_and_decode(
            self._send,
            _id_answer,
            Request(
                operation="deleteAddressBook",
                method="POST",
                path="/api/address-book/delete",
                body=encode(body),
                content_type="application/json",
            ),
        )


# Built at first use: a decoder costs a quarter of its models' import time, and few programs call every operation.


@cache
def _id_answer() -> Decoder[models.IdAnswer]:
    return Decoder(models.IdAnswer)


@cache
def _contact_answer() -> Decoder[models.ContactAnswer]:
    return Decoder(models.ContactAnswer)


@cache
def _address_book_list_answer() -> Decoder[models.AddressBookListAnswer]:
    return Decoder(models.AddressBookListAnswer)


@cache
def _address_book_detail_answer() -> Decoder[models.AddressBookDetailAnswer]:
    return Decoder(models.AddressBookDetailAnswer)


@cache
def _address_book_answer() -> Decoder[models.AddressBookAnswer]:
    return Decoder(models.AddressBookAnswer)


@cache
def _renamed_address_book_answer() -> Decoder[models.RenamedAddressBookAnswer]:
    return Decoder(models.RenamedAddressBookAnswer)
