"""Atom Telecom (Australia), SMS API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, Unpack

from crossbook._tracebacks import hide_internal_frames_sync
from crossbook.book import AddressBook, BookOptions
from crossbook.vendors.atom.profile import PROFILE

if TYPE_CHECKING:
    from crossbook_wire.atom import Api
    from crossbook_wire.http import Send

    from crossbook._http.auth import StaticAuth
    from crossbook.vendors.atom.adapter import AtomAdapter

__all__ = ["Atom"]


class Atom(AddressBook):
    """An account at Atom Telecom.

    Args:
        token: the account's access token.
        account: a name for the account that stays when the token is renewed: by it a journal knows the account.
        options: see `BookOptions`. `base_url` is needed: the "API URL" of the account's settings; `default_group` is
            the address book of new contacts that name none.

    Attributes:
        wire: every operation of the vendor, generated from the spec, with the same authentication and limits.

    The vendor allows 10 requests a second on average; the book keeps to it, `rate=` overrides it.

    Source: the vendor's contact page (documented) and its general pages (public); see `specs/atom.yaml`.

    Example:
        ```python
        book = Atom("the account's token", base_url="https://sms.example.com", default_group="1")
        ```
    """

    profile = PROFILE
    wire: Api

    @hide_internal_frames_sync
    def __init__(self, token: str, *, account: str | None = None, **options: Unpack[BookOptions]) -> None:
        super().__init__(_auth(token), account=account, **options)

    @hide_internal_frames_sync
    def renew_credentials(self, token: str) -> None:
        """Uses another token of the same account from the next attempt on, here and in all `with_options` copies.

        Example:
            ```python
            book = Atom("the old token", base_url="https://sms.example.com")
            book.renew_credentials("the new token")
            ```
        """
        self._session.replace_credentials(_auth(token))

    @classmethod
    @hide_internal_frames_sync
    def from_env(cls, account: str | None = None, **options: Unpack[BookOptions]) -> Self:
        """The account of the environment: CROSSBOOK_ATOM_TOKEN, CROSSBOOK_ATOM_BASE_URL, and where wanted
        CROSSBOOK_ATOM_ACCOUNT.

        Args:
            account: a named account (see `crossbook.open`), whose variables bear its name instead of the vendor's.
            options: see `BookOptions`.

        Raises:
            InvalidInputError: a variable is missing; `error.field` is its name.

        Example:
            ```python
            book = Atom.from_env(default_group="1")
            ```
        """
        needed = frozenset({"base_url"}) if options.get("base_url") else frozenset[str]()
        return cls._from(account, cls._environment(account, optional=needed), options)

    def _make_adapter(self, send: Send) -> AtomAdapter:
        from crossbook_wire.atom import Api

        from crossbook.vendors.atom.adapter import AtomAdapter

        self.wire = Api(send)
        return AtomAdapter(self.wire)


def _auth(token: str) -> StaticAuth:
    from crossbook._http.auth import credential, headers

    return headers({"Authorization": f"Bearer {credential('token', token)}"})
