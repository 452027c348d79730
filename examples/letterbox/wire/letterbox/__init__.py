"""Letterbox: typed calls over a `send` callable.

Written from specs/letterbox.yaml, never by hand.
"""

from crossbook_wire.http import Send

from . import models
from .api import (
    AddresseesApi,
)

__all__ = ["Api", "AddresseesApi", "models"]


class Api:
    """Every operation of the vendor, with an attribute for each tag.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self.addressees = AddresseesApi(send)
        """The people to write to."""
