"""Atom Telecom SMS API, contacts and address books: typed calls over a `send` callable.

Written from specs/atom.yaml, never by hand.
"""

from crossbook_wire.http import Send

from . import models
from .api import (
    AddressBooksApi,
    ContactsApi,
)

__all__ = ["Api", "ContactsApi", "AddressBooksApi", "models"]


class Api:
    """Every operation of the vendor, with an attribute for each tag.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self.contacts = ContactsApi(send)
        """People with a phone number, each in one address book."""
        self.address_books = AddressBooksApi(send)
        """Named books of contacts; the only way to enumerate contacts."""
