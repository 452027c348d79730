"""Filemail contacts: typed calls over a `send` callable.

Written from specs/filemail.yaml, never by hand.
"""

from crossbook_wire.http import Send

from . import models
from .api import (
    AuthenticationApi,
    ContactsApi,
    GroupsApi,
)

__all__ = ["Api", "AuthenticationApi", "ContactsApi", "GroupsApi", "models"]


class Api:
    """Every operation of the vendor, with an attribute for each tag.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self.authentication = AuthenticationApi(send)
        """The token that everything else needs."""
        self.contacts = ContactsApi(send)
        """The user's contacts."""
        self.groups = GroupsApi(send)
        """Contact groups and who is in them."""
