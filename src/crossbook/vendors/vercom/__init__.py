"""The vendor Vercom, one API under three brands (EmailLabs, MessageFlow, RedLink): its book class."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from crossbook._tracebacks import hide_internal_frames
from crossbook.book import AddressBook, BookOptions
from crossbook.errors import InvalidInputError
from crossbook.vendors.vercom.profile import PROFILE

if TYPE_CHECKING:
    from crossbook_wire.http import Send
    from crossbook_wire.vercom import Api, models

    from crossbook._http.auth import StaticAuth
    from crossbook._pagination.pager import Pager
    from crossbook.contacts import Contacts
    from crossbook.groups import Groups
    from crossbook.vendors.vercom.adapter import VercomAdapter
    from crossbook.vendors.vercom.fields_and_segments import Field, Fields, Segment, Segments

Brand = Literal["emaillabs", "messageflow", "redlink"]

__all__ = ["Brand", "Field", "Fields", "Pager", "Segment", "Segments", "Vercom"]


def __getattr__(name: str) -> Any:
    # Imported on first access, since these import the wire models.
    if name not in ("Field", "Fields", "Pager", "Segment", "Segments"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("crossbook.vendors.vercom.fields_and_segments"), name)


class Vercom(AddressBook):
    """The address book of an account at Vercom, that is, at EmailLabs, MessageFlow or RedLink.

    `from_env` reads CROSSBOOK_VERCOM_AUTHORIZATION, CROSSBOOK_VERCOM_APPLICATION_KEY and, if set,
    CROSSBOOK_VERCOM_BRAND, CROSSBOOK_VERCOM_BASE_URL and CROSSBOOK_VERCOM_ACCOUNT.

    Args:
        authorization: the account's key, 128 characters (panel: API keys).
        application_key: the application's key, from the same page.
        brand: "emaillabs" (default), "messageflow" or "redlink".
        account: a name for the account; see `AddressBook`.
        options: see `BookOptions`.

    Attributes:
        fields: the account's additional fields.
        segments: the account's segments.
        wire: every operation of the vendor's API, with the same authentication and limits.

    Source: the vendor's contact pages (documented) and its general page (public); see `specs/vercom.yaml`.

    Example:
        ```python
        book = Vercom(authorization="the account's key", application_key="the application's", brand="redlink")
        ```
    """

    profile = PROFILE
    wire: Api
    contacts: Contacts[models.Contact]
    groups: Groups[models.Group]
    fields: Fields
    segments: Segments

    @hide_internal_frames
    def __init__(
        self,
        authorization: str,
        application_key: str,
        *,
        brand: Brand = "emaillabs",
        account: str | None = None,
        **options: Unpack[BookOptions],
    ) -> None:
        from crossbook._validation import is_one_of

        if not is_one_of(brand, PROFILE.base_urls):
            raise InvalidInputError(
                f"brand must be one of {', '.join(PROFILE.base_urls)}", field="brand", vendor=PROFILE.vendor
            )
        super().__init__(_make_auth(authorization, application_key), brand, account=account, **options)

    @hide_internal_frames
    def renew_credentials(self, authorization: str, application_key: str) -> None:
        """Replace the API keys by others of the same account, for this book and its `with_options` copies.

        Args:
            authorization: the account's new key.
            application_key: the application's key.

        Example:
            ```python
            book = Vercom(authorization="the old key", application_key="the application's")
            book.renew_credentials(authorization="the new key", application_key="the application's")
            ```
        """
        self._replace_credentials(_make_auth(authorization, application_key))

    @classmethod
    @hide_internal_frames
    def from_env(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls, account: str | None = None, *, brand: Brand | None = None, **options: Unpack[BookOptions]
    ) -> Self:
        """Make a book with credentials from environment variables; see `AddressBook.from_env`.

        Args:
            account: the name of a further account.
            brand: the brand, instead of the variable's.
            options: see `BookOptions`.

        Raises:
            InvalidInputError: a variable is missing; `error.field` is its name.

        Example:
            ```python
            book = Vercom.from_env(brand="redlink")
            ```
        """
        return cls._from_env(account, options if brand is None else {**options, "brand": brand})

    def _make_adapter(self, send: Send) -> VercomAdapter:
        from crossbook_wire.vercom import Api

        from crossbook.vendors.vercom.adapter import VercomAdapter
        from crossbook.vendors.vercom.fields_and_segments import Fields, Segments

        self.wire = Api(send)
        adapter = VercomAdapter(self.wire, send)
        self.fields = Fields(self.wire, adapter, self._session)
        self.segments = Segments(self.wire, adapter, self._session)
        return adapter


def _make_auth(authorization: str, application_key: str) -> StaticAuth:
    from crossbook._http.auth import clean_credential, header_auth

    return header_auth(
        {
            "Authorization": clean_credential("authorization", authorization),
            "Application-Key": clean_credential("application_key", application_key),
        }
    )
