"""SerwerSMS.pl HTTPS API v2, contacts, groups and blacklist: typed calls over a `send` callable.

Written from specs/serwersms.yaml, never by hand.
"""

from crossbook_wire.http import Send

from . import models
from .api import (
    BlacklistApi,
    ContactsApi,
    GroupsApi,
)

__all__ = ["Api", "ContactsApi", "GroupsApi", "BlacklistApi", "models"]


class Api:
    """Every operation of the vendor, with an attribute for each tag.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self.contacts = ContactsApi(send)
        """People with a phone number, in any number of groups."""
        self.groups = GroupsApi(send)
        """Named groups of contacts."""
        self.blacklist = BlacklistApi(send)
        """Phone numbers that must not be written to. A number may belong to several contacts, or
        to no contact.
        """
