"""Vercom contacts (EmailLabs, MessageFlow, RedLink): typed calls over a `send` callable.

Written from specs/vercom.yaml, never by hand.
"""

from crossbook_wire.http import Send

from . import models
from .api import (
    ContactsApi,
    GroupsApi,
    SegmentsApi,
)

__all__ = ["Api", "ContactsApi", "SegmentsApi", "GroupsApi", "models"]


class Api:
    """Every operation of the vendor, with an attribute for each tag.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self.contacts = ContactsApi(send)
        """Contacts, their subscriptions, their groups and the account's additional fields."""
        self.segments = SegmentsApi(send)
        """Saved selections of contacts, made in the vendor's panel."""
        self.groups = GroupsApi(send)
        """Groups of contacts and who is in them."""
