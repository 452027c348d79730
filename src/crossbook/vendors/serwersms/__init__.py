"""The vendor SerwerSMS.pl, HTTPS API v2: its book class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

from crossbook._tracebacks import hide_internal_frames
from crossbook.book import AddressBook, BookOptions
from crossbook.errors import InvalidInputError
from crossbook.models import Contact
from crossbook.vendors.serwersms.profile import PROFILE, TEXT_FIELDS

if TYPE_CHECKING:
    from crossbook_wire.http import Send
    from crossbook_wire.serwersms import Api, models

    from crossbook._http.auth import StaticAuth
    from crossbook.contacts import Contacts
    from crossbook.groups import Groups
    from crossbook.vendors.serwersms.adapter import SerwerSMSAdapter

__all__ = ["Imported", "SerwerSMS"]


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of `import_contacts`: the id of the new group, and the numbers of contacts stored and not stored.

    Args:
        group: the id of the new group.
        correct: the number of contacts that were stored.
        failed: the number of contacts that were not stored; the vendor does not say which.
    """

    group: str
    correct: int
    failed: int


class SerwerSMS(AddressBook):
    """The address book of an account at SerwerSMS.pl.

    `from_env` reads CROSSBOOK_SERWERSMS_TOKEN or, if that is not set, CROSSBOOK_SERWERSMS_USERNAME and
    CROSSBOOK_SERWERSMS_PASSWORD, and if set CROSSBOOK_SERWERSMS_BASE_URL and CROSSBOOK_SERWERSMS_ACCOUNT.

    Args:
        username: the API user's name.
        password: its password. Both are sent in each request's body.
        token: a bearer token instead of the two; the vendor recommends a token.
        account: a name for the account; see `AddressBook`. By default the user name, if there is one.
        options: see `BookOptions`.

    Attributes:
        wire: every operation of the vendor's API, with the same authentication and limits.

    Source: the vendor's contact page (documented) and its official clients (public); see `specs/serwersms.yaml`.

    Example:
        ```python
        book = SerwerSMS(token="0123456789abcdef0123456789abcdef")
        ```
    """

    profile = PROFILE
    wire: Api
    contacts: Contacts[models.ContactRow | models.Contact]
    groups: Groups[models.GroupRow | models.Group]

    @hide_internal_frames
    def __init__(
        self,
        username: str | None = None,
        password: str | None = None,
        *,
        token: str | None = None,
        account: str | None = None,
        **options: Unpack[BookOptions],
    ) -> None:
        super().__init__(_make_auth(username, password, token), account=account, **options)

    @hide_internal_frames
    def renew_credentials(
        self, username: str | None = None, password: str | None = None, *, token: str | None = None
    ) -> None:
        """Replace the password or token by another of the same account, for this book and its `with_options` copies.

        A token may replace a password, and a password a token.

        Args:
            username: the user name, unchanged unless the book was made with `account=`.
            password: the new password.
            token: the new token, instead of the two.

        Raises:
            InvalidInputError: the user name is another one, and the book was made without `account=`.

        Example:
            ```python
            book = SerwerSMS(token="the old token")
            book.renew_credentials(token="the new token")
            ```
        """
        self._replace_credentials(_make_auth(username, password, token))

    @hide_internal_frames
    async def import_contacts(self, group_name: str, contacts: Iterable[Contact]) -> Imported:
        """Create a new group with many contacts in one request, by the vendor's own `contacts/import`.

        The response has counts only. To learn which contacts were refused, use `contacts.create_many`.

        Args:
            group_name: the name of the new group, at most 100 characters.
            contacts: contacts with a phone and, if known, e-mail, first name, last name and company. The import takes
                no other field.

        Returns:
            An `Imported`: the new group's id and the vendor's two counts.

        Raises:
            InvalidInputError: no contacts, a contact with another field, or a name that is too long.
            NoResponseError: no response came, and the import may have happened. Look for the group before a repeat.

        Source: the vendor's official clients (public).

        Example:
            ```python
            async with SerwerSMS.from_env() as book:
                imported = await book.import_contacts("Fair 2026", [Contact(phone="+48500600700")])
            ```
        """
        from crossbook_wire.serwersms import models

        from crossbook import _validation
        from crossbook.vendor import parse_int, parse_str

        self._session.check_open()
        _validation.check_group_name(PROFILE, group_name, "group_name")
        if not isinstance(contacts, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError("contacts must be an iterable", field="contacts", vendor=PROFILE.vendor)
        rows: list[models.ImportedContact] = []
        for contact in contacts:
            ready = _validation.prepare_contact(
                PROFILE, contact, region=self._region, on_unsupported_field="error", group=None
            ).contact
            other = next((name for name in sorted(ready.known_fields) if name not in TEXT_FIELDS), None)
            if other is not None:
                raise InvalidInputError(
                    f"contacts/import does not take {other}: leave it out, or use contacts.create_many",
                    field=other, vendor=PROFILE.vendor,
                )  # fmt: skip
            rows.append(models.ImportedContact(**{n: value for n in TEXT_FIELDS if (value := getattr(ready, n))}))
        if not rows:
            raise InvalidInputError("contacts is empty: pass at least one", field="contacts", vendor=PROFILE.vendor)
        response = await self.wire.contacts.import_contacts(models.ContactImport(group_name=group_name, contact=rows))
        return Imported(parse_str(response.id) or "", parse_int(response.correct) or 0, parse_int(response.failed) or 0)

    def _make_adapter(self, send: Send) -> SerwerSMSAdapter:
        from crossbook_wire.serwersms import Api

        from crossbook.vendors.serwersms.adapter import SerwerSMSAdapter

        self.wire = Api(send)
        return SerwerSMSAdapter(self.wire)


def _make_auth(username: str | None, password: str | None, token: str | None) -> StaticAuth:
    from crossbook._http.auth import bearer_auth, body_auth, clean_password

    if token is not None and username is None and password is None:
        return bearer_auth(token)
    if token is None and username and password:
        name = clean_password("username", username)
        return body_auth({"username": name, "password": clean_password("password", password)}, identity=name)
    raise InvalidInputError("give username and password, or token alone", field="token", vendor=PROFILE.vendor)
