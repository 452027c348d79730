"""The vendor Atom Telecom (Australia), SMS API: its book class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from crossbook._tracebacks import hide_internal_frames
from crossbook.book import AddressBook, BookOptions
from crossbook.vendors.atom.profile import PROFILE

if TYPE_CHECKING:
    from crossbook_wire.atom import Api, models
    from crossbook_wire.http import Send

    from crossbook.contacts import Contacts
    from crossbook.groups import Groups
    from crossbook.vendors.atom.adapter import AtomAdapter

__all__ = ["Atom"]


class Atom(AddressBook):
    """The address book of an account at Atom Telecom.

    `from_env` reads CROSSBOOK_ATOM_TOKEN, CROSSBOOK_ATOM_BASE_URL and, if set, CROSSBOOK_ATOM_ACCOUNT.

    Args:
        token: the account's access token.
        account: a name for the account; see `AddressBook`.
        options: see `BookOptions`. `base_url` is required: the "API URL" of the account's settings. `default_group` is
            the address book of new contacts without a group.

    Attributes:
        wire: every operation of the vendor's API, with the same authentication and limits.

    The vendor allows 10 requests a second on average. The book keeps to this rate unless `rate=` gives another.

    Source: the vendor's contact page (documented) and its general pages (public); see `specs/atom.yaml`.

    Example:
        ```python
        book = Atom("the account's token", base_url="https://sms.example.com", default_group="1")
        ```
    """

    profile = PROFILE
    wire: Api
    contacts: Contacts[models.ListedContact | models.Contact]
    groups: Groups[models.AddressBook | models.AddressBookDetail]

    @hide_internal_frames
    def __init__(self, token: str, *, account: str | None = None, **options: Unpack[BookOptions]) -> None:
        from crossbook._http.auth import bearer_auth

        super().__init__(bearer_auth(token), account=account, **options)

    @hide_internal_frames
    def renew_credentials(self, token: str) -> None:
        """Replace the access token by another token of the same account, for this book and its `with_options` copies.

        Args:
            token: the new token.

        Example:
            ```python
            book = Atom("the old token", base_url="https://sms.example.com")
            book.renew_credentials("the new token")
            ```
        """
        from crossbook._http.auth import bearer_auth

        self._replace_credentials(bearer_auth(token))

    def _make_adapter(self, send: Send) -> AtomAdapter:
        from crossbook_wire.atom import Api

        from crossbook.vendors.atom.adapter import AtomAdapter

        self.wire = Api(send)
        return AtomAdapter(self.wire)
