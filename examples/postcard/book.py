"""The book of Postcard: its credentials."""

from __future__ import annotations

from typing import Unpack

from crossbook_wire.http import Send

from crossbook import AddressBook, BookOptions
from crossbook.vendor import bearer_auth, hide_internal_frames
from examples.postcard.adapter import PostcardAdapter
from examples.postcard.profile import PROFILE
from examples.postcard.wire.postcard import Api


class Postcard(AddressBook):
    """An account at Postcard; `from_env` reads CROSSBOOK_POSTCARD_TOKEN.

    Args:
        token: the account's access token.
        account: a name for the account; see `AddressBook`.
        options: see `BookOptions`.
    """

    profile = PROFILE
    wire: Api

    @hide_internal_frames
    def __init__(self, token: str, *, account: str | None = None, **options: Unpack[BookOptions]) -> None:
        super().__init__(bearer_auth(token), account=account, **options)

    @hide_internal_frames
    def renew_credentials(self, token: str) -> None:
        """Use another token of the same account from the next request on."""
        self._replace_credentials(bearer_auth(token))

    def _make_adapter(self, send: Send) -> PostcardAdapter:
        self.wire = Api(send)
        return PostcardAdapter(self.wire)
