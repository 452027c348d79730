"""The book: its credentials, and what only this vendor has."""

from __future__ import annotations

from typing import Self, Unpack

from crossbook_wire.http import Send

from crossbook._http.auth import StaticAuth, credential, headers
from crossbook._tracebacks import hide_internal_frames_sync
from crossbook.book import AddressBook, BookOptions
from examples.postcard.adapter import PostcardAdapter
from examples.postcard.profile import PROFILE
from examples.postcard.wire.postcard import Api


class Postcard(AddressBook):
    """An account at Postcard.

    Args:
        token: the account's access token.
        account: a name for the account that stays when the token is renewed: by it a journal knows the account.
        options: see `BookOptions`.
    """

    profile = PROFILE
    wire: Api

    @hide_internal_frames_sync
    def __init__(self, token: str, *, account: str | None = None, **options: Unpack[BookOptions]) -> None:
        super().__init__(_auth(token), account=account, **options)

    @hide_internal_frames_sync
    def renew_credentials(self, token: str) -> None:
        """Uses another token of the same account from the next attempt on."""
        self._session.replace_credentials(_auth(token))

    @classmethod
    @hide_internal_frames_sync
    def from_env(cls, account: str | None = None, **options: Unpack[BookOptions]) -> Self:
        """The account of the environment: CROSSBOOK_POSTCARD_TOKEN, and where wanted CROSSBOOK_POSTCARD_BASE_URL and
        CROSSBOOK_POSTCARD_ACCOUNT."""
        return cls._from(account, cls._environment(account), options)

    def _make_adapter(self, send: Send) -> PostcardAdapter:
        self.wire = Api(send)
        return PostcardAdapter(self.wire)


def _auth(token: str) -> StaticAuth:
    return headers({"Authorization": f"Bearer {credential('token', token)}"})
