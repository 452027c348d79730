"""Postcard: typed calls over a `send` callable.

Written from specs/postcard.yaml, never by hand.
"""

from crossbook_wire.http import Send

from . import models
from .api import (
    PeopleApi,
)

__all__ = ["Api", "PeopleApi", "models"]


class Api:
    """Every operation of the vendor, with an attribute for each tag.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self.people = PeopleApi(send)
        """Whom one writes to."""
