"""The book: its credentials, and what only this vendor has."""

from __future__ import annotations

from typing import Self, Unpack

from crossbook_wire.http import Send

from crossbook.book import AddressBook, BookOptions
from crossbook.core.auth import credential, headers
from crossbook.core.frames import public_sync
from examples.postcard.card import CARD
from examples.postcard.verbs import PostcardVerbs
from examples.postcard.wire.postcard import Api


class Postcard(AddressBook):
    """An account at Postcard.

    Args:
        token: the account's access token.
        options: see `BookOptions`.
    """

    card = CARD
    wire: Api

    @public_sync
    def __init__(self, token: str, **options: Unpack[BookOptions]) -> None:
        super().__init__(headers({"Authorization": f"Bearer {credential('token', token)}"}), **options)

    @classmethod
    @public_sync
    def from_env(cls, account: str | None = None, **options: Unpack[BookOptions]) -> Self:
        """The account of the environment: CROSSBOOK_POSTCARD_TOKEN, and where wanted CROSSBOOK_POSTCARD_BASE_URL."""
        return cls(**{**cls._environment(account), **options})  # type: ignore[arg-type]

    def _make_verbs(self, send: Send) -> PostcardVerbs:
        self.wire = Api(send)
        return PostcardVerbs(self.wire)
