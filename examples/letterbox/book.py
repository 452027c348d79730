"""The book of Letterbox: its credentials."""

from __future__ import annotations

from typing import Unpack

from crossbook_wire.http import Send

from crossbook import AddressBook, BookOptions
from crossbook.vendor import header_auth, hide_internal_frames
from examples.letterbox.adapter import LetterboxAdapter
from examples.letterbox.profile import PROFILE
from examples.letterbox.wire.letterbox import Api


class Letterbox(AddressBook):
    """An account at Letterbox; `from_env` reads CROSSBOOK_LETTERBOX_KEY.

    Args:
        key: the account's API key.
        account: a name for the account; see `AddressBook`.
        options: see `BookOptions`.
    """

    profile = PROFILE
    wire: Api

    @hide_internal_frames
    def __init__(self, key: str, *, account: str | None = None, **options: Unpack[BookOptions]) -> None:
        super().__init__(header_auth({"Letterbox-Key": key}), account=account, **options)

    @hide_internal_frames
    def renew_credentials(self, key: str) -> None:
        """Use another key of the same account from the next request on."""
        self._replace_credentials(header_auth({"Letterbox-Key": key}))

    def _make_adapter(self, send: Send) -> LetterboxAdapter:
        self.wire = Api(send)
        return LetterboxAdapter(self.wire)
